"""Delivered order lines that are gone from the source: reported, and archived where a run is asked to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from order_staging.batch import rows
from order_staging.batch.changes.reports import WAITING
from order_staging.models import Operation, StagedOrder, StagingStatus, ValidationStatus
from order_staging.repositories import SourceFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.changes.step import Wanted
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.record import BatchRecord
    from order_staging.repositories import Row
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

FEW = 10
MOST = 0.5
"""Beyond both of these, what is gone looks like a source that is being rebuilt: it is archived only on demand."""


def looks_like_a_rebuild(removed: int, delivered: int) -> bool:
    """Tell whether so much of what was delivered is gone that the source is probably not complete just now.

    All of it always is too much.
    """
    return removed == delivered or (removed > FEW and removed > MOST * delivered)


class Removal:
    """Finds the delivered rows of a customer that the source has no more."""

    def __init__(self, context: RunContext, record: BatchRecord, source: Source, wanted: Wanted) -> None:
        """Take the batch's record, which rows are meant, and what the run is to do about them."""
        self._context = context
        self._record = record
        self._source = source
        self._wanted = wanted

    async def stage(self) -> None:
        """Count what is gone, and stage its archiving where that is wanted and safe."""
        run = self._context.database.run
        names = [self._record.result.customer]
        removed = delivered = 0
        after: UUID | None = None
        while page := await run(partial(self._page, names, after)):
            removed += len(page)
            await run(partial(self._settle, page), self._record.hold)
            after = page[-1]["source_uuid"]
            for row in page:
                log.warning(
                    "order.removed", name=row["Title"], item=row["Item ID"], uuid=str(row["source_uuid"])
                )
        self._record.result.orders.removed = removed
        if not (removed and self._wanted.archive_removed):
            return
        # Of the customer as a whole: a filter must not make little of it.
        delivered = await run(lambda uow: uow.deliveries.count_delivered(names, SourceFilter()))
        if looks_like_a_rebuild(removed, delivered) and not self._wanted.archive_most:
            words = (
                f"{removed} of {delivered} delivered order lines are gone from ORDERS_UNIFIED, which looks like a "
                "table that is being rebuilt: none is archived; if they are to be, run with --archive-most, too"
            )
            self._record.result.announcements.append(words)
            log.warning("changes.not_archived", removed=removed, delivered=delivered)
            return
        after = None
        while page := await run(partial(self._page, names, after)):
            after = page[-1]["source_uuid"]
            await run(partial(self._archive, page), self._record.hold)

    def _page(self, names: Sequence[str], after: UUID | None, uow: UnitOfWork) -> list[Row]:
        limit = self._context.settings.chunk_rows
        return uow.deliveries.removed(names, self._source.wanted, after, limit)

    def _settle(self, page: Sequence[Row], uow: UnitOfWork) -> None:
        """Resolve what waited for a decision about rows that are gone: there is none to take any more."""
        open_letters = uow.failures.open_of([row["source_uuid"] for row in page], WAITING)
        if open_letters:
            ids = [letter.err_id for letter in open_letters.values()]
            uow.failures.resolve(ids, by=self._record.runner, now=self._context.outside.now())

    def _archive(self, page: Sequence[Row], uow: UnitOfWork) -> None:
        uuids = [row["source_uuid"] for row in page]
        known = uow.staging.changes.orders_of(uuids)
        uow.staging.changes.drop_sizes(uuids)
        new = []
        for row in page:
            staged = self._staged(row)
            existing = known.get(row["source_uuid"])
            if existing is None:
                new.append(staged)
                continue
            if (
                existing.update_operation == Operation.ARCHIVE
                and existing.stg_status != StagingStatus.PROMOTED
            ):
                # On its way already, or refused.
                continue
            attempt = {"stg_id": existing.stg_id, "stg_retry_count": (existing.stg_retry_count or 0) + 1}
            uow.staging.orders.update([rows.NEVER_SENT | staged | attempt])
        self._record.begin(uow)
        uow.staging.orders.add(new)
        self._record.increase(uow, total_records=len(new))

    def _staged(self, row: Row) -> Row:
        names = rows.attributes(StagedOrder)
        values = {names[title]: value for title, value in row.items() if title in names}
        return values | {
            "source_uuid": row["source_uuid"],
            "stg_batch_id": self._record.batch_id,
            "stg_customer_batch": self._record.result.customer,
            "stg_status": StagingStatus.PENDING,
            "stg_created_date": self._context.outside.now(),
            "stg_monday_item_id": row["Item ID"],
            "update_operation": Operation.ARCHIVE,
            "update_fields": None,
            "source_table": rows.SOURCE,
            "board_id": self._context.board_id,
            "validation_status": ValidationStatus.VALID,
        }
