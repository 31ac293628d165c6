"""Loading: new rows of ORDERS_UNIFIED become staged orders and subitems, or dead letters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.batch import rows
from order_staging.batch.invalid import InvalidRows
from order_staging.batch.limits import subitem_limits
from order_staging.failpoints import Failpoint, reach
from order_staging.repositories import chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import InvalidOrder, Note, Order

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.record import BatchRecord
    from order_staging.batch.workshop import Workshop
    from order_staging.repositories import SourceFilter, SourceShape
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

UUIDS_A_ROUND = 1000


@dataclass(frozen=True)
class Source:
    """What to load: the table's shape, the rows that are meant, and how many order lines at most (None: all).

    `doubled` says that a UUID stands on several rows somewhere.
    """

    shape: SourceShape
    wanted: SourceFilter
    limit: int | None = None
    doubled: bool = False
    only: tuple[UUID, ...] | None = None
    """The only rows to load, by UUID; None: all that are new."""


class Loader:
    """Loads one customer's new rows into staging, page by page, each page in a transaction of its own."""

    def __init__(self, workshop: Workshop, record: BatchRecord, source: Source) -> None:
        """Take the batch's record, which is written once there is something to record, and what to load."""
        self._workshop = workshop
        self._record = record
        self._source = source
        self._orders = record.result.orders
        self._subitems = record.result.subitems
        self._subitem_limits = subitem_limits()
        self._invalid = InvalidRows(workshop, record)

    async def load(self) -> None:
        """Stage everything that is new, up to the limit; what is invalid goes to the ERR table, once."""
        run, hold = self._workshop.database.run, self._record.hold
        await run(self._invalid.look)
        await run(self._refuse_unidentified, hold)
        only = self._source.only
        for uuids in [None] if only is None else chunks(only, UUIDS_A_ROUND):
            await self._load_pages(uuids)

    async def _load_pages(self, uuids: Sequence[UUID] | None) -> None:
        run, hold = self._workshop.database.run, self._record.hold
        after: UUID | None = None
        while not self._workshop.stop.is_set() and self._room() > 0:
            after, more = await run(partial(self._load_page, after, uuids), hold)
            reach(Failpoint.PAGE_LOADED)
            if not more:
                break

    def _room(self) -> float:
        limit = self._source.limit
        return math.inf if limit is None else limit - self._orders.loaded

    def _refuse_unidentified(self, uow: UnitOfWork) -> None:
        source = self._source
        found = uow.source.unidentified_rows(
            source.shape, self._workshop.mapping.source_columns, source.wanted, doubled=source.doubled
        )
        self._invalid.recall(uow, found)
        for row in found:
            order = self._workshop.rules.apply(row, source.shape.sizes)
            self._invalid.refuse(_unidentified(order), row, identified=False)
        self._invalid.write(uow)

    def _load_page(
        self, after: UUID | None, uuids: Sequence[UUID] | None, uow: UnitOfWork
    ) -> tuple[UUID | None, bool]:
        """Load one page; give the last UUID of it, and whether there may be more."""
        source, size = self._source, self._workshop.settings.chunk_rows
        columns = self._workshop.mapping.source_columns
        page = uow.source.new_rows(
            source.shape, columns, source.wanted, Page(after, size, without_doubled=source.doubled), uuids
        )
        orders: list[Order] = []
        self._invalid.recall(uow, page)
        for row in page:
            if len(orders) >= self._room():
                break
            order = self._workshop.rules.apply(row, source.shape.sizes)
            if isinstance(order, Order):
                orders.append(order)
                self._invalid.accept(order, row)
            else:
                self._invalid.refuse(order, row, identified=True)
        self._write(uow, orders)
        return (page[-1][UUID_COLUMN] if page else after), len(page) == size

    def _write(self, uow: UnitOfWork, orders: list[Order]) -> None:
        self._invalid.write(uow)
        if not orders:
            return
        self._record.begin(uow)
        self._stage(uow, orders)
        note_warnings(uow, self._record.batch_id, orders)
        self._record.increase(uow, total_records=len(orders))

    def _stage(self, uow: UnitOfWork, orders: list[Order]) -> None:
        uow.staging.orders.drop_invalid([order.source_uuid for order in orders])
        now, board_id = self._workshop.outside.now(), self._workshop.board_id
        customer = self._record.result.customer
        parents = [
            rows.staged_order(order, self._record.batch_id, board_id, now)
            | {"stg_customer_batch": customer, "stg_rules": self._workshop.rules_hash}
            for order in orders
        ]
        ids = uow.staging.orders.add(parents)
        subitems = [
            subitem
            for order, parent, stg_id in zip(orders, parents, ids, strict=True)
            for subitem in rows.staged_subitems(order, parent, stg_id, self._subitem_limits)
        ]
        uow.staging.subitems.insert(subitems)
        uow.after_commit(partial(self._count, orders, subitems))

    def _count(self, orders: Sequence[Order], subitems: Sequence[dict[str, Any]]) -> None:
        self._orders.selected += len(orders)
        self._orders.loaded += len(orders)
        self._orders.warnings += sum(bool(order.notes) for order in orders)
        self._subitems.loaded += len(subitems)
        self._subitems.warnings += sum(bool(subitem["validation_errors"]) for subitem in subitems)


def note_warnings(uow: UnitOfWork, batch_id: UUID, orders: Sequence[Order]) -> None:
    """Keep with the batch what was left out or changed: the staging rows that say so are cleaned up."""
    notes = [(order, [note.sentence() for note in order.notes]) for order in orders if order.notes]
    for order, sentences in notes:
        log.warning("order.warning", uuid=str(order.source_uuid), name=order.title, notes=sentences)
    lines = [f"{order.title}: {'; '.join(sentences)}" for order, sentences in notes]
    uow.batches.add_notes(batch_id, lines)


def _unidentified(order: Order | InvalidOrder) -> InvalidOrder:
    """Refuse a row whose UUID is missing or stands on several rows; one that is missing is a problem already."""
    if isinstance(order, InvalidOrder) and order.source_uuid is None:
        return order
    doubled = Note(
        UUID_COLUMN, str(order.source_uuid), "is on several rows; give each row of ORDERS_UNIFIED its own"
    )
    if isinstance(order, InvalidOrder):
        return replace(order, problems=(*order.problems, doubled))
    number = order.values.get("AAG ORDER NUMBER")
    return InvalidOrder(order.source_uuid, order.customer, str(number), order.title, order.group, (doubled,))
