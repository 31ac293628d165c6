"""The log of a board's activity: which person wrote which column of which item. Requests leave no entries here."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from order_staging.sandbox.state import Item

PLANNER = {
    "id": "90000002",
    "name": "Pat Planner",
    "email": "planner@example.com",
    "kind": "member",
    "status": "ACTIVE",
}
"""The person who edits the board by hand."""
TICKS_A_SECOND = 10_000_000


@dataclass(frozen=True, slots=True)
class Activity:
    """One entry, as the service shows it; `created_at` are ticks of a ten-millionth of a second since 1970."""

    id: str
    event: str
    entity: str
    data: str
    user_id: str
    account_id: str
    created_at: str
    board_id: str
    item_id: str
    column_id: str


class ActivityLog:
    """The entries of an account. Takes the clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._entries: list[Activity] = []

    def wrote(self, item: Item, column_ids: Iterable[str]) -> None:
        """Note that the person wrote columns of an item."""
        moment = str(int(self._clock().timestamp() * TICKS_A_SECOND))
        for column_id in column_ids:
            data = {"board_id": int(item.board_id), "pulse_id": int(item.id), "column_id": column_id}
            number = str(len(self._entries) + 1)
            self._entries.append(
                Activity(
                    number,
                    "update_column_value",
                    "pulse",
                    json.dumps(data),
                    PLANNER["id"],
                    "1",
                    moment,
                    item.board_id,
                    item.id,
                    column_id,
                )
            )

    def newest(
        self, board_id: str, item_ids: Sequence[str] | None, column_ids: Sequence[str] | None
    ) -> list[Activity]:
        """The entries of a board, of these items and columns where given, from the newest on."""
        return [
            entry
            for entry in reversed(self._entries)
            if entry.board_id == board_id
            and (item_ids is None or entry.item_id in item_ids)
            and (column_ids is None or entry.column_id in column_ids)
        ]
