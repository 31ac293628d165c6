"""What does it cost to bring what landed to production, and out of staging? Against plain SQL, on two engines.

100,000 staged orders with two sizes each are promoted and cleaned up by the library's public methods, and by the
raw driver: one `INSERT ... SELECT` a table, then one `DELETE` a table, of the very same columns; and once more with
an `UPDATE` a table that marks what was promoted. They take turns, each with a fresh copy of the same database.
`docs/performance.md` says what the difference is spent on. Exits with 1 where a target is missed.

Usage: python benchmarks/promote.py [--orders ORDERS] [--delivered ORDERS] [--rounds ROUNDS] [--engine ENGINE ...]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.databases import databases
from benchmarks.delivery_ground import only_errors_are_logged
from benchmarks.promote_ground import PATTERNS, SIZES_EACH, build, by_plain_sql, by_us
from benchmarks.promote_measures import MARKING, PLAIN, US, missed_targets, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.databases import Databases
    from benchmarks.promote_measures import Measure

ORDERS, ROUNDS = 100_000, 3
ENGINES = ("sqlite", "postgresql")


def measure(place: Databases, rounds: int) -> dict[str, list[Measure]]:
    """Have both promote copies of the database `staged`, in turns."""
    ways: dict[str, Callable[[str], Measure]] = {
        US: by_us,
        MARKING: partial(by_plain_sql, place.engine, marks=True),
        PLAIN: partial(by_plain_sql, place.engine, marks=False),
    }
    measures: dict[str, list[Measure]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            measures[name].append(way(place.copy("staged", "copy")))
            place.drop("copy")
    return measures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table an engine."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=ORDERS, help=f"staged orders, a multiple of {PATTERNS}")
    parser.add_argument("--delivered", type=int, default=ORDERS, help="orders that production has before")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    options = parser.parse_args(arguments)
    if options.orders < PATTERNS or options.orders % PATTERNS or options.delivered % PATTERNS:
        parser.error(f"orders must be a multiple of {PATTERNS}")
    only_errors_are_logged()
    rows = options.orders * (1 + SIZES_EACH)
    missed = []
    for engine in options.engine:
        with databases(engine) as place:
            build(place, "staged", options.orders, options.delivered)
            measures = measure(place, options.rounds)
        print(f"{engine}: {options.orders:,} orders with {SIZES_EACH} sizes each, {rows:,} rows; ", end="")
        print(f"{options.delivered:,} orders are in production already; medians of {options.rounds} rounds")
        print("\n".join([*table(measures), ""]), flush=True)
        missed += missed_targets(engine, measures, rows)
    print("\n".join(f"MISSED {target}" for target in missed) if missed else "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
