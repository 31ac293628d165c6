"""Requests that carry staged rows: what travels together, and the key of it all. Pure.

A request's idempotency key is a digest of its intent and of its bytes. So the same key never goes with other bytes,
whatever has changed since (a row, the mapping, this library), and a request that is made anew from what is recorded
is the same one exactly if its key is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Generic

from order_staging.batch.payloads import idempotency_key, next_attempt
from order_staging.models import StagedOrder, StagedSubitem, StagingStatus
from order_staging.monday import rows_request
from order_staging.repositories.staged_rows import Staged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from order_staging.batch.payloads import Payload
    from order_staging.monday import Mutation

KEY_KNOWN = timedelta(minutes=25)
"""How long a key is relied on after its request first left: monday.com keeps it for 30 minutes, a request takes
one, and clocks differ (docs/monday.md, "Idempotency-Key")."""


@dataclass(frozen=True)
class Request(Generic[Staged]):
    """Rows with what is sent for each, the mutations of each, and the idempotency key."""

    rows: Sequence[tuple[Staged, Payload]]
    mutations: Sequence[Sequence[Mutation]]
    key: str

    @property
    def ids(self) -> set[int]:
        """The rows' `stg_id`s."""
        return {row.stg_id for row, _ in self.rows}


def new_request(
    rows: Sequence[tuple[Staged, Payload]], mutations: Sequence[Sequence[Mutation]], board_id: int
) -> Request[Staged]:
    """Make the request that sends rows once more than before; `board_id` is where new items go."""
    attempts = [next_attempt(row) for row, _ in rows]
    return Request(rows, mutations, idempotency_key(rows, attempts, _written(mutations, board_id)))


def same_request(
    rows: Sequence[tuple[Staged, Payload]], mutations: Sequence[Sequence[Mutation]], board_id: int
) -> Request[Staged] | None:
    """Make the request anew that rows left with last; None where it would not be the same to the last byte."""
    attempts = [row.stg_retry_count or 0 for row, _ in rows]
    key = idempotency_key(rows, attempts, _written(mutations, board_id))
    return Request(rows, mutations, key) if {row.stg_idempotency_key for row, _ in rows} == {key} else None


def may_be_sent_again(rows: Sequence[StagedOrder | StagedSubitem], now: datetime) -> bool:
    """Tell whether a request may be sent again under its key: nothing is known of any row, and the key is young."""
    return all(
        row.stg_status == StagingStatus.UNKNOWN
        and row.stg_key_date is not None
        and timedelta(0) <= now - row.stg_key_date <= KEY_KNOWN
        for row in rows
    )


def _written(mutations: Sequence[Sequence[Mutation]], board_id: int) -> str:
    request = rows_request(mutations, board_id)
    return f"{request.text}\n{json.dumps(request.variables, sort_keys=True)}"
