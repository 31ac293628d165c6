"""Before anything is written: does the mapping fit our tables, and the board as it is today? Pure."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.errors import ConfigurationError
from order_staging.models import Base, ProductionOrder, StagedOrder
from order_staging.transform import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.monday import Board
    from order_staging.transform import BoardMapping


PYTHON_TYPES: dict[FieldType, type] = {FieldType.NUMBERS: Decimal, FieldType.DATE: date}
"""What the columns of a field hold in our tables; text, unless it is here."""


def require_columns(mapping: BoardMapping) -> None:
    """Raise `ConfigurationError` for the first field that our tables have no column for, or one of another kind."""
    for table in (StagedOrder.__tablename__, ProductionOrder.__tablename__):
        columns = Base.metadata.tables[table].c
        for field in mapping.fields:
            if field.title not in columns:
                raise ConfigurationError(
                    f"the mapping's field {field.title!r} is no column of {table}; correct the title or add it"
                )
            held = columns[field.title].type.python_type
            if held is not PYTHON_TYPES.get(field.type, str):
                raise ConfigurationError(
                    f"the mapping's field {field.title!r} is of type {field.type}, and its column of {table} "
                    f"holds {held.__name__}; correct its type"
                )


def require_fitting(
    mapping: BoardMapping, board: Board, subitems: Board | None, key_column: str | None
) -> None:
    """Raise `ConfigurationError` that lists every column which the board lacks or has with another type.

    `subitems` is None where the board of the subitems does not exist yet.
    """
    problems = list(_misfits(mapping, board, subitems, key_column))
    if problems:
        raise ConfigurationError(
            f"the mapping does not fit the board {board.name!r} ({board.id}): {'; '.join(problems)}"
        )


def _misfits(
    mapping: BoardMapping, board: Board, subitems: Board | None, key_column: str | None
) -> Iterator[str]:
    for field in mapping.fields:
        yield from _misfit(board, field.column, field.type, f"the column of {field.title!r}")
    if key_column is not None:
        yield from _misfit(board, key_column, "text", "the key column (ORDER_STAGING_KEY_COLUMN)")
    if subitems is not None:
        for column in (mapping.subitems.size, mapping.subitems.quantity):
            yield from _misfit(subitems, column.column, column.type, "a column of the subitems")


def _misfit(board: Board, column_id: str, wanted: str, meaning: str) -> Iterator[str]:
    column = board.column(column_id)
    if column is None:
        yield f"{column_id}, {meaning}, is not there"
    elif column.type != wanted:
        yield f"{column_id}, {meaning}, is of type {column.type} and not {wanted}"
