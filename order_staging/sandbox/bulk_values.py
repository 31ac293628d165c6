"""The cells of a bulk import: display text, checked and turned into what a mutation takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from order_staging.sandbox.bulk_csv import NAME_COLUMN, Sheet
from order_staging.sandbox.column_types import Writing, parse, simple_value
from order_staging.sandbox.labels import label_id
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Board, Column
from order_staging.sandbox.writing import checked_name

CLEARED = "<NULL>"
CHECKING = Writing(create_labels=False, now="")


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row: its serial number from 1, its cells by column id, values as a mutation takes them, and its errors.

    `values` lacks the cells that leave the column as it is; `errors` are by column id, in the file's order.
    """

    serial: int
    cells: Mapping[str, str]
    values: Mapping[str, object]
    errors: Mapping[str, str]

    @property
    def name(self) -> str:
        """The name of the item."""
        return self.cells[NAME_COLUMN]

    @property
    def error(self) -> str:
        """All errors in one text, "" where there is none."""
        return "; ".join(f"[{column_id}]: {message}" for column_id, message in self.errors.items())


class InvalidCellError(Exception):
    """A cell that does not fit its column; its text is the error of the row."""


def checked_rows(board: Board, sheet: Sheet) -> list[CheckedRow]:
    """The rows of a sheet, each with its values for the board and what is wrong with it."""
    columns = [board.columns[column_id] for column_id in sheet.header]
    return [_checked(columns, serial, cells) for serial, cells in enumerate(sheet.rows, start=1)]


def _checked(columns: Sequence[Column], serial: int, cells: Sequence[str]) -> CheckedRow:
    values: dict[str, object] = {}
    errors: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        try:
            if column.type == "name":
                _check_name(column, cell)
            elif cell:
                values[column.id] = _value(column, cell)
        except InvalidCellError as error:
            errors[column.id] = str(error)
    texts = {column.id: cell for column, cell in zip(columns, cells, strict=True)}
    return CheckedRow(serial, texts, values, errors)


def _check_name(column: Column, cell: str) -> None:
    if cell == CLEARED:
        raise _invalid_value(column, cell)
    try:
        checked_name(cell)
    except Refusal as refusal:
        raise InvalidCellError(refusal.message) from refusal


def _value(column: Column, cell: str) -> object:
    value = None if cell == CLEARED else _written(column, cell)
    try:
        parse(column, value, CHECKING)
    except Refusal as refusal:
        raise _invalid_value(column, cell) from refusal
    return value


def _written(column: Column, cell: str) -> object:
    # Labels become their ids here, because a mutation takes a label of digits for an id.
    if column.type == "status":
        return {"index": _label(column, cell)}
    if column.type == "dropdown":
        return {"ids": [_label(column, label.strip()) for label in cell.split(",")]}
    return {"date": cell} if column.type == "date" else simple_value(column, cell)


def _label(column: Column, label: str) -> int:
    try:
        return label_id(column, label, create=False)
    except Refusal as refusal:
        raise InvalidCellError(f'Label "{label}" is invalid for column "{column.id}"') from refusal


def _invalid_value(column: Column, cell: str) -> InvalidCellError:
    return InvalidCellError(f'Value "{cell}" is invalid for column "{column.id}"')
