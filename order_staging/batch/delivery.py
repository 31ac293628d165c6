"""Delivery: intents are recorded, requests leave, and what became of them is recorded.

Here the database's side (a thread) and the network's side (the event loop) meet. An intent is committed before its
request leaves, and the acknowledgement after the answer; a row that is SENDING without a runner is unknown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import structlog

from order_staging.batch.letters import Refusal
from order_staging.batch.payloads import idempotency_key
from order_staging.errors import DestinationError, TransientError
from order_staging.models import ErrorType, StagedOrder, StagedSubitem, StagingStatus
from order_staging.monday import LONGEST_WAIT, Created, NotExecuted, Outcome, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from order_staging.batch.cargo import Cargo
    from order_staging.batch.payloads import Payload
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.results import Counts
    from order_staging.batch.workshop import Workshop
    from order_staging.monday import MondayClient
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

Row = TypeVar("Row", StagedOrder, StagedSubitem)


STATUS_AFTER: dict[type[Outcome], StagingStatus] = {
    Rejected: StagingStatus.API_FAILED,
    NotExecuted: StagingStatus.PENDING,
    Unknown: StagingStatus.UNKNOWN,
}


@dataclass(frozen=True)
class _Request(Generic[Row]):
    """Rows that travel together, what is sent for each, and the key of it all."""

    rows: list[tuple[Row, Payload]]
    key: str


class Delivery(Generic[Row]):
    """Sends a batch's pending rows of one kind until none is left that can be sent."""

    def __init__(
        self, workshop: Workshop, record: BatchRecord, client: MondayClient, cargo: Cargo[Row], counts: Counts
    ) -> None:
        """Take the batch's record, the client, the kind of cargo, and the counts to keep."""
        self._workshop = workshop
        self._record = record
        self._client = client
        self._cargo: Cargo[Row] = cargo
        self._counts = counts
        self._executed = 0
        self._postponed: list[NotExecuted] = []

    async def deliver(self) -> None:
        """Send everything that is pending.

        Raises `DestinationError` where requests are refused as a whole or monday.com stays busy; what was not
        executed is PENDING then.
        """
        fruitless = 0
        while not self._workshop.stop.is_set():
            rows = await self._workshop.database.run(self._pending)
            if not rows:
                return
            before, self._postponed = self._executed, []
            await self._send_all(rows)
            fruitless = 0 if self._executed > before else fruitless + 1
            if self._postponed:
                await self._wait_for_the_postponed(fruitless)

    async def _wait_for_the_postponed(self, fruitless: int) -> None:
        """Wait as long as monday.com asks before it is sent the rows again that it did not get to."""
        wait = max((outcome.wait or 0.0 for outcome in self._postponed), default=0.0)
        words = self._postponed[0].message
        if fruitless >= self._workshop.settings.max_attempts or wait > LONGEST_WAIT:
            raise TransientError(f"monday.com stays busy: {words}", wait=wait, status=429)
        await self._workshop.sleep(max(wait, 2.0**fruitless))

    def _pending(self, uow: UnitOfWork) -> list[Row]:
        return self._cargo.rows(uow).pending(self._record.batch_id, self._workshop.settings.chunk_rows)

    async def _send_all(self, rows: Sequence[Row]) -> None:
        """Send rows in requests, as many at a time as there are lanes; after a failure no further one leaves."""
        size = self._workshop.settings.aliases
        waiting = deque(rows[start : start + size] for start in range(0, len(rows), size))
        failures: list[BaseException] = []

        async def lane() -> None:
            while waiting and not failures and not self._workshop.stop.is_set():
                try:
                    await self._send(waiting.popleft())
                except Exception as error:  # noqa: BLE001 - kept, and raised once the other lanes have ended
                    failures.append(error)

        await asyncio.gather(*(lane() for _ in range(self._workshop.settings.lanes)))
        if failures:
            raise failures[0]

    async def _send(self, rows: Sequence[Row]) -> None:
        request = await self._workshop.database.run(partial(self._record_intent, rows), self._record.hold)
        try:
            outcomes = await self._cargo.send(self._client, request.rows, request.key)
        except DestinationError as error:
            # The request as a whole was surely not executed, or else the client gives outcomes.
            await self._acknowledge(request, [NotExecuted(str(error))] * len(rows))
            raise
        await self._acknowledge(request, outcomes)
        for outcome in outcomes:
            if isinstance(outcome, NotExecuted) and outcome.ends_run is not None:
                raise outcome.ends_run

    async def _acknowledge(self, request: _Request[Row], outcomes: Sequence[Outcome]) -> None:
        work = partial(self._record_outcomes, request, outcomes)
        await self._workshop.database.run(work, self._record.hold)

    def _record_intent(self, rows: Sequence[Row], uow: UnitOfWork) -> _Request[Row]:
        sent = [(row, self._cargo.payload(row)) for row in rows]
        for row in rows:
            # The number of the attempt is part of the intent: a row that is sent again is another one.
            row.stg_retry_count = (row.stg_retry_count or 0) + (row.stg_sent_date is not None)
        request = _Request(sent, idempotency_key(sent))
        now = self._workshop.outside.now()
        self._cargo.rows(uow).update(
            [
                self._cargo.intent(row)
                | {
                    "stg_id": row.stg_id,
                    "stg_status": StagingStatus.SENDING,
                    "stg_api_payload": payload.recorded,
                    "stg_payload_hash": payload.hash,
                    "stg_idempotency_key": request.key,
                    "stg_retry_count": row.stg_retry_count,
                    "stg_sent_date": now,
                }
                for row, payload in sent
            ]
        )
        return request

    def _record_outcomes(self, request: _Request[Row], outcomes: Sequence[Outcome], uow: UnitOfWork) -> None:
        now = self._workshop.outside.now()
        arrivals, changes, refused = [], [], []
        for (row, payload), outcome in zip(request.rows, outcomes, strict=True):
            if isinstance(outcome, Created):
                arrivals.append(self._cargo.arrived(int(outcome.id)) | arrival(row, now))
                continue
            words = self._workshop.redact(outcome.message)
            changes.append(change(row, STATUS_AFTER[type(outcome)], words))
            if isinstance(outcome, Rejected):
                row.stg_api_payload = payload.recorded
                words = f"{outcome.code}: {words}" if outcome.code else words
                refused.append((row, Refusal(ErrorType.REJECTED, words, outcome.status)))
        rows = self._cargo.rows(uow)
        rows.update(arrivals)
        rows.update(changes)
        self._cargo.bury(uow, refused, now)
        self._record.increase(uow, **self._cargo.counters(len(arrivals), len(refused)))
        self._count(outcomes)

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            match outcome:
                case Created():
                    self._counts.created += 1
                case Rejected():
                    self._counts.rejected += 1
                case Unknown():
                    self._counts.unknown += 1
                case NotExecuted():
                    self._postponed.append(outcome)
        self._executed += sum(not isinstance(outcome, NotExecuted) for outcome in outcomes)
        log.info(
            "delivery.sent",
            kind=self._cargo.name,
            rows=len(outcomes),
            created=sum(isinstance(outcome, Created) for outcome in outcomes),
        )


def arrival(row: StagedOrder | StagedSubitem, now: datetime) -> dict[str, Any]:
    """Tell what changes on a row that is on the board, beside its id there."""
    return change(row, StagingStatus.API_SUCCESS, None) | {"stg_processed_date": now}


def change(row: StagedOrder | StagedSubitem, status: StagingStatus, message: str | None) -> dict[str, Any]:
    """Tell a row's new state, and why."""
    return {"stg_id": row.stg_id, "stg_status": status, "stg_error_message": message}
