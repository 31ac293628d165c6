"""The arithmetic of the benchmark of promotion: the table and the target. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

US, MARKING, PLAIN = "order-staging", "plain SQL that marks", "plain SQL"
MOST_TIMES = {MARKING: {"sqlite": 2.0, "postgresql": 2.0}, PLAIN: {"sqlite": 3.5, "postgresql": 7.0}}
"""How many times as long as others promotion and cleanup may take together, by engine."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Seconds of promotion and of cleanup, and the rows that each moved."""

    promotion: float
    cleanup: float
    promoted: int
    cleaned: int

    @property
    def whole(self) -> float:
        """Give the seconds of both."""
        return self.promotion + self.cleanup


def middle(measures: Sequence[Measure]) -> Measure:
    """Take the medians of seconds, each by itself. Raises `ValueError` where not all moved the same rows."""
    (promoted,) = {one.promoted for one in measures}
    (cleaned,) = {one.cleaned for one in measures}
    return Measure(
        median(one.promotion for one in measures), median(one.cleanup for one in measures), promoted, cleaned
    )


def ratio(ours: Sequence[Measure], plain: Sequence[Measure]) -> float:
    """Tell how many times as long we take: the median of the rounds, as load falls on a whole round."""
    return median(one.whole / other.whole for one, other in zip(ours, plain, strict=True))


def table(measures: Mapping[str, Sequence[Measure]]) -> list[str]:
    """Lay out who took how long; ratios are to the last one."""
    *_, last = measures.values()
    base, width = middle(last), max(map(len, measures))
    heads = ("promotion s", "ratio", "cleanup s", "ratio", "both s", "ratio", "rows/s")
    lines = [" ".join([" " * width, *(f"{head:>11}" for head in heads)])]
    for name, rounds in measures.items():
        one = middle(rounds)
        cells = (
            f"{one.promotion:.2f}",
            f"{one.promotion / base.promotion:.2f}",
            f"{one.cleanup:.2f}",
            f"{one.cleanup / base.cleanup:.2f}",
            f"{one.whole:.2f}",
            f"{ratio(rounds, last):.2f}",
            f"{one.promoted / one.whole:,.0f}",
        )
        lines.append(" ".join([f"{name:<{width}}", *(f"{cell:>11}" for cell in cells)]))
    return lines


def missed_targets(engine: str, measures: Mapping[str, Sequence[Measure]], rows: int) -> list[str]:
    """Say what is missed: rows that did not move, or too many times as long as plain SQL."""
    missed = [
        f"{engine}, {who}: {one.promoted:,} rows promoted and {one.cleaned:,} cleaned up, of {rows:,}"
        for who, rounds in measures.items()
        for one in rounds
        if (one.promoted, one.cleaned) != (rows, rows)
    ]
    for who, most in MOST_TIMES.items():
        times = ratio(measures[US], measures[who])
        if times > most[engine]:
            missed.append(f"{engine}: {times:.2f} times as long as {who}, the target is {most[engine]:.1f}")
    return missed
