"""Detection: which delivered order lines say something else now than what was last acknowledged.

The source is read page by page beside the hashes of what was delivered; only of what differs are the values read.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from order_staging.batch.changes.lines import (
    Line,
    SizeHashes,
    SizeLine,
    acknowledged_side,
    content_of,
    size_lines,
    source_side,
    subitem_ids,
    unreadable_fields,
)
from order_staging.batch.changes.scanning import Scanner, says_the_same
from order_staging.batch.invalid import InvalidRows
from order_staging.batch.loading import warnings_of
from order_staging.batch.payloads import order_payload
from order_staging.repositories.source import UUID_COLUMN, Page, SourceFilter
from order_staging.transform import Order, RemovedSize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.changes.scanning import Scan
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.payloads import Payload
    from order_staging.batch.record import BatchRecord
    from order_staging.repositories import Delivered
    from order_staging.unit_of_work import UnitOfWork


@dataclass
class Found:
    """What a page of delivered rows told: lines that may have changed, and the counts of those that have not.

    `rows` is how many were looked at.

    `last` is the page's last UUID, None after the last page of all.
    """

    last: UUID | None = None
    lines: list[Line] = field(default_factory=list)
    rows: int = 0
    unchanged: int = 0
    unchanged_sizes: int = 0
    warnings: list[str] = field(default_factory=list)
    """What was left out of rows, as their values do not fit: a line each."""


@dataclass(frozen=True)
class _Judged:
    """A delivered row whose content differs, or some of its sizes; `content` is what the source makes of it.

    `delivered_below` are the subitems that production has of any of its sizes.
    """

    delivered: Delivered
    order: Order
    content: Payload
    sizes: tuple[SizeLine, ...]
    same_sizes: int
    mended: frozenset[int]
    delivered_below: frozenset[int]


class Detection:
    """Looks through the delivered rows of one customer."""

    def __init__(
        self,
        context: RunContext,
        record: BatchRecord,
        source: Source,
        *,
        key_column: str | None,
        everything: bool = False,
    ) -> None:
        """Take the batch's record, which rows are meant, and whether each is to be compared with the board."""
        self._context = context
        self._source = source
        self._key_column = key_column
        self.everything = everything
        self.waiting: frozenset[UUID] = frozenset()
        """Rows that wait for a person's decision: each is looked at, as it may have been settled."""
        self._seen: set[UUID] = set()
        """Rows that were looked at by name: they come by only once."""
        self._deletes = context.mapping.subitems.removed is RemovedSize.DELETE
        self._hashes = SizeHashes(context.mapping)
        self.invalid = InvalidRows(context, record)
        self._scanner = Scanner(context, source, self._hashes)

    def scan(self, after: UUID | None, uow: UnitOfWork) -> Scan:
        """Read on after a UUID (None: from the first), and find the rows that may have changed; write nothing."""
        return self._scanner.scan(after, uow, waiting=self.waiting, seen=self._seen)

    def page(
        self,
        after: UUID | None,
        uow: UnitOfWork,
        uuids: Sequence[UUID] | None = None,
        *,
        every: bool = False,
    ) -> Found:
        """Compare the next page: after which UUID (None: the first), of these rows alone where given.

        With `every` each of them is told of, changed or not.
        """
        source, mapping = self._source, self._context.mapping
        wanted = source.wanted if uuids is None else SourceFilter()
        asked = Page(after, self._context.settings.chunk_rows, without_doubled=source.doubled)
        page = uow.deliveries.page(source.shape, mapping.source_columns, wanted, asked, uuids)
        found = Found()
        if not page:
            return found
        found.last = page[-1].row[UUID_COLUMN] if len(page) == asked.size else None
        sizes = uow.deliveries.sizes([delivered.row[UUID_COLUMN] for delivered in page])
        rows = [row for row in page if uuids is not None or row.row[UUID_COLUMN] not in self._seen]
        if every:
            self._seen |= set(uuids or ())
        found.rows = len(rows)
        self.invalid.recall(uow, [delivered.row for delivered in rows])
        every = every or self.everything
        judged = [
            one
            for delivered in rows
            if (one := self._judge(delivered, sizes.get(delivered.row[UUID_COLUMN], {}), found, every=every))
        ]
        self._compare(judged, found, uow, every=every)
        self.invalid.write(uow)
        return found

    def _judge(
        self, delivered: Delivered, sizes: dict[str, Any], found: Found, *, every: bool
    ) -> _Judged | None:
        """Apply the rules; None for a row that is invalid, or says what it said when it was delivered."""
        order = self._context.rules.apply(delivered.row, self._source.shape.sizes)
        if not isinstance(order, Order):
            self.invalid.refuse(order, delivered.row, identified=True)
            return None
        content = content_of(self._context.mapping, order)
        lines = size_lines(self._hashes, order.sizes, sizes, self._source.shape.sizes, deletes=self._deletes)
        same_sizes = sum(not line.differs for line in lines)
        if not every:
            lines = [line for line in lines if line.differs]
        known = says_the_same(delivered, content, self._context.rules_hash)
        if known and not lines and not every and order.source_uuid not in self.waiting:
            found.unchanged += 1
            found.unchanged_sizes += same_sizes
            self.invalid.accept(order, delivered.row)
            return None
        mended = self.invalid.mended_by(order, delivered.row)
        below = subitem_ids(sizes.values())
        return _Judged(delivered, order, content, tuple(lines), same_sizes, mended, below)

    def _compare(self, judged: Sequence[_Judged], found: Found, uow: UnitOfWork, *, every: bool) -> None:
        """Compare the values of what differs; where they say the same, only the hash is brought up to date."""
        titles = [mapped.title for mapped in self._context.mapping.fields]
        uuids = [one.order.source_uuid for one in judged]
        facts = uow.deliveries.acknowledged(uuids, titles)
        recorded = uow.deliveries.acknowledged_sizes([one.order.source_uuid for one in judged if one.sizes])
        stale = []
        for one in judged:
            line = self._line(one, facts[one.order.source_uuid], recorded)
            if line.unreadable:
                found.warnings += warnings_of([one.order])
            differs = line.sizes_differ or bool(line.differing(self._context.mapping))
            if differs or every or one.order.source_uuid in self.waiting:
                found.lines.append(line if differs else replace(line, changed=False, other_rules=False))
            else:
                found.unchanged += 1
                found.unchanged_sizes += one.same_sizes
                self.invalid.accept(one.order, one.delivered.row)
                if not line.unreadable:
                    stale.append(self._refreshed(one, line))
        uow.deliveries.refresh(stale)

    def _line(
        self, one: _Judged, facts: dict[str, Any], recorded: dict[tuple[UUID, str], str | None]
    ) -> Line:
        base, key = acknowledged_side(self._context.mapping, facts, self._key_column)
        uuid, rules = one.order.source_uuid, one.delivered.delivered_rules
        return Line(
            order=one.order,
            item_id=one.delivered.item_id,
            base=base,
            source=source_side(one.content, one.order.group),
            key=key,
            unreadable=unreadable_fields(one.order),
            sizes=tuple(replace(size, recorded=recorded.get((uuid, size.label))) for size in one.sizes),
            same_sizes=one.same_sizes,
            other_rules=rules is not None and rules != self._context.rules_hash,
            mended=one.mended,
            delivered_below=one.delivered_below,
        )

    def _refreshed(self, one: _Judged, line: Line) -> dict[str, Any]:
        """Bring what is kept of a row up to date that says the same, in other words or under other rules."""
        order = one.order
        key = {self._key_column: line.key} if self._key_column and line.key else {}
        payload = order_payload(self._context.mapping, order.title, order.group, order.values, key)
        return {
            "source_uuid": order.source_uuid,
            "delivered_hash": payload.hash,
            "delivered_values": payload.recorded,
            "delivered_rules": self._context.rules_hash,
        }
