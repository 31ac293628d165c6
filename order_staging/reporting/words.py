"""Numbers, times and JSON as pages write them. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

NOTHING = "–"  # noqa: RUF001 - a dash, as a table has it
"""What is written where there is no value."""
EMPTY = "(empty)"
"""What is written of a side that has no value, beside others that have one."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400
SHORT, SHORTEST = 9.95, 0.05
"""Seconds between which tenths are written."""


def number(value: int) -> str:
    """Write a number with its thousands set off."""
    return f"{value:,}"


def duration(seconds: float) -> str:
    """Write a time span in its two largest units, such as `2 h 5 min`; seconds with a decimal below ten."""
    whole = round(seconds)
    if whole < MINUTE:
        is_short = seconds != whole and seconds < SHORT
        return (f"{seconds:.1f} s" if seconds >= SHORTEST else "< 0.1 s") if is_short else f"{whole} s"
    larger, smaller, names = next(
        (large, small, names)
        for large, small, names in (
            (DAY, HOUR, ("d", "h")),
            (HOUR, MINUTE, ("h", "min")),
            (MINUTE, 1, ("min", "s")),
        )
        if whole >= large
    )
    rest = whole % larger // smaller
    return f"{whole // larger} {names[0]}" + (f" {rest} {names[1]}" if rest else "")


def moment(when: datetime | None) -> str:
    """Write a time (UTC) to the second; a dash for none."""
    return f"{when:%Y-%m-%d %H:%M:%S}" if when else NOTHING


def share(part: int, whole: int) -> str:
    """Write a share in per cent, never rounded up to all or down to none; a dash of nothing."""
    if not whole:
        return NOTHING
    if part in {0, whole}:
        return "100%" if part else "0%"
    return f"{min(max(100 * part / whole, 0.1), 99.9):.1f}%"


def listed(parts: list[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def indented(value: object) -> str:
    """Write JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)
