"""A person who edits the board by hand, while the library is not looking."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from order_staging.sandbox.activity import ActivityLog
from order_staging.sandbox.board_mutations import BoardMutations
from order_staging.sandbox.labels import label_id
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.refusals import unknown_column
from order_staging.sandbox.state import Account, Column


class Person:
    """Edits of the board that are no requests: they are not in the log and cost nothing.

    Takes the account, the mutations on it, the guard within which the account may be changed, and the log that
    names the person for columns that they write. Every method raises a Refusal where the service would not let the
    person do it; `board_id` is the main board where it is left out.
    """

    def __init__(
        self,
        account: Account,
        items: ItemMutations,
        boards: BoardMutations,
        changing: Callable[[], AbstractContextManager[None]],
        activity: ActivityLog,
    ) -> None:
        self._account = account
        self._items = items
        self._boards = boards
        self._changing = changing
        self._activity = activity

    def rename_item(self, item_id: str, name: str) -> None:
        """Give an item another name."""
        self.change_values(item_id, {"name": name})

    def change_values(self, item_id: str, values: Mapping[str, object]) -> None:
        """Write column values of an item, labels that are missing included; None clears one."""
        with self._changing():
            item = self._items.change_multiple_column_values(
                board_id=self._items.item(item_id).board_id,
                item_id=item_id,
                column_values=dict(values),
                create_labels_if_missing=True,
            )
            self._activity.wrote(item, values)

    def move_item(self, item_id: str, group_id: str) -> None:
        """Move an item to another group."""
        with self._changing():
            self._items.move_item_to_group(item_id=item_id, group_id=group_id)

    def archive_item(self, item_id: str) -> None:
        """Archive an item and its subitems."""
        with self._changing():
            self._items.archive_item(item_id=item_id)

    def delete_item(self, item_id: str) -> None:
        """Delete an item and its subitems."""
        with self._changing():
            self._items.delete_item(item_id=item_id)

    def add_group(self, title: str) -> str:
        """Add a group at the top of the main board; answers its id."""
        with self._changing():
            return self._boards.create_group(board_id=self._account.main_board_id, group_name=title).id

    def rename_group(self, group_id: str, title: str) -> None:
        """Give a group of the main board another title."""
        with self._changing():
            self._items.group(self._items.board(self._account.main_board_id), group_id).title = title

    def archive_group(self, group_id: str) -> None:
        """Archive a group of the main board and its items."""
        with self._changing():
            self._boards.archive_group(board_id=self._account.main_board_id, group_id=group_id)

    def delete_group(self, group_id: str) -> None:
        """Delete a group of the main board and its items."""
        with self._changing():
            self._boards.delete_group(board_id=self._account.main_board_id, group_id=group_id)

    def remove_column(self, column_id: str, *, board_id: str | None = None) -> None:
        """Remove a column; what items had in it is gone."""
        with self._changing():
            self._column(column_id, board_id)
            self._items.empty_column(board_id or self._account.main_board_id, column_id)
            del self._account.boards[board_id or self._account.main_board_id].columns[column_id]

    def change_column_type(self, column_id: str, column_type: str, *, board_id: str | None = None) -> None:
        """Give a column another type; its labels, and what items had in it, are gone."""
        with self._changing():
            column = self._column(column_id, board_id)
            self._items.empty_column(board_id or self._account.main_board_id, column_id)
            column.type = column_type
            column.labels.clear()
            column.revision += 1

    def add_labels(self, column_id: str, *labels: str, board_id: str | None = None) -> None:
        """Add labels to a status or dropdown column."""
        with self._changing():
            for label in labels:
                label_id(self._column(column_id, board_id), label, create=True)

    def rename_label(self, column_id: str, label: str, new: str, *, board_id: str | None = None) -> None:
        """Give a label of a status or dropdown column another text; items that have it show the new one."""
        with self._changing():
            labels = self._column(column_id, board_id).labels
            labels[next(key for key, name in labels.items() if name == label)] = new

    def _column(self, column_id: str, board_id: str | None) -> Column:
        column = self._account.boards[board_id or self._account.main_board_id].columns.get(column_id)
        if column is None:
            raise unknown_column(column_id)
        return column
