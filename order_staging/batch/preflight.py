"""Before anything is written: does the mapping fit the board as it is today? Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.monday import Board
    from order_staging.transform import BoardMapping


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
