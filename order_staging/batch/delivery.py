"""Delivery: intents are recorded, requests leave, and what became of them is recorded.

Here the database's side (a thread) and the network's side (the event loop) meet. An intent is committed before its
request leaves, and the acknowledgement after the answer; a row that is SENDING without a runner is unknown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from order_staging.batch import splitting
from order_staging.batch.letters import Refusal
from order_staging.batch.payloads import idempotency_key
from order_staging.errors import (
    AuthenticationError,
    DestinationError,
    RequestTooLargeError,
    TerminalError,
    TransientError,
)
from order_staging.models import ErrorType, StagedOrder, StagedSubitem
from order_staging.monday import LONGEST_WAIT, Created, NotExecuted, Outcome, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.cargo import Cargo
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.payloads import Payload
    from order_staging.monday import MondayClient
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

Row = TypeVar("Row", StagedOrder, StagedSubitem)


@dataclass(frozen=True)
class _Request(Generic[Row]):
    """Rows that travel together, what is sent for each, and the key of it all."""

    rows: list[tuple[Row, Payload]]
    key: str


@dataclass(frozen=True)
class _Suspect(Generic[Row]):
    """A row whose request was refused as a whole, and carried nothing else."""

    row: Row
    error: TerminalError


class Delivery(Generic[Row]):
    """Sends a batch's pending rows of one kind until none is left that can be sent."""

    def __init__(self, ledger: Ledger[Row], client: MondayClient) -> None:
        """Take the ledger of the rows, and the client."""
        self._ledger: Ledger[Row] = ledger
        self._workshop = ledger.workshop
        self._record = ledger.record
        self._cargo: Cargo[Row] = ledger.cargo
        self._client = client
        self._executed = 0
        self._accepted = 0
        self._postponed: list[NotExecuted] = []

    @property
    def accepted(self) -> int:
        """How many rows travelled in requests that were accepted as such."""
        return self._accepted

    async def deliver(self, size: int | None = None) -> None:
        """Send everything that is pending, `size` rows a request at most (None: as the settings say).

        Raises `DestinationError` where requests are refused as a whole or monday.com stays busy; what was not
        executed is PENDING then.
        """
        fruitless = 0
        while not self._workshop.stop.is_set():
            rows = await self._workshop.database.run(self._pending)
            if not rows:
                return
            fruitless = await self._send_or_wait(rows, size, fruitless)

    async def deliver_these(self, ids: Sequence[int]) -> None:
        """Send what is pending of these rows (`stg_id`), as `deliver` does."""
        fruitless = 0
        pending = partial(self._pending_among, ids)
        while not self._workshop.stop.is_set() and (rows := await self._workshop.database.run(pending)):
            fruitless = await self._send_or_wait(rows, None, fruitless)

    async def _send_or_wait(self, rows: Sequence[Row], size: int | None, fruitless: int) -> int:
        before, self._postponed = self._executed, []
        await self._send_all(rows, size)
        fruitless = 0 if self._executed > before else fruitless + 1
        if self._postponed:
            await self._wait_for_the_postponed(fruitless)
        return fruitless

    async def _wait_for_the_postponed(self, fruitless: int) -> None:
        """Wait as long as monday.com asks before it is sent the rows again that it did not get to."""
        wait = max((outcome.wait or 0.0 for outcome in self._postponed), default=0.0)
        words = self._postponed[0].message
        if fruitless >= self._workshop.settings.max_attempts or wait > LONGEST_WAIT:
            raise TransientError(f"monday.com stays busy: {words}", wait=wait, status=429)
        await self._workshop.sleep(max(wait, 2.0**fruitless))

    def _pending(self, uow: UnitOfWork) -> list[Row]:
        return self._cargo.rows(uow).pending(self._record.batch_id, self._workshop.settings.chunk_rows)

    def _pending_among(self, ids: Sequence[int], uow: UnitOfWork) -> list[Row]:
        return self._cargo.rows(uow).pending_among(ids)

    async def _send_all(self, rows: Sequence[Row], size: int | None) -> None:
        """Send rows in requests, as many at a time as there are lanes; after a failure no further one leaves."""
        waiting = deque(rows)
        failures: list[BaseException] = []

        async def lane() -> None:
            while waiting and not failures and not self._workshop.stop.is_set():
                count = min(self._rows_a_request(size), len(waiting))
                try:
                    await self._send([waiting.popleft() for _ in range(count)])
                except Exception as error:  # noqa: BLE001 - kept, and raised once the other lanes have ended
                    failures.append(error)

        await asyncio.gather(*(lane() for _ in range(self._workshop.settings.lanes)))
        if failures:
            raise failures[0]

    def _rows_a_request(self, size: int | None) -> int:
        """Tell how many rows the next request may carry: what is asked for, and what the server's budgets allow."""
        wanted = size or self._workshop.settings.aliases
        fitting = self._client.most_at_once(self._cargo.mutation)
        return wanted if fitting is None else splitting.even_share(wanted, fitting)

    async def _send(self, rows: Sequence[Row]) -> None:
        """Send rows by one request, and by smaller ones where it is refused as a whole, until a row is to blame."""
        suspects: list[_Suspect[Row]] = []
        await self._send_in_parts(rows, suspects)
        if suspects and not self._accepted:
            # Nothing like it was ever accepted: the requests themselves may be wrong, so no row is blamed.
            raise suspects[0].error
        if suspects:
            await self._blame([(suspect.row, suspect.error) for suspect in suspects])

    async def _send_in_parts(self, rows: Sequence[Row], suspects: list[_Suspect[Row]]) -> None:
        refusal = await self._send_request(rows)
        if refusal is None or self._workshop.stop.is_set():
            return
        if len(rows) == 1:
            if isinstance(refusal, RequestTooLargeError):
                raise refusal
            suspects.append(_Suspect(rows[0], refusal))
            return
        for part in splitting.parts(rows, str(refusal)):
            await self._send_in_parts(part, suspects)

    async def _send_request(self, rows: Sequence[Row]) -> TerminalError | None:
        """Send one request; give the refusal of it as a whole, for which one of its rows may be to blame."""
        await self._cargo.prepare(self._client)
        request = await self._workshop.database.run(partial(self._record_intent, rows), self._record.hold)
        try:
            outcomes = await self._cargo.send(self._client, request.rows, request.key)
        except DestinationError as error:
            # The request as a whole was surely not executed, or else the client gives outcomes.
            work = partial(self._ledger.put_back, rows, str(error))
            await self._workshop.database.run(work, self._record.hold)
            if not isinstance(error, TerminalError) or isinstance(error, AuthenticationError):
                raise
            log.warning("delivery.refused", kind=self._cargo.name, rows=len(rows), reason=str(error))
            return error
        await self._acknowledge(request, outcomes)
        for outcome in outcomes:
            if isinstance(outcome, NotExecuted) and outcome.ends_run is not None:
                raise outcome.ends_run
        return None

    async def give_up_on(self, rows: Sequence[Row]) -> None:
        """Reject rows at which monday.com fails each time, although each was sent alone."""
        words = "monday.com fails at this row each time: {}"
        await self._blame([(row, TerminalError(words.format(row.stg_error_message))) for row in rows])

    async def _blame(self, rows: Sequence[tuple[Row, TerminalError]]) -> None:
        refused = [(row, Refusal(ErrorType.REJECTED, str(error), error.status)) for row, error in rows]
        await self._workshop.database.run(partial(self._ledger.blame, refused), self._record.hold)

    def _record_intent(self, rows: Sequence[Row], uow: UnitOfWork) -> _Request[Row]:
        sent = self._ledger.payloads(rows)
        request = _Request(sent, idempotency_key(sent))
        self._ledger.intend(sent, request.key, uow)
        return request

    async def _acknowledge(self, request: _Request[Row], outcomes: Sequence[Outcome]) -> None:
        answered = []
        for (row, payload), outcome in zip(request.rows, outcomes, strict=True):
            row.stg_api_payload = payload.recorded
            answered.append((row, outcome))
        await self._workshop.database.run(partial(self._ledger.acknowledge, answered), self._record.hold)
        self._postponed.extend(outcome for outcome in outcomes if isinstance(outcome, NotExecuted))
        self._executed += sum(not isinstance(outcome, NotExecuted) for outcome in outcomes)
        self._accepted += sum(isinstance(outcome, Created | Rejected) for outcome in outcomes)
