"""A board as monday.com describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column: its id, title and type, and for a column of subitems the board they live on.

    `labels` are those of a status or dropdown column that can be chosen, in the column's order;
    `deactivated_labels` are still there and cannot be chosen any more.
    """

    id: str
    title: str
    type: str
    subitem_board_id: int | None = None
    labels: tuple[str, ...] = ()
    deactivated_labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoardGroup:
    """A group: its id and title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Board:
    """A board: its id and name, its groups and columns.

    `items_count` items are on it now, and `items_limit` may be (None: not said).
    """

    id: int
    name: str
    items_count: int
    items_limit: int | None
    groups: tuple[BoardGroup, ...]
    columns: tuple[BoardColumn, ...]

    def column(self, column_id: str) -> BoardColumn | None:
        """Find a column by its id."""
        return next((column for column in self.columns if column.id == column_id), None)

    @property
    def subitem_board_id(self) -> int | None:
        """The board of the subitems; a classic board has none before its first subitem."""
        boards = (column.subitem_board_id for column in self.columns if column.type == "subtasks")
        return next((board for board in boards if board is not None), None)


def board_of(data: dict[str, Any]) -> Board:
    """Read a board from an answer's data."""
    return Board(
        id=int(data["id"]),
        name=str(data["name"]),
        items_count=int(data.get("items_count") or 0),
        items_limit=data.get("items_limit"),
        groups=groups_of(data),
        columns=tuple(column_of(column) for column in data["columns"] if not column.get("archived")),
    )


def groups_of(data: dict[str, Any]) -> tuple[BoardGroup, ...]:
    """Read the groups that are neither archived nor deleted, in the board's order."""
    groups = data.get("groups") or ()
    active = (group for group in groups if not group.get("archived") and not group.get("deleted"))
    return tuple(BoardGroup(str(group["id"]), str(group["title"])) for group in active)


def column_of(data: dict[str, Any]) -> BoardColumn:
    """Read a column from an answer's data; settings of a shape that is not known tell nothing."""
    facts = _settings(data)
    labels = _labels(facts)
    return BoardColumn(
        id=str(data["id"]),
        title=str(data["title"]),
        type=str(data["type"]),
        subitem_board_id=_subitem_board_id(facts),
        labels=tuple(text for text, active in labels if active),
        deactivated_labels=tuple(text for text, active in labels if not active),
    )


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    # monday's JSON scalar arrives as text from some versions and as an object from others.
    settings = data.get("settings") or data.get("settings_str") or {}
    if isinstance(settings, str):
        try:
            settings = json.loads(settings)
        except ValueError:
            return {}
    return settings if isinstance(settings, dict) else {}


def _subitem_board_id(facts: dict[str, Any]) -> int | None:
    boards = facts.get("boardIds")
    first = boards[0] if isinstance(boards, list) and boards else None
    return int(first) if isinstance(first, int | str) and str(first).isdecimal() else None


def _labels(facts: dict[str, Any]) -> list[tuple[str, bool]]:
    """List the labels that have a text, each with whether it is active."""
    labels = facts.get("labels")
    # The older form names the deactivated ones apart, by their ids.
    gone = facts.get("deactivated_labels")
    ids = {str(known) for known in gone} if isinstance(gone, list) else set()
    if isinstance(labels, dict):
        found = [(str(key), text, False) for key, text in _by_position(labels, facts)]
    elif isinstance(labels, list):
        found = [_label(label) for label in labels if isinstance(label, dict)]
    else:
        found = []
    return [(text, not off and key not in ids) for key, text, off in found if isinstance(text, str) and text]


def _label(label: dict[str, Any]) -> tuple[str, Any, bool]:
    text = label.get("label", label.get("name"))
    return str(label.get("id")), text, label.get("is_deactivated") is True


def _by_position(labels: dict[str, Any], facts: dict[str, Any]) -> list[tuple[str, Any]]:
    positions = facts.get("labels_positions_v2")
    if not isinstance(positions, dict):
        return list(labels.items())
    last = len(labels) + len(positions)
    return sorted(labels.items(), key=lambda entry: _position(positions.get(entry[0]), last))


def _position(value: object, last: int) -> int:
    return value if isinstance(value, int) else last
