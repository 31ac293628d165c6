"""Before anything is written: does the mapping fit our tables, and the board as it is today? Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.batch.checks.findings import Finding, problem
from order_staging.errors import ConfigurationError
from order_staging.models import Base, OrdersUnified, ProductionOrder, StagedOrder
from order_staging.monday.account import READ_ONLY_TYPES
from order_staging.transform import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.monday import Board, BoardColumn
    from order_staging.repositories import SourceShape
    from order_staging.transform import BoardMapping


PYTHON_TYPES: dict[FieldType, type] = {FieldType.NUMBERS: Decimal, FieldType.DATE: date}
"""What the columns of a field hold in our tables; text, unless it is here."""

PREPARE = "run: order-staging board prepare"


def unstorable(mapping: BoardMapping) -> list[Finding]:
    """Find the fields that our tables have no column for, or one that holds something else."""
    return [
        finding
        for table in (StagedOrder.__tablename__, ProductionOrder.__tablename__)
        for finding in _unstorable(mapping, table)
    ]


def require_columns(mapping: BoardMapping) -> None:
    """Raise `ConfigurationError` for the first field that our tables have no column for, or one of another kind."""
    for finding in unstorable(mapping):
        raise ConfigurationError(f"{finding.message}; {finding.advice}")


def incomparable(mapping: BoardMapping, shape: SourceShape) -> list[Finding]:
    """Find the columns of ORDERS_UNIFIED that are part of the business key, and hold no text."""
    return [
        problem(
            OrdersUnified.__tablename__,
            f"the mapping's key reads {name!r}, which holds no text: rows are not found again by it",
            "take key: true from its field",
        )
        for name in shape.without_text(field.source for field in mapping.key_fields)
    ]


def require_comparable(mapping: BoardMapping, shape: SourceShape) -> None:
    """Raise `ConfigurationError` for the first column of the business key that holds no text in ORDERS_UNIFIED."""
    for finding in incomparable(mapping, shape):
        raise ConfigurationError(f"{finding.message}; {finding.advice}")


def misfits(
    mapping: BoardMapping, board: Board, subitems: Board | None, key_column: str | None
) -> list[Finding]:
    """Find every column which the board lacks or has with another type, and where it may have gone.

    `subitems` is None where the board of the subitems does not exist yet.
    """
    wanted = [
        _Wanted(field.title, field.column, field.type, f"the column of {field.title!r}")
        for field in mapping.fields
    ]
    found = list(_misfits(board, wanted))
    if key_column is not None:
        key = _Wanted(
            "key column", key_column, "text", "the key column (ORDER_STAGING_KEY_COLUMN)", is_key=True
        )
        found += _misfits(board, [key])
    if subitems is not None:
        named = (("Size", mapping.subitems.size), ("Order Qty", mapping.subitems.quantity))
        columns = [
            _Wanted(title, each.column, each.type, "a column of the subitems") for title, each in named
        ]
        found += _misfits(subitems, columns)
    return found


def require_fitting(
    mapping: BoardMapping, board: Board, subitems: Board | None, key_column: str | None
) -> None:
    """Raise `ConfigurationError` that lists every column which the board lacks or has with another type.

    `subitems` is None where the board of the subitems does not exist yet.
    """
    found = misfits(mapping, board, subitems, key_column)
    if found:
        told = "; ".join(finding.message for finding in found)
        raise ConfigurationError(
            f"the mapping does not fit the board {board.name!r} ({board.id}): {told}; "
            "`order-staging check` says what to do about each"
        )


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A column that a board should have: its title, id and type, and what it is for."""

    title: str
    column: str
    type: str
    meaning: str
    is_key: bool = False


def _unstorable(mapping: BoardMapping, table: str) -> Iterator[Finding]:
    columns = Base.metadata.tables[table].c
    for field in mapping.fields:
        if field.title not in columns:
            yield problem(
                field.title,
                f"the mapping's field {field.title!r} is no column of {table}",
                "correct the title or add it",
            )
            continue
        held = columns[field.title].type.python_type
        if held is not PYTHON_TYPES.get(field.type, str):
            yield problem(
                field.title,
                f"the mapping's field {field.title!r} is of type {field.type}, and its column of {table} "
                f"holds {held.__name__}",
                "correct its type",
            )


def _misfits(board: Board, columns: list[_Wanted]) -> Iterator[Finding]:
    for wanted in columns:
        column = board.column(wanted.column)
        if column is not None and column.type == wanted.type:
            continue
        what = "is not there" if column is None else _another_type(column, wanted)
        message = f"{wanted.column}, {wanted.meaning}, {what}"
        home = None if wanted.is_key else _probable_home(board, wanted)
        if home is not None:
            message += f", but the board has {home.title!r} as {home.id}, of type {home.type}"
        yield problem(wanted.title, message, _advice(wanted, column, home))


def _advice(wanted: _Wanted, column: BoardColumn | None, home: BoardColumn | None) -> str:
    if wanted.is_key:
        return PREPARE if column is None else f"unset ORDER_STAGING_KEY_COLUMN, and {PREPARE}"
    if home is not None:
        return f"set column: {home.id} and type: {home.type} in the mapping (ORDER_STAGING_MAPPING)"
    if column is not None and column.type in set(FieldType):
        return f"set type: {column.type} in the mapping (ORDER_STAGING_MAPPING), or change it back"
    return "correct the mapping (ORDER_STAGING_MAPPING), or the board"


def _another_type(column: BoardColumn, wanted: _Wanted) -> str:
    what = f"is of type {column.type} and not {wanted.type}"
    if column.type in READ_ONLY_TYPES:
        return f"{what}, and monday.com lets nobody write such a column"
    return what if column.type in set(FieldType) else f"{what}, and we do not write such a column"


def _probable_home(board: Board, wanted: _Wanted) -> BoardColumn | None:
    """Find the column to which a field has probably moved: its title, on a column that can be written."""
    title = wanted.title.casefold()
    named = [
        column
        for column in board.columns
        if column.title.strip().casefold() == title and column.id != wanted.column
    ]
    fitting = [column for column in named if column.type in set(FieldType)]
    return min(fitting, key=lambda column: column.type != wanted.type, default=None)
