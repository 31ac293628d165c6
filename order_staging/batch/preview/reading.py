"""The preview of one customer after another: read in streams, judged row by row; nothing is written, anywhere."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Unpack

from pydantic import Field

from order_staging.batch.announcing import NOWHERE
from order_staging.batch.checks.demand import Demand
from order_staging.batch.events import Step
from order_staging.batch.invalid import any_unrecorded
from order_staging.batch.loading import unidentified
from order_staging.batch.options import LoadOptions
from order_staging.batch.preview import telling
from order_staging.batch.preview.changes import ChangesPreview, Remarks
from order_staging.batch.preview.estimating import Work, estimate
from order_staging.batch.preview.findings import CustomerForecast, GroupForecast, PreviewResult, Shown
from order_staging.batch.rows import attributes
from order_staging.models import StagedOrder
from order_staging.repositories.relinking import recognised
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import LABELS, Order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from order_staging.batch.announcing import StepProgress
    from order_staging.batch.assembly import BoardConnection
    from order_staging.batch.context import RunContext
    from order_staging.batch.loading import Source
    from order_staging.batch.preview.findings import Duplicate, FieldChange, NewItem, NewPayload, Remarked
    from order_staging.repositories import Alike, Pages, Row, Rows, SourceRepository, Waiting
    from order_staging.repositories.source import Selection
    from order_staging.transform import InvalidOrder
    from order_staging.unit_of_work import UnitOfWork

ROWS = 20
"""Rows of each kind that are kept unless somebody asks for more."""


class PreviewOptions(LoadOptions, total=False):
    """What to look at: filters and a limit, and `changes` of what was delivered; and how much of it to keep.

    `rows` of each kind are kept at most (20 unless given), and of the first `payloads` items what would be sent.
    """

    changes: bool
    rows: Annotated[int, Field(ge=0)]
    payloads: Annotated[int, Field(ge=0)]


@dataclass
class _Collected:
    """What all customers come to: counts, and the rows that are kept."""

    items: Shown[NewItem]
    payloads: Shown[NewPayload]
    changes: Shown[FieldChange]
    warnings: Shown[Remarked]
    invalid: Shown[Remarked]
    duplicates: Shown[Duplicate]


class PreviewReader:
    """Foresees what a run would do for customers."""

    def __init__(
        self, context: RunContext, connection: BoardConnection, **options: Unpack[PreviewOptions]
    ) -> None:
        """Take where to read, and how much of what is found to keep."""
        self._context = context
        self._connection = connection
        self._with_changes = options.get("changes", False)
        most = self._most = options.get("rows", ROWS)
        self._found = _Collected(
            Shown(most),
            Shown(options.get("payloads", 0)),
            Shown(most),
            Shown(most),
            Shown(most),
            Shown(most),
        )
        self._demand = Demand()
        existing = {group.title for group in connection.board.groups}
        self._existing = existing
        self._groups: dict[str, GroupForecast] = {}
        self._customers: list[CustomerForecast] = []
        self._works: list[Work] = []
        self._records = False
        """Whether a run would write a dead letter: there is none yet of a row that is invalid."""

    async def look_at(self, customer: str, source: Source) -> None:
        """Add a customer. Raises `PersistenceError`, `DestinationError`, and `StoppedError` where asked to stop."""
        forecast, work = CustomerForecast(customer), Work()
        run = self._context.database.run
        key, names = self._context.business_key, source.wanted.names or ()
        forecast.relinked = await run(
            lambda uow: uow.forecasts.count_recognised(key, names, doubled=source.doubled)
        )
        left_out = recognised(key, names, doubled=source.doubled) if forecast.relinked else None
        await self._waiting(forecast, work)
        if forecast.waiting_orders or forecast.waiting_subitems:
            await run(partial(self._labels_waiting, customer))
        with self._context.announcer.step(customer, Step.PREVIEW) as progress:
            await self._new(forecast, work, source, left_out, progress)
            progress.complete()
        if forecast.items:
            await self._duplicates(forecast, source, left_out)
        found = self._found
        remarks = Remarks(found.invalid, found.warnings)
        changes = ChangesPreview(
            self._context, self._connection.client, found.changes, remarks, self._demand.take_label
        )
        if self._with_changes:
            total = await self._delivered(source, customer)
            with self._context.announcer.step(customer, Step.CHANGES, total) as progress:
                await changes.look_at(forecast, work, source, progress, everything=True)
                progress.complete()
        else:
            await changes.look_at(forecast, work, source, NOWHERE, everything=False)
        self._records |= changes.records
        for title in changes.groups:
            self._group(title, work)
        if forecast != CustomerForecast(customer):
            self._customers.append(forecast)
            self._works.append(work)

    async def _delivered(self, source: Source, customer: str) -> int | None:
        """Count what was delivered, if anybody wants to know."""
        if not self._context.announcer.listens:
            return None
        names, wanted = [customer], source.wanted
        return await self._context.database.run(lambda uow: uow.deliveries.count_delivered(names, wanted))

    async def result(self) -> PreviewResult:
        """Sum up, with what monday.com tells of the account's limits."""
        client, context, board = self._connection.client, self._context, self._connection.board
        daily = await client.daily_calls(context.outside.now().date())
        found, groups = self._found, self._groups.values()
        first = {item.group for item in found.items.rows}
        return PreviewResult(
            board=board.name,
            board_id=board.id,
            with_changes=self._with_changes,
            records=self._records,
            customers=tuple(self._customers),
            groups=telling.shown_groups(groups, first, self._most),
            new_groups=sum(not group.exists for group in groups),
            items=found.items,
            payloads=tuple(found.payloads.rows),
            changes=found.changes,
            warnings=found.warnings,
            invalid=found.invalid,
            duplicates=found.duplicates,
            labels=telling.new_labels(
                context.mapping, self._demand.labels, board, self._connection.subitems, self._most
            ),
            estimate=estimate(
                self._works,
                context.settings,
                client.quotas,
                daily,
                with_subitem_board=self._connection.subitem_board_id is not None,
            ),
            field_titles=tuple(field.title for field in context.mapping.fields),
        )

    def _group(self, title: str, work: Work) -> GroupForecast:
        """Give a group; the customer that needs it first is the one for whom it is created."""
        if title not in self._groups:
            self._groups[title] = GroupForecast(title, title in self._existing)
            work.new_groups += title not in self._existing
        return self._groups[title]

    async def _waiting(self, forecast: CustomerForecast, work: Work) -> None:
        found: list[Waiting] = await self._context.database.run(
            lambda uow: uow.forecasts.waiting(forecast.customer)
        )
        for each in found:
            if each.orders:
                self._group(each.group, work).waiting += each.orders
            forecast.waiting_orders += each.orders
            forecast.waiting_subitems += each.subitems
            work.items[each.group] = each.orders
            work.subitems += each.subitems

    def _labels_waiting(self, customer: str, uow: UnitOfWork) -> None:
        """Take in the labels that staged orders and sizes would bring, each once."""
        mapping, names = self._context.mapping, attributes(StagedOrder)
        columns = {names[field.title]: field.column for field in mapping.fields if field.type in LABELS}
        for name, label in uow.forecasts.values_waiting(customer, list(columns)):
            self._demand.take_label(columns[name], label)
        for label in uow.forecasts.sizes_waiting(customer):
            self._demand.take_size(mapping, label)

    async def _new(
        self,
        forecast: CustomerForecast,
        work: Work,
        source: Source,
        left_out: Selection | None,
        progress: StepProgress,
    ) -> None:
        """Read what is new: rows that nothing identifies first, as a run does."""
        columns, rules = self._context.mapping.source_columns, self._context.rules
        size = self._context.settings.chunk_rows
        last: UUID | None = None
        passed = 0

        def strangers(repository: SourceRepository) -> Pages:
            nonlocal passed
            # Begun anew after a fault, all of them come again: those that are counted are passed over.
            passed = forecast.invalid
            page = Page(None, size, without_doubled=source.doubled)
            return repository.unidentified_rows(source.shape, columns, source.wanted, page)

        def new(repository: SourceRepository) -> Pages:
            page = Page(last, size, without_doubled=source.doubled, left_out=left_out)
            return repository.new_rows(source.shape, columns, source.wanted, page)

        async with self._context.database.reading(strangers) as read:
            while rows := await self._next(read):
                fresh, passed = rows[passed:], max(0, passed - len(rows))
                refused = [
                    (unidentified(rules.apply(row, source.shape.sizes), row[UUID_COLUMN]), row)
                    for row in fresh
                ]
                await self._refuse(forecast, refused, identified=False)
                progress.advance(len(fresh))
        room = math.inf if source.limit is None else source.limit
        async with self._context.database.reading(new) as read:
            while forecast.items < room and (rows := await self._next(read)):
                refused = []
                for row in rows:
                    if forecast.items >= room:
                        break
                    order = rules.apply(row, source.shape.sizes)
                    if isinstance(order, Order):
                        self._take(forecast, work, order)
                    else:
                        refused.append((order, row))
                await self._refuse(forecast, refused, identified=True)
                last = rows[-1][UUID_COLUMN]
                progress.advance(len(rows))
                if len(rows) == size and progress.total is None and self._context.announcer.listens:
                    progress.expect(await self._new_in_all(source))

    async def _new_in_all(self, source: Source) -> int:
        found = await self._context.database.run(lambda uow: uow.source.new_by_customer_name(source.wanted))
        total = sum(count for _, count in found)
        return total if source.limit is None else min(total, source.limit)

    async def _next(self, read: Callable[[], Awaitable[Rows]]) -> Rows:
        await self._context.require_going_on()
        return await read()

    async def _refuse(
        self, forecast: CustomerForecast, refused: Sequence[tuple[InvalidOrder, Row]], *, identified: bool
    ) -> None:
        forecast.invalid += len(refused)
        for order, _ in refused:
            self._found.invalid.add_made(partial(telling.invalid, forecast.customer, order))
        if refused and not self._records:
            look = partial(any_unrecorded, refused, identified=identified)
            self._records = await self._context.database.run(look)

    def _take(self, forecast: CustomerForecast, work: Work, order: Order) -> None:
        customer, mapping, found = forecast.customer, self._context.mapping, self._found
        forecast.items += 1
        forecast.subitems += len(order.sizes)
        group = self._group(order.group, work)
        group.items += 1
        group.subitems += len(order.sizes)
        work.items[order.group] = work.items.get(order.group, 0) + 1
        work.subitems += len(order.sizes)
        self._demand.take(mapping, order)
        found.items.add_made(partial(telling.new_item, customer, order))
        found.payloads.add_made(partial(telling.payload, mapping, self._connection.client.key_column, order))
        if order.notes:
            forecast.warnings += 1
            found.warnings.add_made(partial(telling.warned, customer, order))

    async def _duplicates(
        self, forecast: CustomerForecast, source: Source, left_out: Selection | None
    ) -> None:
        shown, mapping, key = self._found.duplicates, self._context.mapping, self._context.business_key

        def look(uow: UnitOfWork) -> tuple[int, list[Alike]]:
            return uow.forecasts.alike(key, source.wanted, left_out, doubled=source.doubled, limit=shown.room)

        total, rows = await self._context.database.run(look)
        forecast.duplicates += total
        shown.take_in([telling.duplicate(mapping, forecast.customer, row) for row in rows], total)
