"""The arithmetic of the benchmark of staging: medians, rows a second, ratios, the table, the targets. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS, FLOOR, COPY = "order-staging", "floor, the driver", "floor, by COPY"
ROWS = "a row a call, the driver"
LEAST_OF_FLOOR = 0.5
"""The share of the floor's rows a second that we reach at least."""
HEADS = ("median s", "all s", "orders/s", "rows/s", "to floor", "CPU s", "MB grown")


@dataclass(frozen=True, slots=True)
class Measure:
    """One run of a way: seconds, what its process computed of them, and by how many MB its memory's peak rose."""

    seconds: float
    cpu: float
    grown: float


def ratio(measures: Mapping[str, Sequence[Measure]], name: str, to: str) -> float:
    """Tell how many times the rows a second of `to` a way reaches, by their medians."""
    return _seconds(measures[to]) / _seconds(measures[name])


def table(measures: Mapping[str, Sequence[Measure]], orders: int, subitems: int) -> list[str]:
    """Lay the ways out, one a line, the quickest first."""
    width = max(map(len, measures))
    lines = [f"{'':<{width}} {HEADS[0]:>9} {HEADS[1]:>20}" + "".join(f" {head:>9}" for head in HEADS[2:])]
    for name in sorted(measures, key=lambda name: _seconds(measures[name])):
        runs = measures[name]
        seconds = _seconds(runs)
        every = " ".join(f"{one.seconds:.2f}" for one in runs)
        to_floor = f"{ratio(measures, name, FLOOR):.2f}" if FLOOR in measures else "-"
        lines.append(
            f"{name:<{width}} {seconds:>9.2f} {every:>20} {orders / seconds:>9,.0f}"
            f" {(orders + subitems) / seconds:>9,.0f} {to_floor:>9}"
            f" {median(one.cpu for one in runs):>9.2f} {median(one.grown for one in runs):>9.0f}"
        )
    return lines


def missed_targets(measures: Mapping[str, Sequence[Measure]], *, has_server: bool = True) -> list[str]:
    """Say which targets are missed by us: half of the floor, and ahead of everybody who is no floor.

    Where there is no server, a call a row costs no more than a call for many: it is the floor by another name.
    """
    floors = {FLOOR, COPY} if has_server else {FLOOR, COPY, ROWS}
    missed = []
    if FLOOR in measures and (share := ratio(measures, OURS, FLOOR)) < LEAST_OF_FLOOR:
        missed.append(f"{OURS}: {share:.2f} of the floor, the target is {LEAST_OF_FLOOR:.2f}")
    shares = {name: ratio(measures, OURS, name) for name in measures if name not in {OURS, *floors}}
    return missed + [
        f"{OURS}: {share:.2f} of {name}, the target is more than 1"
        for name, share in shares.items()
        if share <= 1
    ]


def differences(name: str, found: Mapping[str, float], wanted: Mapping[str, float]) -> list[str]:
    """Say what a way has left in the tables other than we."""
    return [
        f"{name}: {what}: {found[what]:,.2f}, with {OURS} {count:,.2f}"
        for what, count in wanted.items()
        if found[what] != count
    ]


def _seconds(runs: Sequence[Measure]) -> float:
    return median(one.seconds for one in runs)
