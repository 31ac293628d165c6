"""The state of an account: boards, their columns and groups, and items. No rule of the service is in here."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

ITEM_ID_BASE = 12_559_470_801
ITEM_ID_STEP = 17
GROUP_ID_SPACE = 36**6
GROUP_ID_FACTOR = (
    2_654_435_761  # a prime: neighbouring numbers give ids that do not look alike, and never the same
)


class Lifecycle(StrEnum):
    """Whether a group or an item is in use."""

    ACTIVE = "active"
    ARCHIVED = "archived"
    DELETED = "deleted"


@dataclass(slots=True)
class Column:
    """A column of a board; `labels` are those of a status or dropdown column, by label id."""

    id: str
    title: str
    type: str
    description: str | None = None
    labels: dict[int, str] = field(default_factory=dict)
    revision: int = 1


@dataclass(slots=True)
class Group:
    """A group of a board."""

    id: str
    title: str
    color: str = "#579bfc"
    state: Lifecycle = Lifecycle.ACTIVE


@dataclass(slots=True)
class Item:
    """An item or subitem; `values` are the stored column values, `subitem_ids` its active subitems in order."""

    id: str
    name: str
    board_id: str
    group_id: str
    created_at: str
    updated_at: str
    parent_id: str | None = None
    state: Lifecycle = Lifecycle.ACTIVE
    values: dict[str, object] = field(default_factory=dict)
    subitem_ids: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Board:
    """A board; `order` holds its active items as they stand, `known` is false until a board comes into being."""

    id: str
    name: str
    type: str
    items_limit: int
    columns: dict[str, Column]
    groups: list[Group]
    order: list[str] = field(default_factory=list)
    known: bool = True

    def active_groups(self) -> list[Group]:
        """The groups in use, from the top."""
        return [group for group in self.groups if group.state is Lifecycle.ACTIVE]

    def group(self, group_id: str) -> Group | None:
        """The group in use with that id, if there is one."""
        return next((group for group in self.active_groups() if group.id == group_id), None)


@dataclass(slots=True)
class Account:
    """All boards and items; `issued` counts the ids that were given out."""

    main_board_id: str
    subitem_board_id: str
    boards: dict[str, Board]
    items: dict[str, Item] = field(default_factory=dict)
    issued: int = 0

    def new_item_id(self) -> str:
        """An id as monday.com gives to items: eleven digits."""
        self.issued += 1
        return str(ITEM_ID_BASE + ITEM_ID_STEP * self.issued)

    def new_named_id(self, prefix: str) -> str:
        """An id as monday.com gives to groups and columns: the prefix and a few letters and digits."""
        self.issued += 1
        return f"{prefix}_mk{_base36(self.issued * GROUP_ID_FACTOR % GROUP_ID_SPACE)}"

    def board_of(self, item: Item) -> Board:
        """The board that the item is on."""
        return self.boards[item.board_id]

    def in_order(self, board: Board) -> list[Item]:
        """The active items of a board: by group from the top, and as they stand within each."""
        places = {group.id: place for place, group in enumerate(board.groups)}
        items = [self.items[item_id] for item_id in board.order]
        return sorted(items, key=lambda item: places[item.group_id])

    def to_json(self) -> dict[str, object]:
        """The account as a JSON document."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """The account that `to_json` described."""
        boards = {board_id: board_from_json(facts) for board_id, facts in document["boards"].items()}
        items = {item_id: item_from_json(facts) for item_id, facts in document["items"].items()}
        return cls(**{**document, "boards": boards, "items": items})


def board_from_json(facts: dict[str, Any]) -> Board:
    """The board that its facts describe, as JSON has them."""
    columns = {column_id: _column(column) for column_id, column in facts["columns"].items()}
    groups = [Group(**{**group, "state": Lifecycle(group["state"])}) for group in facts["groups"]]
    return Board(**{**facts, "columns": columns, "groups": groups})


def _column(facts: dict[str, Any]) -> Column:
    labels = {int(label_id): name for label_id, name in facts["labels"].items()}
    return Column(**{**facts, "labels": labels})


def item_from_json(facts: dict[str, Any]) -> Item:
    """The item that its facts describe, as JSON has them."""
    return Item(**{**facts, "state": Lifecycle(facts["state"])})


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    for _ in range(6):
        number, digit = divmod(number, 36)
        text = digits[digit] + text
    return text
