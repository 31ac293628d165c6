"""What the pending orders would bring to the board: items, subitems and labels. Nothing is kept of single rows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from order_staging.batch.events import Step
from order_staging.batch.rows import attributes
from order_staging.models import StagedOrder
from order_staging.repositories.source import UUID_COLUMN, Page, SourceFilter
from order_staging.transform import LABELS, Order

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging.batch.announcing import Announcer
    from order_staging.batch.context import DatabaseThread
    from order_staging.repositories import Pages, Rows, SourceRepository, SourceShape
    from order_staging.transform import BoardMapping, OrderRules
    from order_staging.unit_of_work import UnitOfWork


@dataclass
class Demand:
    """What would come: `orders` and `subitems`, new or staged and not on the board yet.

    `invalid` rows would not. `most_sizes` is the most that one order line has. `labels` are by the board's column
    id; `left_out` has by field title the values that are no labels, and why.
    """

    orders: int = 0
    subitems: int = 0
    invalid: int = 0
    most_sizes: int = 0
    labels: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    left_out: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def take(self, mapping: BoardMapping, order: Order) -> None:
        """Count a new order line."""
        self.orders += 1
        self.subitems += len(order.sizes)
        self.most_sizes = max(self.most_sizes, len(order.sizes))
        titles = set()
        for mapped in mapping.fields:
            if mapped.type in LABELS:
                titles.add(mapped.title)
                self.take_label(mapped.column, order.values[mapped.title])
        for size in order.sizes:
            self.take_size(mapping, size.label)
        for remark in order.notes:
            if remark.column in titles:
                self.left_out[remark.column][remark.value] = remark.problem

    def take_size(self, mapping: BoardMapping, label: object) -> None:
        """Count the label of a size, where sizes go to a column with labels."""
        size = mapping.subitems.size
        if size.type in LABELS:
            self.take_label(size.column, label)

    def take_label(self, column_id: str, value: object) -> None:
        """Count a label of a column, unless it is empty."""
        if value is not None and str(value).strip():
            self.labels[column_id].add(str(value))


@dataclass(frozen=True)
class Estimate:
    """What is needed to look ahead: the rules, and the source's shape; `size` rows are read at a time."""

    mapping: BoardMapping
    rules: OrderRules
    shape: SourceShape
    doubled: bool
    size: int

    async def of(self, database: DatabaseThread, announcer: Announcer) -> Demand:
        """Read what is new and what is staged, of all customers, a chunk at a time; nothing is written."""
        demand = Demand()
        last: UUID | None = None

        def start(source: SourceRepository) -> Pages:
            page = Page(last, self.size, without_doubled=self.doubled)
            return source.new_rows(self.shape, self.mapping.source_columns, SourceFilter(), page)

        with announcer.step(None, Step.CHECK) as progress:
            async with database.reading(start) as read:
                while rows := await read():
                    self._judge(demand, rows)
                    last = rows[-1][UUID_COLUMN]
                    progress.advance(len(rows))
                    if len(rows) == self.size and progress.total is None and announcer.listens:
                        progress.expect(await database.run(_count_new))
            progress.complete()
        demand.invalid += await database.run(self._count_unidentified)
        await database.run(partial(self._count_staged, demand))
        return demand

    def _judge(self, demand: Demand, rows: Rows) -> None:
        for row in rows:
            order = self.rules.apply(row, self.shape.sizes)
            if isinstance(order, Order):
                demand.take(self.mapping, order)
            else:
                demand.invalid += 1

    def _count_unidentified(self, uow: UnitOfWork) -> int:
        return uow.source.count_unidentified(SourceFilter(), doubled=self.doubled)

    def _count_staged(self, demand: Demand, uow: UnitOfWork) -> None:
        names = attributes(StagedOrder)
        demand.orders += uow.staging.orders.count_awaiting()
        demand.subitems += uow.staging.subitems.count_awaiting()
        for mapped in self.mapping.fields:
            if mapped.type in LABELS:
                for label in uow.staging.orders.values_awaiting(names[mapped.title]):
                    demand.take_label(mapped.column, label)
        for label in uow.staging.subitems.values_awaiting("size"):
            demand.take_size(self.mapping, label)


def _count_new(uow: UnitOfWork) -> int:
    return sum(count for _, count in uow.source.new_by_customer_name(SourceFilter()))
