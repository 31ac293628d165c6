"""Alembic's environment: one transaction, one deployer at a time, only the tables of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import context
from sqlalchemy import inspect, make_url

from order_staging import schema
from order_staging.database import create_engine
from order_staging.errors import NotAdoptedError
from order_staging.models import Base, OrdersUnified
from order_staging.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

OURS = {table.name for table in Base.metadata.sorted_tables} - {OrdersUnified.__tablename__}


def include_name(name: str | None, type_: str, _: Any) -> bool:  # noqa: ANN401 - Alembic's
    """Leave other people's tables alone, ORDERS_UNIFIED among them."""
    return type_ != "table" or name in OURS


def include_object(object_: Any, name: str | None, type_: str, *_: object) -> bool:  # noqa: ANN401, ARG001 - Alembic's
    """Leave ORDERS_UNIFIED out of what the models want, too."""
    return type_ != "table" or name in OURS


def url() -> str:
    """Tell the database that the settings name, in the environment or in `.env`."""
    return Settings.load().database_url.get_secret_value()


def engine() -> Engine:
    """Take the engine of the caller (`order_staging.schema`), or make one for the settings' URL."""
    given = context.config.attributes.get("engine")
    return given if given is not None else create_engine(url())


def run_online() -> None:
    """Migrate a database, holding the lock until all of it is committed."""
    with engine().connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_name=include_name,
            include_object=include_object,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            schema.take_lock(connection)
            if context.config.attributes.get("refuse_unadopted"):
                refuse_unadopted(connection)
            context.run_migrations()


def refuse_unadopted(connection: Connection) -> None:
    """Raise `NotAdoptedError` where the first revision would meet tables that are there already."""
    names = {name.casefold() for name in OURS}
    if not context.get_context().get_current_heads():
        there = [name for name in inspect(connection).get_table_names() if name.casefold() in names]
        if there:
            raise NotAdoptedError(len(there))


def run_offline() -> None:
    """Print the SQL for the dialect of the URL; no driver and no server is needed."""
    context.configure(
        dialect_name=make_url(url()).get_backend_name(),
        target_metadata=Base.metadata,
        # A style that writes a percent sign in a column's name as it is.
        dialect_opts={"paramstyle": "named"},
        literal_binds=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
