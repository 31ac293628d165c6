"""What the login may do: the database is asked, table by table, and nothing is tried."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, column, func, select, table, text
from sqlalchemy.dialects import mssql, postgresql

from order_staging.models import (
    Base,
    Batch,
    BulkImport,
    FailedOrder,
    FailedSubitem,
    Lease,
    OrdersUnified,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

READ, ADD, CHANGE, DELETE = "SELECT", "INSERT", "UPDATE", "DELETE"
NUMBER = "USAGE"
"""The right to take the next number of a sequence."""

NEEDED: dict[str, tuple[str, ...]] = {
    "alembic_version": (READ,),
    OrdersUnified.__tablename__: (READ,),
    **dict.fromkeys(
        (each.__tablename__ for each in (StagedOrder, StagedSubitem, ProductionOrder, ProductionSubitem)),
        (READ, ADD, CHANGE, DELETE),
    ),
    **dict.fromkeys(
        (each.__tablename__ for each in (FailedOrder, FailedSubitem, Batch, Lease, BulkImport)),
        (READ, ADD, CHANGE),
    ),
}
"""What a runner's login needs on each table: what docs/database.md has granted."""

_POSTGRESQL = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call] # SQLAlchemy's
_SQLSERVER = mssql.dialect().identifier_preparer  # type: ignore[no-untyped-call] # SQLAlchemy's


class Right(NamedTuple):
    """A right on a table or, `NUMBER`, on the sequence that counts a table's ids."""

    name: str
    table: str


class Permissions:
    """Queries about the login that asks."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def missing(self) -> list[Right]:
        """List the rights that a runner needs and this login lacks; none on SQLite, which knows no logins.

        A table that is not there is passed over.
        """
        asks = ASKED.get(self.session.get_bind().dialect.name)
        if asks is None:
            return []
        rights, query = asks()
        # NULL is said of what is not there.
        return [
            right
            for right, may in zip(rights, self.session.execute(query).one(), strict=True)
            if may is not None and not may
        ]

    def unwritable_file(self, may: Callable[[str, int], bool] = os.access) -> str | None:
        """Find the file of a SQLite database, or its folder, that this process cannot write; None if it can.

        `may` tells whether a path can be written. The folder takes the journal.
        """
        bind = self.session.get_bind()
        if bind.dialect.name != "sqlite":
            return None
        # Of each database of the connection: its number, its name, and its file, "" for none.
        found = self.session.execute(text("PRAGMA database_list")).all()
        file = next((each[2] for each in found if each[1] == "main"), "")
        if not file:
            return None
        if bind.engine.url.query.get("mode") == "ro" or not may(file, os.W_OK):
            return file
        folder = os.path.dirname(file)  # noqa: PTH120 - SQLite's own path, as it is
        return None if may(folder, os.W_OK) else folder


def asked_of_postgresql() -> tuple[list[Right], Select[Any]]:
    """Give the rights, and a query that tells of each whether the login has it. The tables must be there."""
    rights, columns = _of_tables(
        lambda right: func.has_table_privilege(
            func.to_regclass(_POSTGRESQL.quote_identifier(right.table)), right.name
        )
    )
    for name in NEEDED:
        counted = Base.metadata.tables[name].autoincrement_column if name in Base.metadata.tables else None
        if counted is not None:
            rights.append(Right(NUMBER, name))
            columns.append(_may_count(_POSTGRESQL.quote_identifier(name), counted.name))
    return rights, _row(columns)


def asked_of_sqlserver() -> tuple[list[Right], Select[Any]]:
    """Give the rights, and a query that tells of each whether the login has it."""
    rights, columns = _of_tables(
        lambda right: func.HAS_PERMS_BY_NAME(_SQLSERVER.quote_identifier(right.table), "OBJECT", right.name)
    )
    return rights, _row(columns)


ASKED = {"postgresql": asked_of_postgresql, "mssql": asked_of_sqlserver}


def _of_tables(ask: Callable[[Right], ColumnElement[Any]]) -> tuple[list[Right], list[ColumnElement[Any]]]:
    rights = [Right(name, of) for of, names in NEEDED.items() for name in names]
    return rights, [ask(right) for right in rights]


def _row(columns: list[ColumnElement[Any]]) -> Select[Any]:
    return select(*(each.label(f"right{place}") for place, each in enumerate(columns)))


def _may_count(quoted: str, name: str) -> ColumnElement[Any]:
    """Ask for the sequence of a column; that of an IDENTITY column, as adopted tables may have, needs no right."""
    attribute = table("pg_attribute", column("attrelid"), column("attname"), column("attidentity"))
    identity = (
        select(func.length(attribute.c.attidentity))
        .where(attribute.c.attrelid == func.to_regclass(quoted), attribute.c.attname == name)
        .scalar_subquery()
    )
    sequence = func.pg_get_serial_sequence(quoted, name)
    return case((identity == 0, func.has_sequence_privilege(sequence, "USAGE, UPDATE")))
