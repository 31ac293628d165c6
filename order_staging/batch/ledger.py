"""The ledger of what travels: intents before a request leaves, and the outcome of each row after the answer.

Every method is one piece of a transaction, called with its unit of work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic

import structlog

from order_staging.batch.letters import Refusal
from order_staging.batch.mutations import GROUP
from order_staging.batch.payloads import fields_sent, next_attempt
from order_staging.models import ErrorType, Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.monday import Created, NotExecuted, Outcome, Rejected, Unknown
from order_staging.repositories.staged_rows import Staged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.cargo import Cargo
    from order_staging.batch.context import RunContext
    from order_staging.batch.payloads import Payload
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.refusals import Refusals
    from order_staging.batch.results import Counts
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

STATUS_AFTER: dict[type[Outcome], StagingStatus] = {
    Rejected: StagingStatus.API_FAILED,
    NotExecuted: StagingStatus.PENDING,
    Unknown: StagingStatus.UNKNOWN,
}


@dataclass(frozen=True)
class Ledger(Generic[Staged]):
    """Records the way of one kind of rows in a batch."""

    context: RunContext
    record: BatchRecord
    cargo: Cargo[Staged]
    counts: Counts
    refusals: Refusals
    progress: StepProgress
    """The step that brings these rows to the board."""

    def payloads(self, rows: Sequence[Staged]) -> list[tuple[Staged, Payload]]:
        """Make what is sent for rows."""
        return [(row, self.cargo.payload(row)) for row in rows]

    def intend(
        self,
        sent: Sequence[tuple[Staged, Payload]],
        key: str,
        uow: UnitOfWork,
        places: Mapping[int, int] | None = None,
    ) -> None:
        """Record that rows are about to be sent under an idempotency key.

        `places` are those in the file of a bulk import, by `stg_id`.
        """
        now = self.context.outside.now()
        intents = [
            {
                "stg_api_payload": payload.recorded,
                "stg_payload_hash": payload.hash,
                "stg_idempotency_key": key,
                "stg_retry_count": next_attempt(row),
                "stg_sent_date": now,
                "stg_key_date": now,
            }
            for row, payload in sent
        ]
        self.cargo.rows(uow).update(
            [
                self.cargo.intent(row, (places or {}).get(row.stg_id))
                | {"stg_id": row.stg_id, "stg_status": StagingStatus.SENDING}
                | intent
                for (row, _), intent in zip(sent, intents, strict=True)
            ]
        )
        uow.after_commit(partial(_remember, [row for row, _ in sent], intents))

    def resend(self, rows: Sequence[Staged], uow: UnitOfWork) -> None:
        """Record that unknown rows are about to leave again, under the key they have."""
        facts = {"stg_status": StagingStatus.SENDING, "stg_sent_date": self.context.outside.now()}
        self.cargo.rows(uow).update([{"stg_id": row.stg_id} | facts for row in rows])
        self.record.increase(uow)

    def doubt_again(self, answered: Sequence[tuple[Staged, str, datetime | None]], uow: UnitOfWork) -> None:
        """Record what was said of rows that left again and are as unknown as before, and when they left."""
        now = self.context.outside.now()
        self.cargo.rows(uow).update(
            [
                change(row, StagingStatus.UNKNOWN, self.context.redact(words))
                | {"stg_sent_date": sent or now}
                for row, words, sent in answered
            ]
        )
        self.record.increase(uow)

    def acknowledge(self, answered: Sequence[tuple[Staged, Outcome]], uow: UnitOfWork) -> None:
        """Record the outcomes of rows that were sent; `stg_api_payload` of each is what was sent."""
        now = self.context.outside.now()
        arrived: list[Staged] = []
        arrivals, changes, refused = [], [], []
        for row, outcome in answered:
            if isinstance(outcome, Created):
                arrived.append(row)
                arrivals.append(self.cargo.arrived(int(outcome.id)) | arrival(row, now))
                continue
            words = self.context.redact(outcome.message)
            # A request may have waited between its intent and its leaving: doubt begins with the latter.
            sent = (outcome.sent or now) if isinstance(outcome, Unknown) else row.stg_sent_date
            changes.append(change(row, STATUS_AFTER[type(outcome)], words) | {"stg_sent_date": sent})
            if isinstance(outcome, Rejected):
                words = f"{outcome.code}: {words}" if outcome.code else words
                refused.append((row, Refusal(ErrorType.REJECTED, words, outcome.status)))
        rows = self.cargo.rows(uow)
        rows.update(arrivals)
        rows.update(changes)
        self.end(arrived, refused, uow)
        uow.after_commit(partial(self._count, answered))

    def end(
        self, arrived: Sequence[Staged], refused: Sequence[tuple[Staged, Refusal]], uow: UnitOfWork
    ) -> None:
        """Resolve the letters of rows that are on the board, write those of rows that are refused, and count."""
        letterbox = self.cargo.letterbox
        failed = self.refusals.write_letters(letterbox, refused, uow) - self.refusals.resolve(
            letterbox, arrived, uow
        )
        self.record.increase(uow, **self.cargo.counters(len(arrived), failed))

    def put_back(self, rows: Sequence[Staged], words: str, uow: UnitOfWork) -> None:
        """Record that rows were surely not executed, and why."""
        message = self.context.redact(words)
        self.cargo.rows(uow).update([change(row, StagingStatus.PENDING, message) for row in rows])
        self.record.increase(uow)

    def blame(self, suspects: Sequence[tuple[Staged, Refusal]], uow: UnitOfWork) -> None:
        """Reject rows for which requests were refused, or failed, that carried nothing else."""
        refused = []
        for row, refusal in suspects:
            words = self.context.redact(refusal.message)
            row.stg_api_payload = self.cargo.payload(row).recorded
            refused.append((row, Refusal(refusal.kind, words, refusal.status)))
        rows = self.cargo.rows(uow)
        rows.update([change(row, StagingStatus.API_FAILED, why.message) for row, why in refused])
        self.end((), refused, uow)
        uow.after_commit(partial(self._count_blamed, len(refused)))

    def _count_blamed(self, rows: int) -> None:
        self.counts.rejected += rows
        self.progress.advance(rows)
        log.warning("delivery.blamed", kind=self.cargo.name, rows=rows)

    def _count(self, answered: Sequence[tuple[Staged, Outcome]]) -> None:
        outcomes = [outcome for _, outcome in answered]
        for row, outcome in answered:
            match outcome:
                case Created():
                    self._count_done(row)
                case Rejected():
                    self.counts.rejected += 1
                case Unknown():
                    self.counts.unknown += 1
        self.progress.advance(sum(isinstance(outcome, Created | Rejected) for outcome in outcomes))
        log.info(
            "delivery.sent",
            kind=self.cargo.name,
            rows=len(outcomes),
            created=sum(isinstance(outcome, Created) for outcome in outcomes),
        )

    def _count_done(self, row: Staged) -> None:
        match row.update_operation:
            case Operation.UPDATE:
                self.counts.updated += 1
            case Operation.MOVE:
                self.counts.moved += 1
                self.counts.updated += fields_sent(row) != [GROUP]
            case Operation.ARCHIVE:
                self.counts.archived += 1
            case Operation.DELETE:
                self.counts.updated += 1
            case _:
                self.counts.created += 1


def _remember(rows: Sequence[StagedOrder | StagedSubitem], facts: Sequence[Mapping[str, Any]]) -> None:
    """Let rows that are in memory say what the database says of them now."""
    for row, changed in zip(rows, facts, strict=True):
        for name, value in changed.items():
            setattr(row, name, value)


def arrival(row: StagedOrder | StagedSubitem, now: datetime) -> dict[str, Any]:
    """Tell what changes on a row that is on the board, beside its id there."""
    return change(row, StagingStatus.API_SUCCESS, None) | {"stg_processed_date": now}


def change(row: StagedOrder | StagedSubitem, status: StagingStatus, message: str | None) -> dict[str, Any]:
    """Tell a row's new state, and why."""
    return {"stg_id": row.stg_id, "stg_status": status, "stg_error_message": message}
