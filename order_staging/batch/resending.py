"""Sending again under the first key: what is unknown of a request whose key monday.com still knows.

monday.com keeps the first answer to a key for half an hour and gives it again. So the same bytes under the same key
either are executed now, or tell what became of them then. This is never relied on alone: the board is looked at
before, and once more when the first sending would have timed out; a request of which it shows anything stays.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Generic

import structlog

from order_staging.batch.requests import may_be_sent_again, same_request
from order_staging.errors import AuthenticationError, DestinationError, EndpointError, TerminalError
from order_staging.failpoints import Failpoint, reach
from order_staging.monday import Created, Unknown
from order_staging.repositories.staged_rows import Staged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.cargo import Cargo
    from order_staging.batch.ledger import Ledger
    from order_staging.batch.requests import Request
    from order_staging.monday import MondayClient, Outcome
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


class Resending(Generic[Staged]):
    """Sends unknown requests of one kind of rows again, each under the key it left with."""

    def __init__(self, ledger: Ledger[Staged], client: MondayClient) -> None:
        """Take the ledger of the rows, and the client."""
        self._context = ledger.context
        self._record = ledger.record
        self._ledger: Ledger[Staged] = ledger
        self._cargo: Cargo[Staged] = ledger.cargo
        self._client = client

    async def possible(self, rows: Sequence[Staged]) -> list[Request[Staged]]:
        """Make the requests of unknown rows anew, as far as they may be sent again.

        That is where the key is young enough, and the request comes out the same to the last byte.
        """
        return await self._context.database.run(partial(self._requests, rows))

    async def send(self, requests: Sequence[Request[Staged]]) -> set[int]:
        """Send requests again, of which nothing must be on the board.

        Gives the rows that monday.com says it has executed; anything else that it answers leaves a row unknown.
        Raises `DestinationError` where nothing can be sent at all.
        """
        executed: set[int] = set()
        for request in requests:
            if self._context.stop.is_set():
                break
            if not may_be_sent_again([row for row, _ in request.rows], self._context.outside.now()):
                continue
            answered = await self._send(request)
            executed |= answered
            if not answered:
                # monday.com still leaves requests without an answer: the others need not add to its troubles.
                break
        return executed

    def _requests(self, rows: Sequence[Staged], uow: UnitOfWork) -> list[Request[Staged]]:
        keys = {row.stg_idempotency_key for row in rows if row.stg_idempotency_key}
        travelled: defaultdict[str | None, list[Staged]] = defaultdict(list)
        for row in self._cargo.rows(uow).of_requests(self._record.batch_id, sorted(map(str, keys))):
            travelled[row.stg_idempotency_key].append(row)
        now = self._context.outside.now()
        young = [together for together in travelled.values() if may_be_sent_again(together, now)]
        return [request for together in young if (request := self._same(together))]

    def _same(self, rows: Sequence[Staged]) -> Request[Staged] | None:
        sent = self._ledger.payloads(rows)
        return same_request(sent, self._cargo.asked(sent, again=True), self._context.board_id)

    async def _send(self, request: Request[Staged]) -> set[int]:
        run, hold = self._context.database.run, self._record.hold
        await run(partial(self._ledger.resend, [row for row, _ in request.rows]), hold)
        reach(Failpoint.RESEND_RECORDED)
        try:
            outcomes = await self._cargo.send(self._client, request)
        except TerminalError as error:
            if isinstance(error, AuthenticationError | EndpointError):
                raise
            # It was not executed now, which says nothing of the first time.
            log.warning("recovery.resend_refused", rows=len(request.rows), reason=str(error))
            outcomes = [Unknown(str(error))] * len(request.rows)
        except DestinationError as error:
            doubted = [(row, str(error), None) for row, _ in request.rows]
            await run(partial(self._ledger.doubt_again, doubted), hold)
            raise
        reach(Failpoint.RESEND_ANSWERED)
        answered = list(zip((row for row, _ in request.rows), outcomes, strict=True))
        executed = [(row, outcome) for row, outcome in answered if isinstance(outcome, Created)]
        await run(partial(self._record_answers, answered, executed), hold)
        log.info("recovery.resent", kind=self._cargo.name, rows=len(request.rows), executed=len(executed))
        return {row.stg_id for row, _ in executed}

    def _record_answers(
        self,
        answered: Sequence[tuple[Staged, Outcome]],
        executed: Sequence[tuple[Staged, Outcome]],
        uow: UnitOfWork,
    ) -> None:
        self._ledger.acknowledge(executed, uow)
        doubted = [
            (row, outcome.message, outcome.sent if isinstance(outcome, Unknown) else None)
            for row, outcome in answered
            if not isinstance(outcome, Created)
        ]
        self._ledger.doubt_again(doubted, uow)
