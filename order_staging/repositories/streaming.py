"""Results of any length, a chunk of rows at a time, while other connections write to the tables they come from."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sqlalchemy import CreateTableAs, false, insert, select
from sqlalchemy.schema import DropTable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Select
    from sqlalchemy.orm import Session

Row = dict[str, Any]
"""Values by column, or by attribute: of a row that was read, or of one that is to be written."""
Rows = list[Row]
Pages = Generator[Rows, None, None]
"""Rows as dicts by column, some at a time; to be closed unless all of them are read."""


def dicts(names: Iterable[str], rows: Iterable[Iterable[Any]]) -> Rows:
    """Make rows dicts by column: many times as quick as SQLAlchemy's mappings."""
    columns = list(names)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def streamed(
    session: Session, query: Select[Any], name: str, size: int, *, order_by: str | None = None
) -> Pages:
    """Read a query's rows as dicts, `size` at a time, in the order of one of its columns if one is given.

    PostgreSQL keeps them behind a cursor and SQLite shows this connection a snapshot: who writes disturbs neither.
    SQL Server, unless it keeps versions of rows, would hold locks on what it has not sent yet, and our own writing
    would wait for our own reading: there the rows go to the temporary table `name` first.
    """
    if session.connection().dialect.name == "mssql":
        query = _held(session, query, f"#{name}")
    if order_by is not None:
        query = query.order_by(query.selected_columns[order_by])
    # As the connection gives them: the session would look at every value of every row.
    result = session.connection().execute(query, execution_options={"yield_per": size})
    try:
        for rows in result.partitions():
            yield dicts(result.keys(), rows)
    finally:
        result.close()


def _held(session: Session, query: Select[Any], name: str) -> Select[Any]:
    # What a statement with parameters creates there ends with the statement, as the driver makes a procedure of it.
    nothing = select(*query.selected_columns).select_from(*query.get_final_froms()).where(false())
    empty = CreateTableAs(nothing, name, temporary=True)
    table = empty.table
    session.execute(DropTable(table, if_exists=True))
    session.execute(empty)
    session.execute(insert(table).from_select(list(table.c.keys()), query))
    return select(table)
