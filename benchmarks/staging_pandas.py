"""Staging by pandas: `read_sql`, columns renamed, sizes melted, `to_sql`; it comes with the extra `bench`."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import inspect, text

from benchmarks.staging_drivers import POSTGRES, SQLITE
from benchmarks.staging_objects import plain_engine, size_columns
from benchmarks.staging_orders import (
    BATCH,
    CHUNK,
    COMMON,
    COMMON_TO_ORDERS,
    GROUP,
    LABELS,
    ORDERS,
    QUANTITIES,
    SOURCES,
    SUBITEMS,
    TITLE,
    TITLES,
    UUID_COLUMN,
)
from order_staging.batch.rows import SUBITEM_COPIES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from benchmarks.staging_drivers import Dialect

METHOD = None
"""How `to_sql` writes. `"multi"`, many rows a statement, took over ten times the CPU seconds on both engines."""


def load(url: str) -> None:
    """Read, rename, melt and append, a chunk at a time."""
    engine = plain_engine(url)
    types = {table: column_types(engine, table) for table in (ORDERS, SUBITEMS)}
    with frames(engine) as chunks:
        for portion in chunks:
            with engine.begin() as writing:
                for table, frame in portion.items():
                    frame.to_sql(
                        table, writing, if_exists="append", index=False, dtype=types[table], method=METHOD
                    )
    engine.dispose()


def column_types(engine: Engine, table: str) -> dict[str, Any] | None:
    """Give the types of a table's columns where the database insists on them: money is text in the source."""
    if engine.dialect.name == "sqlite":
        return None
    return {found["name"]: found["type"] for found in inspect(engine).get_columns(table)}


@contextmanager
def frames(engine: Engine) -> Iterator[Iterator[dict[str, Any]]]:
    """Read the source for a `with` block: chunk by chunk the frames of both tables, by their names."""
    sizes = size_columns(engine)
    with engine.connect().execution_options(stream_results=True) as reading, engine.connect() as asking:
        found = pd.read_sql(text(SQLITE.select(sizes).replace(":", r"\:")), reading, chunksize=CHUNK)
        staged = Staged(sizes, SQLITE if engine.dialect.name == "sqlite" else POSTGRES)
        yield (staged.frames(frame, _ids(asking, len(frame), done)) for done, frame in _counted(found))


def _counted(found: Iterator[Any]) -> Iterator[tuple[int, Any]]:
    done = 0
    for frame in found:
        yield done, frame
        done += len(frame)


class Staged:
    """Makes frames of the staging tables from frames of the source; no rules."""

    def __init__(self, sizes: list[str], dialect: Dialect) -> None:
        """Take the sizes and how the database has UUIDs."""
        self._sizes = sizes
        self._common = COMMON | {"stg_batch_id": dialect.uuids[SUBITEMS](BATCH)}
        self._of_orders = COMMON_TO_ORDERS | {"stg_batch_id": dialect.uuids[ORDERS](BATCH)}

    def frames(self, found: Any, ids: list[int]) -> dict[str, Any]:  # noqa: ANN401 - a DataFrame
        """Make the frames of both tables."""
        frame = found.rename(columns=dict(zip(SOURCES, TITLES, strict=True)) | {UUID_COLUMN: "source_uuid"})
        first, *others = [frame[TITLES[place]] for place in TITLE]
        customer, season = [frame[TITLES[place]] for place in GROUP]
        made = {"Title": first.str.cat(others), "Group": customer.str.cat(season, sep=" "), "stg_id": ids}
        orders = frame[[*TITLES, "source_uuid"]].assign(**made, **self._of_orders)
        named = frame.rename(columns={title: name for name, title in SUBITEM_COPIES.items()})
        subitems = named.assign(stg_parent_stg_id=ids).melt(
            id_vars=[*SUBITEM_COPIES, "source_uuid", "stg_parent_stg_id"],
            value_vars=self._sizes,
            var_name=LABELS[0],
            value_name=QUANTITIES[0],
        )
        subitems = subitems[subitems[QUANTITIES[0]] > 0].astype({QUANTITIES[0]: "int64"})
        repeated = {LABELS[1]: subitems[LABELS[0]], QUANTITIES[1]: subitems[QUANTITIES[0]]}
        return {ORDERS: orders, SUBITEMS: subitems.assign(**repeated, **self._common)}


def _ids(connection: Connection, count: int, done: int) -> list[int]:
    """Count the ids of orders before: on SQLite from 1, as the table is empty; on PostgreSQL by its sequence."""
    if connection.dialect.name == "sqlite":
        return list(range(done + 1, done + 1 + count))
    query = text("SELECT nextval(pg_get_serial_sequence(:name, 'stg_id')) FROM generate_series(1, :count)")
    return list(connection.scalars(query, {"name": f'"{ORDERS}"', "count": count}))
