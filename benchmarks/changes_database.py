"""The database of the benchmark of changes: orders that were delivered long ago, without delivering them."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, insert, select, text, update
from sqlalchemy.orm import sessionmaker

from benchmarks.delivery_orders import CUSTOMER, KEY_COLUMN, order_rows
from order_staging import UnitOfWork, schema
from order_staging.batch.changes.lines import content_of
from order_staging.batch.limits import order_limits
from order_staging.batch.payloads import order_payload, size_payload
from order_staging.database import create_engine
from order_staging.models import Base, OrdersUnified, ProductionOrder, ProductionSubitem
from order_staging.reading import SourceReading
from order_staging.repositories import SourceFilter
from order_staging.repositories.source import Page
from order_staging.transform import Order, OrderRules, load_customers, load_mapping, rules_fingerprint
from order_staging.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from sqlite3 import Connection, Cursor
    from uuid import UUID

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry

    from order_staging.repositories import Delivered, Pages, SourceRepository, SourceShape

ORDERS = Base.metadata.tables[ProductionOrder.__tablename__]
SIZES = Base.metadata.tables[ProductionSubitem.__tablename__]
PAGE = 1000
FIRST_ITEM = 1_000_000_001
"""Ids of items that are not on the sandbox's board."""
FIRST_SUBITEM = 2_000_000_000_001
FROM = re.compile(r'\bFROM\s+[\["]?(\w+)', re.IGNORECASE)

Row = dict[str, Any]


class RowCounts:
    """Counts the rows that are fetched, by the first table of the statement."""

    def __init__(self, engine: Engine) -> None:
        """Listen to an engine that has no connection yet."""
        self.of = Counter[str]()
        self._table = ""
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "before_cursor_execute", self._begun)

    def _connected(self, connection: Connection, _: ConnectionPoolEntry) -> None:
        # The clock would take a wait for the disk for idleness; and the disk is not what is measured.
        connection.execute("PRAGMA synchronous = OFF")
        connection.row_factory = self._fetched

    def _begun(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        found = FROM.search(statement)
        self._table = found[1] if found else ""

    def _fetched(self, _: Cursor, row: tuple[Any, ...]) -> tuple[Any, ...]:
        self.of[self._table] += 1
        return row


class Orders:
    """Delivered orders, by the library's own rules."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine."""
        self.mapping = load_mapping(None)
        customers = load_customers(None)
        self.rules = OrderRules(self.mapping, customers, order_limits())
        self._rules_hash = rules_fingerprint(self.mapping, customers, VERSION)
        self._sessions = sessionmaker(engine)

    def fill(self, count: int) -> None:
        """Put order lines into the source, and into production as if they had been delivered."""
        rows = order_rows(count)
        with UnitOfWork(self._sessions) as uow:
            shape = uow.source.shape()
            # Equal keys let the driver insert a page by one statement.
            names = dict.fromkeys(name for row in rows for name in row)
            for start in range(0, count, PAGE):
                uow.source.add(shape, [dict.fromkeys(names) | row for row in rows[start : start + PAGE]])
            uow.commit()
        del rows
        columns = self.mapping.source_columns

        def read(source: SourceRepository) -> Pages:
            return source.new_rows(shape, columns, SourceFilter(), Page(None, PAGE))

        reading = SourceReading(self._sessions, read)
        done = 0
        while page := reading.next():
            with UnitOfWork(self._sessions) as uow:
                self._deliver(uow, [self.order(row, shape) for row in page], done)
                uow.commit()
            done += len(page)
        reading.close()

    def order(self, row: Row, shape: SourceShape) -> Order:
        """Apply the rules to a row of the source."""
        order = self.rules.apply(row, shape.sizes)
        if not isinstance(order, Order):
            raise TypeError(f"an order line of the benchmark is invalid: {order.problems}")
        return order

    def page(self, uow: UnitOfWork, shape: SourceShape, after: UUID | None) -> Sequence[Delivered]:
        """Read a page of the source rows that production has."""
        return uow.deliveries.page(
            shape, self.mapping.source_columns, SourceFilter([CUSTOMER]), Page(after, PAGE)
        )

    def _deliver(self, uow: UnitOfWork, orders: Sequence[Order], number: int) -> None:
        parents, children = [], []
        for place, order in enumerate(orders, number):
            key = {KEY_COLUMN: str(order.source_uuid)}
            payload = order_payload(self.mapping, order.title, order.group, order.values, key)
            named = {name: value for name, value in order.values.items() if name in ORDERS.c}
            parents.append(
                named
                | {
                    "Title": order.title,
                    "Group": order.group,
                    "Item ID": FIRST_ITEM + place,
                    "source_uuid": order.source_uuid,
                    "delivered_hash": content_of(self.mapping, order).hash,
                    "delivered_values": payload.recorded,
                    "delivered_rules": self._rules_hash,
                }
            )
            for child, size in enumerate(order.sizes):
                payload = size_payload(self.mapping, size)
                children.append(
                    {
                        "subitem_id": str(FIRST_SUBITEM + place * len(order.sizes) + child),
                        "source_uuid": order.source_uuid,
                        "Size": size.label,
                        "size_key": size.label,
                        "ORDER_QTY": str(size.quantity),
                        "CUSTOMER": CUSTOMER,
                        "delivered_hash": payload.hash,
                        "delivered_values": payload.recorded,
                    }
                )
        uow.deliveries.session.execute(insert(ORDERS), parents)
        uow.deliveries.session.execute(insert(SIZES), children)


def opened(path: Path) -> tuple[Engine, RowCounts]:
    """Open the database, and count what is fetched from it."""
    engine = create_engine(f"sqlite:///{path}")
    return engine, RowCounts(engine)


def build(path: Path, count: int) -> None:
    """Make the database, with so many order lines."""
    engine, _ = opened(path)
    schema.upgrade(engine)
    Orders(engine).fill(count)
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()


def spread(engine: Engine, count: int) -> list[UUID]:
    """Choose so many order lines, evenly spread over the UUIDs, in their order."""
    with engine.connect() as connection:
        uuids = list(connection.scalars(select(ORDERS.c.source_uuid).order_by(ORDERS.c.source_uuid)))
    return [uuids[place * len(uuids) // count] for place in range(count)]


def change_prices(path: Path, count: int) -> None:
    """Correct the price of so many order lines, evenly spread."""
    engine, _ = opened(path)
    row = OrdersUnified
    chosen = spread(engine, count)  # before the transaction, which would wait for itself
    with engine.begin() as connection:
        for uuid in chosen:
            connection.execute(update(row).where(row.record_uuid == uuid).values(customer_price="999.25"))
    engine.dispose()
