"""A database that somebody gives the tests by `ORDER_STAGING_TEST_URL`: on SQL Server, for instance.

Everything in it is deleted, so its name must say that it is for tests.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import MetaData, make_url, text

from order_staging import schema
from order_staging.database import create_engine
from order_staging.models import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

VARIABLE = "ORDER_STAGING_TEST_URL"
URL = os.environ.get(VARIABLE)
ENGINES = ["sqlite", "postgresql", *(["given"] if URL else [])]
"""On what tests run that know no engine of their own."""

COLUMNS = text("""
    SELECT table_name, column_name, data_type, is_nullable, character_maximum_length FROM information_schema.columns
    WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'sys')
    ORDER BY table_name, ordinal_position""")
COUNT_FROM_ONE = {
    # On a table that never had a row, SQL Server would begin with the number itself.
    "mssql": (
        "IF (SELECT last_value FROM sys.identity_columns WHERE object_id = OBJECT_ID('{table}')) IS NOT NULL "
        "DBCC CHECKIDENT ('{table}', RESEED, 0) WITH NO_INFOMSGS"
    ),
    "postgresql": 'ALTER SEQUENCE IF EXISTS "{table}_{column}_seq" RESTART',
}


@dataclass
class GivenDatabase:
    """A migrated database that tests have one after the other."""

    url: str
    engine: Engine = field(init=False)
    _shape: list[tuple[Any, ...]] = field(init=False)

    def __post_init__(self) -> None:
        name = str(make_url(self.url).database)
        if not re.search(r"(?<![a-z])tests?(?![a-z])", name.lower()):
            pytest.exit(
                f"{VARIABLE} names the database {name!r}; everything in it would be deleted, so give one that has "
                "'test' as a word in its name",
                returncode=4,
            )
        self.engine = create_engine(self.url).execution_options(isolation_level="AUTOCOMMIT")
        self.make_anew()
        self._shape = self._columns()

    def make_anew(self) -> None:
        """Drop everything and migrate."""
        self.clear()
        engine = create_engine(self.url)
        schema.upgrade(engine)
        engine.dispose()

    def clear(self) -> None:
        """Drop everything."""
        found = MetaData()
        found.reflect(self.engine)
        found.drop_all(self.engine)

    def empty(self) -> None:
        """Delete every row, and make the schema anew where a test has changed it."""
        if self._columns() != self._shape:
            self.make_anew()
            return
        with self.engine.connect() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            _count_from_one(connection)

    def _columns(self) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(COLUMNS)]


def _count_from_one(connection: Connection) -> None:
    statement = COUNT_FROM_ONE.get(connection.dialect.name)
    if statement is None:
        return
    for table in Base.metadata.sorted_tables:
        counted = table.autoincrement_column
        if counted is not None:
            connection.exec_driver_sql(statement.format(table=table.name, column=counted.name))
