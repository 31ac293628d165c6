"""The preview of changes: what was delivered and says something else now, merged with the board as it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from order_staging.batch.changes.decisions import decide
from order_staging.batch.changes.lines import SizeHashes, line_of, size_lines
from order_staging.batch.changes.scanning import Scanner
from order_staging.batch.changes.step import LINES_A_READING, UUIDS_A_ROUND, read_board
from order_staging.batch.mutations import GROUP
from order_staging.batch.preview import telling
from order_staging.repositories import SourceFilter, chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import Order, RemovedSize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.changes.decisions import Decision
    from order_staging.batch.changes.lines import Line
    from order_staging.batch.loading import Source
    from order_staging.batch.preview.estimating import Work
    from order_staging.batch.preview.findings import CustomerForecast, FieldChange, Remarked, Shown
    from order_staging.batch.workshop import Workshop
    from order_staging.monday import MondayClient
    from order_staging.transform import InvalidOrder
    from order_staging.unit_of_work import UnitOfWork

INVALID = "the item on the board stays as it is"


@dataclass
class _Looked:
    """A page of suspects: those that differ, the number of those that do not, and those that are invalid."""

    lines: list[Line] = field(default_factory=list)
    unchanged: int = 0
    refused: list[InvalidOrder] = field(default_factory=list)


class ChangesPreview:
    """Foresees the changes of one customer."""

    def __init__(
        self,
        workshop: Workshop,
        client: MondayClient,
        changes: Shown[FieldChange],
        invalid: Shown[Remarked],
    ) -> None:
        """Take where to read, and what to add to."""
        self._workshop = workshop
        self._mapping = workshop.mapping
        self._client = client
        self._changes = changes
        self._invalid = invalid
        self._hashes = SizeHashes(workshop.mapping)
        self.groups: set[str] = set()
        """The groups into which items would be moved."""

    async def look_at(self, forecast: CustomerForecast, work: Work, source: Source) -> None:
        """Look through what was delivered, and then for what is gone from the source."""
        run = self._workshop.database.run
        scanner = Scanner(self._workshop, source, self._hashes)
        after: UUID | None = None
        while True:
            await self._workshop.require_going_on()
            scan = await run(partial(scanner.scan, after))
            forecast.unchanged += scan.unchanged
            for uuids in chunks(scan.suspects, UUIDS_A_ROUND):
                await self._suspects(forecast, work, source, uuids)
            after = scan.last
            if after is None:
                break
        await self._removed(forecast, source)

    async def _suspects(
        self, forecast: CustomerForecast, work: Work, source: Source, uuids: Sequence[UUID]
    ) -> None:
        found = await self._workshop.database.run(partial(self._look, source, uuids))
        forecast.unchanged += found.unchanged
        forecast.invalid += len(found.refused)
        for order in found.refused:
            self._invalid.add_made(partial(telling.invalid, forecast.customer, order, INVALID))
        for lines in chunks(found.lines, LINES_A_READING):
            await self._workshop.require_going_on()
            board = await read_board(self._client, self._mapping, lines, everything=False)
            # Items are read with their subitems, and without them: by a query each.
            work.reads += len({bool(line.sizes) for line in lines})
            decisions = [decide(self._mapping, line, board.get(line.item_id)) for line in lines]
            items, fields = telling.contested(self._mapping, decisions)
            # Names are asked for only of what is to be shown.
            asks = bool(items) and self._changes.room > 0
            editors = await self._client.last_editors(items, fields) if asks else {}
            for decision in decisions:
                self._count(forecast, work, decision)
                for change in telling.changes_of(forecast.customer, decision):
                    self._changes.add(telling.named(self._mapping, change, editors))

    def _look(self, source: Source, uuids: Sequence[UUID], uow: UnitOfWork) -> _Looked:
        """Compare the values of rows whose hashes differ."""
        asked = Page(None, len(uuids), without_doubled=source.doubled)
        columns, titles = self._mapping.source_columns, [each.title for each in self._mapping.fields]
        rows = uow.deliveries.page(source.shape, columns, SourceFilter(), asked, uuids)
        sizes, facts = uow.deliveries.sizes(uuids), uow.deliveries.acknowledged(uuids, titles)
        recorded = uow.deliveries.acknowledged_sizes(uuids)
        deletes = self._mapping.subitems.removed is RemovedSize.DELETE
        looked = _Looked()
        for row in rows:
            uuid = row.row[UUID_COLUMN]
            order = self._workshop.rules.apply(row.row, source.shape.sizes)
            if not isinstance(order, Order):
                looked.refused.append(order)
                continue
            below = size_lines(
                self._hashes, order.sizes, sizes.get(uuid, {}), source.shape.sizes, deletes=deletes
            )
            differing = (size for size in below if size.differs)
            told = tuple(replace(size, recorded=recorded.get((uuid, size.label))) for size in differing)
            line = line_of(self._mapping, order, row.item_id, facts[uuid], self._client.key_column)
            line = replace(line, sizes=told)
            if told or line.differing(self._mapping):
                looked.lines.append(line)
            else:
                looked.unchanged += 1
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
        if GROUP in decision.sent:
            self.groups.add(decision.line.source.group)

    async def _removed(self, forecast: CustomerForecast, source: Source) -> None:
        size, after = self._workshop.settings.chunk_rows, None
        while True:
            await self._workshop.require_going_on()
            page = partial(_removed, forecast.customer, source, after, size)
            rows = await self._workshop.database.run(page)
            forecast.removed += len(rows)
            if len(rows) < size:
                return
            after = rows[-1]["source_uuid"]


def _removed(
    customer: str, source: Source, after: UUID | None, limit: int, uow: UnitOfWork
) -> list[dict[str, Any]]:
    return uow.deliveries.removed([customer], source.wanted, after, limit)
