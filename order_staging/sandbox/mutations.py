"""The mutations on items. Each is a method with the name and arguments of its field."""

from collections.abc import Callable

from order_staging.sandbox.column_types import Writing, simple_value
from order_staging.sandbox.history import History
from order_staging.sandbox.refusals import (
    account_full,
    bad_argument,
    too_many_items,
    too_many_subitems,
    unknown_board,
    unknown_column,
    unknown_group,
    unknown_item,
)
from order_staging.sandbox.state import Account, Board, Group, Item, Lifecycle
from order_staging.sandbox.writing import Draft, checked_name

SUBITEMS_PER_ITEM = 100


class ItemMutations:
    """Mutations on the items of an account; every method answers the item, or raises a Refusal.

    Takes the account, what tells the time as ISO 8601 text, the history that searches which lag behind look
    into, and what tells how many active items (subitems not counted) the account may have, None for any number.
    """

    def __init__(
        self,
        account: Account,
        now: Callable[[], str],
        history: History,
        account_limit: Callable[[], int | None],
    ) -> None:
        self._account = account
        self._now = now
        self._history = history
        self._account_limit = account_limit

    def dated(self, now: Callable[[], str]) -> "ItemMutations":
        """The same mutations with another time to write down."""
        return ItemMutations(self._account, now, self._history, self._account_limit)

    def create_item(  # noqa: PLR0913 - the arguments of the field
        self,
        *,
        board_id: str,
        item_name: str,
        group_id: str | None = None,
        column_values: object = None,
        create_labels_if_missing: bool | None = None,
        position_relative_method: str | None = None,
        relative_to: str | None = None,
    ) -> Item:
        """A new item at the bottom of a group (the top group without `group_id`), or where it is asked for."""
        board = self.board(board_id)
        if board.type != "board":
            raise bad_argument("Subitems are created with create_subitem", board_id=board_id)
        group = board.active_groups()[0] if group_id is None else self.group(board, group_id)
        place = self._place(board, position_relative_method, relative_to)
        draft = Draft(board, column_values, self._writing(create_labels_if_missing))
        return self._create(board, group, draft, checked_name(item_name), place)

    def create_subitem(
        self,
        *,
        parent_item_id: str,
        item_name: str,
        column_values: object = None,
        create_labels_if_missing: bool | None = None,
    ) -> Item:
        """A new subitem at the end of its parent's; the first of all brings the subitem board into being."""
        parent = self.item(parent_item_id)
        if parent.parent_id is not None:
            raise bad_argument("A subitem has no subitems of its own", parent_item_id=parent_item_id)
        if len(parent.subitem_ids) >= SUBITEMS_PER_ITEM:
            raise too_many_subitems(parent_item_id, SUBITEMS_PER_ITEM)
        board = self._account.boards[self._account.subitem_board_id]
        draft = Draft(board, column_values, self._writing(create_labels_if_missing))
        item = self._create(board, board.groups[0], draft, checked_name(item_name), len(board.order))
        item.parent_id = parent.id
        self._history.changes(parent)
        parent.subitem_ids.append(item.id)
        board.known = True
        return item

    def change_multiple_column_values(
        self,
        *,
        board_id: str,
        column_values: object,
        item_id: str | None = None,
        create_labels_if_missing: bool | None = None,
    ) -> Item:
        """Several values of one item."""
        board = self.board(board_id)
        item = self.item(item_id)
        if item.board_id != board.id:
            raise unknown_item(item_id)
        draft = Draft(board, column_values, self._writing(create_labels_if_missing))
        self._history.changes(item)
        draft.write(item)
        item.updated_at = self._now()
        return item

    def change_simple_column_value(
        self,
        *,
        board_id: str,
        column_id: str,
        item_id: str | None = None,
        value: str | None = None,
        create_labels_if_missing: bool | None = None,
    ) -> Item:
        """One value of one item, written as plain text."""
        column = self.board(board_id).columns.get(column_id)
        if column is None:
            raise unknown_column(column_id)
        written: object = value if column.type == "name" else simple_value(column, value or "")
        return self.change_multiple_column_values(
            board_id=board_id,
            item_id=item_id,
            column_values={column_id: written},
            create_labels_if_missing=create_labels_if_missing,
        )

    def move_item_to_group(self, *, group_id: str, item_id: str | None = None) -> Item:
        """The item, at the bottom of another group of its board."""
        item = self.item(item_id)
        board = self._account.board_of(item)
        group = self.group(board, group_id)
        self._history.changes(item)
        item.group_id = group.id
        board.order.remove(item.id)
        board.order.append(item.id)
        item.updated_at = self._now()
        return item

    def archive_item(self, *, item_id: str | None = None) -> Item:
        """The item, archived together with its subitems."""
        return self.retire(self.item(item_id), Lifecycle.ARCHIVED)

    def delete_item(self, *, item_id: str | None = None) -> Item:
        """The item, deleted together with its subitems; an archived one may be deleted too."""
        item = None if item_id is None else self._account.items.get(item_id)
        if item is None or item.state is Lifecycle.DELETED:
            raise unknown_item(item_id)
        return self.retire(item, Lifecycle.DELETED)

    def retire(self, item: Item, state: Lifecycle) -> Item:
        """Take an item and its subitems out of use."""
        for subitem_id in list(item.subitem_ids):
            self.retire(self._account.items[subitem_id], state)
        self._history.changes(item)
        if item.state is Lifecycle.ACTIVE:
            self._account.board_of(item).order.remove(item.id)
            if item.parent_id is not None:
                parent = self._account.items[item.parent_id]
                self._history.changes(parent)
                parent.subitem_ids.remove(item.id)
        item.state = state
        item.updated_at = self._now()
        return item

    def empty_column(self, board_id: str, column_id: str) -> None:
        """Take what the items of a board have in a column."""
        for item in self._account.items.values():
            if item.board_id == board_id and column_id in item.values:
                self._history.changes(item)
                del item.values[column_id]

    def board(self, board_id: str) -> Board:
        """The board with that id; raises a Refusal where there is none."""
        board = self._account.boards.get(board_id)
        if board is None or not board.known:
            raise unknown_board(board_id)
        return board

    def group(self, board: Board, group_id: str) -> Group:
        """The group in use with that id; raises a Refusal where there is none."""
        group = board.group(group_id)
        if group is None:
            raise unknown_group(board.id, group_id)
        return group

    def item(self, item_id: str | None) -> Item:
        """The active item with that id; raises a Refusal where there is none."""
        item = None if item_id is None else self._account.items.get(item_id)
        if item is None or item.state is not Lifecycle.ACTIVE:
            raise unknown_item(item_id)
        return item

    def _writing(self, create_labels: bool | None) -> Writing:
        return Writing(create_labels=bool(create_labels), now=self._now())

    def _place(self, board: Board, method: str | None, relative_to: str | None) -> int:
        if relative_to is not None:
            if relative_to not in board.order:
                raise unknown_item(relative_to)
            return board.order.index(relative_to) + (method != "before_at")
        return 0 if method == "after_at" else len(board.order)

    def _create(self, board: Board, group: Group, draft: Draft, name: str, place: int) -> Item:
        if len(board.order) >= board.items_limit:
            raise too_many_items(board.id, board.items_limit)
        limit = self._account_limit()
        if board.type == "board" and limit is not None:
            boards = self._account.boards.values()
            if sum(len(each.order) for each in boards if each.type == "board") >= limit:
                raise account_full(limit)
        now = self._now()
        item = Item(self._account.new_item_id(), name, board.id, group.id, created_at=now, updated_at=now)
        draft.write(item)
        self._account.items[item.id] = item
        self._history.created(item)
        board.order.insert(place, item.id)
        return item
