"""The arithmetic of the benchmark of detection: the table, the growth, the target. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_TIMES = 1.5
"""How many times as long as the plain anti-join finding what is new may take."""


@dataclass(frozen=True, slots=True)
class Search:
    """One way to find what is new, ours and by plain SQL: seconds of each round, and the rows each found."""

    name: str
    among: int
    ours: Sequence[float]
    plain: Sequence[float]
    found: Sequence[int]

    @property
    def ratio(self) -> float:
        """Tell how many times as long we take: the median of the rounds, as load falls on a whole round."""
        return median(one / other for one, other in zip(self.ours, self.plain, strict=True))


def table(searches: Sequence[Search]) -> list[str]:
    """Lay searches out, a line each, with the growth from the search of the same name before."""
    width = max(len(search.name) for search in searches)
    heads = ("among", "ours s", "plain SQL s", "ratio", "growth", "of plain SQL")
    lines = [" ".join([" " * width, *(f"{head:>12}" for head in heads)])]
    before: dict[str, Search] = {}
    for search in searches:
        smaller = before.get(search.name)
        before[search.name] = search
        cells = (
            f"{search.among:,}",
            f"{median(search.ours):.3f}",
            f"{median(search.plain):.3f}",
            f"{search.ratio:.2f}",
            f"x {median(search.ours) / median(smaller.ours):.1f}" if smaller else "",
            f"x {median(search.plain) / median(smaller.plain):.1f}" if smaller else "",
        )
        lines.append(" ".join([f"{search.name:<{width}}", *(f"{cell:>12}" for cell in cells)]))
    return lines


def missed_targets(engine: str, searches: Sequence[Search], new: int) -> list[str]:
    """Say what is missed: rows that were not found, or too many times as long as plain SQL."""
    missed = [
        f"{engine}, {search.name} among {search.among:,}: {found:,} rows found, of {new:,}"
        for search in searches
        for found in sorted(set(search.found) - {new})
    ]
    missed += [
        f"{engine}, {search.name} among {search.among:,}: {search.ratio:.2f} times as long as plain SQL, "
        f"the target is {MOST_TIMES:.1f}"
        for search in searches
        if search.ratio > MOST_TIMES
    ]
    return missed
