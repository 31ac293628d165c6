"""What the long commands have in common: a service at work, its progress, and the signals that end it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from order_staging.batch import BatchService
from order_staging.cli.program import InterruptedBySignal, signal_code
from order_staging.cli.progress import Shown, Watcher, leave_terminal, watching
from order_staging.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from order_staging.cli.options import LogFormat
    from order_staging.cli.program import Program

Result = TypeVar("Result")


def carry_out(
    ours: Program,
    shown: Shown,
    log_format: LogFormat | None,
    work: Callable[[BatchService], Coroutine[None, None, Result]],
) -> tuple[Result, int | None]:
    """Have a service do `work` while its progress is shown; the first SIGINT or SIGTERM ends it in order.

    Gives its result, and the exit code of the signal that ended it; None where none did. Raises what `work` raises,
    and `InterruptedBySignal` where a signal left it without a result.
    """
    with watching(shown, ours.output, log_format) as watcher:
        service = BatchService(ours.settings, on_event=watcher.on_event)
        with _signals(service.request_stop, watcher) as received:
            try:
                result = asyncio.run(work(service))
            except StoppedError:
                if not received:
                    raise
                raise InterruptedBySignal(received[0]) from None
    return result, signal_code(received[0]) if received else None


def look(watcher: Watcher, work: Callable[[], Coroutine[None, None, Result]]) -> Result:
    """Do `work` that writes nothing, and that the first SIGINT or SIGTERM breaks off.

    Raises what `work` raises, and `InterruptedBySignal` where a signal has come.
    """
    cancel: list[Callable[[], object]] = []

    async def cancellable() -> Result:
        task = asyncio.ensure_future(work())
        # A handler runs between two instructions of the loop, which this wakes.
        cancel.append(partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel))
        try:
            return await task
        finally:
            cancel.clear()

    with _signals(lambda: [each() for each in cancel], watcher) as received:
        try:
            result = asyncio.run(cancellable())
        except asyncio.CancelledError:
            if not received:
                raise
    if received:
        raise InterruptedBySignal(received[0])
    return result


@contextmanager
def _signals(stop: Callable[[], object], watcher: Watcher) -> Iterator[list[int]]:
    """Stop in order at the first SIGINT or SIGTERM, and at once at the second; give those received."""
    received: list[int] = []

    def handle(number: int, _: object) -> None:
        received.append(number)
        if len(received) > 1:
            # Rows in flight stay SENDING, and the next run asks the board about them.
            leave_terminal()
            os._exit(signal_code(number))
        stop()
        watcher.stopping()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
