"""The ground of the benchmark of staging: a database is filled, each way is measured, what it left is looked at."""

from __future__ import annotations

import resource
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.orm import sessionmaker

from benchmarks.databases import analyze
from benchmarks.delivery_ground import only_errors_are_logged
from benchmarks.staging_measures import Measure
from benchmarks.staging_orders import CHUNK, ORDERS, SUBITEMS, TITLES, filled_rows
from order_staging import UnitOfWork, schema
from order_staging.cli.app import collect_seldom
from order_staging.database import create_engine

if TYPE_CHECKING:
    from collections.abc import Callable

BYTES = 1 if sys.platform == "darwin" else 1024
"""What `ru_maxrss` counts in."""

Seen = dict[str, float]
"""What stands in the staging tables: counts and sums by what they are of."""


def fill(url: str, count: int) -> None:
    """Migrate an empty database, and put order lines into its source."""
    engine = create_engine(url)
    schema.upgrade(engine)
    rows = filled_rows(count)
    # Equal keys let the driver insert a chunk by one statement.
    names = dict.fromkeys(name for row in rows for name in row)
    for start in range(0, count, CHUNK):
        with UnitOfWork(sessionmaker(engine)) as uow:
            chunk = [dict.fromkeys(names) | row for row in rows[start : start + CHUNK]]
            uow.source.add(uow.source.shape(), chunk)
            uow.commit()
    engine.dispose()
    analyze(url)


class Meter:
    """Measures from when it is made."""

    def __init__(self) -> None:
        """Note what was before."""
        self._peak, self._cpu, self._began = _peak(), time.process_time(), time.perf_counter()

    def measure(self) -> Measure:
        """Tell what came since."""
        seconds, cpu = time.perf_counter() - self._began, time.process_time() - self._cpu
        return Measure(seconds, cpu, _peak() - self._peak)


def run(place: str, url: str) -> Measure:
    """Do the work of a way, given as `module:function`, and measure it from the first connection on.

    Garbage is collected as seldom as by our command line, whichever way it is. The function takes the URL; where it
    gives a measure, that one counts.
    """
    only_errors_are_logged()
    collect_seldom()
    module, _, function = place.partition(":")
    work: Callable[[str], Measure | None] = getattr(import_module(module), function)
    meter = Meter()
    return work(url) or meter.measure()


def seen(url: str) -> Seen:
    """Look at what stands in the staging tables."""
    counted = [f'count("{title}")' for title in TITLES]
    queries = {
        "orders": f'SELECT count(*) FROM "{ORDERS}"',  # noqa: S608
        "values": f'SELECT {" + ".join(counted)} FROM "{ORDERS}"',  # noqa: S608
        "prices": f'SELECT sum(CAST("CUSTOMER PRICE" AS NUMERIC)) FROM "{ORDERS}"',  # noqa: S608
        "characters": f'SELECT sum(length("Title") + length("Group")) FROM "{ORDERS}"',  # noqa: S608
        "subitems": f'SELECT count(*) FROM "{SUBITEMS}"',  # noqa: S608
        "quantity": f'SELECT sum("ORDER_QTY") FROM "{SUBITEMS}"',  # noqa: S608
        "subitems of their orders": f'SELECT count(*) FROM "{SUBITEMS}" s JOIN "{ORDERS}" o '  # noqa: S608
        "ON o.stg_id = s.stg_parent_stg_id AND o.source_uuid = s.source_uuid",
        "pending": f"SELECT count(*) FROM \"{ORDERS}\" WHERE stg_status = 'PENDING'",  # noqa: S608
    }
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            what: round(float(connection.scalar(text(query)) or 0), 2) for what, query in queries.items()
        }
    engine.dispose()
    return found


def _peak() -> float:
    """Tell the most memory that the process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES / 1e6
