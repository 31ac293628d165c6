"""Loading: new rows of ORDERS_UNIFIED become staged orders and subitems, or dead letters."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog

from order_staging.batch import rows
from order_staging.batch.events import Step
from order_staging.batch.invalid import InvalidRows
from order_staging.batch.limits import subitem_limits
from order_staging.failpoints import Failpoint, reach
from order_staging.repositories import chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.repositories.staged_rows import DOUBTED
from order_staging.transform import InvalidOrder, Note, Order

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.context import RunContext
    from order_staging.batch.record import BatchRecord
    from order_staging.reading import Start
    from order_staging.repositories import Pages, Rows, SourceFilter, SourceRepository, SourceShape
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)

UUIDS_A_ROUND = 1000
UUID_SPELLING = (
    "is not spelled as SQLite compares UUIDs; set it to lower(replace(trim(record_uuid), '-', ''))"
)


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
    look_first: bool = False
    """Whether rows that are new here may be on the board, and are looked for there before they are created."""


class Loader:
    """Loads one customer's new rows into staging, page by page, each page in a transaction of its own."""

    def __init__(self, context: RunContext, record: BatchRecord, source: Source) -> None:
        """Take the batch's record, which is written once there is something to record, and what to load."""
        self._context = context
        self._record = record
        self._source = source
        self._orders = record.result.orders
        self._subitems = record.result.subitems
        self._subitem_limits = subitem_limits()
        self._invalid = InvalidRows(context, record)
        self._columns = context.mapping.source_columns
        self._after: UUID | None = None
        """The last row that was loaded."""
        self._progress: StepProgress
        self._selected_before = self._orders.selected

    async def load(self) -> None:
        """Stage everything that is new, up to the limit; what is invalid goes to the ERR table, once."""
        await self._context.database.run(self._invalid.look)
        only = self._source.only
        total = None if only is None else len(only)
        with self._context.announcer.step(self._record.result.customer, Step.LOAD, total) as self._progress:
            await self._through(self._unidentified_rows(), self._refuse_unidentified)
            for uuids in [None] if only is None else chunks(only, UUIDS_A_ROUND):
                self._after = None
                await self._through(partial(self._new_rows, uuids), self._load_page, counts=True)
            if not self._context.stop.is_set():
                self._progress.complete()

    async def _through(
        self, start: Start, work: Callable[[Rows, UnitOfWork], None], *, counts: bool = False
    ) -> None:
        """Do work page by page, each in a transaction of its own, on pages that are read beside it."""
        database, hold = self._context.database, self._record.hold
        async with database.reading(start) as read:
            while self._goes_on() and (page := await read()):
                await database.run(partial(work, page), hold)
                reach(Failpoint.PAGE_LOADED)
                if counts and len(page) == self._context.settings.chunk_rows:
                    await self._count_the_rest()

    async def _count_the_rest(self) -> None:
        """Find out the total, once: few rows are loaded before anybody could read it."""
        if self._progress.total is None and self._context.announcer.listens:
            wanted = self._source.wanted
            found = await self._context.database.run(lambda uow: uow.source.new_by_customer_name(wanted))
            rest = sum(count for _, count in found)
            self._progress.expect(self._progress.done + int(min(rest, self._room())))

    def _tell(self) -> None:
        self._progress.reach(self._orders.selected - self._selected_before)

    def _goes_on(self) -> bool:
        return not self._context.stop.is_set() and self._room() > 0

    def _room(self) -> float:
        limit = self._source.limit
        return math.inf if limit is None else limit - self._orders.loaded

    def _unidentified_rows(self) -> Start:
        """Read the rows that nothing identifies; begun anew, all of them again."""
        before = replace(self._orders)
        starts = count()

        def start(source: SourceRepository) -> Pages:
            if next(starts):
                self._invalid.begin_again(before)
            return source.unidentified_rows(
                self._source.shape, self._columns, self._source.wanted, self._page()
            )

        return start

    def _new_rows(self, uuids: Sequence[UUID] | None, source: SourceRepository) -> Pages:
        """Read what is new; begun anew, what comes after the last row that was loaded."""
        return source.new_rows(self._source.shape, self._columns, self._source.wanted, self._page(), uuids)

    def _page(self) -> Page:
        size = self._context.settings.chunk_rows
        return Page(self._after, size, without_doubled=self._source.doubled)

    def _refuse_unidentified(self, page: Rows, uow: UnitOfWork) -> None:
        self._invalid.recall(uow, page)
        for row in page:
            order = self._context.rules.apply(row, self._source.shape.sizes)
            self._invalid.refuse(unidentified(order, row[UUID_COLUMN]), row, identified=False)
        self._invalid.write(uow)
        uow.after_commit(self._tell)

    def _load_page(self, page: Rows, uow: UnitOfWork) -> None:
        source = self._source
        orders: list[Order] = []
        self._invalid.recall(uow, page)
        for row in page:
            if len(orders) >= self._room():
                break
            order = self._context.rules.apply(row, source.shape.sizes)
            if isinstance(order, Order):
                orders.append(order)
                self._invalid.accept(order, row)
            else:
                self._invalid.refuse(order, row, identified=True)
        self._write(uow, orders)
        uow.after_commit(partial(self._pass, page[-1][UUID_COLUMN]))
        uow.after_commit(self._tell)

    def _pass(self, uuid: UUID) -> None:
        self._after = uuid

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
        now, board_id = self._context.outside.now(), self._context.board_id
        customer = self._record.result.customer
        # Unknown from the first: whoever goes on after a crash looks for them, too.
        doubt = DOUBTED if self._source.look_first else {}
        parents = [
            rows.staged_order(order, self._record.batch_id, board_id, now)
            | {"stg_customer_batch": customer, "stg_rules": self._context.rules_hash}
            | doubt
            for order in orders
        ]
        ids = uow.staging.orders.add(parents)
        subitems = [
            subitem | doubt
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
    uow.batches.add_notes(batch_id, warnings_of(orders))


def warnings_of(orders: Sequence[Order]) -> list[str]:
    """Log what was left out of order lines or changed; give what a batch keeps of it, a line each."""
    notes = [(order, [note.sentence() for note in order.notes]) for order in orders if order.notes]
    for order, sentences in notes:
        log.warning("order.warning", uuid=str(order.source_uuid), name=order.title, notes=sentences)
    return [f"{order.title}: {'; '.join(sentences)}" for order, sentences in notes]


def unidentified(order: Order | InvalidOrder, found: object) -> InvalidOrder:
    """Refuse a row that no UUID identifies, by what its column holds: none, something else, or one of several rows.

    Of the first two the rules have told, but for a UUID that SQLite does not know by its spelling (dashes, capitals
    or blanks): they take it for what it is.
    """
    if isinstance(order, InvalidOrder) and order.source_uuid is None:
        return order
    if isinstance(found, UUID):
        uuid, words = order.source_uuid, "is on several rows; give each row of ORDERS_UNIFIED its own"
    else:
        uuid, words = None, UUID_SPELLING
    known = order.problems if isinstance(order, InvalidOrder) else ()
    problems = (*known, Note(UUID_COLUMN, str(found), words))
    return InvalidOrder(uuid, order.customer, order.order_number, order.title, order.group, problems)
