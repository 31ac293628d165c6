"""Staging by dlt: a resource of Arrow tables, loaded from files; it comes with the extra `bench`.

That is COPY of CSV files on PostgreSQL, and Parquet on SQLite, which dlt inserts by SQLAlchemy. Sizes are melted
before, by pandas, and go to a table of their own from the same resource, so that the source is read once.
"""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
from sqlalchemy import make_url

from benchmarks.staging_drivers import is_sqlite
from benchmarks.staging_objects import plain_engine
from benchmarks.staging_pandas import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

ENVIRONMENT = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "SCHEMA__NAMING": "direct",
}
"""No word to anybody outside, and the tables' and columns' own names."""


def load(url: str) -> None:
    """Run a pipeline into the staging tables themselves."""
    os.environ.update(ENVIRONMENT)
    if is_sqlite(url):
        # The schema "main" is the file itself.
        destination, dataset, files = dlt.destinations.sqlalchemy(url), "main", "parquet"
    else:
        # It insists on a host; that of the query, a socket's folder, is what libpq takes.
        plain = make_url(url).set(drivername="postgresql", host="localhost")
        address = plain.render_as_string(hide_password=False)
        destination, dataset, files = dlt.destinations.postgres(address), "public", "csv"
    with tempfile.TemporaryDirectory(prefix="order-staging-dlt-") as folder:
        pipeline = dlt.pipeline(
            "staging", pipelines_dir=folder, destination=destination, dataset_name=dataset
        )
        pipeline.run(dlt.resource(_chunks(url), name="staging"), loader_file_format=files)


def _chunks(url: str) -> Iterator[Any]:
    engine = plain_engine(url)
    with frames(engine) as chunks:
        for portion in chunks:
            for table, frame in portion.items():
                texts = {name: frame[name].astype(str) for name in ("source_uuid", "stg_batch_id")}
                rows = pa.Table.from_pandas(frame.assign(**texts), preserve_index=False)
                yield dlt.mark.with_table_name(rows, table)
    engine.dispose()
