"""Promotion and cleanup: what landed goes to production, and what is in production leaves staging."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from order_staging.batch.events import Step
from order_staging.failpoints import Failpoint, reach
from order_staging.models import StagingStatus

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging.batch.context import RunContext
    from order_staging.batch.record import BatchRecord
    from order_staging.repositories import Span
    from order_staging.unit_of_work import UnitOfWork

CHUNKS = 10
"""Promotion is one statement for many rows: a transaction takes ten times as many as a round of single rows."""


async def promote(context: RunContext, record: BatchRecord) -> None:
    """Write what landed to production, and mark it, in bounded transactions."""
    run, hold, result = context.database.run, record.hold, record.result
    orders, subitems = await run(partial(_to_promote, context, record), hold)
    if not (orders or subitems):
        return
    total = await _total(context, record, StagingStatus.API_SUCCESS)
    with context.announcer.step(result.customer, Step.PROMOTE, total) as progress:
        for span in orders:
            promoted = await run(partial(_promote_orders, context, record, span), hold)
            reach(Failpoint.ORDERS_PROMOTED)
            result.orders.promoted += promoted
            progress.advance(promoted)
        for span in subitems:
            promoted = await run(partial(_promote_subitems, context, record, span), hold)
            reach(Failpoint.SUBITEMS_PROMOTED)
            result.subitems.promoted += promoted
            progress.advance(promoted)
        progress.complete()


async def clean_up(context: RunContext, record: BatchRecord) -> tuple[int, int]:
    """Delete what is in production from staging, in bounded transactions; give the numbers of orders and subitems.

    Sizes go first: an order stays while any size of it is staged.
    """
    run, hold, batch_id = context.database.run, record.hold, record.batch_id
    orders = subitems = 0
    for_orders, for_subitems = await run(partial(_spans, context, batch_id, StagingStatus.PROMOTED), hold)
    if for_orders or for_subitems:
        total = await _total(context, record, StagingStatus.PROMOTED)
        with context.announcer.step(record.result.customer, Step.CLEAN_UP, total) as progress:
            for span in for_subitems:
                subitems += await run(partial(_delete_subitems, batch_id, span), hold)
                reach(Failpoint.SIZES_CLEANED)
                progress.reach(subitems)
            for span in for_orders:
                orders += await run(partial(_delete_orders, batch_id, span), hold)
                progress.reach(subitems + orders)
            progress.complete()
    reach(Failpoint.STAGING_CLEANED)
    return orders, subitems


async def _total(context: RunContext, record: BatchRecord, status: StagingStatus) -> int | None:
    """Count the batch's rows in a state, if anybody wants to know."""
    if not context.announcer.listens:
        return None

    def count(uow: UnitOfWork) -> int:
        kinds = (uow.staging.orders, uow.staging.subitems)
        return sum(kind.counts(record.batch_id).get(status, 0) for kind in kinds)

    return await context.database.run(count)


def _to_promote(context: RunContext, record: BatchRecord, uow: UnitOfWork) -> tuple[list[Span], list[Span]]:
    # Archiving that was taken back is marked already, and nothing of it is promoted.
    uow.staging.changes.forget_archived(record.batch_id)
    return _spans(context, record.batch_id, StagingStatus.API_SUCCESS, uow)


def _spans(
    context: RunContext, batch_id: UUID, status: StagingStatus, uow: UnitOfWork
) -> tuple[list[Span], list[Span]]:
    """Cut the orders of a batch that are in a state, and its subitems, into what a transaction may take."""
    size = context.settings.chunk_rows * CHUNKS
    return uow.staging.orders.spans(batch_id, status, size), uow.staging.subitems.spans(
        batch_id, status, size
    )


def _promote_orders(context: RunContext, record: BatchRecord, span: Span, uow: UnitOfWork) -> int:
    columns = [field.title for field in context.mapping.fields]
    done = uow.production.promote_orders(record.batch_id, span, context.outside.now(), columns=columns)
    record.increase(uow, successful_records=done)
    return done


def _promote_subitems(context: RunContext, record: BatchRecord, span: Span, uow: UnitOfWork) -> int:
    return uow.production.promote_subitems(record.batch_id, span, context.outside.now())


def _delete_subitems(batch_id: UUID, span: Span, uow: UnitOfWork) -> int:
    return uow.staging.subitems.delete_promoted(batch_id, span)


def _delete_orders(batch_id: UUID, span: Span, uow: UnitOfWork) -> int:
    return uow.staging.orders.delete_finished(batch_id, span)
