"""Ctrl-C inside a library call: the first one ends the run in order, the second one at once.

The command line has handlers of its own, and a program that has replaced Python's keeps them.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def interrupts(stop: Callable[[], None], go_on: Callable[[], None]) -> Iterator[None]:
    """While the block runs, have the first SIGINT call `stop`; then, at the block's end, `go_on` and be raised.

    What was in flight is finished and recorded by then. A second SIGINT is raised where it arrives. Does nothing
    outside the main thread, and where SIGINT is not Python's own to handle. Raises `KeyboardInterrupt`.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    received = 0

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal received
        received += 1
        if received > 1:
            raise KeyboardInterrupt
        stop()

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if received:
            go_on()
            raise KeyboardInterrupt
