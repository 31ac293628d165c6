"""Staging by the databases' own drivers without any rule: the floor, COPY, and a row at a time.

Ids are counted before the rows are written, so that an order and its subitems need no answer: from the highest one
on within SQLite's write lock, from the sequence on PostgreSQL. What all rows have alike stands in the statement.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg

from benchmarks.staging_orders import (
    CHUNK,
    COMMON,
    COMMON_TO_ORDERS,
    ORDER_COLUMNS,
    ORDERS,
    SOURCES,
    SUBITEM_COLUMNS,
    SUBITEMS,
    UUID_COLUMN,
    Copying,
    sizes_among,
)
from order_staging.database import SQLITE_BUSY_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.staging_orders import Record

EVERYTHING = 'SELECT * FROM "ORDERS_UNIFIED" LIMIT 0'


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a driver wants its statements."""

    mark: str
    """What stands for a value."""
    percent: str
    """What stands for a percent sign."""
    uuids: dict[str, Callable[[UUID], str]]
    """How a UUID is written in a table's `stg_batch_id`."""

    def name(self, column: str) -> str:
        """Quote a column."""
        return f'"{column}"'.replace("%", self.percent)

    def names(self, columns: Sequence[str]) -> str:
        """Quote columns."""
        return ", ".join(map(self.name, columns))

    def literal(self, table: str, value: object) -> str:
        """Write a value into a statement."""
        if value is None:
            return "NULL"
        if isinstance(value, UUID):
            return f"'{self.uuids[table](value)}'"
        return f"'{value}'"

    def insert(self, table: str, columns: Sequence[str], common: dict[str, object]) -> str:
        """Insert a row that has values for `columns`, and `common` besides."""
        marks = [self.mark] * len(columns) + [self.literal(table, value) for value in common.values()]
        return (
            f"INSERT INTO {self.name(table)} ({self.names([*columns, *common])}) VALUES ({', '.join(marks)})"  # noqa: S608
        )

    def select(self, sizes: Sequence[str]) -> str:
        """Select what is copied."""
        return f'SELECT {self.names([*SOURCES, UUID_COLUMN, *sizes])} FROM "ORDERS_UNIFIED"'  # noqa: S608

    def insert_order(self) -> str:
        """Insert an order with its id."""
        return self.insert(ORDERS, ORDER_COLUMNS, COMMON_TO_ORDERS)

    def insert_order_anywhere(self) -> str:
        """Insert an order without an id."""
        return self.insert(ORDERS, ORDER_COLUMNS[:-1], COMMON_TO_ORDERS)

    def insert_subitem(self) -> str:
        """Insert a subitem."""
        return self.insert(SUBITEMS, SUBITEM_COLUMNS, COMMON)


SQLITE = Dialect("?", "%", {ORDERS: lambda uuid: uuid.hex, SUBITEMS: str})
POSTGRES = Dialect("%s", "%%", {ORDERS: str, SUBITEMS: str})


def is_sqlite(url: str) -> bool:
    """Tell whether a URL of SQLAlchemy names a file of SQLite."""
    return url.startswith("sqlite")


def open_sqlite(url: str) -> sqlite3.Connection:
    """Open a database as the library's engine does."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute(f"PRAGMA busy_timeout = {SQLITE_BUSY_TIMEOUT}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def open_postgres(url: str) -> psycopg.Connection[Record]:
    """Connect to a database."""
    return psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://"))


def floor(url: str) -> None:
    """Read and write by the driver, many rows a call: nobody who writes by INSERT can be much quicker."""
    if is_sqlite(url):
        _floor_of_sqlite(url)
    else:
        _to_postgres(url, _insert_many)


def floor_by_copy(url: str) -> None:
    """Write by COPY, which PostgreSQL alone has."""
    _to_postgres(url, _copy_many)


def row_by_row(url: str) -> None:
    """Insert each order and each subitem by a call of its own, and commit a chunk at a time."""
    if is_sqlite(url):
        _rows_to_sqlite(url, each=False)
    else:
        _to_postgres(url, _insert_rows)


def order_by_order(url: str) -> None:
    """Insert by calls of their own an order and its subitems, and commit them: what a script does row after row."""
    if is_sqlite(url):
        _rows_to_sqlite(url, each=True)
    else:
        _to_postgres(url, _insert_rows_and_commit)


def _read_sqlite(connection: sqlite3.Connection) -> tuple[Copying, Iterator[list[Record]]]:
    sizes = _sizes(connection.execute(EVERYTHING).description)
    cursor = connection.execute(SQLITE.select(sizes))
    return Copying(sizes), iter(lambda: cursor.fetchmany(CHUNK), [])


def _floor_of_sqlite(url: str) -> None:
    orders, subitems = SQLITE.insert_order(), SQLITE.insert_subitem()
    with closing(open_sqlite(url)) as connection:
        copying, chunks = _read_sqlite(connection)
        for rows in chunks:
            connection.execute("BEGIN IMMEDIATE")
            ((last,),) = connection.execute(f'SELECT coalesce(max(stg_id), 0) FROM "{ORDERS}"')  # noqa: S608
            portion = copying.portion(rows, range(last + 1, last + 1 + len(rows)))
            connection.executemany(orders, portion.orders)
            connection.executemany(subitems, portion.subitems)
            connection.execute("COMMIT")


def _rows_to_sqlite(url: str, *, each: bool) -> None:
    """Insert row by row, in a transaction for each order line or for a chunk of them."""
    order, subitem = SQLITE.insert_order_anywhere(), SQLITE.insert_subitem()
    with closing(open_sqlite(url)) as connection:
        copying, chunks = _read_sqlite(connection)
        portions = ([row] for rows in chunks for row in rows) if each else chunks
        for rows in portions:
            connection.execute("BEGIN IMMEDIATE")
            for row in rows:
                stg_id = connection.execute(order, copying.order(row, None)[:-1]).lastrowid
                for one in copying.subitems(row, stg_id or 0):
                    connection.execute(subitem, one)
            connection.execute("COMMIT")


def _to_postgres(
    url: str, write: Callable[[psycopg.Connection[Record], Copying, list[Record]], None]
) -> None:
    """Read by a cursor on the server, in a connection of its own, so that chunks can be committed meanwhile."""
    with open_postgres(url) as reading, open_postgres(url) as writing:
        sizes = _sizes(reading.execute(EVERYTHING).description)
        copying = Copying(sizes)
        with reading.cursor("orders") as cursor:
            # Without parameters percent signs are what they are.
            cursor.execute(SQLITE.select(sizes).encode())
            while rows := cursor.fetchmany(CHUNK):
                write(writing, copying, rows)
                writing.commit()


def _insert_many(connection: psycopg.Connection[Record], copying: Copying, rows: list[Record]) -> None:
    portion = copying.portion(rows, _ids(connection, len(rows)))
    with connection.cursor() as cursor:
        cursor.executemany(POSTGRES.insert_order().encode(), portion.orders)
        cursor.executemany(POSTGRES.insert_subitem().encode(), portion.subitems)


def _copy_many(connection: psycopg.Connection[Record], copying: Copying, rows: list[Record]) -> None:
    portion = copying.portion(rows, _ids(connection, len(rows)))
    for table, columns, common, records in (
        (ORDERS, ORDER_COLUMNS, COMMON_TO_ORDERS, portion.orders),
        (SUBITEMS, SUBITEM_COLUMNS, COMMON, portion.subitems),
    ):
        alike = tuple(common.values())
        statement = f'COPY "{table}" ({SQLITE.names([*columns, *common])}) FROM STDIN'
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for record in records:
                copy.write_row(record + alike)


def _insert_rows(connection: psycopg.Connection[Record], copying: Copying, rows: list[Record]) -> None:
    order = f"{POSTGRES.insert_order_anywhere()} RETURNING stg_id".encode()
    subitem = POSTGRES.insert_subitem().encode()
    with connection.cursor() as cursor:
        for row in rows:
            ((stg_id,),) = cursor.execute(order, copying.order(row, None)[:-1]).fetchall()
            for each in copying.subitems(row, stg_id):
                cursor.execute(subitem, each)


def _insert_rows_and_commit(
    connection: psycopg.Connection[Record], copying: Copying, rows: list[Record]
) -> None:
    for row in rows:
        _insert_rows(connection, copying, [row])
        connection.commit()


def _ids(connection: psycopg.Connection[Record], count: int) -> list[int]:
    query = "SELECT nextval(pg_get_serial_sequence(%s, 'stg_id')) FROM generate_series(1, %s)"
    return [each for (each,) in connection.execute(query, (f'"{ORDERS}"', count))]


def _sizes(description: Any) -> list[str]:  # noqa: ANN401 - of either driver
    return sizes_among([column[0] for column in description])
