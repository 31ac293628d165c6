"""What the long commands have in common: a service at work, its progress, and the signals that end it."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import typer

from order_staging.batch import BatchService
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
    and `typer.Exit` with that code where a signal left it without a result.
    """
    with watching(shown, ours.output, log_format) as watcher:
        service = BatchService(ours.settings, on_event=watcher.on_event)
        with _signals(service, watcher) as received:
            try:
                result = asyncio.run(work(service))
            except StoppedError:
                if not received:
                    raise
                raise typer.Exit(_exit_code(received[0])) from None
    return result, _exit_code(received[0]) if received else None


def _exit_code(number: int) -> int:
    """Choose the exit code for a signal, as shells do."""
    return 128 + number


@contextmanager
def _signals(service: BatchService, watcher: Watcher) -> Iterator[list[int]]:
    """End the run in order at the first SIGINT or SIGTERM, and at once at the second; give those received."""
    received: list[int] = []

    def handle(number: int, _: object) -> None:
        received.append(number)
        if len(received) > 1:
            # Rows in flight stay SENDING, and the next run asks the board about them.
            leave_terminal()
            os._exit(_exit_code(number))
        service.request_stop()
        watcher.stopping()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
