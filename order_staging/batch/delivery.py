"""Delivery: intents are recorded, requests leave, and what became of them is recorded.

Here the database's side (a thread) and the network's side (the event loop) meet. An intent is committed before its
request leaves, and the acknowledgement after the answer; a row that is SENDING without a runner is unknown.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Generic

import structlog

from order_staging.batch import splitting
from order_staging.batch.letters import Refusal
from order_staging.batch.requests import new_request
from order_staging.errors import (
    AuthenticationError,
    DestinationError,
    EndpointError,
    RequestTooLargeError,
    TerminalError,
    TransientError,
)
from order_staging.failpoints import Failpoint, reach
from order_staging.models import ErrorType
from order_staging.monday import LONGEST_WAIT, Created, NotExecuted, Outcome, Rejected, Unknown
from order_staging.repositories.staged_rows import Staged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from order_staging.batch.cargo import Cargo
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.payloads import Payload
    from order_staging.batch.requests import Request
    from order_staging.monday import MondayClient
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

MOST_UNANSWERED = 5
"""Requests in a row without an answer after which no further one is sent before the board was asked."""
MOST_REFUSALS, OF_SEVERAL = 5, 3
"""How much may speak for everything being refused before no more is sent; what a request of several rows says."""


@dataclass(frozen=True)
class _Suspect(Generic[Staged]):
    """A row that was refused alone, how many rows were accepted before that, and the refusal."""

    row: Staged
    accepted: int
    error: TerminalError


@dataclass
class _Trial(Generic[Staged]):
    """What became of the parts of a request that was refused as a whole."""

    suspects: list[_Suspect[Staged]] = field(default_factory=list)
    accepted: int = 0
    """Rows of parts that were accepted as such."""


class Delivery(Generic[Staged]):
    """Sends a batch's pending rows of one kind until none is left that can be sent."""

    def __init__(self, ledger: Ledger[Staged], client: MondayClient) -> None:
        """Take the ledger of the rows, and the client."""
        self.aside: dict[int, str] = {}
        """Rows (`stg_id`) that this run does not send again, and what was said of them; they stay PENDING."""
        self.trouble: DestinationError | None = None
        """Why nothing of this kind is sent any more in this run."""
        self._ledger: Ledger[Staged] = ledger
        self._context = ledger.context
        self._record = ledger.record
        self._cargo: Cargo[Staged] = ledger.cargo
        self._client = client
        self._executed = 0
        self._accepted = 0
        self._unanswered = 0
        self._postponed: list[NotExecuted] = []
        self._suspects: list[_Suspect[Staged]] = []
        self._refusals = 0
        """How much speaks for everything being refused: grows with requests of which nothing was accepted."""

    @property
    def accepted(self) -> int:
        """How many rows travelled in requests that were accepted as such."""
        return self._accepted

    @property
    def gave_up(self) -> bool:
        """Whether one request after another was left without an answer when rows were sent last."""
        return self._unanswered >= MOST_UNANSWERED

    async def deliver(self, size: int | None = None) -> None:
        """Send everything that is pending, `size` rows a request at most (None: as the settings say).

        What was not executed is PENDING in the end. Raises `DestinationError` where monday.com stays busy, does not
        accept the token or does not know the board; `trouble` tells of what it refuses as a whole.
        """
        await self._deliver(self._pending, size)
        suspects, self._suspects = self._suspects, []
        for suspect in suspects:
            await self._try_again(suspect)
        if self._refusals >= OF_SEVERAL and not self._accepted:
            self.trouble = self.trouble or suspects[0].error

    async def deliver_these(self, ids: Sequence[int]) -> None:
        """Send what is pending of these rows (`stg_id`), as `deliver` does."""
        await self._deliver(partial(self._pending_among, ids), None)

    def set_aside(self, rows: Sequence[Staged]) -> None:
        """Leave rows for a later run: monday.com left them without an answer however they were sent."""
        self.aside |= {row.stg_id: str(row.stg_error_message) for row in rows}

    async def _deliver(self, read: Callable[[UnitOfWork], list[Staged]], size: int | None) -> None:
        fruitless = self._unanswered = 0
        while self._goes_on():
            rows = await self._context.database.run(read)
            if not rows:
                return
            before, self._postponed = self._executed, []
            await self._send_all(rows, size)
            fruitless = 0 if self._executed > before else fruitless + 1
            if self._postponed:
                await self._wait_for_the_postponed(fruitless)

    def _goes_on(self) -> bool:
        return not (self._context.stop.is_set() or self.gave_up or self.trouble)

    async def _wait_for_the_postponed(self, fruitless: int) -> None:
        """Wait as long as monday.com asks before it is sent the rows again that it did not get to."""
        wait = max((outcome.wait or 0.0 for outcome in self._postponed), default=0.0)
        words = self._postponed[0].message
        if fruitless >= self._context.settings.max_attempts or wait > LONGEST_WAIT:
            raise TransientError(f"monday.com stays busy: {words}", wait=wait, status=429)
        await self._context.wait(max(wait, 2.0**fruitless), f"monday.com is busy: {words}")

    def _pending(self, uow: UnitOfWork) -> list[Staged]:
        limit = self._context.settings.chunk_rows + len(self.aside)
        rows = self._cargo.rows(uow).pending(self._record.batch_id, limit)
        return [row for row in rows if row.stg_id not in self.aside]

    def _pending_among(self, ids: Sequence[int], uow: UnitOfWork) -> list[Staged]:
        return [row for row in self._cargo.rows(uow).pending_among(ids) if row.stg_id not in self.aside]

    async def _send_all(self, rows: Sequence[Staged], size: int | None) -> None:
        """Send rows in requests, as many at a time as there are lanes; after a failure no further one leaves."""
        waiting = deque(rows)
        failures: list[BaseException] = []

        async def lane() -> None:
            while waiting and not failures and self._goes_on():
                try:
                    await self._send(self._next_rows(waiting, size))
                except Exception as error:  # noqa: BLE001 - kept, and raised once the other lanes have ended
                    failures.append(error)

        await asyncio.gather(*(lane() for _ in range(self._context.settings.lanes)))
        if failures:
            raise failures[0]

    def _next_rows(self, waiting: deque[Staged], size: int | None) -> list[Staged]:
        """Take the rows of the next request: a row of two mutations counts twice, and one may always go."""
        room = self._mutations_a_request(size, self._cargo.mutation(waiting[0]))
        rows: list[Staged] = []
        while waiting and (not rows or room >= self._cargo.mutations(waiting[0])):
            room -= self._cargo.mutations(waiting[0])
            rows.append(waiting.popleft())
        return rows

    def _mutations_a_request(self, size: int | None, mutation: str) -> int:
        """Tell what the next request may carry: what is asked for, and what the server's budgets allow."""
        wanted = size or self._context.settings.aliases
        fitting = self._client.most_at_once(mutation)
        return wanted if fitting is None else splitting.even_share(wanted, fitting)

    async def _send(self, rows: Sequence[Staged]) -> None:
        """Send rows by one request, and by smaller ones where it is refused as a whole, until a row is to blame.

        A sole row of a request whose others were all accepted after its refusal is. Every other that was refused
        alone is set aside, and tried once more when others were accepted after it: else the refusal may be about
        anything, and after a few of the kind nothing more is sent.
        """
        trial: _Trial[Staged] = _Trial()
        if self._refusals and len(rows) > 1:
            # The request before was refused to its last row: a single one shows whether this is about everything.
            await self._send_in_parts(rows[:1], trial)
            await self._send_in_parts(rows[1:] if trial.accepted else [], trial)
        else:
            await self._send_in_parts(rows, trial)
        if len(trial.suspects) == 1 and 0 < trial.accepted == len(rows) - 1:
            await self._blame([(trial.suspects[0].row, trial.suspects[0].error)])
            return
        self._suspects += trial.suspects
        self.aside |= {suspect.row.stg_id: str(suspect.error) for suspect in trial.suspects}
        if trial.suspects and not trial.accepted and not self._context.stop.is_set():
            self._refusals += OF_SEVERAL if len(rows) > 1 else 1
            if self._refusals >= MOST_REFUSALS:
                self.trouble = trial.suspects[0].error

    async def _send_in_parts(self, rows: Sequence[Staged], trial: _Trial[Staged]) -> None:
        if not rows:
            return
        refusal, accepted = await self._send_request(rows)
        trial.accepted += accepted
        if refusal is None:
            return
        if len(rows) == 1:
            if isinstance(refusal, RequestTooLargeError):
                raise refusal
            trial.suspects.append(_Suspect(rows[0], self._accepted, refusal))
            return
        for part in splitting.parts(rows, str(refusal)):
            if not self._context.stop.is_set():
                await self._send_in_parts(part, trial)

    async def _try_again(self, suspect: _Suspect[Staged]) -> None:
        """Send a row again that was refused alone, if others were accepted since; refused again, it is to blame."""
        if self._accepted == suspect.accepted or not self._goes_on():
            return
        refusal, _ = await self._send_request([suspect.row])
        if refusal is not None:
            await self._blame([(suspect.row, refusal)])
        self.aside.pop(suspect.row.stg_id, None)

    async def _send_request(self, rows: Sequence[Staged]) -> tuple[TerminalError | None, int]:
        """Send one request; give its refusal as a whole, for which a row may be to blame, or the rows accepted."""
        await self._cargo.prepare(self._client)
        request = await self._context.database.run(partial(self._record_intent, rows), self._record.hold)
        try:
            reach(Failpoint.INTENT_RECORDED)
            outcomes = await self._cargo.send(self._client, request)
            reach(Failpoint.ANSWER_READ)
        except DestinationError as error:
            # The request as a whole was surely not executed, or else the client gives outcomes.
            work = partial(self._ledger.put_back, rows, str(error))
            await self._context.database.run(work, self._record.hold)
            if not isinstance(error, TerminalError) or isinstance(error, AuthenticationError | EndpointError):
                raise
            log.warning("delivery.refused", kind=self._cargo.name, rows=len(rows), reason=str(error))
            return error, 0
        accepted = await self._acknowledge(request, outcomes)
        self._obey(request.rows, outcomes, accepted)
        return None, accepted

    def _obey(
        self, rows: Sequence[tuple[Staged, Payload]], outcomes: Sequence[Outcome], accepted: int
    ) -> None:
        """Raise what ends the run; what others of the same answer show to be a row's own sets the row aside."""
        for (row, _), outcome in zip(rows, outcomes, strict=True):
            if not isinstance(outcome, NotExecuted) or outcome.ends_run is None:
                continue
            if accepted and isinstance(outcome.ends_run, AuthenticationError | EndpointError):
                self.aside[row.stg_id] = outcome.message
                self._postponed.remove(outcome)
            else:
                raise outcome.ends_run

    async def _blame(self, rows: Sequence[tuple[Staged, TerminalError]]) -> None:
        if rows:
            refused = [(row, Refusal(ErrorType.REJECTED, str(error), error.status)) for row, error in rows]
            await self._context.database.run(partial(self._ledger.blame, refused), self._record.hold)

    def _record_intent(self, rows: Sequence[Staged], uow: UnitOfWork) -> Request[Staged]:
        sent = self._ledger.payloads(rows)
        request = new_request(sent, self._cargo.asked(sent), self._context.board_id)
        self._ledger.intend(sent, request.key, uow)
        return request

    async def _acknowledge(self, request: Request[Staged], outcomes: Sequence[Outcome]) -> int:
        """Record outcomes; give the number of rows that were accepted as such."""
        answered = [(row, outcome) for (row, _), outcome in zip(request.rows, outcomes, strict=True)]
        await self._context.database.run(partial(self._ledger.acknowledge, answered), self._record.hold)
        reach(Failpoint.OUTCOMES_RECORDED)
        self._postponed.extend(outcome for outcome in outcomes if isinstance(outcome, NotExecuted))
        self._executed += sum(not isinstance(outcome, NotExecuted) for outcome in outcomes)
        accepted = sum(isinstance(outcome, Created | Rejected) for outcome in outcomes)
        self._accepted += accepted
        self._refusals = 0 if accepted else self._refusals
        silent = all(isinstance(outcome, Unknown) for outcome in outcomes)
        self._unanswered = self._unanswered + 1 if silent else 0
        return accepted
