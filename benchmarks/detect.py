"""What does it cost to find 1,000 new order lines among 100,000 and a million that were delivered long ago?

Delivered lines are in production, all lines are in ORDERS_UNIFIED, which has no index. The library reads what is
new, and counts it by customer; against the plain anti-join by the raw driver, with the same columns, in turns. How
the time grows with the rows is printed, too. `docs/performance.md` says what the difference is spent on. Exits with
1 where a target is missed.

Usage: python benchmarks/detect.py [--among ROWS ...] [--new ROWS] [--rounds ROUNDS] [--engine ENGINE ...]
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from benchmarks.databases import databases
from benchmarks.delivery_ground import only_errors_are_logged
from benchmarks.detect_ground import Detection, build
from benchmarks.detect_measures import Search, missed_targets, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

AMONG, NEW, ROUNDS = (100_000, 1_000_000), 1_000, 5
ENGINES = ("sqlite", "postgresql")
FIND, COUNT = "reading what is new", "counting it by customer"


def measure(url: str, among: int, rounds: int) -> list[Search]:
    """Find and count what is new in a database, by both in turns, after a round that does not count."""
    detection = Detection(url)
    searches = [
        _search(FIND, among, rounds, detection.by_us, detection.by_plain_sql),
        _search(COUNT, among, rounds, detection.counted_by_us, detection.counted_by_plain_sql),
    ]
    detection.close()
    return searches


def _search(name: str, among: int, rounds: int, ours: Callable[[], int], plain: Callable[[], int]) -> Search:
    seconds: tuple[list[float], list[float]] = ([], [])
    found = []
    for number in range(rounds + 1):
        for taken, find in zip(seconds, (ours, plain), strict=True):
            began = time.perf_counter()
            found.append(find())
            if number:
                taken.append(time.perf_counter() - began)
    return Search(name, among, *seconds, found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print a table an engine."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--among", type=int, nargs="+", default=AMONG, help="delivered order lines")
    parser.add_argument("--new", type=int, default=NEW, help="new ones; each of AMONG must be a multiple")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--engine", nargs="+", choices=ENGINES, default=ENGINES)
    options = parser.parse_args(arguments)
    if options.new < 1 or any(among % options.new or among < options.new for among in options.among):
        parser.error("there must be new order lines, and each of AMONG must be a multiple of them")
    only_errors_are_logged()
    missed = []
    for engine in options.engine:
        searches = []
        with databases(engine) as place:
            for among in options.among:
                url = build(place, "delivered", among, options.new)
                searches += measure(url, among, options.rounds)
                place.drop("delivered")
        print(f"{engine}: {options.new:,} new order lines; medians of {options.rounds} rounds")
        print("\n".join([*table(searches), ""]), flush=True)
        missed += missed_targets(engine, searches, options.new)
    print("\n".join(f"MISSED {target}" for target in missed) if missed else "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
