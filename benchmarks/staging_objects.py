"""Staging by SQLAlchemy: this project's own loading, and an object of the ORM a row."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from threading import Event
from typing import TYPE_CHECKING, Any

from sqlalchemy import column, create_engine, event, inspect, select
from sqlalchemy.orm import Session

from benchmarks.delivery_orders import CUSTOMER
from benchmarks.staging_ground import Meter
from benchmarks.staging_orders import (
    CHUNK,
    COMMON,
    COMMON_TO_ORDERS,
    GROUP,
    LABELS,
    QUANTITIES,
    SOURCES,
    TITLE,
    TITLES,
    sizes_among,
)
from order_staging import Settings
from order_staging.batch.assembly import Assembly, open_context
from order_staging.batch.leases import holding
from order_staging.batch.loading import Loader, Source
from order_staging.batch.record import BatchRecord
from order_staging.batch.results import BatchResult
from order_staging.batch.rows import SUBITEM_COPIES
from order_staging.database import SQLITE_BUSY_TIMEOUT
from order_staging.models import Base, BatchStatus, OrdersUnified, StagedOrder, StagedSubitem
from order_staging.monday import Usage
from order_staging.repositories import SourceFilter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from sqlite3 import Connection

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry

    from benchmarks.staging_measures import Measure


def ours(url: str) -> Measure:
    """Load as a run does, under a lease and into a batch's record; the measure is that of loading."""
    return asyncio.run(_ours(Settings.load(database_url=url, chunk_rows=CHUNK)))


async def _ours(settings: Settings) -> Measure:
    async with (
        open_context(Assembly.of(settings), Event()) as opened,
        holding(opened.context, CUSTOMER) as hold,
    ):
        record = BatchRecord(opened.context, BatchResult(CUSTOMER), hold, Usage(), None)
        source = Source(opened.shape, SourceFilter([CUSTOMER]), doubled=opened.doubled)
        meter = Meter()
        await Loader(opened.context, record, source).load()
        await record.reach(BatchStatus.STAGING_LOADED)
        return meter.measure()


def plain_engine(url: str) -> Engine:
    """Make an engine as anybody would, with the settings that the library's own gives to SQLite."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare)
    return engine


def _prepare(connection: Connection, _: ConnectionPoolEntry) -> None:
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")


def size_columns(engine: Engine) -> list[str]:
    """Find the sizes that the source has."""
    return sizes_among([found["name"] for found in inspect(engine).get_columns(OrdersUnified.__tablename__)])


def objects(url: str) -> None:
    """Read each order line as an object, and add an object for each order and for each size; no rules."""
    engine = plain_engine(url)
    sizes = size_columns(engine)
    wanted: list[Any] = [OrdersUnified, *map(column, sizes)]
    query = select(*wanted).execution_options(yield_per=CHUNK)
    copying = _ObjectsCopied(sizes)
    with Session(engine) as reading, Session(engine) as writing:
        for rows in reading.execute(query).partitions():
            pairs = [(row, copying.order(row[0])) for row in rows]
            for _, order in pairs:
                writing.add(order)
            writing.flush()
            for row, order in pairs:
                for subitem in copying.subitems(order, row[1:]):
                    writing.add(subitem)
            writing.commit()
            writing.expunge_all()
    engine.dispose()


class _ObjectsCopied:
    """Copies attributes from objects to objects."""

    def __init__(self, sizes: Sequence[str]) -> None:
        source, order, subitem = map(_attributes, (OrdersUnified, StagedOrder, StagedSubitem))
        self._sizes = sizes
        staged = StagedOrder.__table__.c
        self._copied = [
            (source[name], order[title], staged[title].type.python_type is Decimal)
            for name, title in zip(SOURCES, TITLES, strict=True)
        ]
        self._title = [source[SOURCES[place]] for place in TITLE]
        self._group = [source[SOURCES[place]] for place in GROUP]
        self._repeated = [(subitem[name], order[title]) for name, title in SUBITEM_COPIES.items()]
        self._labels, self._quantities = ([subitem[name] for name in names] for names in (LABELS, QUANTITIES))
        self._of_orders = {order[name]: value for name, value in COMMON_TO_ORDERS.items()}
        self._of_subitems = {subitem[name]: value for name, value in COMMON.items()}

    def order(self, source: OrdersUnified) -> StagedOrder:
        order = StagedOrder(**self._of_orders, source_uuid=source.record_uuid)
        for name, attribute, is_decimal in self._copied:
            value = getattr(source, name)
            # SQLAlchemy's column takes no text.
            setattr(order, attribute, Decimal(value) if is_decimal else value)
        order.title = "".join(getattr(source, name) for name in self._title)
        order.group = " ".join(getattr(source, name) for name in self._group)
        return order

    def subitems(self, order: StagedOrder, quantities: Sequence[int | None]) -> list[StagedSubitem]:
        repeated = {name: getattr(order, attribute) for name, attribute in self._repeated}
        repeated |= self._of_subitems | {
            "source_uuid": order.source_uuid,
            "stg_parent_stg_id": order.stg_id,
        }
        return [
            StagedSubitem(
                **repeated, **dict.fromkeys(self._labels, size), **dict.fromkeys(self._quantities, quantity)
            )
            for size, quantity in zip(self._sizes, quantities, strict=True)
            if quantity
        ]


def _attributes(model: type[Base]) -> dict[str, Any]:
    return {attribute.columns[0].name: attribute.key for attribute in inspect(model).column_attrs}
