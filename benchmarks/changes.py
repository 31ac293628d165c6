"""What does it take to find 100 changes among 100,000 delivered order lines, and what to send all again?

Detection looks through a SQLite database in which everything has been delivered already; the sandbox's board
has some of the items. Each way runs in a process of its own, on a clock that leaps over monday.com's waits
(`leaping_clock.py`). `docs/benchmarks.md` says how to read the table. Exits with 1 where a target is missed.

Usage: python benchmarks/changes.py [--rows ROWS] [--changed CHANGED] [--sample SAMPLE]
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from benchmarks.changes_database import build, change_prices
from benchmarks.changes_ground import Way, bring_changes, send_everything
from benchmarks.changes_measures import computed, growth, missed_targets, ratios, table
from benchmarks.delivery_orders import SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

ROWS, CHANGED, SAMPLE = 100_000, 100, 2_000
FEWER = 10
"""How many times fewer rows show how detection grows with them."""


def fresh(work: Callable[..., T], *arguments: object) -> T:
    """Do work in a process of its own, so that its memory tells of this work alone."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and print the table and the ratios."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--changed", type=int, default=CHANGED)
    parser.add_argument(
        "--sample", type=int, default=SAMPLE, help="order lines that are sent for the re-send"
    )
    options = parser.parse_args(arguments)
    rows = options.rows
    sample, changed = min(options.sample, rows), min(options.changed, rows // FEWER)
    if rows < FEWER or rows % sample:
        parser.error(f"there must be {FEWER} ROWS at least, and SAMPLE must divide them")
    few = rows // FEWER
    with TemporaryDirectory() as folder:
        small, whole = Path(folder) / "few.db", Path(folder) / "all.db"
        fresh(build, small, few)
        fresh(build, whole, rows)
        looked = fresh(bring_changes, Way(f"changes, none of {few:,}", small, changed))
        nothing = fresh(bring_changes, Way(f"changes, none of {rows:,}", whole, changed))
        fresh(change_prices, whole, changed)
        found = fresh(bring_changes, Way(f"changes, {changed:,} of {rows:,}", whole, changed))
        again = fresh(bring_changes, Way("the same again", whole, changed))
        read, sent = fresh(send_everything, Way(f"full re-send, {sample:,} rows sent", whole, sample))
    everything = computed(read, sent, rows / sample)
    print(
        f"{rows:,} delivered order lines with {SIZES} sizes each; on the board are {changed:,} items, those that "
        f"change, and for the re-send {sample:,}; without their subitems, which nothing asks for"
    )
    print("\n".join([*table([looked, nothing, found, again, read, sent, everything]), ""]))
    print("\n".join([*ratios(found, everything), growth(looked, nothing)]))
    missed = missed_targets(changed, looked, nothing, found, again)
    print("\n".join(f"MISSED {target}" for target in missed) if missed else "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
