"""What a soak counts, what it prints in the end, and whether that is good enough."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.guarantees.terms import Violation

LOSSES = {"lost", "size-lost", "orphan", "orphan-subitem", "taken-away", "no-such-item", "no-such-subitem"}
"""Violations of guarantee 2 by which something is gone, or is on the board and nobody knows it."""


@dataclass(frozen=True)
class Minima:
    """How much has to have happened for a soak to say anything."""

    requests: int = 0
    faults: int = 0
    kills: int = 0


@dataclass
class Figures:
    """The counts of a soak."""

    seed: int
    orders: int = 0
    seconds: float = 0.0
    requests: int = 0
    mutations: int = 0
    items: int = 0
    subitems: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kills_at_failpoints: Counter[str] = field(default_factory=Counter)
    kills_at_random: int = 0
    runs: Counter[str] = field(default_factory=Counter)
    """Runs by how they ended."""
    recovered: Counter[str] = field(default_factory=Counter)
    """Rows by how their doubt ended, and requests that were sent again under their keys."""
    source_changes: Counter[str] = field(default_factory=Counter)
    edits_by_people: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    """What runs wrote that ended with an exit code that nothing here explains."""
    violations: Sequence[Violation] = ()

    @property
    def kills(self) -> int:
        return self.kills_at_random + self.kills_at_failpoints.total()

    @property
    def duplicates(self) -> int:
        return sum(one.guarantee == 1 for one in self.violations)

    @property
    def losses(self) -> int:
        return sum(one.guarantee == 2 and one.what in LOSSES for one in self.violations)

    def read_log(self, written: str) -> None:
        """Count what a run's log says of recoveries; the last line of one that was killed may be cut off."""
        for line in written.splitlines():
            try:
                event = json.loads(line)
            except ValueError:
                continue
            match event:
                case {
                    "event": "recovery.settled",
                    "adopted": adopted,
                    "absent": absent,
                    "conflict": conflict,
                }:
                    self.recovered.update(adopted=adopted, restaged=absent, conflict=conflict)
                case {"event": "recovery.resent", "executed": executed}:
                    self.recovered.update({"sent again under their key": executed, "requests sent again": 1})
                case {"event": "recovery.interrupted", "rows": rows}:
                    self.recovered.update(interrupted=rows)
                case {"event": "bulk.resumed"}:
                    self.recovered.update({"imports resumed": 1})
                case {"event": "orders.relinked", "rows": rows}:
                    self.recovered.update(relinked=rows)

    def complaints(self, least: Minima) -> Iterator[str]:
        """Tell what is not as it has to be; nothing where all is well."""
        for name, found, wanted in (
            ("requests", self.requests, least.requests),
            ("faults", self.faults.total(), least.faults),
            ("kills", self.kills, least.kills),
        ):
            if found < wanted:
                yield f"{found} {name}, fewer than {wanted}"
        yield from (str(violation) for violation in self.violations)
        yield from self.unexpected

    def table(self) -> Table:
        """Lay the figures out for people."""
        table = Table(title=f"Soak, seed {self.seed}", show_header=False)
        table.add_column(justify="left")
        table.add_column(justify="right")
        for name, value in self._rows():
            table.add_row(name, f"{value:,}" if isinstance(value, int) else value)
        return table

    def _rows(self) -> Iterator[tuple[str, int | str]]:
        yield "order lines", self.orders
        yield "items and subitems on the board", self.items + self.subitems
        yield "seconds", f"{self.seconds:.0f}"
        yield "requests", self.requests
        yield "mutations executed", self.mutations
        yield from self._counted("faults", self.faults)
        yield "kills (SIGKILL)", self.kills
        yield "  at random moments", self.kills_at_random
        yield from self._counted("  at failpoints", self.kills_at_failpoints)
        yield from self._counted("runs", self.runs)
        yield from self._counted("changes of the source", self.source_changes)
        yield from self._counted("edits by people", self.edits_by_people)
        yield "recoveries", ""
        yield from ((f"  {name}", number) for name, number in sorted(self.recovered.items()))
        yield "duplicates", self.duplicates
        yield "losses", self.losses
        yield "other violations", len(self.violations) - self.duplicates - self.losses

    def _counted(self, name: str, counter: Counter[str]) -> Iterator[tuple[str, int]]:
        yield name, counter.total()
        indent = " " * (len(name) - len(name.lstrip()) + 2)
        yield from ((f"{indent}{kind}", number) for kind, number in sorted(counter.items()))
