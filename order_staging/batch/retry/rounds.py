"""Rounds of a retry: what dead letters are about is staged as the source has it now, some letters a transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from order_staging.batch import letters
from order_staging.batch.refused_rows import kept_row
from order_staging.batch.results import Counts
from order_staging.models import ErrorType, FailedOrder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.context import RunContext
    from order_staging.batch.events import RowRefused
    from order_staging.batch.loading import Source
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.retry.errands import ErrorId
    from order_staging.models import FailedSubitem
    from order_staging.repositories import Row
    from order_staging.transform import InvalidOrder, Order
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

AGAIN = "retried; to be sent again"
GONE = "its source row is gone from ORDERS_UNIFIED, and nothing is created for it"
SIZE_GONE = "ORDERS_UNIFIED orders none of this size any more, and nothing is created"
SETTLED = "it is in production"
NAMELESS = "it has no UUID, by which its source row could be found; mend it by hand"
SEVERAL = "its UUID is on several rows of ORDERS_UNIFIED; give each row its own"
LEFT_TO_RUNS = (
    "not retried, as without a UUID only `order-staging run` finds its row again; it looks at every one"
)
GONE_IN_DOUBT = "its source row is gone from ORDERS_UNIFIED: archive on the board what was created for it"


@dataclass
class Again:
    """What the steps after the staging are to look at: source rows, and letters."""

    look: set[UUID] = field(default_factory=set)
    """Rows that may be new, or have changed."""
    archive: set[UUID] = field(default_factory=set)
    """Rows that are gone, and whose items are to be archived as was decided before."""
    examined: list[int] = field(default_factory=list)
    """Letters of order lines that these steps resolve, or not."""
    doubted: list[ErrorId] = field(default_factory=list)
    """Letters of what is looked for on the board once more: what is not there any more is staged anew."""

    def add(self, other: Again) -> None:
        """Add what another transaction found."""
        self.doubted += other.doubted
        self.look |= other.look
        self.archive |= other.archive
        self.examined += other.examined


@dataclass(frozen=True)
class Scope:
    """What all rounds of one customer's retry work with."""

    context: RunContext
    record: BatchRecord
    source: Source


class Round:
    """One transaction of a retry: what it knows, and what it has to tell once it is committed."""

    def __init__(self, scope: Scope, uow: UnitOfWork, uuids: Sequence[UUID]) -> None:
        """Read the source rows of these UUIDs."""
        self.context = scope.context
        self.record = scope.record
        self.source = scope.source
        self.uow = uow
        self.now = self.context.outside.now()
        self.again = Again()
        self.rows = uow.source.rows_of(self.source.shape, self.context.mapping.source_columns, uuids)
        self.tally = Counts()
        """What this round adds to `counts`, once it is committed."""
        self.gone = 0
        """Letters that end, as the source does not order any more what they are about."""
        self.with_changes = False
        """Whether any letter is about a change."""
        self.failed = 0
        """How many more records have failed in this batch."""
        self.taken_in = 0
        """Orders of other batches that go on in this one."""
        self.left_to_runs = 0
        self.told: list[RowRefused] = []
        self.counts = self.record.result.orders

    def read(self, row: Row) -> Order | InvalidOrder:
        """Put a source row under the rules."""
        return self.context.rules.apply(row, self.source.shape.sizes)

    def resolve(self, letter: FailedOrder | FailedSubitem, word: str) -> Row:
        """Tell how a letter ends whose row is not sent again."""
        self.gone += word in {GONE, SIZE_GONE}
        log.info("retry.resolved", error=letter.err_id, uuid=str(letter.source_uuid), reason=word)
        return {
            "err_id": letter.err_id,
            "error_message": letters.with_word(letter.error_message, word),
            "resolved_date": self.now,
            "resolved_by": self.record.runner,
        }

    def keep(self, letter: FailedOrder | FailedSubitem, word: str) -> Row:
        """Tell what a letter says whose row cannot be retried as things are."""
        if letter.error_type == ErrorType.CONFLICT:
            self.tally.conflict += 1
        else:
            self.tally.rejected += 1
        log.warning("retry.not_possible", error=letter.err_id, uuid=str(letter.source_uuid), reason=word)
        self.told.append(kept_row(self.record, letter, word))
        tried = letters.tried_again(letter, self.now, self.context.settings.max_attempts)
        return tried | {"error_message": letters.with_word(letter.error_message, word)}

    def leave(self, count: int) -> None:
        """Tell of invalid rows without a UUID, which a retry cannot find: they are not retried."""
        self.left_to_runs = count

    def done(self, count: int) -> Again:
        """End the round: count, and give what the next steps are to look at."""
        if self.record.has_begun(self.uow):
            # Sizes that wait go along with the orders that came into this batch.
            self.uow.staging.changes.gather_sizes(self.record.batch_id)
            self.record.increase(self.uow, total_records=self.taken_in, failed_records=self.failed)
        self.tally.retried = count
        self.uow.after_commit(self._tell)
        self.context.announcer.tell_after(self.uow, self.told)
        return self.again

    def _tell(self) -> None:
        result = self.record.result
        result.with_changes |= self.with_changes
        self.counts.add(self.tally)
        if self.gone:
            result.announcements.append(f"{self.gone} resolved, as ORDERS_UNIFIED does not order it any more")
        if self.left_to_runs:
            result.announcements.append(f"{self.left_to_runs} {LEFT_TO_RUNS}")
