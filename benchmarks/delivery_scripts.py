"""What the project replaces: a script that sends one row a request, with a pause between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.delivery_orders import Line

PAUSE = 0.1
"""Seconds between two requests."""
BOARD = 9200517329

CREATE_GROUP = """mutation ($board: ID!, $name: String!) {
  create_group(board_id: $board, group_name: $name) { id }
}"""
CREATE_ITEM = """mutation ($board: ID!, $group: String, $name: String!, $values: JSON) {
  create_item(board_id: $board, group_id: $group, item_name: $name, column_values: $values,
              create_labels_if_missing: true) { id }
}"""
CREATE_SUBITEM = """mutation ($parent: ID!, $name: String!, $values: JSON) {
  create_subitem(parent_item_id: $parent, item_name: $name, column_values: $values,
                 create_labels_if_missing: true) { id }
}"""


class RowByRowScript:
    """Sends every group, item and subitem by a request of its own; what fails is left out, as the scripts did."""

    def __init__(self, url: str, token: str, sleep: Callable[[float], None]) -> None:
        """Take the address of the API, the token, and what sleeps for seconds."""
        self._url = url
        self._headers = {"Authorization": token, "Content-Type": "application/json", "API-Version": "2026-10"}
        self._sleep = sleep

    def deliver(self, lines: Sequence[Line]) -> None:
        """Create everything."""
        groups = {
            title: self._create("create_group", CREATE_GROUP, board=str(BOARD), name=title)
            for title in dict.fromkeys(line.group for line in lines)
        }
        for line in lines:
            item = self._create(
                "create_item",
                CREATE_ITEM,
                board=str(BOARD),
                group=groups[line.group],
                name=line.name,
                values=json.dumps(line.columns),
            )
            if item is None:
                continue
            for name, columns in line.subitems:
                self._create(
                    "create_subitem", CREATE_SUBITEM, parent=item, name=name, values=json.dumps(columns)
                )

    def _create(self, field: str, query: str, **variables: str | None) -> str | None:
        """Send one mutation; give the id of what it created."""
        self._sleep(PAUSE)
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(self._url, body, self._headers)  # noqa: S310 - the sandbox's own address
        try:
            with urlopen(request, timeout=60) as response:  # noqa: S310 - as above
                data = json.load(response).get("data") or {}
        except HTTPError as error:
            error.close()
            return None
        return (data.get(field) or {}).get("id")
