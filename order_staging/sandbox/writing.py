"""Column values of an item: checked all together first, and written only where every one is right."""

from collections.abc import Mapping
from dataclasses import replace

from order_staging.sandbox.column_types import Writing, parse
from order_staging.sandbox.refusals import bad_argument, empty_name, name_too_long, unknown_column
from order_staging.sandbox.state import Board, Column, Item
from order_staging.sandbox.texts import utf16_length

NAME_LENGTH = 255


class Draft:
    """The values of one mutation for a board, and the labels they bring, before either is written.

    Takes the board, the values by column id and how they are written; raises a Refusal for the first value
    that does not fit, and then nothing has changed.
    """

    def __init__(self, board: Board, values: object, writing: Writing) -> None:
        self._board = board
        self._columns: dict[str, Column] = {}
        self.name: str | None = None
        self.values: dict[str, object] = {}
        for column_id, value in _mapping(values).items():
            self._add(column_id, value, writing)

    def write(self, item: Item) -> None:
        """Put the values on the item and the new labels on the board."""
        self._board.columns.update(self._columns)
        for column_id, stored in self.values.items():
            if stored is None:
                item.values.pop(column_id, None)
            else:
                item.values[column_id] = stored
        if self.name is not None:
            item.name = self.name

    def _add(self, column_id: str, value: object, writing: Writing) -> None:
        column = self._board.columns.get(column_id)
        if column is None:
            raise unknown_column(column_id)
        if column.type == "name":
            self.name = checked_name(value)
            return
        draft = self._columns[column_id] = replace(column, labels=dict(column.labels))
        self.values[column_id] = parse(draft, value, writing)


def checked_name(name: object) -> str:
    """The name of an item, group or column; raises a Refusal where it is empty or over 255 UTF-16 code units."""
    if not isinstance(name, str):
        raise bad_argument("A name is a string")
    if not name.strip():
        raise empty_name()
    if utf16_length(name) > NAME_LENGTH:
        raise name_too_long(utf16_length(name))
    return name


def _mapping(values: object) -> Mapping[str, object]:
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise bad_argument("column_values is a JSON object of values by column id")
    return values
