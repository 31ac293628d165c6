"""The schema's revisions: Alembic driven from Python, the migrations found wherever they are installed."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import text

from order_staging.database import database_errors
from order_staging.errors import DatabaseNotMigratedError, RevisionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = Lock()
"""Alembic's environment is global to the process; between processes `take_lock` is what makes others wait."""
_LOCKS = {
    # A run that loads keeps a cursor, and its own writing queues behind an ALTER that waits for that one.
    "postgresql": "SELECT pg_advisory_xact_lock(4755000001); SET LOCAL lock_timeout = '60s'",
    "mssql": (
        "DECLARE @result INT; EXEC @result = sp_getapplock @Resource = 'order_staging migrations', "
        "@LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = 600000; "
        "IF @result < 0 THROW 50000, 'another deployer has been migrating for ten minutes', 1"
    ),
}
"""What makes a second deployer wait; on SQLite every transaction of this project has the lock already."""


def migrations() -> Path:
    """Find the folder of migrations: inside the installed package, or beside it in the repository."""
    inside = _HERE / "migrations"
    return inside if inside.is_dir() else _HERE.parent / "migrations"


def configuration(engine: Engine | None = None) -> Config:
    """Make Alembic's configuration; `env.py` takes the engine from its attributes."""
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


def scripts() -> ScriptDirectory:
    """Read the revisions that this version has."""
    return ScriptDirectory.from_config(configuration())


@cache
def head() -> str:
    """Tell the revision that this version works with; an installed version has the same one as long as it runs."""
    return scripts().get_current_head() or ""


def current(engine: Engine) -> str | None:
    """Tell the revision that the database is at; None where it has none."""
    if is_absent(engine):
        return None
    with database_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_absent(engine: Engine) -> bool:
    """Tell whether this is a file of SQLite that does not exist: looking must not leave an empty one behind."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    # (A `file:` address, such as one with `?mode=ro`, is for SQLite to read.)
    return bool(file and file != ":memory:" and not file.startswith("file:") and not Path(file).exists())


def take_lock(connection: Connection) -> None:
    """Wait until no other deployer migrates or adopts the database; the lock ends with the transaction."""
    statement = _LOCKS.get(connection.dialect.name)
    if statement:
        connection.execute(text(statement))


@contextmanager
def one_at_a_time(engine: Engine) -> Iterator[Connection]:
    """Give the one transaction in which somebody deploys; it is committed at the end of the `with` block."""
    with _ONE_AT_A_TIME, database_errors(), engine.begin() as connection:
        take_lock(connection)
        yield connection


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision; two at once do no harm.

    Raises `NotAdoptedError` where the tables are there without a revision, `RevisionError` for an unknown one.
    """
    config = configuration(engine)
    config.attributes["refuse_unadopted"] = True
    with _ONE_AT_A_TIME, database_errors(), _revision_errors():
        command.upgrade(config, revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision (`base`: before all of them).

    Raises `RevisionError` for an unknown one.
    """
    with _ONE_AT_A_TIME, database_errors(), _revision_errors():
        command.downgrade(configuration(engine), revision)


@contextmanager
def _revision_errors() -> Iterator[None]:
    try:
        yield
    except CommandError as error:
        raise RevisionError(
            f"{error}; this version goes up to {head()}; order-staging db current tells what the database has"
        ) from error


def require_head(engine: Engine) -> None:
    """Raise `DatabaseNotMigratedError` unless the database is at the head revision."""
    found, wanted = current(engine), head()
    if found != wanted:
        raise DatabaseNotMigratedError(found, wanted, engine.url.database if is_absent(engine) else None)
