"""How the service is called: what it is made of, and methods that run the coroutine that is their twin."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING, TypeVar

from order_staging.batch.announcing import require_plain
from order_staging.batch.assembly import Assembly
from order_staging.batch.interrupts import interrupts
from order_staging.errors import RunningLoopError
from order_staging.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy import Engine

    from order_staging.batch.context import Outside
    from order_staging.batch.events import EventHook
    from order_staging.transform import Transformation

T = TypeVar("T")


class Calls:
    """A service's construction, its end, and how its methods are called."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        engine: Engine | None = None,
        outside: Outside | None = None,
        transformation: Transformation | None = None,
        on_event: EventHook | None = None,
    ) -> None:
        """Take the settings (from the environment unless given), and what this job changes of each source row.

        `on_event` is called with each event while a method runs, in the thread that runs it; what it raises is
        logged, and the run goes on. `engine` is one that the caller keeps; `outside` replaces time, sleeping and
        randomness in tests.
        """
        require_plain(on_event)
        self._assembly = Assembly.of(
            settings or Settings.load(),
            engine=engine,
            outside=outside,
            transformation=transformation,
            on_event=on_event,
        )
        self._stop = Event()
        self._ended = False

    def request_stop(self) -> None:
        """Ask runs to end: no new request leaves, what is in flight is finished and recorded.

        May be called from a signal handler or another thread. A call that begins after that creates nothing.
        """
        self._ended = True
        self._stop.set()

    def _now(self, method: str, make: Callable[[], Coroutine[None, None, T]], *, records: bool = True) -> T:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            if not records:
                # There is nothing to finish and record: Ctrl-C ends it as it ends any program.
                return asyncio.run(make())
            with interrupts(self._stop.set, self._go_on):
                return asyncio.run(make())
        raise RunningLoopError(f"BatchService.{method}")

    def _go_on(self) -> None:
        """After an interrupted call the service may be used again, unless it was asked to stop for good."""
        if not self._ended:
            self._stop.clear()
