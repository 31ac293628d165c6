"""The preview of changes: what was delivered and says something else now, merged with the board as it is.

What an earlier run has left of changes is decided anew, as a run does in any case.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from order_staging.batch.changes.decisions import decide
from order_staging.batch.changes.lines import (
    SizeHashes,
    line_of,
    size_lines,
    sizes_by_row,
    subitem_ids,
    with_ours,
)
from order_staging.batch.changes.scanning import Scanner
from order_staging.batch.changes.step import LINES_A_READING, UUIDS_A_ROUND, read_board
from order_staging.batch.invalid import any_unrecorded
from order_staging.batch.mutations import GROUP
from order_staging.batch.preview import telling
from order_staging.models import StagingStatus
from order_staging.repositories import SourceFilter, chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.repositories.staged_rows import CHANGES
from order_staging.transform import Order, RemovedSize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.changes.decisions import Decision
    from order_staging.batch.changes.lines import Line
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.preview.estimating import Work
    from order_staging.batch.preview.findings import CustomerForecast, FieldChange, Remarked, Shown
    from order_staging.models import StagedSubitem
    from order_staging.monday import BoardItem, MondayClient
    from order_staging.repositories import Row
    from order_staging.transform import InvalidOrder
    from order_staging.unit_of_work import UnitOfWork

INVALID = "the item on the board stays as it is"
KEPT = "the board's value stays as it is"


@dataclass(frozen=True)
class Remarks:
    """What takes in remarks on rows: of those that are invalid, and of those with a value that does not fit."""

    invalid: Shown[Remarked]
    warnings: Shown[Remarked]


@dataclass
class _Looked:
    """A page of suspects: those to be merged, the number of those that do not differ, and those that are invalid.

    `creating` are sizes of these lines that are staged to be created, or were refused when they were.
    """

    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0
    refused: list[InvalidOrder] = field(default_factory=list)
    creating: dict[UUID, set[str]] = field(default_factory=dict)
    records: bool = False
    """Whether one of the invalid has no dead letter yet."""
    warned: list[Order] = field(default_factory=list)
    """Lines that have a value which does not fit: it stays as it was delivered."""


@dataclass(frozen=True)
class _Unsettled:
    """Rows of a customer that are looked at in any case.

    Of those `left` an earlier run has changes on their way, of those `refused` monday.com has refused one. (A run
    also looks at those with a dead letter, even where they say again what was delivered.)
    """

    left: list[UUID]
    refused: frozenset[UUID] = frozenset()

    @property
    def sent(self) -> frozenset[UUID]:
        """Those of which something may have been sent that was not acknowledged."""
        return self.refused.union(self.left)


class ChangesPreview:
    """Foresees the changes of one customer."""

    def __init__(
        self,
        context: RunContext,
        client: MondayClient,
        changes: Shown[FieldChange],
        remarks: Remarks,
        label: Callable[[str, object], None],
    ) -> None:
        """Take where to read, and what to add to; `label` takes a column's id, and a label that it is sent."""
        self._context = context
        self._mapping = context.mapping
        self._client = client
        self._changes = changes
        self._remarks = remarks
        self._label = label
        self._deletes = context.mapping.subitems.removed is RemovedSize.DELETE
        self._hashes = SizeHashes(context.mapping)
        self.records = False
        """Whether a run would write a dead letter."""
        self.groups: set[str] = set()
        """The groups into which items would be moved."""

    async def look_at(
        self,
        forecast: CustomerForecast,
        work: Work,
        source: Source,
        progress: StepProgress,
        *,
        everything: bool,
    ) -> None:
        """Look at what an earlier run has left of changes; `progress` is told how far that has come.

        With `everything` also through what was delivered, and then for what is gone from the source.
        """
        run = self._context.database.run
        unsettled = await run(partial(_unsettled, forecast.customer, everything=everything))
        forecast.waiting_changes = len(unsettled.left)
        for uuids in chunks(unsettled.left, UUIDS_A_ROUND):
            await self._suspects(forecast, work, source, uuids, unsettled)
        if everything:
            await self._changed(forecast, work, source, unsettled, progress)
            await self._removed(forecast, source, progress)

    async def _changed(
        self,
        forecast: CustomerForecast,
        work: Work,
        source: Source,
        unsettled: _Unsettled,
        progress: StepProgress,
    ) -> None:
        run = self._context.database.run
        scanner, seen = Scanner(self._context, source, self._hashes), set(unsettled.left)
        after: UUID | None = None
        while True:
            await self._context.require_going_on()
            scan = await run(partial(scanner.scan, after, waiting=unsettled.refused, seen=seen))
            forecast.unchanged += scan.unchanged
            progress.advance(scan.unchanged)
            for uuids in chunks(scan.suspects, UUIDS_A_ROUND):
                await self._suspects(forecast, work, source, uuids, unsettled)
                progress.advance(len(uuids))
            after = scan.last
            if after is None:
                return

    async def _suspects(
        self,
        forecast: CustomerForecast,
        work: Work,
        source: Source,
        uuids: Sequence[UUID],
        unsettled: _Unsettled,
    ) -> None:
        found = await self._context.database.run(partial(self._look, source, uuids, unsettled))
        forecast.unchanged += found.unchanged
        forecast.invalid += len(found.refused)
        for order in found.refused:
            self._remarks.invalid.add_made(partial(telling.invalid, forecast.customer, order, INVALID))
        self.records |= found.records
        forecast.warnings += len(found.warned)
        for warned in found.warned:
            self._remarks.warnings.add_made(partial(telling.warned, forecast.customer, warned, KEPT))
        for lines in chunks(found.lines, LINES_A_READING):
            await self._context.require_going_on()
            board = await read_board(self._client, self._mapping, lines, everything=False)
            # Items are read with their subitems, and without them: by a query each.
            work.reads += len({bool(line.sizes) for line in lines})
            decisions = [self._decide(line, board.get(line.item_id), found.creating) for line in lines]
            items, fields = telling.contested(self._mapping, decisions)
            # Names are asked for only of what is to be shown.
            asks = bool(items) and self._changes.room > 0
            editors = await self._client.last_editors(items, fields) if asks else {}
            for decision in decisions:
                self._count(forecast, work, decision)
                for change in telling.changes_of(forecast.customer, decision):
                    self._changes.add(telling.named(self._mapping, change, editors))

    def _decide(self, line: Line, item: BoardItem | None, creating: dict[UUID, set[str]]) -> Decision:
        decision = decide(self._mapping, line, item)
        labels = creating.get(line.order.source_uuid)
        # Sizes that wait to be created are counted as waiting.
        return telling.without_creations(decision, labels) if labels else decision

    def _look(self, source: Source, uuids: Sequence[UUID], unsettled: _Unsettled, uow: UnitOfWork) -> _Looked:
        """Compare the values of rows whose hashes differ, or that are looked at in any case."""
        asked = Page(None, len(uuids), without_doubled=source.doubled)
        columns, titles = self._mapping.source_columns, [each.title for each in self._mapping.fields]
        rows = uow.deliveries.page(source.shape, columns, SourceFilter(), asked, uuids)
        sizes, facts = uow.deliveries.sizes(uuids), uow.deliveries.acknowledged(uuids, titles)
        recorded = uow.deliveries.acknowledged_sizes(uuids)
        ours, ours_below = (
            uow.staging.changes.orders_of(uuids),
            sizes_by_row(uow.staging.changes.subitems_of(uuids)),
        )
        sent, left = unsettled.sent, frozenset(unsettled.left)
        refused: list[tuple[InvalidOrder, Row]] = []
        looked = _Looked(creating={uuid: _creating(below) for uuid, below in ours_below.items()})
        for row in rows:
            uuid = row.row[UUID_COLUMN]
            order = self._context.rules.apply(row.row, source.shape.sizes)
            if not isinstance(order, Order):
                looked.refused.append(order)
                refused.append((order, row.row))
                continue
            delivered = sizes.get(uuid, {})
            below = size_lines(
                self._hashes, order.sizes, delivered, source.shape.sizes, deletes=self._deletes
            )
            looked_at = (size for size in below if size.differs or uuid in left)
            told = tuple(replace(size, recorded=recorded.get((uuid, size.label))) for size in looked_at)
            line = line_of(self._mapping, order, row.item_id, facts[uuid], self._client.key_column)
            line = replace(line, sizes=told, delivered_below=subitem_ids(delivered.values()))
            if line.unreadable:
                looked.warned.append(order)
            if uuid in sent:
                line = with_ours(self._mapping, line, ours.get(uuid), ours_below[uuid])
            if told or line.differing(self._mapping) or uuid in sent:
                looked.lines.append(line)
            else:
                looked.unchanged += 1
        looked.records = not self.records and any_unrecorded(refused, uow, identified=True)
        return looked

    def _count(self, forecast: CustomerForecast, work: Work, decision: Decision) -> None:
        item, below = telling.mutations_of(decision)
        work.changes += item
        work.size_changes += below
        forecast.moved += GROUP in decision.sent
        forecast.updated += any(title != GROUP for title in decision.sent)
        forecast.sizes_changed += below
        forecast.conflicts += len(decision.conflicts) + len(decision.size_conflicts)
        forecast.deleted += decision.gone
        forecast.unchanged += not (decision.gone or decision.changes)
        for column, label in telling.labels_sent(self._mapping, decision):
            self._label(column, label)
        if GROUP in decision.sent:
            self.groups.add(decision.line.source.group)

    async def _removed(self, forecast: CustomerForecast, source: Source, progress: StepProgress) -> None:
        size, after = self._context.settings.chunk_rows, None
        run, names = self._context.database.run, source.wanted.names or ()
        recognised: frozenset[int] = frozenset()
        if forecast.relinked:
            key, doubled = self._context.business_key, source.doubled
            recognised = await run(lambda uow: uow.forecasts.items_recognised(key, names, doubled=doubled))
        while True:
            await self._context.require_going_on()
            page = partial(_removed, forecast.customer, source, after, size)
            rows = await run(page)
            forecast.removed += sum(row["Item ID"] not in recognised for row in rows)
            progress.advance(len(rows))
            if len(rows) < size:
                return
            after = rows[-1]["source_uuid"]


def _unsettled(customer: str, uow: UnitOfWork, *, everything: bool) -> _Unsettled:
    left = uow.staging.changes.left_over_of(customer)
    if not everything:
        return _Unsettled(left)
    return _Unsettled(left, uow.staging.changes.refused(customer))


def _creating(sizes: dict[str, StagedSubitem]) -> set[str]:
    return {
        label
        for label, row in sizes.items()
        if row.update_operation not in CHANGES and row.stg_status != StagingStatus.PROMOTED
    }


def _removed(
    customer: str, source: Source, after: UUID | None, limit: int, uow: UnitOfWork
) -> list[dict[str, Any]]:
    return uow.deliveries.removed([customer], source.wanted, after, limit)
