"""The schema's revisions: Alembic driven from Python, the migrations found wherever they are installed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from order_staging.database import database_errors
from order_staging.errors import DatabaseNotMigratedError

if TYPE_CHECKING:
    from sqlalchemy import Engine

_HERE = Path(__file__).parent
_ONE_AT_A_TIME = Lock()
"""Alembic's environment is global to the process; between processes `env.py` takes a lock of the database."""


def migrations() -> Path:
    """Find the folder of migrations: inside the installed package, or beside it in the repository."""
    inside = _HERE / "migrations"
    return inside if inside.is_dir() else _HERE.parent / "migrations"


def configuration(engine: Engine) -> Config:
    """Make Alembic's configuration for an engine; `env.py` takes the engine from its attributes."""
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    config.attributes["engine"] = engine
    return config


@cache
def head() -> str:
    """Tell the revision that this version works with; an installed version has the same one as long as it runs."""
    config = Config()
    config.set_main_option("script_location", str(migrations()).replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def current(engine: Engine) -> str | None:
    """Tell the revision that the database is at; None where it has none."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    # (A `file:` address, such as one with `?mode=ro`, is for SQLite to read.)
    if file and file != ":memory:" and not file.startswith("file:") and not Path(file).exists():
        # Looking must not leave an empty file behind.
        return None
    with database_errors(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a revision; two at once do no harm."""
    with _ONE_AT_A_TIME, database_errors():
        command.upgrade(configuration(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Take the database back to a revision (`base`: before all of them)."""
    with _ONE_AT_A_TIME, database_errors():
        command.downgrade(configuration(engine), revision)


def require_head(engine: Engine) -> None:
    """Raise `DatabaseNotMigratedError` unless the database is at the head revision."""
    found, wanted = current(engine), head()
    if found != wanted:
        raise DatabaseNotMigratedError(found, wanted)
