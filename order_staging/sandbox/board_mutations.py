"""The mutations on groups and columns. Each is a method with the name and arguments of its field."""

import re
from collections.abc import Iterable

from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.refusals import bad_argument, foreign_group, last_group, unknown_group
from order_staging.sandbox.state import Account, Board, Column, Group, Lifecycle
from order_staging.sandbox.writing import checked_name

COLUMN_ID = re.compile(r"[a-z_][a-z0-9_]{0,23}", re.ASCII)
COLUMN_PREFIXES = {
    "date": "date",
    "dropdown": "dropdown",
    "long_text": "long_text",
    "numbers": "numeric",
    "status": "color",
    "text": "text",
}


class BoardMutations:
    """Mutations on the groups and columns of an account; every method raises a Refusal where it cannot be done.

    Takes the account and the mutations on its items.
    """

    def __init__(self, account: Account, items: ItemMutations) -> None:
        self._account = account
        self._items = items

    def create_group(
        self,
        *,
        board_id: str,
        group_name: str,
        group_color: str | None = None,
        position_relative_method: str | None = None,
        relative_to: str | None = None,
    ) -> Group:
        """A new group, at the top where nothing else is asked for; several groups may share a title."""
        board = self._items.board(board_id)
        place = _group_place(board, position_relative_method, relative_to)
        title = checked_name(group_name)
        group = Group(self._account.new_named_id("group"), title)
        if group_color is not None:
            group.color = group_color
        board.groups.insert(place, group)
        return group

    def archive_group(self, *, board_id: str, group_id: str) -> Group:
        """The group, archived together with its items."""
        return self._retire(board_id, group_id, Lifecycle.ARCHIVED)

    def delete_group(self, *, board_id: str, group_id: str) -> Group:
        """The group, deleted together with its items."""
        return self._retire(board_id, group_id, Lifecycle.DELETED)

    def create_column(
        self,
        *,
        board_id: str,
        column_type: str,
        title: str,
        id: str | None = None,  # noqa: A002 - the name of the field's argument
        description: str | None = None,
    ) -> Column:
        """A new column at the end of the board, with the id asked for or one of the service's own."""
        board = self._items.board(board_id)
        prefix = COLUMN_PREFIXES.get(column_type)
        if prefix is None:
            raise bad_argument("The sandbox creates no columns of this type", column_type=column_type)
        column_id = id or self._account.new_named_id(prefix)
        if not COLUMN_ID.fullmatch(column_id) or column_id in board.columns:
            raise bad_argument("The column ID is not valid or already in use", column_id=column_id)
        column = Column(column_id, checked_name(title), column_type, description)
        board.columns[column_id] = column
        return column

    def lose_groups(self, group_ids: Iterable[str]) -> None:
        """Delete groups with their items, as a person does meanwhile; an empty group replaces a board's last."""
        for group_id in group_ids:
            for board in self._account.boards.values():
                if board.group(group_id) is not None and board.type == "board":
                    if len(board.active_groups()) == 1:
                        board.groups.append(Group(self._account.new_named_id("group"), "New Group"))
                    self._retire(board.id, group_id, Lifecycle.DELETED)

    def _retire(self, board_id: str, group_id: str, state: Lifecycle) -> Group:
        board = self._items.board(board_id)
        group = board.group(group_id)
        if group is None:
            raise foreign_group(group_id)
        if len(board.active_groups()) == 1:
            raise last_group(group_id)
        for item in self._account.in_order(board):
            if item.group_id == group_id:
                self._items.retire(item, state)
        group.state = state
        return group


def _group_place(board: Board, method: str | None, relative_to: str | None) -> int:
    if relative_to is None:
        return len(board.groups) if method == "before_at" else 0
    group = board.group(relative_to)
    if group is None:
        raise unknown_group(board.id, relative_to)
    return board.groups.index(group) + (method != "before_at")
