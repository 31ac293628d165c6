"""Failpoints: named places at which a test may make a run fail, or end its process. They do nothing by themselves.

A place is named for what has just happened there. Nothing outside this process can arm one: no setting, no
environment variable; `armed` is for tests that import it.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Failpoint(StrEnum):
    """Every place there is; each stands in the code once."""

    COMMIT_COMING = "commit.coming"
    """Everything of a unit of work is written, and not committed."""
    COMMIT_DONE = "commit.done"
    """A unit of work is committed, and nobody in this process knows."""
    LEASE_TAKEN = "lease.taken"
    LEFTOVERS_GATHERED = "recovery.gathered"
    """What earlier runs left is in this batch."""
    INTERRUPTED_DOUBTED = "recovery.doubted"
    """Rows that a dead runner was sending are unknown."""
    ROWS_RELINKED = "relink.done"
    PAGE_LOADED = "load.page"
    CHANGES_STAGED = "changes.staged"
    GROUPS_ENSURED = "groups.ensured"
    """The groups are on the board, nothing is in them."""
    INTENT_RECORDED = "delivery.intended"
    """The request is about to leave."""
    ANSWER_READ = "delivery.answered"
    """The request is answered, and no outcome is recorded."""
    OUTCOMES_RECORDED = "delivery.acknowledged"
    BOARD_SEARCHED = "recovery.searched"
    """The board was asked for unknown rows once."""
    BOARD_SEARCHED_AGAIN = "recovery.searched_again"
    FINDINGS_RECORDED = "recovery.recorded"
    RESEND_RECORDED = "recovery.resending"
    """A request is about to leave again under its first key."""
    RESEND_ANSWERED = "recovery.resent"
    IMPORT_INTENDED = "import.intended"
    """The rows of a file are SENDING, and no job is known."""
    IMPORT_STARTED = "import.started"
    """The job is recorded, and nothing is uploaded."""
    IMPORT_UPLOADED = "import.uploaded"
    IMPORT_REPORTED = "import.reported"
    """The report was read, and nothing of it is recorded."""
    IMPORT_SETTLED = "import.settled"
    PROMOTION_WRITTEN = "promotion.written"
    """Production rows are written, and the staged ones not marked; one transaction."""
    ORDERS_PROMOTED = "promotion.orders"
    SUBITEMS_PROMOTED = "promotion.subitems"
    SIZES_CLEANED = "cleanup.sizes"
    """Some sizes are deleted from staging, and their orders not."""
    STAGING_CLEANED = "cleanup.done"
    BATCH_ENDED = "batch.ended"
    """The batch is recorded as ended, its lease is not given back."""
    RETRY_STAGED = "retry.staged"
    """Rows that failed are on their way again."""


_armed: dict[Failpoint, Callable[[], None]] = {}


def reach(point: Failpoint) -> None:
    """Pass a place: do what a test has armed it with, and otherwise nothing."""
    if _armed and (act := _armed.get(point)) is not None:
        act()


@contextmanager
def armed(point: Failpoint, act: Callable[[], None], *, at: int = 1) -> Iterator[list[int]]:
    """Do something at a place when it is reached for the `at`-th time, while a `with` block runs.

    Gives a list whose only number says how often the place was reached. Whatever `act` raises goes through the code
    there.
    """
    reached = [0]

    def count() -> None:
        reached[0] += 1
        if reached[0] == at:
            act()

    before = _armed.get(point)
    _armed[point] = count
    try:
        yield reached
    finally:
        del _armed[point]
        if before is not None:
            _armed[point] = before
