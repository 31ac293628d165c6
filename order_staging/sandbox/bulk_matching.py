"""Which item a row of a bulk import is about."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from order_staging.sandbox.bulk_values import CLEARED, CheckedRow
from order_staging.sandbox.column_types import shown_text
from order_staging.sandbox.refusals import bad_argument, unknown_column
from order_staging.sandbox.state import Account, Board, Column, Item, Lifecycle

MATCH_TYPES = frozenset({"date", "email", "link", "long_text", "name", "numbers", "phone", "status", "text"})
CASELESS_TYPES = frozenset({"email", "name", "text"})


@dataclass(frozen=True, slots=True)
class OnMatch:
    """The column that rows and items are compared by; a matching item is left alone or updated."""

    column_id: str
    skips: bool


def checked_on_match(board: Board, wanted: Mapping[str, str] | None) -> OnMatch | None:
    """How rows match, from the argument of the mutation; raises a Refusal for a column that cannot match."""
    if wanted is None:
        return None
    column_id = wanted["match_column_id"]
    column = board.columns.get(column_id)
    if column is None:
        raise unknown_column(column_id)
    if column.type not in MATCH_TYPES:
        raise bad_argument(
            "Columns of this type cannot be matched by", column_id=column_id, column_type=column.type
        )
    return OnMatch(column_id, skips=wanted["behaviour"] == "SKIP")


def row_key(column: Column, row: CheckedRow) -> Hashable:
    """What a row is matched by, None where its cell is empty."""
    cell = row.cells[column.id]
    return None if cell == CLEARED else _key(column, cell)


def superseded(column: Column, rows: Iterable[CheckedRow]) -> frozenset[int]:
    """The serial numbers of rows whose key stands again further down in the file."""
    last: dict[Hashable, int] = {}
    earlier = set()
    for row in rows:
        key = row_key(column, row)
        if key is None:
            continue
        if key in last:
            earlier.add(last[key])
        last[key] = row.serial
    return frozenset(earlier)


class MatchIndex:
    """The active items of a board by their value in one column.

    Takes the account, the board and the column; an item that is created or changed later is to be added.
    """

    def __init__(self, account: Account, board: Board, column: Column) -> None:
        self._column = column
        self._found: dict[Hashable, list[Item]] = {}
        for item_id in board.order:
            self.add(account.items[item_id])

    def add(self, item: Item) -> None:
        """Take note of the value that an item has now."""
        key = self._item_key(item)
        if key is not None:
            self._found.setdefault(key, []).append(item)

    def find(self, row: CheckedRow) -> Item | None:
        """The most recently created of the items that a row matches, if there is any."""
        key = row_key(self._column, row)
        found = [
            item
            for item in self._found.get(key, ())
            if item.state is Lifecycle.ACTIVE and self._item_key(item) == key
        ]
        return max(found, key=lambda item: int(item.id), default=None)

    def _item_key(self, item: Item) -> Hashable:
        if self._column.type == "name":
            return _key(self._column, item.name)
        return _key(self._column, shown_text(self._column, item.values.get(self._column.id)) or "")


def _key(column: Column, text: str) -> Hashable:
    if not text:
        return None
    if column.type in CASELESS_TYPES:
        return text.casefold()
    if column.type == "numbers":
        return Decimal(text)
    # An item's date may have a time behind it.
    return text.partition(" ")[0] if column.type == "date" else text
