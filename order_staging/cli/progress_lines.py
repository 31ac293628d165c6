"""Progress as plain lines: few of them, for files, pipes and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.batch import RunBegan, StepBegan, StepEnded, Waiting
from order_staging.cli.progress_story import Story, duration, one_line, told, told_at_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.batch import Event
    from order_staging.cli.progress_story import Under

INTERVAL = 10.0
"""Seconds between two lines of a step, at least; and between two lines about waits."""
SHORT = 1.0
"""Seconds that a step takes at least for its end to have a line."""


class Lines:
    """Writes how far it is: every ten seconds of a step, and when one ends that took any time."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        """Take what writes a line, and the clock: seconds that never go back."""
        self._write = write
        self._clock = clock
        self._story = Story()
        self._last: dict[int, float] = {}
        self._waited = -INTERVAL

    def hear(self, event: Event) -> None:
        """Take an event in, and write a line if it is time for one."""
        now = self._clock()
        under = self._story.take(event, now)
        match event:
            case RunBegan():
                self._last.clear()
            case StepBegan() if under is not None:
                self._last[id(under)] = now
            case StepEnded() if under is not None:
                self._end(under, now)
            case Waiting(seconds, reason) if now - self._waited >= INTERVAL:
                self._waited = now
                self._say(f"waiting for {duration(seconds)}: {one_line(reason)}")
            case _ if under is not None and now - self._last.get(id(under), now) >= INTERVAL:
                self._last[id(under)] = now
                self._say(told(under, now))

    def _end(self, under: Under, now: float) -> None:
        self._last.pop(id(under), None)
        if under.done and now - under.began >= SHORT:
            self._say(told_at_end(under, now))

    def _say(self, words: str) -> None:
        heading = self._story.heading()
        self._write(f"progress: {heading}: {words}" if heading else f"progress: {words}")
