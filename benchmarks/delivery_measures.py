"""The arithmetic of the delivery benchmark: what is on the board, the table, and the targets. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.delivery_orders import Line
    from order_staging.sandbox import ItemView

Place = tuple[str, ...]
"""An item by key, group and name, or a subitem by its item's key and its own name."""

ALIASES = 20
SPARE_CALLS = 70
"""Calls of the items channel beside full requests: 320 in all for 5,000 rows."""
BULK_CALLS = 60
"""Calls of the bulk channel for the items."""
SPARE_POINTS = 0.02
"""Share of points beyond what the mutations cost."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be delivered: numbers of items and of subitems."""

    items: int
    subitems: int

    @property
    def rows(self) -> int:
        """Items and subitems."""
        return self.items + self.subitems


@dataclass(frozen=True, slots=True)
class Measure:
    """What one way of delivering came to; `points_of_mutations` is what these cost by themselves."""

    name: str
    calls: int
    uploads: int
    downloads: int
    points: int
    points_of_mutations: int
    refusals: int
    seconds: float
    lost: int
    doubled: int

    @property
    def requests(self) -> int:
        """HTTP requests of any kind."""
        return self.calls + self.uploads + self.downloads

    @property
    def is_complete(self) -> bool:
        """Whether the board holds everything, once."""
        return not (self.lost or self.doubled)


def places_wanted(lines: Iterable[Line]) -> Counter[Place]:
    """Tell what is to be on the board."""
    wanted: Counter[Place] = Counter()
    for line in lines:
        wanted[line.key, line.group, line.name] += 1
        wanted.update((line.key, name) for name, _ in line.subitems)
    return wanted


def places_found(items: Sequence[ItemView], subitems: Iterable[ItemView], key_column: str) -> Counter[Place]:
    """Tell what is on the board."""
    keys = {item.id: item.text(key_column) or "" for item in items}
    found: Counter[Place] = Counter((keys[item.id], item.group_title, item.name) for item in items)
    found.update((keys.get(subitem.parent_id or "", ""), subitem.name) for subitem in subitems)
    return found


def lost_and_doubled(wanted: Counter[Place], found: Counter[Place]) -> tuple[int, int]:
    """Count the rows that the board lacks, and those that it has beyond what is wanted."""
    return (wanted - found).total(), (found - wanted).total()


def table(measures: Sequence[Measure], ours: Measure) -> list[str]:
    """Lay measures out, with the ratio of their seconds to those of one of them, where all rows have arrived."""
    width = max(len(measure.name) for measure in measures)
    heads = ("API calls", "files", "points", "refusals", "seconds", "ratio", "lost", "doubled")
    lines = [" ".join([" " * width, *(f"{head:>11}" for head in heads)])]
    for measure in measures:
        cells = (
            f"{measure.calls:,}",
            f"{measure.uploads} + {measure.downloads}",
            f"{measure.points:,}",
            f"{measure.refusals:,}",
            f"{measure.seconds:,.0f}",
            f"{measure.seconds / ours.seconds:.2f}" if measure.is_complete else "-",
            f"{measure.lost:,}",
            f"{measure.doubled:,}",
        )
        lines.append(" ".join([f"{measure.name:<{width}}", *(f"{cell:>11}" for cell in cells)]))
    return lines


def missed_targets(load: Load, items: Measure, bulk: Measure, peers: Sequence[Measure]) -> list[str]:
    """Say which targets are missed; peers that lost rows are never the faster ones."""
    missed = [
        *_calls(items, -(-load.rows // ALIASES) + SPARE_CALLS),
        *_calls(bulk, -(-load.subitems // ALIASES) + BULK_CALLS),
    ]
    for measure in (items, bulk):
        missed += _points(measure)
        if not measure.is_complete:
            missed.append(f"{measure.name}: {measure.lost} rows lost, {measure.doubled} doubled")
        missed += [
            f"{measure.name}: {measure.seconds:,.1f} s, {peer.name} takes {peer.seconds:,.1f} s"
            for peer in peers
            if peer.is_complete and peer.seconds <= measure.seconds
        ]
    return missed


def _calls(measure: Measure, most: int) -> list[str]:
    if measure.requests <= most:
        return []
    return [f"{measure.name}: {measure.requests} calls, the target is {most}"]


def _points(measure: Measure) -> list[str]:
    most = measure.points_of_mutations * (1 + SPARE_POINTS)
    if measure.points <= most:
        return []
    return [f"{measure.name}: {measure.points:,} points, the target is {most:,.0f}"]
