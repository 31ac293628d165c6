"""How fields of boards, groups, items and columns find their values, unless they are attributes of the state."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from order_staging.sandbox import labels
from order_staging.sandbox.column_types import chosen_labels, shown_text, shown_value
from order_staging.sandbox.context import Info
from order_staging.sandbox.pages import Page
from order_staging.sandbox.refusals import bad_argument
from order_staging.sandbox.selection import by_rules
from order_staging.sandbox.state import Account, Board, Column, Group, Item, Lifecycle

VALUE_TYPES = {
    "board_relation": "BoardRelationValue",
    "date": "DateValue",
    "dropdown": "DropdownValue",
    "formula": "FormulaValue",
    "item_id": "ItemIdValue",
    "last_updated": "LastUpdatedValue",
    "long_text": "LongTextValue",
    "mirror": "MirrorValue",
    "numbers": "NumbersValue",
    "status": "StatusValue",
    "subtasks": "SubtasksValue",
    "text": "TextValue",
}
USER = {
    "id": "70001234",
    "name": "Sandbox",
    "email": "sandbox@example.com",
    "kind": "member",
    "status": "ACTIVE",
}
"The user whose token it is."


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """The value of one column of one item, ready to be shown."""

    id: str
    column: Column
    type: str
    text: str | None
    value: str | None
    is_leaf: bool
    values: Sequence[Mapping[str, object]] = ()
    "The labels that a dropdown has chosen."


def value_type(value: ColumnValue, _info: Info, _interface: object) -> str:
    """The name of the concrete type of a column value."""
    return VALUE_TYPES.get(value.type, "UnsupportedValue")


def _page_of(
    info: Info,
    board: Board,
    items: Sequence[Item],
    arguments: Mapping[str, Any],
) -> Page:
    cursor, params = arguments.get("cursor"), arguments.get("query_params")
    pages = info.context.pages
    if cursor is None:
        test = by_rules(board, params or {})
        return pages.first(filter(test, items), arguments["limit"])
    if params is not None:
        raise bad_argument("query_params cannot be sent together with a cursor")
    return pages.after(cursor, arguments["limit"])


def _board_items_page(board: Board, info: Info, **arguments: object) -> Page:
    return _page_of(info, board, info.context.pages.seen.in_order(board), arguments)


def _group_items_page(group: Group, info: Info, **arguments: object) -> Page:
    board = _board_of(info.context.account, group)
    items = [item for item in info.context.pages.seen.in_order(board) if item.group_id == group.id]
    return _page_of(info, board, items, arguments)


def _board_of(account: Account, group: Group) -> Board:
    return next(board for board in account.boards.values() if any(group is known for known in board.groups))


def _group_position(group: Group, info: Info) -> str:
    groups = _board_of(info.context.account, group).groups
    return f"{65_536 * (1 + next(place for place, known in enumerate(groups) if known is group))}.0"


def _board_groups(board: Board, _info: Info, ids: list[str] | None = None) -> list[Group]:
    return [group for group in board.active_groups() if ids is None or group.id in ids]


def _board_columns(
    board: Board, _info: Info, ids: list[str] | None = None, types: list[str] | None = None
) -> list[Column]:
    return _chosen(board.columns.values(), ids, types)


def _chosen(columns: Iterable[Column], ids: list[str] | None, types: list[str] | None) -> list[Column]:
    return [
        column
        for column in columns
        if (ids is None or column.id in ids) and (types is None or column.type in types)
    ]


def _settings(column: Column, info: Info) -> Mapping[str, object]:
    return labels.settings(column, _subitem_boards(info.context.account))


def _settings_str(column: Column, info: Info) -> str:
    settings = labels.legacy_settings(column, _subitem_boards(info.context.account))
    return json.dumps(settings, ensure_ascii=False, separators=(",", ":"))


def _subitem_boards(account: Account) -> list[str]:
    board = account.boards[account.subitem_board_id]
    return [board.id] if board.known else []


def _column_values(
    item: Item, info: Info, ids: list[str] | None = None, types: list[str] | None = None
) -> list[ColumnValue]:
    board = info.context.account.board_of(item)
    columns = [column for column in board.columns.values() if column.type != "name"]
    return [_column_value(item, column) for column in _chosen(columns, ids, types)]


def _column_value(item: Item, column: Column) -> ColumnValue:
    stored = item.values.get(column.id)
    text, value = shown_text(column, stored), shown_value(stored)
    if column.type == "item_id":
        text, value = item.id, json.dumps({"item_id": item.id})
    elif column.type == "last_updated":
        text, value = item.updated_at, json.dumps({"updated_at": item.updated_at})
    elif column.type == "subtasks" and item.subitem_ids:
        linked = [{"linkedPulseId": int(subitem_id)} for subitem_id in item.subitem_ids]
        value = json.dumps({"linkedPulseIds": linked}, separators=(",", ":"))
    chosen = chosen_labels(column, stored) if column.type == "dropdown" else {}
    options = [{"id": str(key), "label": label} for key, label in chosen.items()]
    return ColumnValue(
        column.id, column, column.type, text, value, is_leaf=not item.subitem_ids, values=options
    )


OBJECT_RESOLVERS: dict[str, dict[str, Callable[..., object]]] = {
    "Board": {
        "state": lambda _board, _info: "active",
        "hierarchy_type": lambda _board, _info: "classic",
        "items_count": lambda board, _info: len(board.order),
        "permissions": lambda _board, _info: "everyone",
        "owners": lambda _board, _info: [USER],
        "url": lambda board, _info: f"https://sandbox.example.com/boards/{board.id}",
        "groups": _board_groups,
        "columns": _board_columns,
        "items_page": _board_items_page,
        "top_group": lambda board, _info: board.active_groups()[0],
    },
    "Group": {
        "position": _group_position,
        "archived": lambda group, _info: group.state is Lifecycle.ARCHIVED,
        "deleted": lambda group, _info: group.state is Lifecycle.DELETED,
        "items_page": _group_items_page,
    },
    "Item": {
        "url": lambda item, _info: f"https://sandbox.example.com/boards/{item.board_id}/pulses/{item.id}",
        "board": lambda item, info: info.context.account.board_of(item),
        "group": lambda item, info: next(
            group for group in info.context.account.board_of(item).groups if group.id == item.group_id
        ),
        "parent_item": lambda item, info: info.context.account.items.get(item.parent_id),
        "subitems": lambda item, info: [
            info.context.account.items[subitem_id] for subitem_id in item.subitem_ids
        ],
        "column_values": _column_values,
    },
    "Column": {
        "archived": lambda _column, _info: False,
        "revision": lambda column, _info: str(column.revision),
        "settings": _settings,
        "settings_str": _settings_str,
    },
}
