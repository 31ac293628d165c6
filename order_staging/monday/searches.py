"""Looking for items and subitems on the board, page by page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from order_staging.errors import RequestTooLargeError, TerminalError
from order_staging.monday import documents
from order_staging.monday.board_items import board_item
from order_staging.monday.meanings import plain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from order_staging.monday.board_items import BoardItem
    from order_staging.monday.wire import Wire

PAGE = 500
"""Items a page, the most that monday.com gives."""
ITEMS_A_QUERY = 100
"""Items that one query may name by their ids."""
BEGINNINGS = 3
"""How often a search is begun before its cursors are given up on: one lives for an hour."""


class Searches:
    """Searches of one board."""

    def __init__(self, wire: Wire, board_id: int) -> None:
        """Take the wire and the board."""
        self._wire = wire
        self._board_id = board_id

    async def by_key(self, column: str, keys: Sequence[str]) -> dict[str, list[int]]:
        """Find the items whose column holds one of `keys`: ids by key in lower case, absent keys left out."""
        found: dict[str, list[int]] = {}
        for start in range(0, len(keys), PAGE):
            for item in await self._items_by_key(column, keys[start : start + PAGE]):
                key = str(item["column_values"][0]["text"]).casefold()
                found.setdefault(key, []).append(int(item["id"]))
        return found

    async def of_group(self, group_id: str) -> list[tuple[int, str]]:
        """List a group's items: ids and names."""

        async def first() -> dict[str, Any]:
            return await self._group_page(documents.ITEMS_OF_GROUP, group_id, {})

        return list(_names(await self._all_pages(first, documents.NEXT_PAGE, {})))

    async def subitems_of(self, item_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """List the subitems of items: ids and names by the item's id; items that are gone are left out."""
        found: dict[int, list[tuple[int, str]]] = {}
        for start in range(0, len(item_ids), ITEMS_A_QUERY):
            ids = [str(item_id) for item_id in item_ids[start : start + ITEMS_A_QUERY]]
            data = await self._wire.read(documents.SUBITEMS, {"ids": ids, "limit": ITEMS_A_QUERY})
            for item in data["items"] or ():
                found[int(item["id"])] = list(_names(item["subitems"] or ()))
        return found

    async def items_now(
        self, item_ids: Sequence[int], columns: Sequence[str], subitem_columns: Sequence[str] | None
    ) -> dict[int, BoardItem]:
        """Read items by id, whatever their state; those that are not known are left out.

        Their active subitems are read, too, where columns of them are named.
        """
        ids, found = list(dict.fromkeys(item_ids)), {}
        for start in range(0, len(ids), ITEMS_A_QUERY):
            part = ids[start : start + ITEMS_A_QUERY]
            for answer in await self._items(part, columns, subitem_columns):
                item = board_item(answer, columns, subitem_columns or ())
                found[item.id] = item
        return found

    async def boards_of(self, item_ids: Sequence[int]) -> dict[int, int]:
        """Tell on which boards items are, by id; those that are not known are left out. At most 100 of them."""
        variables = {"ids": [str(item_id) for item_id in item_ids], "limit": ITEMS_A_QUERY}
        answers = (await self._wire.read(documents.BOARDS_OF_ITEMS, variables)).get("items") or ()
        return {int(item["id"]): int(item["board"]["id"]) for item in answers if item.get("board")}

    async def in_group(self, group_id: str, columns: Sequence[str]) -> list[BoardItem]:
        """Read a group's active items, each once."""
        shown = {"columns": list(columns)}

        async def first() -> dict[str, Any]:
            return await self._group_page(documents.ITEMS_IN_GROUP, group_id, shown)

        answers = await self._all_pages(first, documents.NEXT_ITEMS_IN_GROUP, shown)
        items = [board_item(answer, columns, ()) for answer in answers]
        # One that is moved while the pages are read may be on two of them.
        return list({item.id: item for item in items}.values())

    async def _items(
        self, item_ids: Sequence[int], columns: Sequence[str], subitem_columns: Sequence[str] | None
    ) -> list[dict[str, Any]]:
        """Read items by one query; where that would cost too much, by two halves of it."""
        variables: dict[str, Any] = {
            "ids": [str(item_id) for item_id in item_ids],
            "limit": ITEMS_A_QUERY,
            "columns": list(columns),
        }
        text = documents.ITEMS_NOW
        if subitem_columns is not None:
            text, variables["shown"] = documents.ITEMS_WITH_SUBITEMS, list(subitem_columns)
        try:
            return list((await self._wire.read(text, variables)).get("items") or ())
        except RequestTooLargeError:
            if len(item_ids) == 1:
                raise
            middle = math.ceil(len(item_ids) / 2)
            halves = (item_ids[:middle], item_ids[middle:])
            return [item for half in halves for item in await self._items(half, columns, subitem_columns)]

    async def _group_page(self, text: str, group_id: str, more: dict[str, Any]) -> dict[str, Any]:
        """Read the first page of a group; an empty one where the group is gone."""
        variables = {"board": str(self._board_id), "group": group_id, "limit": PAGE} | more
        data = await self._wire.read(text, variables)
        groups = [group for board in data["boards"] or () for group in board["groups"] or ()]
        return dict(groups[0]["page"]) if groups else {"items": [], "cursor": None}

    async def _items_by_key(self, column: str, keys: Sequence[str]) -> list[dict[str, Any]]:
        """Find items by keys of one query; how many a query may name is not documented, so it may be halved."""

        async def first() -> dict[str, Any]:
            variables = {
                "board": str(self._board_id),
                "column": column,
                "shown": [column],
                "keys": list(keys),
                "limit": PAGE,
            }
            return dict((await self._wire.read(documents.ITEMS_BY_KEY, variables))["page"])

        try:
            return await self._all_pages(first, documents.NEXT_ITEMS_BY_KEY, {"shown": [column]})
        except TerminalError as error:
            if len(keys) == 1 or type(error) is not TerminalError:
                raise
            middle = math.ceil(len(keys) / 2)
            parts = [await self._items_by_key(column, part) for part in (keys[:middle], keys[middle:])]
            return [item for part in parts for item in part]

    async def _all_pages(
        self, first: Callable[[], Awaitable[dict[str, Any]]], following: str, variables: dict[str, Any]
    ) -> list[dict[str, Any]]:
        """Read all pages; from the first one again where a cursor has expired on the way."""
        for beginning in range(1, BEGINNINGS + 1):
            page = await first()
            items = list(page["items"])
            try:
                while page["cursor"]:
                    asked = variables | {"cursor": page["cursor"], "limit": PAGE}
                    page = (await self._wire.read(following, asked))["page"]
                    items.extend(page["items"])
            except TerminalError as error:
                if plain(error.code or "") != "cursorexpirederror" or beginning == BEGINNINGS:
                    raise
                continue
            return items
        raise AssertionError("the last beginning returns or raises")  # pragma: no cover


def _names(items: Sequence[dict[str, Any]]) -> Iterator[tuple[int, str]]:
    return ((int(item["id"]), str(item["name"])) for item in items)
