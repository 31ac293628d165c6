"""A clock for benchmarks that leaps over waits: an hour of monday.com's latency passes in a minute of ours.

What programs compute takes its true time; what they sleep takes none, but counts as if it had passed. A clock that
runs faster than the true one would do less: it would make Python's own work as many times dearer as it is fast, and
one request at a time has far more of that than twenty in one.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Condition, Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LOOK = 0.0005
"""Seconds between two looks at whether the process does anything."""
QUIET = 0.000_05
"""Seconds of processor time in a look up to which the process is taken to wait."""
QUIET_LOOKS = 4
"""Looks in a row at which nothing was done before the clock leaps."""


@dataclass(order=True)
class _Sleeper:
    until: float
    number: int
    wake: Callable[[], None] = field(compare=False)
    gone: bool = field(default=False, compare=False)


class LeapingClock:
    """A clock that leaps to the end of the next sleep as soon as the whole process waits.

    Everything that takes part has to run in this process, and to sleep by this clock, from any thread or event
    loop; what waits for a disk is taken to wait for the clock. With `true_time` it never leaps and sleeps are real,
    which is for checking the clock itself.
    """

    def __init__(self, start: datetime = START, *, true_time: bool = False) -> None:
        """Take the aware moment at which to start."""
        self._start = start
        self._true_time = true_time
        self._begun = time.perf_counter()
        self._leapt = 0.0
        self._sleepers: list[_Sleeper] = []
        self._numbers = count()
        self._changed = Condition()
        self._open = False

    def __call__(self) -> datetime:
        """Tell the time, in UTC."""
        return self._start + timedelta(seconds=self.seconds())

    def naive(self) -> datetime:
        """Tell the time in UTC without its time zone."""
        return self().replace(tzinfo=None)

    def seconds(self) -> float:
        """Tell the seconds since the start."""
        return time.perf_counter() - self._begun + self._leapt

    async def sleep(self, seconds: float) -> None:
        """Sleep on an event loop."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended, and its sleepers with it
                loop.call_soon_threadsafe(over.set)

        sleeper = self._add(seconds, wake)
        try:
            await over.wait()
        finally:
            sleeper.gone = True

    def pause(self, seconds: float) -> None:
        """Sleep in a thread without an event loop."""
        over = Event()
        self._add(seconds, over.set)
        over.wait()

    @contextmanager
    def running(self) -> Iterator[LeapingClock]:
        """Let the clock leap for a `with` block; sleeps end within it alone."""
        self._open = True
        thread = Thread(target=self._leap_on, name="clock", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            with self._changed:
                self._open = False
                self._changed.notify()
            thread.join()

    def _add(self, seconds: float, wake: Callable[[], None]) -> _Sleeper:
        with self._changed:
            sleeper = _Sleeper(self.seconds() + seconds, next(self._numbers), wake)
            heapq.heappush(self._sleepers, sleeper)
            self._changed.notify()
        return sleeper

    def _leap_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._sleepers or not self._open)
                if not self._open:
                    return
                ahead = self._sleepers[0].until - self.seconds()
            if ahead > 0:
                if self._true_time:
                    time.sleep(min(ahead, 0.01))
                    continue
                _wait_until_quiet()
            self._wake_next()

    def _wake_next(self) -> None:
        """Leap to the end of the sleep that ends next; it may have begun while we waited."""
        with self._changed:
            sleeper = heapq.heappop(self._sleepers)
            if sleeper.gone:
                return
            self._leapt += max(0.0, sleeper.until - self.seconds())
        sleeper.wake()


def _wait_until_quiet() -> None:
    """Wait until no other thread of the process does anything."""
    quiet = 0
    before = _used_by_others()
    while quiet < QUIET_LOOKS:
        time.sleep(LOOK)
        now = _used_by_others()
        quiet = quiet + 1 if now - before < QUIET else 0
        before = now


def _used_by_others() -> float:
    """Tell the seconds of processor time that this thread has not used."""
    return time.process_time() - time.thread_time()
