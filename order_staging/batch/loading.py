"""Loading: new rows of ORDERS_UNIFIED become staged orders and subitems, or dead letters."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.batch import letters, rows
from order_staging.batch.limits import subitem_limits
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import InvalidOrder, Note, Order, fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from uuid import UUID

    from order_staging.batch.record import BatchRecord
    from order_staging.batch.workshop import Workshop
    from order_staging.models import FailedOrder
    from order_staging.repositories import SourceFilter, SourceShape
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

Row = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """What to load: the table's shape, the rows that are meant, and how many order lines at most (None: all).

    `doubled` says that a UUID stands on several rows somewhere.
    """

    shape: SourceShape
    wanted: SourceFilter
    limit: int | None = None
    doubled: bool = False


class _Known:
    """The invalid rows that the ERR table has already, unresolved: by UUID, and by content."""

    def __init__(self, found: Iterable[FailedOrder]) -> None:
        self._by_uuid: defaultdict[UUID, set[int]] = defaultdict(set)
        self._by_content: defaultdict[str, set[int]] = defaultdict(set)
        for row in found:
            if row.source_uuid is not None:
                self._by_uuid[row.source_uuid].add(row.err_id)
            if row.source_fingerprint is not None:
                self._by_content[row.source_fingerprint].add(row.err_id)

    def has(self, order: InvalidOrder, row: Row, *, identified: bool) -> bool:
        """Tell whether a row has its dead letter: by its UUID if that identifies it, else by what it says."""
        if identified and order.source_uuid is not None:
            return order.source_uuid in self._by_uuid
        return bool(self._by_content) and fingerprint(row) in self._by_content

    def mended_by(self, order: Order, row: Row) -> set[int]:
        """Find the dead letters that a row, valid now, had before."""
        letters_ = set(self._by_uuid.get(order.source_uuid, ()))
        return letters_ | self._by_content.get(fingerprint(row), set()) if self._by_content else letters_


@dataclass
class _Judged:
    """A page under the rules."""

    orders: list[Order] = field(default_factory=list)
    letters: list[Row] = field(default_factory=list)
    mended: set[int] = field(default_factory=set)


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
        self._any_invalid = True
        self._known = _Known(())

    async def load(self) -> None:
        """Stage everything that is new, up to the limit; what is invalid goes to the ERR table, once."""
        run, hold = self._workshop.database.run, self._record.hold
        self._any_invalid = await run(lambda uow: uow.failures.any_invalid())
        await run(self._refuse_unidentified, hold)
        after: UUID | None = None
        while not self._workshop.stop.is_set() and self._room() > 0:
            after, more = await run(partial(self._load_page, after), hold)
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
        judged = _Judged()
        self._recall(uow, found)
        for row in found:
            order = self._workshop.rules.apply(row, source.shape.sizes)
            self._refuse(judged, _unidentified(order), row, identified=False)
        self._write(uow, judged)

    def _load_page(self, after: UUID | None, uow: UnitOfWork) -> tuple[UUID | None, bool]:
        """Load one page; give the last UUID of it, and whether there may be more."""
        source, size = self._source, self._workshop.settings.chunk_rows
        columns = self._workshop.mapping.source_columns
        page = uow.source.new_rows(
            source.shape, columns, source.wanted, Page(after, size, without_doubled=source.doubled)
        )
        judged = _Judged()
        self._recall(uow, page)
        for row in page:
            if len(judged.orders) >= self._room():
                break
            order = self._workshop.rules.apply(row, source.shape.sizes)
            if isinstance(order, Order):
                judged.orders.append(order)
                judged.mended |= self._known.mended_by(order, row)
            else:
                self._refuse(judged, order, row, identified=True)
        self._write(uow, judged)
        return (page[-1][UUID_COLUMN] if page else after), len(page) == size

    def _recall(self, uow: UnitOfWork, page: Sequence[Row]) -> None:
        """Read the dead letters that rows of a page have already; mostly there are none to read."""
        if self._any_invalid:
            uuids = [row[UUID_COLUMN] for row in page if row[UUID_COLUMN] is not None]
            self._known = _Known(uow.failures.invalid_like(uuids, [fingerprint(row) for row in page]))

    def _refuse(self, judged: _Judged, order: InvalidOrder, row: Row, *, identified: bool) -> None:
        self._orders.invalid += 1
        self._orders.selected += 1
        if self._known.has(order, row, identified=identified):
            return
        result, now = self._record.result, self._workshop.outside.now()
        judged.letters.append(letters.invalid_order(order, row, self._record.batch_id, result.customer, now))
        log.warning(
            "order.invalid", order=order.order_number, problems=[p.sentence() for p in order.problems]
        )

    def _write(self, uow: UnitOfWork, judged: _Judged) -> None:
        if not (judged.orders or judged.letters):
            return
        self._record.begin(uow)
        self._stage(uow, judged.orders)
        uow.failures.orders.insert(judged.letters)
        if judged.mended:
            uow.failures.resolve(
                sorted(judged.mended), by=self._record.runner, now=self._workshop.outside.now()
            )
        self._note(uow, judged.orders)
        self._record.increase(
            uow,
            total_records=len(judged.orders) + len(judged.letters),
            failed_records=len(judged.letters),
        )

    def _note(self, uow: UnitOfWork, orders: Sequence[Order]) -> None:
        """Keep with the batch what was left out or changed: the staging rows that say so are cleaned up."""
        notes = [(order, [note.sentence() for note in order.notes]) for order in orders if order.notes]
        for order, sentences in notes:
            log.warning("order.warning", uuid=str(order.source_uuid), name=order.title, notes=sentences)
        lines = [f"{order.title}: {'; '.join(sentences)}" for order, sentences in notes]
        uow.batches.add_notes(self._record.batch_id, lines)

    def _stage(self, uow: UnitOfWork, orders: list[Order]) -> None:
        uow.staging.orders.drop_invalid([order.source_uuid for order in orders])
        now, board_id = self._workshop.outside.now(), self._workshop.board_id
        customer = self._record.result.customer
        parents = [
            rows.staged_order(order, self._record.batch_id, board_id, now) | {"stg_customer_batch": customer}
            for order in orders
        ]
        ids = uow.staging.orders.add(parents)
        subitems = [
            subitem
            for order, parent, stg_id in zip(orders, parents, ids, strict=True)
            for subitem in rows.staged_subitems(order, parent, stg_id, self._subitem_limits)
        ]
        uow.staging.subitems.insert(subitems)
        self._orders.selected += len(orders)
        self._orders.loaded += len(orders)
        self._orders.warnings += sum(bool(order.notes) for order in orders)
        self._subitems.loaded += len(subitems)
        self._subitems.warnings += sum(bool(subitem["validation_errors"]) for subitem in subitems)


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
