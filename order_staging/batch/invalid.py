"""Source rows that the rules refuse: each has one dead letter, until it is mended."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import structlog

from order_staging.batch import letters
from order_staging.batch.refused_rows import invalid_row
from order_staging.repositories.source import UUID_COLUMN
from order_staging.transform import fingerprint

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from order_staging.batch.context import RunContext
    from order_staging.batch.events import RowRefused
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.results import Counts
    from order_staging.models import FailedOrder
    from order_staging.repositories import Row
    from order_staging.transform import InvalidOrder, Order
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


SAID = ("error_message", "original_data", "source_fingerprint", "order_number", "item_name", "group_name")
"""What a dead letter says of its row, and is kept true while that waits."""


class _Known:
    """The invalid rows that the ERR table has already, unresolved: by UUID, and by content."""

    def __init__(self, found: Iterable[FailedOrder]) -> None:
        self._by_uuid: defaultdict[UUID, set[int]] = defaultdict(set)
        self._by_content: defaultdict[str, set[int]] = defaultdict(set)
        self._words: dict[int, str | None] = {}
        self._batches: dict[int, UUID | None] = {}
        for row in found:
            self._batches[row.err_id] = row.batch_id
            self._words[row.err_id] = row.error_message
            if row.source_uuid is not None:
                self._by_uuid[row.source_uuid].add(row.err_id)
            if row.source_fingerprint is not None:
                self._by_content[row.source_fingerprint].add(row.err_id)

    def has(self, order: InvalidOrder, row: Row, *, identified: bool) -> bool:
        """Tell whether a row has its dead letter: by its UUID if that identifies it, else by what it says."""
        if identified and order.source_uuid is not None:
            return order.source_uuid in self._by_uuid
        return bool(self._by_content) and fingerprint(row) in self._by_content

    def outdated(self, uuid: UUID | None, words: str) -> set[int]:
        """Find the dead letters that a row has by its UUID, and that say something else of it than it is now."""
        found = self._by_uuid.get(uuid, set()) if uuid is not None else set()
        return {err_id for err_id in found if self._words[err_id] != words}

    def count_of(self, err_ids: Iterable[int], batch_id: UUID) -> int:
        """Count the dead letters that name a batch."""
        return sum(self._batches.get(err_id) == batch_id for err_id in err_ids)

    def mended_by(self, order: Order, row: Row) -> set[int]:
        """Find the dead letters that a row, valid now, had before."""
        letters_ = set(self._by_uuid.get(order.source_uuid, ()))
        return letters_ | self._by_content.get(fingerprint(row), set()) if self._by_content else letters_


class InvalidRows:
    """Collects what is refused, and what is mended, of one page of rows after another."""

    def __init__(self, context: RunContext, record: BatchRecord) -> None:
        """Take the batch's record, which begins with the first dead letter that is written."""
        self._context = context
        self._record = record
        self._counts = record.result.orders
        self._any = True
        self._known = _Known(())
        self._letters: list[Row] = []
        self._outdated: list[Row] = []
        self._mended: set[int] = set()
        self._refused = 0
        self._told: list[RowRefused] = []

    def look(self, uow: UnitOfWork) -> None:
        """Find out whether any row waits to be mended: mostly there is none to recall."""
        self._any = uow.failures.any_invalid()

    def begin_again(self, before: Counts) -> None:
        """Forget what was counted since: those rows come again, and what has its dead letter gets no other."""
        self._any = True
        self._counts.invalid, self._counts.selected = before.invalid, before.selected

    def recall(self, uow: UnitOfWork, page: Sequence[Row]) -> None:
        """Read the dead letters that rows of a page have already, and begin anew for that page."""
        self._letters, self._outdated, self._mended, self._refused = [], [], set(), 0
        self._told = []
        if self._any:
            uuids = [row[UUID_COLUMN] for row in page if isinstance(row[UUID_COLUMN], UUID)]
            self._known = _Known(uow.failures.invalid_like(uuids, [fingerprint(row) for row in page]))

    def refuse(self, order: InvalidOrder, row: Row, *, identified: bool) -> None:
        """Refuse a row; it gets a dead letter unless it has one."""
        self._refused += 1
        result, now = self._record.result, self._context.outside.now()
        letter = letters.invalid_order(order, row, self._record.batch_id, result.customer, now)
        known = self._known.has(order, row, identified=identified)
        if self._context.announcer.listens:
            self._told.append(invalid_row(self._record, order, known=known))
        if known:
            if identified:
                facts = {name: letter[name] for name in SAID}
                outdated = self._known.outdated(order.source_uuid, letter["error_message"])
                self._outdated += [facts | {"err_id": err_id} for err_id in outdated]
            return
        self._letters.append(letter)
        log.warning(
            "order.invalid", order=order.order_number, problems=[p.sentence() for p in order.problems]
        )

    def accept(self, order: Order, row: Row) -> None:
        """Take note of a row that is valid, and may have been mended."""
        self._mended |= self._known.mended_by(order, row)

    def mended_by(self, order: Order, row: Row) -> frozenset[int]:
        """Find the dead letters that a row, valid now, had before: for whoever resolves them as it is staged."""
        return frozenset(self._known.mended_by(order, row))

    def resolve(self, uow: UnitOfWork, err_ids: Collection[int]) -> None:
        """Resolve dead letters of mended rows, in the transaction that stages these."""
        found = uow.failures.open_orders(sorted(err_ids)) if err_ids else []
        if not found:
            return
        ids, now = [letter.err_id for letter in found], self._context.outside.now()
        uow.failures.resolve(ids, by=self._record.runner, now=now)
        if again := sum(letter.batch_id == self._record.batch_id for letter in found):
            self._record.increase(uow, total_records=-again, failed_records=-again)

    def write(self, uow: UnitOfWork) -> None:
        """Write the page's dead letters, resolve those of mended rows, and count."""
        uow.after_commit(partial(self._count, self._refused))
        if self._letters:
            self._record.begin(uow)
            uow.failures.orders.insert(self._letters)
            count = len(self._letters)
            self._record.increase(uow, total_records=count, failed_records=count)
        uow.failures.orders.update(self._outdated)
        if self._mended:
            now = self._context.outside.now()
            uow.failures.resolve(sorted(self._mended), by=self._record.runner, now=now)
            # Staged in the batch that refused it, a row counts there anew, and once.
            if again := self._known.count_of(self._mended, self._record.batch_id):
                self._record.increase(uow, total_records=-again, failed_records=-again)
        self._context.announcer.tell_after(uow, self._told)

    def _count(self, refused: int) -> None:
        self._counts.invalid += refused
        self._counts.selected += refused


def any_unrecorded(refused: Sequence[tuple[InvalidOrder, Row]], uow: UnitOfWork, *, identified: bool) -> bool:
    """Tell whether any of these rows, which are refused, has no dead letter yet: a run would write it."""
    if not refused:
        return False
    rows = [row for _, row in refused]
    uuids = [row[UUID_COLUMN] for row in rows if isinstance(row[UUID_COLUMN], UUID)]
    known = _Known(uow.failures.invalid_like(uuids, [fingerprint(row) for row in rows]))
    return any(not known.has(order, row, identified=identified) for order, row in refused)
