"""The tables of the benchmark of detection: order lines that were delivered long ago, and a few new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import sessionmaker

from benchmarks.databases import analyze, connect, execute
from order_staging import UnitOfWork, schema
from order_staging.database import create_engine
from order_staging.models import OrdersUnified, ProductionOrder, StagedOrder
from order_staging.reading import SourceReading
from order_staging.repositories import SourceFilter
from order_staging.repositories.source import UUID_COLUMN, Page
from order_staging.transform import load_mapping

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from benchmarks.databases import Databases
    from order_staging.repositories import Pages, SourceRepository

CUSTOMER = "GREYSON CLOTHIERS"
SCATTER = 2_654_435_761
"""Knuth's multiplier: UUIDs come in no order, as in life."""
PAGE = 1000
SOURCE, STAGED = OrdersUnified.__tablename__, StagedOrder.__tablename__
DELIVERED = ProductionOrder.__tablename__


def build(databases: Databases, name: str, delivered: int, new: int) -> str:
    """Make a database with so many order lines of one customer that are delivered, and so many that are new.

    Those that are new are spread over all of them. Gives the URL.
    """
    url = databases.create(name)
    engine = create_engine(url)
    schema.upgrade(engine)
    engine.dispose()
    every, uuid = delivered // new + 1, _uuid(databases.engine)
    series = (
        "WITH RECURSIVE numbers(number) AS (SELECT CAST(1 AS BIGINT) "  # noqa: S608 - numbers of ours
        f"UNION ALL SELECT number + 1 FROM numbers WHERE number < {delivered + new}) "
    )
    of_source = f'{UUID_COLUMN}, "CUSTOMER NAME", "AAG ORDER NUMBER", "CUSTOMER STYLE", "PO NUMBER", "M"'
    values = f"{uuid}, '{CUSTOMER}', 'JOO-' || number / 8, 'POLO-' || number % 40, '4755', 7"
    delivered_ones = f"SELECT number, {uuid}, 'POLO' FROM numbers WHERE number % {every} > 0"  # noqa: S608 - ours
    execute(
        url,
        [
            f'INSERT INTO "{SOURCE}" ({of_source}) {series} SELECT {values} FROM numbers',  # noqa: S608 - ours
            f'INSERT INTO "{DELIVERED}" ("Item ID", source_uuid, "Title") {series} {delivered_ones}',
        ],
    )
    analyze(url)
    return url


def _uuid(engine: str) -> str:
    """Write a UUID of `number` as the engine keeps them: as 32 digits on SQLite."""
    scattered = f"number * {SCATTER} % 4294967296"
    if engine == "sqlite":
        return f"printf('%08x%024x', {scattered}, number)"
    return f"(lpad(to_hex({scattered}), 8, '0') || lpad(to_hex(number), 24, '0'))::uuid"


class Detection:
    """Finds what is new in a database, in two ways, with a connection that is open already."""

    def __init__(self, url: str) -> None:
        """Connect."""
        self._engine: Engine = create_engine(url)
        self._columns = load_mapping(None).source_columns
        self._connection = connect(url)
        with UnitOfWork(sessionmaker(self._engine)) as uow:
            self._shape = uow.source.shape()

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()
        self._engine.dispose()

    def by_us(self) -> int:
        """Read what is new as loading does; tell how many rows."""
        reading = SourceReading(sessionmaker(self._engine), self._new_rows)
        found = sum(map(len, iter(reading.next, [])))
        reading.close()
        return found

    def _new_rows(self, source: SourceRepository) -> Pages:
        return source.new_rows(self._shape, self._columns, SourceFilter([CUSTOMER]), Page(None, PAGE))

    def counted_by_us(self) -> int:
        """Count it as `customers` and a run of all do; tell how many rows."""
        with UnitOfWork(sessionmaker(self._engine)) as uow:
            return sum(count for _, count in uow.source.new_by_customer_name(SourceFilter()))

    def by_plain_sql(self) -> int:
        """Read it by the raw driver: the same columns; tell how many rows."""
        names = dict.fromkeys([*self._columns, *self._shape.sizes])
        columns = ", ".join(f's."{name}"' for name in names)
        query = f'SELECT {columns} FROM "{SOURCE}" s WHERE s."CUSTOMER NAME" = \'{CUSTOMER}\' AND {_NEW}'  # noqa: S608
        return len(self._rows(query))

    def counted_by_plain_sql(self) -> int:
        """Count it by the raw driver; tell how many rows."""
        query = (
            f'SELECT s."CUSTOMER NAME", count(*) FROM "{SOURCE}" s WHERE {_NEW} GROUP BY s."CUSTOMER NAME"'  # noqa: S608
        )
        return sum(int(count) for _, count in self._rows(query))

    def _rows(self, query: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = self._connection.execute(query).fetchall()
        self._connection.rollback()
        return rows


_NEW = (
    f'NOT EXISTS (SELECT 1 FROM "{DELIVERED}" m WHERE m.source_uuid = s.record_uuid) '  # noqa: S608 - names of ours
    f'AND NOT EXISTS (SELECT 1 FROM "{STAGED}" t WHERE t.source_uuid = s.record_uuid)'
)
