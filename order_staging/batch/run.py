"""One customer's batch: the steps in their order, each of them re-entrant."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.batch import splitting
from order_staging.batch.announcing import NOWHERE
from order_staging.batch.bulk import BulkDelivery
from order_staging.batch.cargo import Orders, Subitems
from order_staging.batch.changes.step import ChangesStep
from order_staging.batch.delivery import Delivery
from order_staging.batch.events import Step
from order_staging.batch.imports import Imports
from order_staging.batch.ledger import Ledger
from order_staging.batch.letters import Refusal
from order_staging.batch.loading import Loader
from order_staging.batch.lookups import ByGroup, ByKey, ByName, BySize
from order_staging.batch.promotion import clean_up, promote
from order_staging.batch.record import BATCH_TYPE
from order_staging.batch.recovery import Recovery
from order_staging.batch.refusals import Refusals
from order_staging.batch.resending import Resending
from order_staging.errors import OutcomeUnknownError
from order_staging.failpoints import Failpoint, reach
from order_staging.models import BatchStatus, ErrorType, StagingStatus
from order_staging.monday import refusal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.assembly import BoardConnection
    from order_staging.batch.changes.step import Wanted
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.record import BatchRecord
    from order_staging.errors import DestinationError
    from order_staging.models import StagedOrder, StagedSubitem
    from order_staging.monday import MondayClient
    from order_staging.repositories import StagedOrders, StagedSubitems
    from order_staging.unit_of_work import UnitOfWork

    _Items = tuple[Orders, Ledger[StagedOrder], Recovery[StagedOrder], Imports]

log = structlog.get_logger(__name__)

RELINKED_CHUNKS = 10
"""Rows that are relinked in a transaction, in chunks: each goes through the source and production once."""

TROUBLED = {StagingStatus.API_FAILED, StagingStatus.UNKNOWN, StagingStatus.CONFLICT}
"""States of a subitem that keep a batch from being completed without errors; one may wait for a later run."""


class BatchRun:
    """The steps of one batch, under a lease."""

    def __init__(self, context: RunContext, record: BatchRecord) -> None:
        """Take the batch's record."""
        self._context = context
        self._record = record
        self._result = record.result
        self._refusals = Refusals(context, record)
        self._left_behind: list[str] = []
        """What was said of rows that could not be sent and are left for a later run."""
        self._trouble: DestinationError | None = None
        """What ends the batch as failed or paused, once everything else is done."""

    def require_no_trouble(self) -> None:
        """Raise what kept rows from being sent. Raises `DestinationError`."""
        if self._trouble is not None:
            raise self._trouble

    async def recover(self, *, look_first: bool = False) -> None:
        """Gather what earlier runs left of this customer into this batch.

        `look_first`: what of it is to be created may be on the board already.
        """
        await self._context.database.run(partial(self._gather, look_first), self._record.hold)
        reach(Failpoint.LEFTOVERS_GATHERED)

    async def relink(self, source: Source) -> None:
        """Find rows again whose source row has come back under another UUID, staged or in production."""
        more, before, orders = True, self._result.orders.relinked, self._result.orders
        with self._step(Step.RELINK) as progress:
            while more and not self._context.stop.is_set():
                more = await self._context.database.run(partial(self._relink, source), self._record.hold)
                progress.reach(orders.relinked - before)
                reach(Failpoint.ROWS_RELINKED)

    async def load(self, source: Source | None) -> None:
        """Stage what is new; None: nothing."""
        if source is not None:
            await Loader(self._context, self._record, source).load()
        await self._reach_unless_stopped(BatchStatus.STAGING_LOADED)

    async def stage_changes(self, source: Source, connection: BoardConnection, wanted: Wanted) -> None:
        """Stage what has changed of what was delivered before."""
        await self._doubt()
        await ChangesStep(self._context, self._record, source, connection, wanted).stage()

    async def settle(self, connection: BoardConnection) -> None:
        """Ask the board about what is unknown, and create nothing that it does not show."""
        await self._doubt()
        _, _, recovery, imports = self._items(connection.client, {}, NOWHERE)
        await imports.resume()
        await recovery.settle()
        await self._subitems(connection, NOWHERE)[1].settle()

    async def create_items(self, connection: BoardConnection) -> None:
        """Settle what is unknown of the orders, and send what is pending."""
        await self._doubt()
        total = await self._due(lambda uow: uow.staging.orders)
        with self._step(Step.ITEMS, total) as progress:
            await self._create_items(connection, progress)

    async def _create_items(self, connection: BoardConnection, progress: StepProgress) -> None:
        client = connection.client
        groups: dict[str, str] = {}
        cargo, ledger, recovery, imports = self._items(client, groups, progress)
        delivery = Delivery(ledger, client)
        await imports.resume()
        # What turns out to be absent from the board is to be sent again, and needs its group, too.
        await recovery.settle()
        if self._context.stop.is_set():
            await self._reach_unless_stopped(BatchStatus.ITEMS_CREATED)
            return
        groups |= await self._ensure_groups(client, ledger)
        reach(Failpoint.GROUPS_ENSURED)
        await BulkDelivery(imports, cargo, client, delivery, recovery).deliver()
        await self._until_settled(delivery, recovery)
        recovery.count_unknown(imports.waiting)
        self._trouble = self._trouble or imports.unfinished
        await self._reach_unless_stopped(BatchStatus.ITEMS_CREATED)

    async def create_subitems(self, connection: BoardConnection) -> None:
        """Settle what is unknown of the subitems, and send what is pending and has its item."""
        run, batch_id = self._context.database.run, self._record.batch_id
        await self._doubt()
        await run(lambda uow: uow.staging.subitems.link_to_items(batch_id), self._record.hold)
        total = await self._due(lambda uow: uow.staging.subitems)
        with self._step(Step.SUBITEMS, total) as progress:
            ledger, recovery = self._subitems(connection, progress)
            delivery = Delivery(ledger, connection.client)
            await recovery.settle()
            await self._until_settled(delivery, recovery)
            await self._record_subitem_board(connection)
            await self._reach_unless_stopped(BatchStatus.SUBITEMS_CREATED)

    def _step(self, step: Step, total: int | None = None) -> AbstractContextManager[StepProgress]:
        return self._context.announcer.step(self._result.customer, step, total)

    async def _due(self, rows: Callable[[UnitOfWork], StagedOrders | StagedSubitems]) -> int | None:
        """Count the rows of one kind that are to be brought to the board, if anybody wants to know."""
        if not self._context.announcer.listens:
            return None
        batch_id = self._record.batch_id
        return await self._context.database.run(lambda uow: rows(uow).count_due(batch_id))

    def _items(self, client: MondayClient, groups: dict[str, str], progress: StepProgress) -> _Items:
        """Make what works on orders; `groups` will have the ids of their groups once these are ensured."""
        cargo = Orders(self._context.mapping, client.key_column, groups)
        search = ByGroup(client, ByKey(client, ByName(client, self._context)))
        ledger = Ledger(self._context, self._record, cargo, self._result.orders, self._refusals, progress)
        recovery = Recovery(ledger, search.find, Resending(ledger, client))
        return cargo, ledger, recovery, Imports(ledger, cargo, client)

    def _subitems(
        self, connection: BoardConnection, progress: StepProgress
    ) -> tuple[Ledger[StagedSubitem], Recovery[StagedSubitem]]:
        cargo = Subitems(self._context.mapping, connection.subitem_board_id, self._result.customer)
        ledger = Ledger(self._context, self._record, cargo, self._result.subitems, self._refusals, progress)
        search = BySize(connection.client, cargo, self._context)
        return ledger, Recovery(ledger, search.find, Resending(ledger, connection.client))

    async def promote(self) -> None:
        """Write what landed to production."""
        await promote(self._context, self._record)
        await self._record.reach(BatchStatus.PROMOTED)

    async def clean_up(self) -> tuple[int, int]:
        """Delete what is in production from staging; give the numbers of orders and subitems deleted."""
        deleted = await clean_up(self._context, self._record)
        await self._record.note(cleanup_completed=self._context.outside.now())
        return deleted

    async def finish(self) -> None:
        """Record that the batch has come to its end, with or without errors. Raises what kept rows back."""
        self.require_no_trouble()
        clean = await self._context.database.run(self._is_clean)
        words = None
        if self._left_behind:
            first = self._context.redact(self._left_behind[0])
            words = f"{len(self._left_behind)} rows could not be sent, and wait for the next run: {first}"
        await self._record.end(BatchStatus.COMPLETED if clean else BatchStatus.COMPLETED_WITH_ERRORS, words)
        reach(Failpoint.BATCH_ENDED)

    def _relink(self, source: Source, uow: UnitOfWork) -> bool:
        """Relink some rows; tell whether there may be more."""
        limit = self._context.settings.chunk_rows * RELINKED_CHUNKS
        relinked = uow.relinking.relink(
            self._context.business_key, source.wanted.names or (), limit, doubled=source.doubled
        )
        if relinked.rows:
            self._record.begin(uow)
            uow.after_commit(partial(self._count_relinked, relinked.rows))
        return relinked.more

    def _count_relinked(self, rows: int) -> None:
        self._result.orders.relinked += rows
        log.info("orders.relinked", rows=rows)

    def _gather(self, look_first: bool, uow: UnitOfWork) -> None:
        if not self._record.resumes:
            # What is left then waits for a run that wants it, in its own batch: this one may never be recorded.
            return
        batch_id, customer = self._record.batch_id, self._result.customer
        uow.staging.orders.gather_open(customer, batch_id)
        uow.staging.changes.gather_sizes(batch_id)
        if look_first:
            uow.staging.orders.doubt_new(batch_id)
            uow.staging.subitems.doubt_new(batch_id)
        for other in uow.batches.unfinished(customer, BATCH_TYPE):
            if other.batch_id != batch_id:
                other.status, other.end_time = BatchStatus.FAILED, self._context.outside.now()
                other.error_summary = f"its runner was lost; its rows went on in batch {batch_id}"
        self._record.begin(uow)

    async def _doubt(self) -> None:
        await self._context.database.run(self._doubt_interrupted, self._record.hold)
        reach(Failpoint.INTERRUPTED_DOUBTED)

    def _doubt_interrupted(self, uow: UnitOfWork) -> None:
        """Make unknown what is still SENDING: under our lease nobody sends it, so its runner is gone."""
        batch_id = self._record.batch_id
        interrupted = uow.staging.orders.interrupted(batch_id) + uow.staging.subitems.interrupted(batch_id)
        if interrupted:
            log.warning("recovery.interrupted", rows=interrupted)
        if self._record.begun:
            self._refusals.recall(uow)

    async def _ensure_groups(self, client: MondayClient, ledger: Ledger[StagedOrder]) -> dict[str, str]:
        """Find or create the groups of what is to be sent; rows whose group monday.com refuses are rejected."""
        batch_id = self._record.batch_id
        titles = await self._context.database.run(lambda uow: uow.staging.orders.groups_to_use(batch_id))
        before = client.groups.created
        ensured = await client.groups.ensure(titles)
        self._result.groups.used = len(ensured.ids)
        self._result.groups.created += client.groups.created - before
        for title, refusal in ensured.refused.items():
            why = Refusal(ErrorType.REJECTED, refusal_of(title, refusal), refusal.status)
            reject = partial(self._reject_of_group, ledger, title, why)
            while await self._context.database.run(reject, self._record.hold):
                # What is rejected is not PENDING any more: a group may have more rows than fit into memory.
                pass
        return ensured.ids

    def _reject_of_group(self, ledger: Ledger[StagedOrder], title: str, why: Refusal, uow: UnitOfWork) -> int:
        """Reject some rows of a group; tell how many."""
        limit = self._context.settings.chunk_rows
        rows = uow.staging.orders.pending_of_group(self._record.batch_id, title, limit)
        if rows:
            ledger.blame([(row, why) for row in rows], uow)
        return len(rows)

    async def _reach_unless_stopped(self, status: BatchStatus) -> None:
        """Record that a step is complete; one that was asked to end has left the rest to the next run."""
        if not self._context.stop.is_set():
            await self._record.reach(status)
            return
        # What was used is recorded all the same, and a lease that was lost does not go unnoticed: it is proven.
        work = self._record.increase if self._record.begun else _nothing
        await self._context.database.run(work, self._record.hold)

    async def _until_settled(self, delivery: Delivery[Any], recovery: Recovery[Any]) -> None:
        """Deliver, settle what is unknown, and deliver again what is surely absent, in ever smaller requests.

        So a row at which monday.com fails leaves its neighbours behind. It is left for a later run, never rejected:
        no answer is no refusal. Where nothing gets through, all of it is left, and the batch ends as failed.
        """
        got_through = 0
        absent: list[Any] = []
        for attempt in range(splitting.ROUNDS):
            before = delivery.accepted + recovery.landed
            await delivery.deliver(splitting.rows_a_request(self._context.settings.aliases, attempt))
            absent = await recovery.settle()
            if self._context.stop.is_set():
                return
            if attempt:
                got_through += delivery.accepted + recovery.landed - before
            if delivery.trouble or not (absent or delivery.gave_up):
                break
        else:
            delivery.set_aside(absent)
            if delivery.gave_up or not got_through:
                words = "monday.com keeps leaving requests without an answer; run again later"
                delivery.trouble = OutcomeUnknownError(words)
        self._left_behind += delivery.aside.values()
        recovery.count_unknown(len(delivery.aside))
        self._trouble = self._trouble or delivery.trouble

    async def _record_subitem_board(self, connection: BoardConnection) -> None:
        found = connection.subitem_board_id
        if found is None and self._result.subitems.on_board and not self._context.stop.is_set():
            # A classic board's first subitem creates the board of the subitems.
            found = (await connection.client.board()).subitem_board_id
        if found is not None:
            # Subitems that an earlier run sent before it knew the board learn it here, too.
            batch_id = self._record.batch_id
            await self._context.database.run(
                lambda uow: uow.staging.subitems.name_board(batch_id, found), self._record.hold
            )

    def _is_clean(self, uow: UnitOfWork) -> bool:
        batch_id = self._record.batch_id
        orders, subitems = uow.staging.orders.counts(batch_id), uow.staging.subitems.counts(batch_id)
        if StagingStatus.UNKNOWN in subitems and not uow.staging.subitems.unsettled(batch_id):
            # They wait for their items, or for a run that brings sizes: nobody has asked about them yet.
            del subitems[StagingStatus.UNKNOWN]
        left = orders.keys() - {StagingStatus.PROMOTED} | subitems.keys() & TROUBLED
        return (
            not left
            and not self._left_behind
            and not uow.failures.any_open_of_batch(batch_id)
            and not self._result.failed_rows
        )


def _nothing(_: UnitOfWork) -> None:
    """Do nothing, in a unit of work."""
