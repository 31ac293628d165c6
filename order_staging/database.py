"""Engines: the few things that differ between SQL Server, PostgreSQL and SQLite, in one place."""

from __future__ import annotations

import platform
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, event, make_url
from sqlalchemy import create_engine as _create_engine
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from order_staging import postgres, sqlserver
from order_staging.database_faults import DatabaseFault, fault_of
from order_staging.errors import (
    DatabaseUnavailableError,
    MissingDependencyError,
    PersistenceError,
    SettingError,
    TransientDatabaseError,
)
from order_staging.models.types import round_half_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from sqlite3 import Connection as SQLiteConnection

    from sqlalchemy import URL, Connection
    from sqlalchemy.pool import ConnectionPoolEntry

SETTING = "ORDER_STAGING_DATABASE_URL"
SQLITE_BUSY_TIMEOUT = 30_000
"""Milliseconds that a SQLite writer waits for another one."""

READING = "order_staging_reading"
"""The execution option of a connection that only reads: on SQLite it takes no writer's lock."""

_READ_ONLY = {"postgresql": {"postgresql_readonly": True}}
"""What more has a dialect's own server refuse every change."""

_MACHINES = {"AMD64": "x64", "ARM64": "arm64", "aarch64": "arm64", "arm64": "aarch64"}
_EXTRAS = {"mssql": "mssql", "postgresql": "postgres"}


def create_engine(url: str, credential: sqlserver.Credential | None = None) -> Engine:
    """Make the engine for a URL of SQLite, PostgreSQL or SQL Server; it connects when first used.

    A URL of SQL Server with `?Authentication=ActiveDirectoryDefault` logs in with tokens of Entra ID, which
    `credential` gives, or whatever identity the machine has.
    Raises `SettingError` for a URL that cannot be used, `MissingDependencyError` without the driver's extra.
    """
    parsed = _parse(url)
    dialect = parsed.get_backend_name()
    if dialect not in {"sqlite", *_EXTRAS}:
        raise SettingError(
            SETTING, f"{dialect} is not supported; use sqlite, postgresql+psycopg or mssql+pyodbc"
        )
    options = {} if dialect == "sqlite" else {"pool_pre_ping": True}
    is_microsofts = parsed.get_driver_name() == "pyodbc" and not sqlserver.is_freetds(parsed)
    if is_microsofts:
        parsed, options["fast_executemany"] = sqlserver.spelled(parsed), True
    by_token = is_microsofts and sqlserver.wants_token(parsed)
    if by_token:
        parsed = sqlserver.without_authentication(parsed)
    try:
        engine = _create_engine(_with_driver(parsed), hide_parameters=True, **options)
    except NoSuchModuleError:
        driver = parsed.get_driver_name()
        raise SettingError(SETTING, f"SQLAlchemy has no driver {driver!r} for {dialect}") from None
    except ModuleNotFoundError as error:
        raise MissingDependencyError(str(error.name), _EXTRAS.get(dialect, "dev")) from error
    except ImportError as error:
        # pyodbc's wheels link to the system's ODBC manager: Debian's package is unixodbc.
        raise SettingError(SETTING, f"the driver cannot be loaded ({error}); install unixODBC") from error
    if prepare := _PREPARATIONS.get(parsed.get_driver_name()):
        prepare(engine)
    if is_microsofts:
        sqlserver.send_in_bulk(engine)
    if by_token:
        sqlserver.log_in_by_token(engine, credential or sqlserver.default_credential())
    return engine


def reading_only(engine: Engine) -> Engine:
    """Give the same engine, with the same pool, for connections that only read.

    Where the database can refuse changes by itself, it does: PostgreSQL by the kind of transaction, SQLite by a
    pragma. On SQL Server nothing but the code, and the login's rights, keeps them from writing.
    """
    reader = engine.execution_options(**{READING: True}, **_READ_ONLY.get(engine.dialect.name, {}))
    if reader.dialect.name == "sqlite":
        event.listen(reader, "begin", _refuse_changes)
        # The connection goes back to the pool of an engine that writes.
        event.listen(reader, "commit", _allow_changes)
        event.listen(reader, "rollback", _allow_changes)
    return reader


def _parse(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        # The URL may hold a password: it is not repeated.
        raise SettingError(SETTING, "is not a database URL such as sqlite:///orders.db") from None


def _listen_to_sqlite(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)


def _prepare_sqlite(connection: SQLiteConnection, _: ConnectionPoolEntry) -> None:
    # The driver's own transaction handling would commit before DDL; SQLAlchemy says BEGIN instead.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.create_function("decimal_round", 2, _decimal_round, deterministic=True)


def _begin_immediate(connection: Connection) -> None:
    # A transaction that starts by reading could not upgrade to writing once another one has written.
    only_reads = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _refuse_changes(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = ON")


def _allow_changes(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = OFF")


_PREPARATIONS = {"pysqlite": _listen_to_sqlite, "psycopg": postgres.send_in_bulk}
"""What engines are told, by their drivers."""


def require_undisturbed(connection: Connection) -> None:
    """Require that others can write while a connection reads. Raises `DatabaseUnavailableError`.

    Without a write-ahead log, as on most network shares, SQLite would make our writing wait for our reading.
    """
    if connection.dialect.name != "sqlite":
        return
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    if mode != "wal":
        raise DatabaseUnavailableError(
            f"SQLite cannot keep a write-ahead log beside this file (journal_mode is {mode}); "
            "move it to a disk of this machine"
        )


def _decimal_round(value: str | None, scale: int) -> str | None:
    return None if value is None else format(round_half_up(Decimal(value), scale), "f")


def _with_driver(url: URL) -> URL:
    """Point pyodbc at Microsoft's driver of the `mssql` extra, unless the URL names a driver of its own."""
    if url.get_driver_name() != "pyodbc" or "driver" in url.query or "odbc_connect" in url.query:
        return url
    return url.update_query_dict({"driver": str(odbc_driver())})


def odbc_driver() -> Path:
    """Find the library of Microsoft's ODBC driver that `mssql-python-odbc` brings for this machine.

    Raises `MissingDependencyError` without the package, `SettingError` where it has no driver for this system.
    """
    try:
        import mssql_python_odbc  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError as error:
        raise MissingDependencyError("mssql-python-odbc", "mssql") from error
    libraries = Path(mssql_python_odbc.get_libs_dir())
    candidates = sorted(path.relative_to(libraries) for path in libraries.rglob("*msodbcsql*"))
    found = choose_driver(candidates, platform.machine(), _distribution())
    if found is None:
        raise SettingError(
            SETTING,
            f"mssql-python-odbc has no driver for {platform.system()} on {platform.machine()}; "
            "name an installed one with ?driver=...",
        )
    return libraries / found


def choose_driver(candidates: list[Path], machine: str, distribution: set[str]) -> Path | None:
    """Pick the library for a machine (named as by `platform.machine()`) and a distribution (os-release's IDs).

    The package has a folder for each system, distribution and architecture: `linux/debian_ubuntu/x86_64/lib/`;
    candidates are relative to it.
    """
    machines = {machine, _MACHINES.get(machine, machine)}
    fitting = [path for path in candidates if machines & set(path.parts) and path.suffix != ".rll"]
    own = [path for path in fitting if any(word in part for part in path.parts for word in distribution)]
    return next(iter(own or fitting), None)


def _distribution() -> set[str]:
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return {platform.system().lower()}
    return {release.get("ID", ""), *release.get("ID_LIKE", "").split()} - {""}


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn the driver's errors into ours, in one line and without parameters or passwords.

    Raises `TransientDatabaseError` for what passes by itself, `DatabaseUnavailableError` where the connection or
    the server is at fault, `PersistenceError` otherwise.
    """
    try:
        yield
    except DBAPIError as error:
        raise _as_ours(error) from error
    except SQLAlchemyError as error:
        raise PersistenceError(f"the database could not be used: {_first_line(error)}") from error


def _as_ours(error: DBAPIError) -> PersistenceError:
    words = _first_line(error)
    match fault_of(error):
        case DatabaseFault.TRANSIENT | DatabaseFault.LOST:
            return TransientDatabaseError(
                f"the database did not answer as it should: {words}; check {SETTING} and the server"
            )
        case DatabaseFault.FULL:
            return DatabaseUnavailableError(
                f"the database has no room left: {words}; make room and run again"
            )
        case DatabaseFault.READ_ONLY:
            return DatabaseUnavailableError(
                f"the database takes no changes: {words}; check that {SETTING} names one that may be written"
            )
    if isinstance(error, OperationalError | InterfaceError):
        return DatabaseUnavailableError(
            f"the database did not answer as it should: {words}; check {SETTING} and the server"
        )
    return PersistenceError(
        f"the database refused a statement: {words}; check {SETTING}, and what order-staging check says"
    )


def _first_line(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
