"""PostgreSQL through psycopg: rows in bulk by COPY, which takes a third of what INSERTs take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import event

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Engine

COPY = "order_staging_copy"
"""The execution option with the COPY that does what an INSERT of many rows does."""


def copy_statement(table: str, columns: Iterable[str]) -> str:
    """Write the COPY that takes values for columns of a table, a row a line.

    It has no parameters, so percent signs are what they are, and SQLAlchemy would double them.
    """
    return f"COPY {_quoted(table)} ({', '.join(map(_quoted, columns))}) FROM STDIN"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def send_in_bulk(engine: Engine) -> None:
    """Have an engine's `executemany` use COPY where a statement's options have one; its errors are SQLAlchemy's."""
    event.listen(engine, "do_executemany", _copy)


def _copy(cursor: Any, _: str, rows: Sequence[Sequence[object]], context: Any) -> bool | None:  # noqa: ANN401 - psycopg's cursor, SQLAlchemy's context
    statement = context.execution_options.get(COPY)
    if statement is None:
        return None
    with cursor.copy(statement) as copying:
        for row in rows:
            copying.write_row(row)
    return True
