"""Announcing: events reach the hook of whoever listens, in order and in one thread.

Database work has threads of its own, and tells of it after its commit, there. What is told waits in a queue, and
the hook is called in the thread of the event loop: so it needs no locks, and hears of nothing that was rolled back.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from functools import partial
from inspect import isawaitable, iscoroutinefunction
from threading import get_ident
from typing import TYPE_CHECKING

import structlog

from order_staging.batch.events import Progress, Step, StepBegan, StepEnded, Waiting
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from order_staging.batch.events import Event, EventHook
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

WORTH_TELLING = 3.0
"""Seconds from which on a wait is told of."""


def require_plain(hook: EventHook | None) -> None:
    """Raise `ConfigurationError` for a coroutine function: nobody would await it."""
    # Of an object that can be called, its method is what is called.
    if iscoroutinefunction(hook) or iscoroutinefunction(getattr(hook, "__call__", None)):  # noqa: B004
        raise ConfigurationError(
            "on_event is a coroutine function, which nothing would await; give a plain one, such as an "
            "asyncio.Queue's put_nowait"
        )


class Announcer:
    """Tells one run's events to a hook; without one it does nothing. Made in a running event loop."""

    def __init__(self, hook: EventHook | None, redact: Callable[[str], str]) -> None:
        """Take the hook, and what hides secrets in texts."""
        self.redact = redact
        self._hook = hook
        self._loop = asyncio.get_running_loop()
        self._thread = get_ident()
        self._queue: deque[Event] = deque()
        self._delivering = False
        self._failures = 0

    @property
    def listens(self) -> bool:
        """Whether anybody does: what is only told of need not be found out for nobody."""
        return self._hook is not None

    def tell(self, event: Event) -> None:
        """Tell an event, from any thread of the run."""
        if self._hook is None:
            return
        self._queue.append(event)
        if get_ident() == self._thread:
            self._deliver()
        else:
            self._loop.call_soon_threadsafe(self._deliver)

    def tell_after(self, uow: UnitOfWork, events: Sequence[Event]) -> None:
        """Tell events once a unit of work is committed."""
        if self._hook is not None and events:
            uow.after_commit(partial(self._tell_all, events))

    def _tell_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self.tell(event)

    def wait(self, seconds: float, reason: str) -> None:
        """Tell that the run waits, if it is for longer than a moment."""
        if seconds >= WORTH_TELLING:
            self.tell(Waiting(seconds, self.redact(reason)))

    @contextmanager
    def step(self, customer: str | None, step: Step, total: int | None = None) -> Iterator[StepProgress]:
        """Tell that a step begins and, however it ends, that it has ended; gives what tells how far it is."""
        progress = StepProgress(self, customer, step, total)
        self.tell(StepBegan(customer, step, total))
        try:
            yield progress
        finally:
            self.tell(StepEnded(customer, step, progress.done, progress.total))

    def close(self) -> None:
        """Tell what is left, as of work committed while the run was broken off; log how often the hook failed."""
        self._deliver()
        if self._failures > 1:
            log.warning("hook.failures", count=self._failures)

    def _deliver(self) -> None:
        """Call the hook with all that waits; with what it causes itself, once it has returned."""
        hook = self._hook
        if hook is None or self._delivering:
            return
        self._delivering = True
        try:
            while self._queue:
                self._call(hook, self._queue.popleft())
        finally:
            self._delivering = False

    def _call(self, hook: EventHook, event: Event) -> None:
        try:
            found: object = hook(event)  # type: ignore[func-returns-value] # what its type forbids, and a lambda does
            if isawaitable(found):
                raise TypeError("it returned an awaitable, which nothing awaits")  # noqa: TRY301 - logged as others
        except Exception:
            # Orders are worth more than news of them. The first failure is told whole, the others are counted.
            self._failures += 1
            if self._failures == 1:
                log.exception("hook.failed", of=type(event).__name__)


class StepProgress:
    """How far a step has come."""

    def __init__(
        self, announcer: Announcer | None, customer: str | None, step: Step, total: int | None
    ) -> None:
        """Take where to tell it (None: nowhere), whose step it is, and how many rows it has to do, if known."""
        self.done = 0
        self.total = total
        self._announcer = announcer
        self._customer = customer
        self._step = step

    def advance(self, rows: int) -> None:
        """Tell of so many rows more; they are committed, where the step writes anything."""
        if rows > 0:
            self.reach(self.done + rows)

    def reach(self, done: int) -> None:
        """Tell that so many rows are done by now, if these are more than before."""
        if self._announcer is None or done <= self.done:
            return
        self.done = done
        if self.total is not None:
            # Rows may come while others are counted.
            self.total = max(self.total, done)
        self._announcer.tell(Progress(self._customer, self._step, done, self.total))

    def expect(self, total: int | None) -> None:
        """Take note of the total, now that it is known."""
        self.total = None if total is None else max(total, self.done)

    def complete(self) -> None:
        """Take note that nothing is left to do: what was counted beforehand may have been too many."""
        self.total = self.done


NOWHERE = StepProgress(None, None, Step.RECOVER, None)
"""Where rows travel outside a step that counts them."""
