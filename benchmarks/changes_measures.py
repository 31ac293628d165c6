"""The arithmetic of the benchmark of changes: costs, what all rows would cost, the table, the targets. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADS = (
    "source rows",
    "MON rows",
    "sizes",
    "reads",
    "mutations",
    "calls",
    "points",
    "seconds",
    "CPU s",
    "MB grown",
    "MB peak",
)
MOST_GROWTH = 25.0
"""Megabytes that ten times as many rows may add to the memory of looking for changes."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What one way of keeping the board true came to.

    Rows are those that were fetched from the database: of the source, of the orders in production, and of the sizes
    in production. `reads` are calls without a mutation, `calls` all of them. `seconds` hold monday.com's waiting,
    `cpu` only what the process computed, the sandbox included. `grown` is how many megabytes the peak of the
    process's memory rose above what it was before, `peak` the whole of it.
    """

    name: str
    source_rows: int
    production_rows: int
    sizes: int
    reads: int
    calls: int
    mutations: int
    points: int
    seconds: float
    cpu: float
    grown: float
    peak: float

    @property
    def rows(self) -> int:
        """All rows that were fetched."""
        return self.source_rows + self.production_rows + self.sizes


def computed(reading: Measure, sending: Measure, factor: float) -> Measure:
    """Add up a way of which all was read, and only a sample sent: the sending is multiplied by `factor`."""
    return replace(
        reading,
        name=f"full re-send, all rows (x{factor:g}, computed)",
        reads=round(sending.reads * factor),
        calls=round(sending.calls * factor),
        mutations=round(sending.mutations * factor),
        points=round(sending.points * factor),
        seconds=reading.seconds + sending.seconds * factor,
        cpu=reading.cpu + sending.cpu * factor,
        grown=max(reading.grown, sending.grown),
        peak=max(reading.peak, sending.peak),
    )


def table(measures: Sequence[Measure]) -> list[str]:
    """Lay measures out, one a line."""
    width = max(len(measure.name) for measure in measures)
    lines = [" ".join([" " * width, *(f"{head:>13}" for head in HEADS)])]
    for one in measures:
        counts = (
            one.source_rows,
            one.production_rows,
            one.sizes,
            one.reads,
            one.mutations,
            one.calls,
            one.points,
        )
        cells = [f"{count:,}" for count in counts]
        cells += [f"{seconds:,.1f}" for seconds in (one.seconds, one.cpu)]
        cells += [f"{size:,.0f}" for size in (one.grown, one.peak)]
        lines.append(" ".join([f"{one.name:<{width}}", *(f"{cell:>13}" for cell in cells)]))
    return lines


def ratios(detecting: Measure, resending: Measure) -> list[str]:
    """Say how much of a full re-send it takes to look for changes and to send them."""
    pairs = (
        ("rows read", detecting.rows, resending.rows),
        ("calls", detecting.calls, resending.calls),
        ("mutations", detecting.mutations, resending.mutations),
        ("points", detecting.points, resending.points),
        ("seconds", detecting.seconds, resending.seconds),
        ("CPU seconds", detecting.cpu, resending.cpu),
    )
    lines = [f"{resending.name} to {detecting.name}:"]
    for what, ours, theirs in pairs:
        ratio = f"{theirs / ours:,.1f} times as many" if ours else "-"
        lines.append(f"  {what:<12} {theirs:>15,.0f} : {ours:<12,.0f} {ratio}")
    return lines


def growth(few: Measure, many: Measure) -> str:
    """Say how looking for changes grows with the rows."""
    times = many.source_rows / few.source_rows
    return (
        f"{times:g} times the rows take {many.cpu / few.cpu:.1f} times the CPU seconds "
        f"and {many.grown - few.grown:+.0f} MB of memory"
    )


def missed_targets(
    changed: int, few: Measure, nothing: Measure, changes: Measure, again: Measure
) -> list[str]:
    """Say which targets are missed: what is sent is what changed, and memory does not grow with the rows."""
    wanted = ((few, 0), (nothing, 0), (changes, changed), (again, 0))
    missed = [
        f"{one.name}: {one.mutations} mutations, {count} are wanted"
        for one, count in wanted
        if one.mutations != count
    ]
    if nothing.grown - few.grown > MOST_GROWTH:
        missed.append(f"{nothing.name}: {nothing.grown - few.grown:.0f} MB more than {few.name}")
    return missed
