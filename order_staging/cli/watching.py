"""`status --watch`: what is looked at is shown again whenever it has changed."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import typer
from rich.console import Group
from rich.live import Live
from rich.text import Text

from order_staging import terminal
from order_staging.cli import program
from order_staging.cli.options import Output
from order_staging.errors import DatabaseUnavailableError
from order_staging.reporting.tables import Sentences

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from rich.console import RenderableType


@dataclass(frozen=True)
class Seen:
    """What one look has found, for programs and for people; `ended` says that nothing more will change."""

    document: dict[str, Any]
    page: RenderableType
    ended: bool = False


class Screen(Protocol):
    """Where it is shown."""

    def show(self, seen: Seen, *, changed: bool) -> None:
        """Show what was seen; `changed` since it was shown last."""

    def lost(self, problem: str) -> None:
        """Say that a look has failed, and that there will be another."""


def watch(look: Callable[[], Seen], screen: Screen, pause: Callable[[], object]) -> None:
    """Look time and again until nothing more will change.

    A database that cannot be reached is looked at again, except by the first look: what it raises is raised.
    """
    seen = look()
    screen.show(seen, changed=True)
    before = seen.document
    while not seen.ended:
        pause()
        try:
            seen = look()
        except DatabaseUnavailableError as error:
            screen.lost(str(error))
            continue
        screen.show(seen, changed=seen.document != before)
        before = seen.document


class Redrawn:
    """A terminal: what is there is written over, with the time of the last look."""

    def __init__(self, live: Live, clock: Callable[[], datetime], interval: float) -> None:
        """Take the part of a terminal that is written over, what tells the time (UTC), seconds between looks."""
        self._live = live
        self._clock = clock
        self._interval = interval
        self._page: RenderableType = ""

    def show(self, seen: Seen, *, changed: bool) -> None:
        """Show what was seen."""
        del changed  # the time is shown in any case
        self._page = seen.page
        again = "it has ended" if seen.ended else f"again every {self._interval:g} s, Ctrl-C ends it"
        self._draw(Text(f"Seen at {self._clock():%H:%M:%S} UTC; {again}.", style="dim"))

    def lost(self, problem: str) -> None:
        """Keep what was seen, and say above it that this look has failed."""
        self._draw(Text(f"{self._clock():%H:%M:%S} UTC: {problem}. Trying again.", style="yellow"))

    def _draw(self, told: Text) -> None:
        parts = self._page.renderables if isinstance(self._page, Group) else [self._page]
        lines = [Sentences(part) if isinstance(part, str) else part for part in parts]
        # On top, as a terminal that is too low for the page cuts it at its end.
        self._live.update(Group(told, *lines), refresh=True)


class Appended:
    """No terminal: what has changed is written once more, as a block for people or a document a line."""

    def __init__(self, ours: program.Program, clock: Callable[[], datetime]) -> None:
        """Take the command at work, and what tells the time in UTC."""
        self._ours = ours
        self._clock = clock
        self._lost = False

    def show(self, seen: Seen, *, changed: bool) -> None:
        """Write what was seen if it has changed."""
        self._lost = False
        if not changed:
            return
        self._ours.say(f"{self._clock():%Y-%m-%d %H:%M:%S} UTC")
        self._ours.show(seen.document, lambda: seen.page)
        self._ours.say("")

    def lost(self, problem: str) -> None:
        """Say it on standard error, where it is among the logs, and once until a look succeeds."""
        if self._lost:
            return
        self._lost = True
        sys.stderr.write(f"{self._clock():%Y-%m-%d %H:%M:%S} UTC: {problem}; trying again\n")
        sys.stderr.flush()


@contextmanager
def screen_of(ours: program.Program, clock: Callable[[], datetime], interval: float) -> Iterator[Screen]:
    """Give the screen that fits the output, and leave a terminal as it was found, whatever ends it."""
    before = signal.signal(signal.SIGTERM, _end)
    try:
        if ours.output is Output.TEXT and terminal.is_capable(sys.stdout):
            console = program.console_on(sys.stdout, interactive=True)
            with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
                yield Redrawn(live, clock, interval)
        else:
            yield Appended(ours, clock)
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(number: int, _: object) -> None:
    raise typer.Exit(128 + number)
