"""Progress of a command: a bar on a terminal, plain lines elsewhere, or nothing; all from the service's events."""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console

from order_staging.cli.options import LogFormat, Output
from order_staging.cli.progress_bars import Bars
from order_staging.cli.progress_lines import Lines
from order_staging.terminal import coloured, is_capable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging.batch import EventHook

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
    # To Kestra standard error is errors, and a plain line on standard output is a log line.
    stream = sys.stdout if output is Output.KESTRA else sys.stderr
    for_a_program = output is Output.JSON and log_format is None and not sys.stderr.isatty()
    if log_format is LogFormat.JSON or for_a_program:
        return partial(_event, stream)

    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write


def _event(stream: TextIO, line: str) -> None:
    """Write a line as log events are, but past their level: whoever asked for progress is to have it."""
    facts = {"text": line.removeprefix("progress: "), "event": "progress", "level": "info"}
    moment = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    stream.write(json.dumps(facts | {"timestamp": moment}, ensure_ascii=False) + "\n")
    stream.flush()
