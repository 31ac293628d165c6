"""Clients of monday.com from PyPI, each used as its own documentation says; they come with the extra `bench`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import monday
import monday_client
import monday_client.http
from monday.exceptions import MondayQueryError
from monday.resources import base
from monday_client.exceptions import MondayAPIError
from urllib3.exceptions import HTTPError

from benchmarks.delivery_scripts import BOARD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.delivery_orders import Line

ITEMS_AT_ONCE = 20
"""What the documentation of cartagon-monday-client gives as an example for long lists."""


class Monday:
    """The client `monday`: its README creates an item a call, and so do its methods for subitems and groups.

    It never sends anything again, and raises an error for every refusal; a row that meets one is left out.
    """

    def __init__(self, url: str, token: str) -> None:
        """Take the address of the API and the token; the client has no argument for the address."""
        with patch.dict(base._URLS, prod=url):  # noqa: SLF001 - the one place where the address stands
            self._client = monday.MondayClient(token)

    def deliver(self, lines: Sequence[Line]) -> None:
        """Create everything."""
        client = self._client
        groups = {
            title: client.groups.create_group(BOARD, title)["data"]["create_group"]["id"]
            for title in dict.fromkeys(line.group for line in lines)
        }
        for line in lines:
            group = groups[line.group]
            item = _created(client.items.create_item, BOARD, group, line.name, line.columns)
            for name, columns in line.subitems if item else ():
                _created(client.items.create_subitem, item, name, columns)


def _created(create: Callable[..., Any], *values: object) -> str | None:
    """Create something, labels included; give its id, None where it was refused."""
    try:
        (created,) = create(*values, create_labels_if_missing=True)["data"].values()
    except (HTTPError, MondayQueryError):
        return None
    return str(created["id"])


class MondayTogether(Monday):
    """The client `monday` by a method that its README does not mention: several creates in one request."""

    def deliver(self, lines: Sequence[Line]) -> None:
        """Create everything, twenty a request."""
        client = self._client
        groups = {
            title: client.groups.create_group(BOARD, title)["data"]["create_group"]["id"]
            for title in dict.fromkeys(line.group for line in lines)
        }
        items = self._send(
            {
                "method": "create_item",
                "board_id": BOARD,
                "group_id": groups[line.group],
                "item_name": line.name,
                "column_values": line.columns,
                "create_labels_if_missing": True,
            }
            for line in lines
        )
        self._send(
            {
                "method": "create_subitem",
                "parent_item_id": int(item),
                "item_name": name,
                "column_values": columns,
                "create_labels_if_missing": True,
            }
            for line, item in zip(lines, items, strict=True)
            if item is not None
            for name, columns in line.subitems
        )

    def _send(self, creates: Iterator[dict[str, Any]]) -> list[str | None]:
        ids: list[str | None] = []
        for batch in _batches(list(creates), ITEMS_AT_ONCE):
            try:
                data = self._client.items.mutate_multiple_items(batch)["data"]
                ids.extend(data[f"item{place}"]["id"] for place in range(len(batch)))
            except (HTTPError, MondayQueryError):
                ids.extend([None] * len(batch))
        return ids


class Cartagon:
    """The client `cartagon-monday-client`: items in bulk, twenty at once, and a call for each subitem.

    It repeats refused requests, after the server's own wait; a row that is still refused is left out.
    """

    def __init__(self, url: str, token: str, sleep: Callable[[float], None]) -> None:
        """Take the address of the API, the token, and what sleeps for seconds in the place of `time.sleep`."""
        self._client = monday_client.MondayClient(token, base_url=url)
        self._sleep = sleep

    def deliver(self, lines: Sequence[Line]) -> None:
        """Create everything."""
        slept = SimpleNamespace(sleep=self._sleep, time=monday_client.http.time.time)
        with patch.object(monday_client.http, "time", slept):
            self._deliver(lines)

    def _deliver(self, lines: Sequence[Line]) -> None:
        client = self._client
        groups = {
            title: client.create_group(BOARD, title)["id"]
            for title in dict.fromkeys(line.group for line in lines)
        }
        for batch in _batches(lines, ITEMS_AT_ONCE):
            items = [
                {
                    "board_id": BOARD,
                    "item_name": line.name,
                    "group_id": groups[line.group],
                    "columns": line.columns,
                }
                for line in batch
            ]
            for line, item in zip(batch, self._items(items), strict=True):
                for name, columns in line.subitems if item else ():
                    self._subitem(int(item["id"]), name, columns)

    def _items(self, items: list[dict[str, Any]]) -> list[Any]:
        try:
            return list(self._client.bulk_create_items(items, batch_size=ITEMS_AT_ONCE))
        except MondayAPIError:
            return [None] * len(items)

    def _subitem(self, item: int, name: str, columns: dict[str, object]) -> None:
        try:
            self._client.create_subitem(item, name, columns=columns)
        except MondayAPIError:
            return


def _batches(rows: Sequence[Any], size: int) -> Iterator[Any]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
