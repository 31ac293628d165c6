"""Progress on a terminal: what is worked on, how far it is, and log lines above it that do not tear it."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

import structlog
from rich.console import Group
from rich.constrain import Constrain
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from order_staging.cli.progress_story import WORDS, Story, duration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console, RenderableType
    from structlog.typing import EventDict, WrappedLogger

    from order_staging.batch import Event
    from order_staging.cli.progress_story import Under

FRAMES_A_SECOND = 8
NARROW = 60
"""Columns of a terminal below which there is room for counts alone."""
WIDTHS = (13, 6, 10)
"""Columns of the counts, the rate and the time left, as they mostly are."""
MARGIN = 4
"""Columns that stay empty: a terminal echoes Ctrl-C as `^C`, which must not begin another line."""
SAID_ALREADY = frozenset({"delivery.sent", "monday.pacing"})
"""Log events that only say how far it is, and what it waits for."""


class Bars:
    """Draws what is going on; it is gone when the command is done."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        """Take where to draw, and the clock: seconds that never go back."""
        self._console = console
        self._clock = clock
        self._began = clock()
        self._story = Story()
        self._spinner = Spinner("dots" if console.encoding.startswith("utf") else "line")
        self._stopping = False
        # Events come in one thread, and frames are drawn in another.
        self._lock = Lock()

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """Draw while the block runs, and take it away again, however that ends."""
        live = Live(
            get_renderable=self.frame,
            console=self._console,
            transient=True,
            refresh_per_second=FRAMES_A_SECOND,
            redirect_stdout=False,
        )
        with live, _logs_through(self._console):
            yield

    def hear(self, event: Event) -> None:
        """Take an event in; the next frame shows it."""
        with self._lock:
            self._story.take(event, self._clock())

    def stopping(self) -> None:
        """Show that the run is to end. Called by a signal, in the middle of anything: no lock."""
        self._stopping = True

    def frame(self) -> RenderableType:
        """Draw what is going on now."""
        with self._lock:
            now, story = self._clock(), self._story
            lines: list[RenderableType] = [self._heading(now)]
            if story.steps:
                lines.append(self._steps(now))
            if now < story.waits_until:
                words = f"  waiting for {duration(story.waits_until - now)}: {story.waits_for}"
                lines.append(Text(words, style="yellow", no_wrap=True, overflow="ellipsis"))
            if self._stopping:
                words = "  stopping once what is in flight is recorded; Ctrl-C again leaves at once"
                lines.append(Text(words, style="yellow", no_wrap=True, overflow="ellipsis"))
            return Constrain(Group(*lines), max(1, self._console.width - MARGIN))

    def _heading(self, now: float) -> RenderableType:
        line = Table.grid(expand=True, padding=(0, 1))
        line.add_column(width=1)
        line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        line.add_column(justify="right", no_wrap=True)
        refused = f"{self._story.refused:,} refused, " if self._story.refused else ""
        heading = self._story.heading() or ("all customers" if self._story.steps else "connecting")
        line.add_row(self._spinner, Text(heading, style="bold"), Text(refused + duration(now - self._began)))
        return line

    def _steps(self, now: float) -> RenderableType:
        lines = Table.grid(expand=True, padding=(0, 1))
        lines.add_column(width=1)
        if self._console.width < NARROW:
            lines.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
            lines.add_column(justify="right", no_wrap=True)
            for under in self._story.steps:
                lines.add_row("", Text(WORDS[under.step]), Text(_counted(under)))
            return lines
        lines.add_column(width=16, no_wrap=True, overflow="ellipsis")
        lines.add_column(ratio=1)
        for width in WIDTHS:
            # As wide from the beginning as they will be: nothing jumps.
            lines.add_column(justify="right", no_wrap=True, min_width=width)
        for under in self._story.steps:
            numbers = (_counted(under), *_foretold(under, now))
            lines.add_row("", Text(WORDS[under.step]), _bar(under, now), *map(Text, numbers))
        return lines


def _bar(under: Under, now: float) -> ProgressBar:
    # Before anybody knows how many rows there are, something moves.
    return ProgressBar(total=under.total or None, completed=under.done, animation_time=now)


def _counted(under: Under) -> str:
    return f"{under.done:,}" if under.total is None else f"{under.done:,}/{under.total:,}"


def _foretold(under: Under, now: float) -> tuple[str, str]:
    rate, left = under.pace.rate(now), under.pace.seconds_left(now, under.total)
    told = "" if rate is None else f"{rate:,.0f}/s" if rate >= 10 else f"{rate:.1f}/s"  # noqa: PLR2004
    return told, "" if left is None else f"{duration(left)} left"


class _Through:
    """A stream for logs that writes above what is drawn."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        """Write lines as they are: they are not broken, and nothing in them is markup."""
        if line := text.rstrip("\n"):
            self._console.print(Text.from_ansi(line), soft_wrap=True)

    def flush(self) -> None:
        """Do nothing: each line is written at once."""


@contextmanager
def _logs_through(console: Console) -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(
        processors=[_without_what_is_drawn, *before["processors"]],
        logger_factory=structlog.WriteLoggerFactory(_Through(console)),  # type: ignore[arg-type] # all it needs
    )
    try:
        yield
    finally:
        structlog.configure(processors=before["processors"], logger_factory=before["logger_factory"])


def _without_what_is_drawn(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if event.get("event") in SAID_ALREADY:
        raise structlog.DropEvent
    return event
