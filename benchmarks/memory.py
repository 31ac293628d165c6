"""How much memory does a run take, and does it take more for more order lines?

Each run is a process of its own, from order lines in the source to rows in production and an empty staging; it is a
table's line. monday.com is another process, and answers at once. Needs the environment of the tests, for its
PostgreSQL. `docs/performance.md` says how to read the table. Exits with 1 where a target is missed, and says which.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.databases import databases
from benchmarks.memory_ground import ROWS_A_SIZED_ONE, SIZES, board, filled, process
from benchmarks.memory_run import STEPS
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.memory_run import Peaks

ROWS = (1_000, 10_000, 100_000, 500_000)
ROWS_BY_ITEMS = (10_000, 30_000)
ROWS_ON_POSTGRES = (10_000,)
MOST = 200
"""Megabytes that a run may take at its peak, the interpreter and all imports included."""
FLAT_FROM, FLAT_WITHIN = 10_000, 1.2
"""From how many rows on a run may take no more than so many times what it takes for these."""
SQLITE, POSTGRES = "SQLite", "PostgreSQL"
ENGINES = {"sqlite": SQLITE, "postgresql": POSTGRES}


@dataclass(frozen=True)
class Way:
    """A kind of run: the database, and the channel."""

    database: str
    channel: Channel

    def __str__(self) -> str:
        return f"{self.database}, {self.channel}"


@dataclass(frozen=True)
class Run:
    """A run for so many order lines, and what it needed."""

    way: Way
    rows: int
    peaks: Peaks


def missed_targets(runs: Sequence[Run]) -> list[str]:
    """Tell which targets are missed: at most 200 MB, and no growth by more than a fifth from 10,000 rows on."""
    missed = [
        f"{run.way}, {run.rows:,} rows: {run.peaks.peak:.0f} MB, at most {MOST} are wanted"
        for run in runs
        if run.peaks.peak >= MOST
    ]
    return missed + [
        f"{run.way}, {run.rows:,} rows: {ratio:.2f} times what the fewest take, at most {FLAT_WITHIN} are wanted"
        for run, ratio in zip(runs, ratios(runs), strict=True)
        if ratio is not None and ratio > FLAT_WITHIN
    ]


def ratios(runs: Sequence[Run]) -> list[float | None]:
    """Compare each run of 10,000 rows or more with the smallest of these that went the same way."""
    smallest: defaultdict[Way, list[Run]] = defaultdict(list)
    for run in runs:
        if run.rows >= FLAT_FROM:
            smallest[run.way].append(run)
    first = {way: min(some, key=lambda run: run.rows).peaks.peak for way, some in smallest.items()}
    return [run.peaks.peak / first[run.way] if run.rows >= FLAT_FROM else None for run in runs]


def table(floor: Peaks, runs: Sequence[Run]) -> Table:
    """Lay the runs out: what each brought, the peak up to the end of each step, the whole, and the ratio."""
    laid = Table(box=box.SIMPLE_HEAD)
    laid.add_column("MB at the peak", no_wrap=True)
    for head in ("rows", "sizes", "imports", *STEPS, "whole run", "beyond floor", "ratio", "CPU s"):
        laid.add_column(head, justify="right")
    blank = [""] * (len(STEPS) + 3)
    laid.add_row("imports alone: the floor", *blank, f"{floor.peak:.0f}", "", "", f"{floor.cpu:.0f}")
    for run, ratio in zip(runs, ratios(runs), strict=True):
        peaks = run.peaks
        laid.add_row(
            str(run.way),
            f"{peaks.orders:,}",
            f"{peaks.subitems:,}",
            str(peaks.jobs or "-"),
            *(f"{peaks.steps[step]:.0f}" for step in STEPS),
            f"{peaks.peak:.0f}",
            f"{peaks.peak - floor.peak:.0f}",
            "" if ratio is None else f"{ratio:.2f}",
            f"{peaks.cpu:.0f}",
        )
    return laid


def run_all(sizes: Mapping[Way, Sequence[int]]) -> list[Run]:
    """Run for each way and size, each time with a database of its own."""
    runs = []
    for engine, name in ENGINES.items():
        ways = {way: rows for way, rows in sizes.items() if way.database == name and rows}
        if not ways:
            continue
        with databases(engine) as place:
            for way, count in ((way, count) for way, rows in ways.items() for count in rows):
                database = f"{way.channel}_{count}"
                runs.append(_run(way, count, place.create(database)))
                place.drop(database)
    return runs


def _run(way: Way, rows: int, url: str) -> Run:
    filled(url, rows)
    with board() as address:
        return Run(way, rows, process(address, url, way.channel))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for every size, print the table and what is missed."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name, sizes, what in (
        ("--rows", ROWS, "order lines, with the channel that is chosen by itself"),
        ("--by-items", ROWS_BY_ITEMS, "order lines, with requests of several items"),
        ("--on-postgres", ROWS_ON_POSTGRES, "order lines, on PostgreSQL"),
    ):
        parser.add_argument(name, type=int, nargs="*", default=sizes, help=what)
    options = parser.parse_args(arguments)
    floor = process()
    runs = run_all(
        {
            Way(SQLITE, Channel.AUTO): options.rows,
            Way(SQLITE, Channel.ITEMS): options.by_items,
            Way(POSTGRES, Channel.AUTO): options.on_postgres,
        }
    )
    print(
        f"{SIZES} sizes for one order line in {ROWS_A_SIZED_ONE}, none for the others; MB are 1,000,000 bytes"
    )
    Console(width=150, highlight=False).print(table(floor, runs))
    missed = missed_targets(runs)
    print("\n".join(f"MISSED {target}" for target in missed) or "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
