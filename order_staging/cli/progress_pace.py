"""How fast a step goes, and how long it will take yet. Pure: moments are seconds of a clock that only goes on."""

from __future__ import annotations

from collections import deque

WINDOW = 300.0
"""Seconds that a rate is the average of, waits included: monday.com's limits come round every minute."""
ENOUGH_SECONDS = 3.0
ENOUGH_STEPS = 2
"""From when on a time is foretold: so long after the beginning, and with so many steps forward."""
RESOLUTION = 1.0
"""Seconds between two steps forward that are remembered apart."""


class Pace:
    """The pace of one step, by when it has told how far it has come."""

    def __init__(self, now: float) -> None:
        """Begin at a moment, with nothing done."""
        self._steps: deque[tuple[float, int]] = deque([(now, 0)])
        self._forward = 0
        self._resumes = now

    @property
    def done(self) -> int:
        """How many rows are done."""
        return self._steps[-1][1]

    def reach(self, now: float, done: int) -> None:
        """Take note that so many rows are done by now."""
        if done <= self.done:
            return
        self._forward += 1
        # The beginning stays what it is, and the last moment always is the newest.
        if len(self._steps) > 2 and now - self._steps[-2][0] < RESOLUTION:  # noqa: PLR2004 - first and last
            self._steps.pop()
        self._steps.append((now, done))
        while len(self._steps) > 2 and self._steps[1][0] <= now - WINDOW:  # noqa: PLR2004 - first and last
            self._steps.popleft()

    def wait(self, now: float, seconds: float) -> None:
        """Take note that nothing will be done for so long."""
        self._resumes = max(self._resumes, now + seconds)

    def rate(self, now: float) -> float | None:
        """Tell the rows a second of the last minutes; None before there is any evidence.

        Rows come many at a time: between two steps forward it stays, and falls once the next one is late.
        """
        rows = self.done - self._steps[0][1]
        seconds = self._span + self._late(now)
        return rows / seconds if rows > 0 and seconds > 0 else None

    def seconds_left(self, now: float, total: int | None) -> float | None:
        """Tell how long it will take until all are done, waits included; None where nobody can tell yet.

        A wait that is known of counts whole, and the rate is what it will be at its end.
        """
        if total is None:
            return None
        if self.done >= total:
            return 0.0
        goes_on = max(now, self._resumes)
        rate = self.rate(goes_on)
        if rate is None or self._forward < ENOUGH_STEPS or goes_on - self._steps[0][0] < ENOUGH_SECONDS:
            return None
        since = goes_on - self._steps[-1][0] - self._late(goes_on)
        return goes_on - now + max(0.0, (total - self.done) / rate - since)

    @property
    def _span(self) -> float:
        return self._steps[-1][0] - self._steps[0][0]

    def _late(self, now: float) -> float:
        """Tell by how many seconds the next step forward is later than they have come on the average."""
        usual = self._span / (len(self._steps) - 1) if len(self._steps) > 1 else 0.0
        return max(0.0, now - self._steps[-1][0] - usual)
