"""Retry: rows that failed are put on their way again, as the source has them now.

A letter stays unresolved until its row is acknowledged; then whatever acknowledges it resolves the letter. So a
retry may die at any moment: what it has staged is taken up by the next run.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from order_staging.batch.events import Step
from order_staging.batch.letters import tried_again
from order_staging.batch.retry.orders import OrderRound
from order_staging.batch.retry.rounds import Again
from order_staging.batch.retry.sizes import SizeRound
from order_staging.failpoints import Failpoint, reach
from order_staging.models import ErrorType
from order_staging.repositories import Kind, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from order_staging.batch.retry.errands import ErrorId
    from order_staging.batch.retry.rounds import Scope
    from order_staging.models import FailedOrder
    from order_staging.unit_of_work import UnitOfWork

    Work = Callable[[Sequence[int], UnitOfWork], Again]

LETTERS_A_ROUND = 500
"""Dead letters a transaction, at most."""


class Retrying:
    """Stages what one customer's dead letters are about, under the lease, a round a transaction."""

    def __init__(self, scope: Scope) -> None:
        """Take what the rounds work with."""
        self._scope = scope
        self._context = scope.context
        self._record = scope.record

    async def stage(self, letters: Sequence[ErrorId]) -> Again:
        """Stage what can be staged at once, and tell what is to be looked at. A stop leaves the rest as it is."""
        return await self._stage(letters, self._stage_orders, self._stage_subitems)

    async def stage_absent(self, doubted: Sequence[ErrorId]) -> Again:
        """Stage anew what people had to decide about, and of which the board shows nothing any more."""
        orders = partial(self._stage_orders, absent=True)
        return await self._stage(doubted, orders, partial(self._stage_subitems, absent=True))

    async def _stage(self, letters: Sequence[ErrorId], orders: Work, subitems: Work) -> Again:
        again = Again()
        customer = self._record.result.customer
        with self._context.announcer.step(customer, Step.RETRY, len(letters)) as progress:
            # Orders first: their sizes are staged with them.
            for kind, work in ((Kind.ORDER, orders), (Kind.SUBITEM, subitems)):
                numbers = [each.number for each in letters if each.kind is kind]
                for some in chunks(numbers, LETTERS_A_ROUND):
                    if self._context.stop.is_set():
                        return again
                    again.add(await self._context.database.run(partial(work, some), self._record.hold))
                    progress.advance(len(some))
                    reach(Failpoint.RETRY_STAGED)
        return again

    async def conclude(self, again: Again) -> None:
        """Count a retry for letters that were looked at and still hold."""
        for some in chunks(again.examined, LETTERS_A_ROUND):
            await self._context.database.run(partial(self._count_retries, some), self._record.hold)

    def _count_retries(self, err_ids: Sequence[int], uow: UnitOfWork) -> None:
        now, most = self._context.outside.now(), self._context.settings.max_attempts
        found = uow.failures.open_orders(err_ids)
        uow.failures.orders.update([tried_again(letter, now, most) for letter in found])

    def _stage_orders(self, err_ids: Sequence[int], uow: UnitOfWork, *, absent: bool = False) -> Again:
        open_ones = uow.failures.open_orders(err_ids)
        found = [letter for letter in open_ones if not _left_to_runs(letter)]
        uuids = sorted({letter.source_uuid for letter in found if letter.source_uuid is not None})
        work = OrderRound(self._scope, uow, uuids)
        work.leave(len(open_ones) - len(found))
        for letter in found:
            if not absent or work.is_refused(letter):
                work.retry(letter)
        return work.done(0 if absent else len(found))

    def _stage_subitems(self, err_ids: Sequence[int], uow: UnitOfWork, *, absent: bool = False) -> Again:
        found = uow.failures.open_subitems(err_ids)
        uuids = sorted({letter.source_uuid for letter in found if letter.source_uuid is not None})
        work = SizeRound(self._scope, uow, uuids)
        for letter in found:
            if not absent or work.is_refused(letter):
                work.retry(letter)
        return work.done(0 if absent else len(found))


def _left_to_runs(letter: FailedOrder) -> bool:
    """Tell whether only a run finds a letter's row again: by what it says, among all new rows."""
    return letter.source_uuid is None and letter.error_type == ErrorType.INVALID
