"""Who edited the board last, by its log of activity."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from order_staging.monday import documents
from order_staging.monday.account import told

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from order_staging.monday.wire import Wire

ENTRIES = 1000
"""Entries of the log that are looked at for one page of items."""

Place = tuple[int, str]
"""An item's id and a column's."""


async def last_editors(
    wire: Wire, board_id: int, item_ids: Sequence[int], columns: Sequence[str]
) -> dict[Place, str]:
    """Read the names of who last wrote these columns of these items, at most 100.

    Where monday.com does not tell, as the token may not read users or the log does not go back that far, nobody is
    named. Raises `DailyLimitError` where no call is left.
    """
    asked = {
        "board": str(board_id),
        "items": [str(item_id) for item_id in item_ids],
        "columns": list(columns),
        "limit": ENTRIES,
    }
    data = await told(wire, documents.ACTIVITY, asked)
    logs = [entry for board in data.get("boards") or () for entry in board.get("activity_logs") or ()]
    users = newest_users(logs)
    if not users:
        return {}
    ids = sorted(set(users.values()))
    found = await told(wire, documents.USERS, {"ids": ids, "limit": len(ids)})
    names = {str(user["id"]): str(user["name"]) for user in found.get("users") or () if user}
    return {place: names[user] for place, user in users.items() if user in names}


def newest_users(logs: Iterable[dict[str, Any]]) -> dict[Place, str]:
    """Choose the user of each item's and column's newest entry; entries about anything else are passed over."""
    found: dict[Place, tuple[int, str]] = {}
    for entry in logs:
        place, moment = _place(entry.get("data")), str(entry.get("created_at"))
        if place is None or not moment.isdecimal():
            continue
        newer = (int(moment), str(entry.get("user_id")))
        found[place] = max(found.get(place, newer), newer)
    return {place: user for place, (_, user) in found.items()}


def _place(data: object) -> Place | None:
    try:
        facts = json.loads(data) if isinstance(data, str) else data
    except ValueError:
        return None
    if not isinstance(facts, dict):
        return None
    item, column = str(facts.get("pulse_id")), facts.get("column_id")
    return (int(item), column) if item.isdecimal() and isinstance(column, str) else None
