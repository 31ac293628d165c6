"""Promotion and cleanup: what landed goes to production, and what is in production leaves staging."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from order_staging.failpoints import Failpoint, reach

if TYPE_CHECKING:
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.workshop import Workshop
    from order_staging.unit_of_work import UnitOfWork

CHUNKS = 10
"""Promotion is one statement for many rows: a transaction takes ten times as many as a round of single rows."""


async def promote(workshop: Workshop, record: BatchRecord) -> None:
    """Write what landed to production, and mark it, in bounded transactions."""
    run, hold, result = workshop.database.run, record.hold, record.result
    while orders := await run(partial(_promote_orders, workshop, record), hold):
        reach(Failpoint.ORDERS_PROMOTED)
        result.orders.promoted += orders
    while subitems := await run(partial(_promote_subitems, workshop, record), hold):
        reach(Failpoint.SUBITEMS_PROMOTED)
        result.subitems.promoted += subitems


async def clean_up(workshop: Workshop, record: BatchRecord) -> tuple[int, int]:
    """Delete what is in production from staging; give the numbers of orders and subitems deleted."""

    def delete(uow: UnitOfWork) -> tuple[int, int]:
        subitems = uow.staging.subitems.delete_promoted(record.batch_id)
        reach(Failpoint.SIZES_CLEANED)
        return uow.staging.orders.delete_finished(record.batch_id), subitems

    deleted = await workshop.database.run(delete, record.hold)
    reach(Failpoint.STAGING_CLEANED)
    return deleted


def _promote_orders(workshop: Workshop, record: BatchRecord, uow: UnitOfWork) -> int:
    limit = workshop.settings.chunk_rows * CHUNKS
    columns = [field.title for field in workshop.mapping.fields]
    done = uow.production.promote_orders(record.batch_id, limit, workshop.outside.now(), columns=columns)
    uow.staging.changes.forget_archived(record.batch_id)
    record.increase(uow, successful_records=done)
    return done


def _promote_subitems(workshop: Workshop, record: BatchRecord, uow: UnitOfWork) -> int:
    limit = workshop.settings.chunk_rows * CHUNKS
    return uow.production.promote_subitems(record.batch_id, limit, workshop.outside.now())
