"""What is decided about imports: their key, what report and board say together, what is open without one. Pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from order_staging.batch.payloads import idempotency_key, next_attempt
from order_staging.errors import (
    AuthenticationError,
    DailyLimitError,
    DestinationError,
    StoppedError,
    TerminalError,
    TransientError,
)
from order_staging.monday import Created, NotExecuted, Outcome, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.payloads import Payload
    from order_staging.models import StagedOrder


def differs_from(outcome: Outcome, on_board: Sequence[int]) -> bool:
    """Tell whether the board contradicts a report: another item has the row's key, or an invalid row's is there."""
    if isinstance(outcome, Created):
        return bool(on_board) and outcome.id not in map(str, on_board)
    return isinstance(outcome, Rejected) and bool(on_board)


def confirmed(outcome: Outcome, on_board: Sequence[int], *, differs: bool) -> Outcome:
    """Compare the outcome that a report tells with the items that the board has for the row's key.

    A search may lag behind: where it finds nothing the report is believed, unless the board contradicts it for
    other rows (`differs`: its lines are counted otherwise than we think). A row that is invalid, and surely not
    written, has its last word from an item's request: the API takes more than a file does. Several items of one
    key are for recovery to tell.
    """
    if not isinstance(outcome, Created | Rejected):
        return outcome
    if len(on_board) == 1:
        return Created(str(on_board[0]))
    if on_board or differs:
        return Unknown("the report of the import and the board differ")
    return NotExecuted(f"the import: {outcome.message}") if isinstance(outcome, Rejected) else outcome


def import_key(rows: Sequence[tuple[StagedOrder, Payload]]) -> str:
    """Derive an import's idempotency key from the intent of its first rows: no other request carries them so."""
    attempts = [next_attempt(row) for row, _ in rows]
    return hashlib.sha256(f"import|{idempotency_key(rows, attempts)}".encode()).hexdigest()


def leaves_items_open(error: DestinationError) -> bool:
    """Whether rows may well travel as items where an import could not be started."""
    if isinstance(error, AuthenticationError | TerminalError):
        # A token without this permission, a server without this mutation: items show what is wrong, if anything.
        return True
    return isinstance(error, TransientError) and not isinstance(error, DailyLimitError | StoppedError)
