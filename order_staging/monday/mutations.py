"""What one request can ask monday.com to do, mutation by mutation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from order_staging.monday.meanings import plain
from order_staging.monday.outcomes import NewItem, NewSubitem, Outcome, Rejected


class Kind(StrEnum):
    """A kind of mutation, by monday's name for it; its cost is known by that name, too."""

    CREATE_ITEM = "create_item"
    CREATE_SUBITEM = "create_subitem"
    CHANGE_VALUES = "change_multiple_column_values"
    MOVE_ITEM = "move_item_to_group"
    ARCHIVE_ITEM = "archive_item"
    DELETE_ITEM = "delete_item"


@dataclass(frozen=True, slots=True)
class NewSubitemOf:
    """A subitem to create, and the id of its item."""

    parent_id: int
    subitem: NewSubitem


@dataclass(frozen=True, slots=True)
class ChangeValues:
    """Values to write on an item or subitem: the ids of its board and of itself, and JSON text by column id.

    Null clears a column, `name` renames the item, and a label that is missing is created.
    """

    board_id: int
    item_id: int
    column_values: str


@dataclass(frozen=True, slots=True)
class MoveItem:
    """An item to move to the bottom of another group of its board."""

    item_id: int
    group_id: str


@dataclass(frozen=True, slots=True)
class ArchiveItem:
    """An item or subitem to archive, its subitems with it."""

    item_id: int


@dataclass(frozen=True, slots=True)
class DeleteItem:
    """An item or subitem to delete, its subitems with it."""

    item_id: int


Mutation = NewItem | NewSubitemOf | ChangeValues | MoveItem | ArchiveItem | DeleteItem


def described(mutation: Mutation) -> tuple[Kind, dict[str, str]]:
    """Tell a mutation's kind, and its values by the words that the variables of a request begin with."""
    match mutation:
        case NewItem(name=name, group_id=group_id, column_values=values):
            return Kind.CREATE_ITEM, {"name": name, "group": group_id, "values": values}
        case NewSubitemOf(parent_id=parent_id, subitem=NewSubitem(name=name, column_values=values)):
            return Kind.CREATE_SUBITEM, {"parent": str(parent_id), "name": name, "values": values}
        case ChangeValues(board_id=board_id, item_id=item_id, column_values=values):
            return Kind.CHANGE_VALUES, {"board": str(board_id), "item": str(item_id), "values": values}
        case MoveItem(item_id=item_id, group_id=group_id):
            return Kind.MOVE_ITEM, {"item": str(item_id), "to": group_id}
        case ArchiveItem(item_id=item_id):
            return Kind.ARCHIVE_ITEM, {"item": str(item_id)}
        case DeleteItem(item_id=item_id):
            return Kind.DELETE_ITEM, {"item": str(item_id)}


def means_missing_item(outcome: Outcome) -> bool:
    """Tell whether a change was refused because its item is not on the board (any more)."""
    if not isinstance(outcome, Rejected):
        return False
    code = plain(outcome.code or "")
    return code == "invaliditemidexception" or (
        code == "resourcenotfoundexception" and "item" in outcome.message.casefold()
    )
