"""The values that an axis shows: few, and round as people count. Pure."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from order_staging.reporting.reports.scales import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 6
"""Values above zero that an axis has room for."""


def of_counts(largest: float) -> list[float]:
    """Give values from zero to the largest or above, in steps of 1, 2 or 5 and their tens."""
    return _ticks(largest, (step * 10**power for power in count() for step in (1, 2, 5)))


def of_durations(longest: float) -> list[float]:
    """Give seconds from zero to the longest or above, in steps that clocks and calendars have."""
    return _ticks(longest, _durations())


def _durations() -> Iterator[float]:
    yield from (0.1, 0.2, 0.5)
    yield from WIDTHS
    yield from (WIDTHS[-1] * 2**power for power in count(1))


def _ticks(largest: float, steps: Iterator[float]) -> list[float]:
    step = next(step for step in steps if step * MOST >= largest)
    needed = max(1, -int(-largest // step))
    return [round(step * number, 1) for number in range(needed + 1)]
