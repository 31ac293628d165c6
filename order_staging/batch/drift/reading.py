"""The comparison of one customer after another, read page by page; nothing is written, anywhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from order_staging.batch.changes.lines import (
    Line,
    SizeHashes,
    line_of,
    size_lines,
    sizes_by_row,
    subitem_ids,
    with_ours,
)
from order_staging.batch.drift.comparing import (
    DOUBLED,
    INVALID,
    RECOGNISED,
    REMOVED,
    UNKNOWN,
    Rules,
    compare,
)
from order_staging.batch.drift.findings import Comparison, Drift, DriftKind
from order_staging.batch.events import Step
from order_staging.repositories import chunks
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import Order, RemovedSize

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.monday import BoardItem, MondayClient
    from order_staging.unit_of_work import UnitOfWork

ITEMS_A_READING = 100
"""As many items as one query may name."""


@dataclass
class _Page:
    """A page of delivered rows: those that are valid, findings of the others, and the last UUID (None: the end)."""

    last: UUID | None = None
    lines: list[Line] = field(default_factory=list)
    findings: list[Drift] = field(default_factory=list)


class DriftReader:
    """Compares what was delivered of customers."""

    def __init__(self, context: RunContext, client: MondayClient, *, recreate_deleted: bool) -> None:
        """Take where to read, and whether a repair would create again what people deleted."""
        self._context = context
        self._mapping = context.mapping
        self._client = client
        self._key_column = client.key_column
        self._rules = Rules(context.mapping, client.key_column, recreate_deleted)
        self._hashes = SizeHashes(context.mapping)
        self._columns = [mapped.column for mapped in context.mapping.fields]
        if client.key_column:
            self._columns.append(client.key_column)
        self._board_groups: dict[str, list[str]] | None = None
        self._looked_through: set[str] = set()
        self._tell: Callable[[], None]

    async def compare(self, customer: str, source: Source, comparison: Comparison) -> None:
        """Add a customer's differences to a comparison.

        Groups are looked through for extra items where production has rows of the customer; with a filter, those of
        the rows that are meant. Raises `DestinationError`, `PersistenceError`, and `StoppedError` where the run is
        to end.
        """
        before = (comparison.orders, len(comparison.findings))
        wanted, announcer, total = source.wanted, self._context.announcer, None
        if announcer.listens:
            names = [customer]
            total = await self._context.database.run(
                lambda uow: uow.deliveries.count_delivered(names, wanted)
            )
        with announcer.step(customer, Step.COMPARE, total) as progress:
            self._tell = lambda: progress.reach(comparison.orders - before[0])
            groups = await self._lines(customer, source, comparison)
            groups |= await self._removed(customer, source, comparison)
            progress.complete()
        if not (wanted.po or wanted.aag_season or wanted.customer_season):
            groups |= set(await self._context.database.run(lambda uow: uow.deliveries.groups([customer])))
        await self._extra(customer, groups, comparison)
        if before != (comparison.orders, len(comparison.findings)):
            comparison.customers.append(customer)

    async def _lines(self, customer: str, source: Source, comparison: Comparison) -> set[str]:
        """Compare the rows that the source still has; give the groups in which they are or belong."""
        groups: set[str] = set()
        after: UUID | None = None
        while True:
            await self._context.require_going_on()
            page = await self._context.database.run(partial(self._page, customer, source, after))
            comparison.findings += page.findings
            comparison.orders += len(page.findings)
            for lines in chunks(page.lines, ITEMS_A_READING):
                board = await self._items([line.item_id for line in lines])
                comparison.orders += len(lines)
                for line in lines:
                    groups |= {line.base.group, line.source.group}
                    comparison.subitems += sum(size.delivered is not None for size in line.sizes)
                    comparison.findings += compare(self._rules, customer, line, board.get(line.item_id))
                self._tell()
            self._tell()
            after = page.last
            if after is None:
                return groups

    async def _items(self, item_ids: Sequence[int]) -> dict[int, BoardItem]:
        await self._context.require_going_on()
        subitems = self._mapping.subitems
        below = [subitems.size.column, subitems.quantity.column]
        return await self._client.items_now(item_ids, columns=self._columns, subitem_columns=below)

    def _page(self, customer: str, source: Source, after: UUID | None, uow: UnitOfWork) -> _Page:
        asked = Page(after, self._context.settings.chunk_rows, without_doubled=source.doubled)
        rows = uow.deliveries.page(source.shape, self._mapping.source_columns, source.wanted, asked)
        if not rows:
            return _Page()
        uuids = [row.row[UUID_COLUMN] for row in rows]
        sizes = uow.deliveries.sizes(uuids)
        facts = uow.deliveries.acknowledged(uuids, [mapped.title for mapped in self._mapping.fields])
        recorded = uow.deliveries.acknowledged_sizes(uuids)
        # What a run sent that died before the answer is no edit of people's: a repair does not take it for one.
        ours = uow.staging.changes.orders_of(uuids)
        ours_below = sizes_by_row(uow.staging.changes.subitems_of(uuids))
        page = _Page(uuids[-1] if len(rows) == asked.size else None)
        for uuid, row in zip(uuids, rows, strict=True):
            order = self._context.rules.apply(row.row, source.shape.sizes)
            known = facts[uuid]
            if isinstance(order, Order):
                below = sizes.get(uuid, {})
                lines = size_lines(
                    self._hashes, order.sizes, below, source.shape.sizes, deletes=self._deletes
                )
                told = tuple(replace(size, recorded=recorded.get((uuid, size.label))) for size in lines)
                line = line_of(self._mapping, order, row.item_id, known, self._key_column)
                line = replace(line, sizes=told, delivered_below=subitem_ids(below.values()))
                page.lines.append(with_ours(self._mapping, line, ours.get(uuid), ours_below[uuid]))
            else:
                name = order.title or str(known["Title"] or "")
                problems = "; ".join(problem.sentence() for problem in order.problems)
                page.findings.append(
                    Drift(
                        DriftKind.INVALID_SOURCE, customer, name, INVALID, uuid, row.item_id, source=problems
                    )
                )
        return page

    @property
    def _deletes(self) -> bool:
        return self._mapping.subitems.removed is RemovedSize.DELETE

    async def _removed(self, customer: str, source: Source, comparison: Comparison) -> set[str]:
        """Find the delivered rows that the source has no more; give the groups in which they were."""
        groups: set[str] = set()
        size, after, run = self._context.settings.chunk_rows, None, self._context.database.run
        key, names, doubled = self._context.business_key, source.wanted.names or (), source.doubled
        recognised: frozenset[int] | None = None
        while True:
            await self._context.require_going_on()
            page = await run(partial(_removed_page, customer, source, after, size))
            if page and recognised is None:
                recognised = await run(
                    lambda uow: uow.forecasts.items_recognised(key, names, doubled=doubled)
                )
            for rows in chunks(page, ITEMS_A_READING):
                board = await self._client.items_now([row["Item ID"] for row in rows], columns=[])
                comparison.orders += len(rows)
                comparison.findings += (
                    _removed(customer, row, board.get(row["Item ID"]), recognised or frozenset())
                    for row in rows
                )
                self._tell()
            groups |= {str(row["Group"]) for row in page if row["Group"]}
            if len(page) < size:
                return groups
            after = page[-1]["source_uuid"]

    async def _extra(self, customer: str, titles: Iterable[str], comparison: Comparison) -> None:
        """Look through groups of the board, each once, for items that nobody knows."""
        columns = [self._key_column] if self._key_column else []
        known_groups = await self._groups()
        found = [group_id for title in sorted(titles) for group_id in known_groups.get(title.strip(), ())]
        groups = [group_id for group_id in dict.fromkeys(found) if group_id not in self._looked_through]
        self._looked_through |= set(groups)
        with self._context.announcer.step(customer, Step.SEARCH, len(groups)) as progress:
            for group_id in groups:
                await self._context.require_going_on()
                items = await self._client.items_in_group(group_id, columns=columns)
                for some in chunks(items, self._context.settings.chunk_rows):
                    work = partial(self._unknown, customer, some)
                    comparison.findings += await self._context.database.run(work)
                progress.advance(1)

    async def _groups(self) -> dict[str, list[str]]:
        """Read the groups of the board once: ids by title."""
        if self._board_groups is None:
            self._board_groups = {}
            for group in (await self._client.board()).groups:
                self._board_groups.setdefault(group.title.strip(), []).append(group.id)
        return self._board_groups

    def _unknown(self, customer: str, items: Sequence[BoardItem], uow: UnitOfWork) -> list[Drift]:
        known = uow.deliveries.items_known([item.id for item in items])
        extra = [(item, _uuid(item, self._key_column)) for item in items if item.id not in known]
        keys = [uuid for _, uuid in extra if uuid is not None]
        delivered, staged = uow.deliveries.acknowledged(keys, []), uow.staging.changes.orders_of(keys)
        found = []
        for item, uuid in extra:
            if uuid in staged and uuid not in delivered:
                # It was sent, and the answer never came: the next run finds it.
                continue
            of = uuid if uuid in delivered else None
            doubled = of is not None or bool(uow.production.known_item_ids(item.group, item.name))
            kind = DriftKind.DOUBLED_ITEM if doubled else DriftKind.EXTRA_ITEM
            repair = DOUBLED if doubled else UNKNOWN
            found.append(Drift(kind, customer, item.name, repair, of, item.id, board=item.group))
        return found


def _removed_page(
    customer: str, source: Source, after: UUID | None, limit: int, uow: UnitOfWork
) -> list[dict[str, Any]]:
    return uow.deliveries.removed([customer], source.wanted, after, limit)


def _removed(
    customer: str, row: dict[str, Any], item: BoardItem | None, recognised: Collection[int]
) -> Drift:
    name, state = str(row["Title"] or ""), item.state if item else None
    place = (row["source_uuid"], row["Item ID"])
    kind, repair = DriftKind.REMOVED_SOURCE, REMOVED
    if row["Item ID"] in recognised:
        kind, repair = DriftKind.NEW_UUID, RECOGNISED
    return Drift(kind, customer, name, repair, *place, delivered=name, board=state)


def _uuid(item: BoardItem, key_column: str | None) -> UUID | None:
    """Read the key that an item bears; None where it bears none, or something else."""
    try:
        return UUID(str(item.values.get(key_column or "")).strip())
    except ValueError:
        return None
