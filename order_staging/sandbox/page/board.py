"""The board as the page shows it: an outline of the groups, and the items of a group page by page."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from order_staging.sandbox.column_types import PARSERS, chosen_labels, shown_text
from order_staging.sandbox.revisions import Revisions
from order_staging.sandbox.state import Account, Board, Column, Item

Json = dict[str, Any]

PAGE = 100
"""The most items that are shown of a group at once."""
HIDDEN_TYPES = frozenset({"name", "subtasks"})
CHOSEN_TITLES = frozenset(
    {
        "AAG ORDER NUMBER",
        "AAG SEASON",
        "PO NUMBER",
        "DROP",
        "STYLE",
        "COLOR",
        "CATEGORY",
        "UNIT OF MEASURE",
        "CUSTOMER REQ IN DC DATE",
        "CUSTOMER EX FACTORY DATE",
        "CUSTOMER PRICE",
        "FINAL FOB (USD)",
        "ORDER STATUS",
    }
)
"""The columns of the Customer Master Schedule that are shown unless others are chosen."""
CHOSEN = 12
"""How many columns of another board are shown."""


def outline(account: Account, revisions: Revisions) -> Json:
    """The board without its items: columns, and groups with what is in them."""
    board = account.boards[account.main_board_id]
    items, subitems = Counter[str](), Counter[str]()
    for item_id in board.order:
        item = account.items[item_id]
        items[item.group_id] += 1
        subitems[item.group_id] += len(item.subitem_ids)
    return {
        "revision": revisions.current,
        "name": board.name,
        "items": len(board.order),
        "items_limit": board.items_limit,
        "subitems": sum(subitems.values()),
        "columns": _columns(board),
        "subitem_columns": _columns(account.boards[account.subitem_board_id]),
        "groups": [
            {
                "id": group.id,
                "title": group.title,
                "color": group.color,
                "items": items[group.id],
                "subitems": subitems[group.id],
                "revision": revisions.of_group(group.id),
            }
            for group in board.active_groups()
        ],
    }


def group_page(
    account: Account, revisions: Revisions, group_id: str, offset: int, columns: Collection[str]
) -> Json | None:
    """At most `PAGE` items of a group from a place on, the last page where that is beyond its end.

    Takes the ids of the columns to show; None where there is no such group any more.
    """
    board = account.boards[account.main_board_id]
    if board.group(group_id) is None:
        return None
    ids = [item_id for item_id in board.order if account.items[item_id].group_id == group_id]
    last = max(0, len(ids) - 1) // PAGE * PAGE
    start = min(max(0, offset) // PAGE * PAGE, last)
    return {
        "revision": revisions.current,
        "group_revision": revisions.of_group(group_id),
        "total": len(ids),
        "offset": start,
        "page": PAGE,
        "rows": _rows(account, board, revisions, ids[start : start + PAGE], columns),
    }


def subitems_of(account: Account, revisions: Revisions, item_id: str) -> Json | None:
    """The subitems of an item with all their values, None where there is no such item any more."""
    item = account.items.get(item_id)
    if item is None or item_id not in account.board_of(item).order:
        return None
    board = account.boards[account.subitem_board_id]
    return {
        "revision": revisions.current,
        "item_revision": revisions.of_item(item_id),
        "rows": _rows(account, board, revisions, item.subitem_ids, board.columns),
    }


def _rows(
    account: Account, board: Board, revisions: Revisions, ids: Sequence[str], columns: Collection[str]
) -> list[Json]:
    shown = [column for column in _shown(board) if column.id in columns]
    return [
        {
            "id": item.id,
            "name": item.name,
            "revision": revisions.of_item(item.id),
            "subitems": len(item.subitem_ids),
            "values": _values(item, shown),
        }
        for item in (account.items[item_id] for item_id in ids)
    ]


def _values(item: Item, columns: Sequence[Column]) -> Json:
    cells = ((column.id, _cell(item, column)) for column in columns)
    return {column_id: cell for column_id, cell in cells if cell}


def _cell(item: Item, column: Column) -> str | list[tuple[int, str]] | None:
    """A value as text; that of a status or dropdown column as labels with their ids."""
    if column.type == "item_id":
        return item.id
    if column.type == "last_updated":
        return item.updated_at
    stored = item.values.get(column.id)
    if column.type == "dropdown":
        return list(chosen_labels(column, stored).items())
    text = shown_text(column, stored)
    if column.type != "status" or text is None:
        return text
    return [(int(stored["index"]), text)] if isinstance(stored, dict) else None


def _columns(board: Board) -> list[Json]:
    shown = _shown(board)
    writable = [column.id for column in shown if column.type in PARSERS]
    chosen = {column.id for column in shown if column.title in CHOSEN_TITLES} or set(writable[:CHOSEN])
    return [
        {"id": column.id, "title": column.title, "type": column.type, "chosen": column.id in chosen}
        for column in shown
    ]


def _shown(board: Board) -> list[Column]:
    return [column for column in board.columns.values() if column.type not in HIDDEN_TYPES]
