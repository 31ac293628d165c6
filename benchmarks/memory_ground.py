"""The ground of the benchmark of memory: a database with order lines, the board, and a process for each run."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from benchmarks.delivery_orders import order_rows
from benchmarks.memory_run import Peaks
from order_staging import UnitOfWork, schema
from order_staging.database import create_engine
from order_staging.sandbox.sample_values import ALPHA_SIZES

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[1]
PAGE = 1000
ROWS_A_SIZED_ONE = 10
"""One order line of so many has sizes."""
SIZES = 2
"""The sizes of those."""


def filled(url: str, rows: int) -> None:
    """Make the tables of an empty database, and put so many order lines into the source."""
    engine = create_engine(url)
    schema.upgrade(engine)
    with UnitOfWork(sessionmaker(engine)) as uow:
        shape = uow.source.shape()
    for start in range(0, rows, PAGE):
        # Each page has a seed of its own, so that no UUID comes twice.
        page = order_rows(min(PAGE, rows - start), seed=start)
        names = dict.fromkeys(name for row in page for name in row)
        with UnitOfWork(sessionmaker(engine)) as uow:
            uow.source.add(shape, [_thinned(dict.fromkeys(names) | row, n) for n, row in enumerate(page)])
            uow.commit()
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def _thinned(row: dict[str, Any], number: int) -> dict[str, Any]:
    """Take most sizes away: they would take as long again as the order lines themselves."""
    ordered = [size for size in ALPHA_SIZES if row.get(size)]
    kept = ordered[:SIZES] if number % ROWS_A_SIZED_ONE == 0 else []
    taken = dict.fromkeys(size for size in ordered if size not in kept)
    return row | taken | {"TOTAL QTY": sum(row[size] for size in kept)}


@contextmanager
def board() -> Iterator[str]:
    """Serve a board in another process for a `with` block; give the address of its API."""
    command = [sys.executable, "-m", "benchmarks.memory_board"]
    with subprocess.Popen(  # noqa: S603 - this interpreter
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the board's process has no pipes")
        yield process.stdout.readline().strip()
        process.stdin.close()


def process(*arguments: str) -> Peaks:
    """Run the library in another process, and give what it needed; without arguments it does nothing."""
    command = [sys.executable, "-m", "benchmarks.memory_run", *arguments]
    done = subprocess.run(  # noqa: S603 - this interpreter, with arguments from above
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    return Peaks(**json.loads(done.stdout))
