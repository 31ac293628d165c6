"""What tests and checkers see of the sandbox: snapshots that do not change any more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from order_staging.sandbox.column_types import shown_text
from order_staging.sandbox.state import Account, Group, Item, Lifecycle


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: its id, title, colour, and whether it is active, archived or deleted."""

    id: str
    title: str
    color: str
    state: Lifecycle


@dataclass(frozen=True, slots=True)
class ItemView:
    """An item or subitem; `column_values` has only the columns with a value, as they are stored."""

    id: str
    name: str
    state: Lifecycle
    board_id: str
    group_id: str
    group_title: str
    parent_id: str | None
    created_at: str
    updated_at: str
    column_values: Mapping[str, object]
    _texts: Mapping[str, str | None] = field(repr=False)

    def text(self, column_id: str) -> str | None:
        """The value of a column as people read it, None where the item has none."""
        return self._texts.get(column_id)


@dataclass(frozen=True, slots=True)
class ExecutedMutation:
    """One mutation that was run: its own number and its request's, both from 1, and what came of it.

    `arguments` are as the resolver saw them (JSON already read); `error` is the code of the refusal, if any.
    """

    number: int
    request: int
    alias: str
    operation: str
    arguments: Mapping[str, object]
    result_id: str | None
    error: str | None
    time: datetime


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request: its number from 1, root fields, headers without the token, and the status answered.

    `status` is None where the connection was closed without an answer, `replayed` says that an answer kept
    for an idempotency key was given again.
    """

    number: int
    operations: tuple[str, ...]
    headers: Mapping[str, str]
    status: int | None
    replayed: bool
    time: datetime


def group_view(group: Group) -> GroupView:
    """A snapshot of a group."""
    return GroupView(group.id, group.title, group.color, group.state)


def item_view(account: Account, item: Item) -> ItemView:
    """A snapshot of an item."""
    board = account.board_of(item)
    values = {key: value for key, value in item.values.items() if key in board.columns}
    return ItemView(
        id=item.id,
        name=item.name,
        state=item.state,
        board_id=item.board_id,
        group_id=item.group_id,
        group_title=next(group.title for group in board.groups if group.id == item.group_id),
        parent_id=item.parent_id,
        created_at=item.created_at,
        updated_at=item.updated_at,
        column_values=values,
        _texts={key: shown_text(board.columns[key], value) for key, value in values.items()},
    )
