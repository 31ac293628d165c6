"""Progress of a command: a bar on a terminal, plain lines elsewhere, or nothing; all from the service's events."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import structlog
import typer
from rich.console import Console

from order_staging.cli.options import LogFormat, Output
from order_staging.cli.progress_bars import Bars
from order_staging.cli.progress_lines import Lines
from order_staging.terminal import coloured, is_capable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging.batch import EventHook

log = structlog.get_logger(__name__)

SHOW_CURSOR = b"\r\x1b[J\x1b[?25h"
"""Clears what is drawn below, and shows the cursor again."""


class Shown(StrEnum):
    """How progress is shown."""

    AUTO = "auto"
    LINES = "lines"
    OFF = "off"


ProgressOption = Annotated[
    Shown,
    typer.Option(
        "--progress", help="a bar on a terminal and lines elsewhere (auto), lines, or nothing (off)"
    ),
]


@dataclass(frozen=True)
class Watcher:
    """Whoever shows how far a command is: takes events in, and is told by a signal's handler that the run ends."""

    on_event: EventHook | None = None
    stopping: Callable[[], None] = lambda: None


@contextmanager
def watching(shown: Shown, output: Output, log_format: LogFormat | None) -> Iterator[Watcher]:
    """Show progress while the block runs, as somebody asked for it, and as the streams allow."""
    if shown is Shown.OFF:
        yield Watcher()
    elif shown is Shown.AUTO and output is Output.TEXT and (console := terminal()) is not None:
        bars = Bars(console, time.monotonic)
        with bars.drawn():
            yield Watcher(bars.hear, bars.stopping)
    else:
        yield Watcher(Lines(_writer(output, log_format), time.monotonic).hear)


def terminal() -> Console | None:
    """Give standard error if it is a terminal on which something can be drawn."""
    # Not what rich calls one: FORCE_COLOR asks for colours, and not for a bar in a file.
    if not is_capable(sys.stderr):
        return None
    no_color = not coloured(sys.stderr)
    return Console(stderr=True, no_color=no_color, highlight=False, markup=False, emoji=False)


def leave_terminal() -> None:
    """Leave a terminal as it was found, from a signal's handler that ends the process at once."""
    if os.isatty(2) and os.environ.get("TERM") != "dumb":
        os.write(2, SHOW_CURSOR)


def _writer(output: Output, log_format: LogFormat | None) -> Callable[[str], None]:
    """Choose where lines go: beside the logs, and as one of them where a program reads JSON."""
    for_a_program = output is Output.JSON and log_format is None and not sys.stderr.isatty()
    if log_format is LogFormat.JSON or for_a_program:
        return lambda line: log.info("progress", text=line.removeprefix("progress: "))
    # To Kestra standard error is errors, and a plain line on standard output is a log line.
    stream = sys.stdout if output is Output.KESTRA else sys.stderr

    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write
