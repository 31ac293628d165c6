"""Numbers that rise with every change of the account, so that a reader asks only for what it has not seen."""

from collections.abc import Iterable

from order_staging.sandbox.state import Account


class Revisions:
    """The revision of an account, of its items and of its groups: 0 is how it was when the sandbox started."""

    def __init__(self) -> None:
        self.current = 0
        self._items: dict[str, int] = {}
        self._groups: dict[str, int] = {}

    def raised(self, account: Account, changed_items: Iterable[str]) -> None:
        """Note a change; takes the account and the ids of the items that are new or different.

        A subitem is a change of its parent, and an item one of the group that it is in.
        """
        self.current += 1
        for item_id in changed_items:
            item = account.items[item_id]
            parent = item if item.parent_id is None else account.items[item.parent_id]
            self._items[item.id] = self._items[parent.id] = self.current
            self._groups[parent.group_id] = self.current

    def of_item(self, item_id: str) -> int:
        """The revision in which an item, or one of its subitems, was changed last."""
        return self._items.get(item_id, 0)

    def of_group(self, group_id: str) -> int:
        """The revision in which an item of the group, or one that came into it, was changed last."""
        return self._groups.get(group_id, 0)
