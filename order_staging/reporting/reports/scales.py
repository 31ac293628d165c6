"""Time cut into equal steps, few enough for a chart. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from order_staging.reporting.words import DAY, HOUR, MINUTE

MOST = 60
"""Steps that a chart has room for."""
EPOCH = datetime(1970, 1, 5)  # noqa: DTZ001 - times are naive UTC here
"""A Monday, so that weeks begin on one."""
WIDTHS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(HOUR * hours for hours in (1, 2, 3, 6, 12)),
    *(DAY * days for days in (1, 7, 28)),
)
"""Seconds that people count in."""


@dataclass(frozen=True)
class Scale:
    """Steps of `width` seconds from `start` (UTC) on."""

    start: datetime
    width: int
    steps: int

    def place(self, when: datetime) -> int | None:
        """Tell in which step a moment is; None outside of all."""
        found = (when - self.start) // timedelta(seconds=self.width)
        return found if 0 <= found < self.steps else None

    def labels(self) -> list[str]:
        """Write where each step begins, as briefly as tells it from the others."""
        starts = [self.start + timedelta(seconds=self.width * step) for step in range(self.steps)]
        if self.width >= DAY:
            return [f"{each:%Y-%m-%d}" for each in starts]
        clock = "%H:%M:%S" if self.width < MINUTE else "%H:%M"
        one_day = starts[0].date() == starts[-1].date()
        return [f"{each:{clock if one_day else f'%m-%d {clock}'}}" for each in starts]

    def unit(self) -> str:
        """Name the width, such as `second`, `10 seconds`, `hour` or `7 days`."""
        for seconds, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second")):
            if self.width % seconds == 0:
                count = self.width // seconds
                return name if count == 1 else f"{count} {name}s"
        raise AssertionError("a width is a whole number of seconds")


def scale(first: datetime, last: datetime, *, least: int = 1) -> Scale:
    """Cut the time from `first` to `last`, both included, into at most 60 steps of at least `least` seconds."""
    last = max(first, last)
    width = next((width for width in WIDTHS if width >= least and _steps(first, last, width) <= MOST), None)
    if width is None:
        width = WIDTHS[-1]
        while _steps(first, last, width) > MOST:
            width *= 2
    start = _floor(first, width)
    return Scale(start, width, _steps(first, last, width))


def _floor(when: datetime, width: int) -> datetime:
    step = timedelta(seconds=width)
    return EPOCH + (when - EPOCH) // step * step


def _steps(first: datetime, last: datetime, width: int) -> int:
    return (last - _floor(first, width)) // timedelta(seconds=width) + 1
