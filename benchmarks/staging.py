"""How many rows a second come from ORDERS_UNIFIED into staging, against the driver without rules, and others?

Each way has a process and a copy of the same filled database of its own; the ways take turns, and medians are
compared. What each leaves in the tables is compared with what this project does. `docs/benchmarks.md` says how to
read the table. Exits with 1 where a target is missed, or where tables differ.

Usage: python benchmarks/staging.py [--orders ORDERS] [--rounds ROUNDS] [--database NAME] [--without NAME]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

from benchmarks.databases import databases
from benchmarks.delivery_orders import SIZES
from benchmarks.staging_ground import Seen, fill, run, seen
from benchmarks.staging_measures import COPY, FLOOR, OURS, ROWS, Measure, differences, missed_targets, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.databases import Databases

ORDERS, ROUNDS = 10_000, 3
ENGINES = ("sqlite", "postgresql")
FILLED, COPIED = "filled", "copy"
WAYS = {
    OURS: "benchmarks.staging_objects:ours",
    FLOOR: "benchmarks.staging_drivers:floor",
    COPY: "benchmarks.staging_drivers:floor_by_copy",
    ROWS: "benchmarks.staging_drivers:row_by_row",
    "an order a commit, the driver": "benchmarks.staging_drivers:order_by_order",
    "an object a row, SQLAlchemy": "benchmarks.staging_objects:objects",
    "pandas": "benchmarks.staging_pandas:load",
    "dlt": "benchmarks.staging_dlt:load",
}
ONLY_POSTGRES = {COPY}


def measure(name: str, place: Databases) -> tuple[Measure, Seen]:
    """Run a way on a copy of its own, in a process of its own; tell what it took and what it left."""
    url = place.copy(FILLED, COPIED)
    try:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            taken = pool.submit(run, WAYS[name], url).result()
        return taken, seen(url)
    finally:
        place.drop(COPIED)


def compare(database: str, ways: Sequence[str], orders: int, rounds: int) -> list[str]:
    """Measure all ways on a database, print the table, and say what is missed or differs."""
    measures: dict[str, list[Measure]] = {name: [] for name in ways}
    differing: list[str] = []
    with databases(database) as place:
        fill(place.create(FILLED), orders)
        for _ in range(rounds):
            ours: Seen = {}
            for name, taken in measures.items():
                one, left = measure(name, place)
                taken.append(one)
                ours = ours or left
                differing += differences(name, left, ours)
    print(f"{database}: {orders:,} order lines with {SIZES} sizes each, {rounds} rounds")
    print("\n".join([*table(measures, orders, orders * SIZES), ""]), flush=True)
    if ours["orders"] != orders or ours["subitems"] != orders * SIZES:
        differing.append(f"{OURS}: {ours['orders']:,.0f} orders, {ours['subitems']:,.0f} subitems")
    missed = missed_targets(measures, has_server=database != "sqlite")
    return [f"{database}: {words}" for words in [*missed, *dict.fromkeys(differing)]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on every database, and print what is missed."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--database", action="append", choices=ENGINES, help="repeatable; all by default")
    parser.add_argument(
        "--without", action="append", default=[], choices=[name for name in WAYS if name != OURS]
    )
    options = parser.parse_args(arguments)
    missed = []
    for database in options.database or ENGINES:
        ways = [name for name in WAYS if name not in options.without]
        ways = [name for name in ways if database == "postgresql" or name not in ONLY_POSTGRES]
        missed += compare(database, ways, options.orders, options.rounds)
    if options.without:
        print(f"Left out: {', '.join(options.without)}")
    print("\n".join(f"MISSED {words}" for words in missed) if missed else "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
