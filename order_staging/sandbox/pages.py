"""Pages of items: what a query selects, and cursors that lead on from page to page."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from order_staging.sandbox.history import Seen
from order_staging.sandbox.refusals import bad_argument, expired_cursor
from order_staging.sandbox.state import Item, Lifecycle

PAGE_LIMIT = 500
CURSOR_LIFE = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Page:
    """Items of a page, and the cursor of the next one; None where the page was not filled."""

    items: list[Item]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class _Rest:
    item_ids: Sequence[str]
    expires: datetime


class Cursors:
    """The cursors that were given out; takes the clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._rests: dict[str, _Rest] = {}
        self._issued = 0

    def expiry(self) -> datetime:
        """The moment at which cursors that are given out now expire."""
        return self._clock() + CURSOR_LIFE

    def rest(self, cursor: str) -> _Rest:
        """What a cursor leads to; raises a Refusal for one that is none, or has expired."""
        rest = self._rests.get(cursor)
        if rest is None:
            raise bad_argument("The cursor is not valid", cursor=cursor)
        if self._clock() >= rest.expires:
            raise expired_cursor()
        return rest

    def keep(self, rest: _Rest) -> str:
        """A new cursor."""
        self._issued += 1
        cursor = f"MSw5NzI4{self._issued:08d}"
        self._rests[cursor] = rest
        return cursor


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one request: all cursors, the items as it sees them, and whether its cursors have expired."""

    cursors: Cursors
    seen: Seen
    cursors_expired: bool = False

    def first(self, items: Iterable[Item], limit: int) -> Page:
        """The first page of these items; its cursors live an hour from now."""
        return self._page([item.id for item in items], checked_limit(limit), self.cursors.expiry())

    def after(self, cursor: str, limit: int) -> Page:
        """The page a cursor leads to, without the items that went out of use; raises a Refusal."""
        if self.cursors_expired:
            raise expired_cursor()
        rest = self.cursors.rest(cursor)
        return self._page(rest.item_ids, checked_limit(limit), rest.expires)

    def _page(self, item_ids: Sequence[str], limit: int, expires: datetime) -> Page:
        seen = [self.seen.item(item_id) for item_id in item_ids[:limit]]
        active = [item for item in seen if item is not None and item.state is Lifecycle.ACTIVE]
        # A page that is exactly full has a cursor even where nothing is left: so does the service.
        if len(seen) < limit:
            return Page(active, None)
        return Page(active, self.cursors.keep(_Rest(item_ids[limit:], expires)))


def checked_limit(limit: int) -> int:
    """The limit of a page; raises a Refusal outside 1 to 500."""
    if not 1 <= limit <= PAGE_LIMIT:
        raise bad_argument(f"limit must be between 1 and {PAGE_LIMIT}", limit=limit)
    return limit
