"""A board as monday.com describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """A column: its id, title and type, and for a column of subitems the board they live on."""

    id: str
    title: str
    type: str
    subitem_board_id: int | None = None


@dataclass(frozen=True, slots=True)
class BoardGroup:
    """A group: its id and title."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Board:
    """A board: what it holds now, what it may hold (items, None: not said), its groups and columns."""

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
        columns=tuple(_column(column) for column in data["columns"] if not column.get("archived")),
    )


def groups_of(data: dict[str, Any]) -> tuple[BoardGroup, ...]:
    """Read the groups that are neither archived nor deleted, in the board's order."""
    groups = data.get("groups") or ()
    active = (group for group in groups if not group.get("archived") and not group.get("deleted"))
    return tuple(BoardGroup(str(group["id"]), str(group["title"])) for group in active)


def _column(data: dict[str, Any]) -> BoardColumn:
    settings = data.get("settings")
    # monday's JSON scalar arrives as text from some versions and as an object from others.
    facts = json.loads(settings) if isinstance(settings, str) and settings else settings or {}
    boards = facts.get("boardIds") or [None]
    subitems = int(boards[0]) if boards[0] is not None else None
    return BoardColumn(str(data["id"]), str(data["title"]), str(data["type"]), subitems)
