"""What items were a while ago, for searches that lag behind what was written."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from order_staging.sandbox.state import Account, Board, Item, Lifecycle

KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Change:
    time: datetime
    item_id: str
    before: Item | None


class History:
    """The changes of items within the last hour.

    Takes the account and the clock. `changed` are the ids of the items that changed since it was last emptied.
    """

    def __init__(self, account: Account, clock: Callable[[], datetime]) -> None:
        self.changed: set[str] = set()
        self._account = account
        self._clock = clock
        self._changes: deque[_Change] = deque()

    def created(self, item: Item) -> None:
        """Note that an item was not there before."""
        self._note(item.id, None)

    def changes(self, item: Item) -> None:
        """Note what an item is before it is changed."""
        before = copy(item)
        before.values, before.subitem_ids = dict(item.values), list(item.subitem_ids)
        self._note(item.id, before)

    def seen(self, seconds: float) -> "Seen":
        """The items as they were so many seconds ago, an hour at most; as they are for no seconds."""
        since = self._clock() - min(timedelta(seconds=seconds), KEPT)
        before: dict[str, Item | None] = {}
        for change in reversed(self._changes):
            if seconds <= 0 or change.time <= since:
                break
            before[change.item_id] = change.before
        return Seen(self._account, before)

    def _note(self, item_id: str, before: Item | None) -> None:
        now = self._clock()
        self.changed.add(item_id)
        while self._changes and now - self._changes[0].time >= KEPT:
            self._changes.popleft()
        self._changes.append(_Change(now, item_id, before))


@dataclass(frozen=True, slots=True)
class Seen:
    """The items as a search finds them; takes the account, and the items that were different by their id."""

    account: Account
    before: Mapping[str, Item | None]

    def item(self, item_id: str) -> Item | None:
        """The item as it was, None where it was not there."""
        return self.before[item_id] if item_id in self.before else self.account.items[item_id]

    def in_order(self, board: Board) -> list[Item]:
        """The items of a board that were active, in their order; those that are no longer come last."""
        places = {group.id: place for place, group in enumerate(board.groups)}
        items = [item for item in self._candidates(board) if item.state is Lifecycle.ACTIVE]
        return sorted(items, key=lambda item: places[item.group_id])

    def _candidates(self, board: Board) -> Iterator[Item]:
        for item_id in board.order:
            item = self.item(item_id)
            if item is not None:
                yield item
        gone = (item for item in self.before.values() if item is not None and item.board_id == board.id)
        yield from (item for item in gone if self.account.items[item.id].state is not Lifecycle.ACTIVE)
