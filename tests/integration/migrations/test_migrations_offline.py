"""The migrations as SQL for SQL Server: printed without driver or server, and readable as Transact-SQL."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from sqlglot import exp

from order_staging import schema
from tests.unit.models.production_tables import NAMES, production_table
from tests.unit.models.sqlserver_parsing import batches, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
URL = "mssql+pyodbc://loader:hunter2@db.example.com/ORDERS"


def printed(*arguments: str) -> str:
    """Run Alembic's command line."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", *arguments, "--sql"],
        cwd=ROOT,
        env={"ORDER_STAGING_DATABASE_URL": URL, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def upgrading() -> str:
    return printed("upgrade", "head")


@pytest.fixture(scope="module")
def downgrading() -> str:
    return printed("downgrade", "head:base")


def statements(script: str) -> Iterator[exp.Expr]:
    for batch in batches(script):
        yield from parsed(batch)


def created(script: str) -> dict[str, exp.Schema]:
    """The tables that a script creates."""
    found = [
        table
        for statement in statements(script)
        for create in statement.find_all(exp.Create)
        if isinstance(table := create.this, exp.Schema) and create.kind == "TABLE"
    ]
    return {table.this.name: table for table in found}


def test_every_statement_up_and_down_is_transact_sql(upgrading: str, downgrading: str) -> None:
    assert len(list(statements(upgrading))) > 50
    assert len(list(statements(downgrading))) > 30


@pytest.mark.parametrize("engine", ["sqlite", "postgresql+psycopg", "mssql+pyodbc"])
def test_percent_signs_in_names_are_printed_as_they_are(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_STAGING_DATABASE_URL", f"{engine}://")
    config = schema.configuration()
    config.output_buffer = StringIO()
    command.upgrade(config, "head", sql=True)
    assert "USA ONLY LSTP 75% EX WORKS" in config.output_buffer.getvalue()
    assert "%%" not in config.output_buffer.getvalue()


def test_both_ways_are_one_transaction(upgrading: str, downgrading: str) -> None:
    for script in (upgrading, downgrading):
        kinds = [type(statement) for statement in statements(script)]
        assert (kinds[0], kinds[-1]) == (exp.Transaction, exp.Commit)
        assert kinds.count(exp.Transaction) == kinds.count(exp.Commit) == 1


def test_no_password_is_printed(upgrading: str, downgrading: str) -> None:
    assert "hunter2" not in upgrading + downgrading


@pytest.mark.parametrize("name", NAMES)
def test_the_baselines_columns_have_productions_names_and_types(upgrading: str, name: str) -> None:
    columns = [part for part in created(upgrading)[name].expressions if isinstance(part, exp.ColumnDef)]
    later = {"RANGE / COLLECTION"} if name in {NAMES[1], NAMES[3]} else set()
    assert [(column.name, type_of(column)) for column in columns] == [
        (column.name, column.type.replace("NUMERIC", "DECIMAL"))
        for column in production_table(name).columns
        if column.name not in later
    ]


def type_of(column: exp.ColumnDef) -> str:
    kind = column.args["kind"].sql(dialect="tsql").upper().replace(" ", "")
    return str(kind).replace("NUMERIC", "DECIMAL").replace("INTEGER", "INT")


def test_the_source_is_only_created_where_it_is_absent(upgrading: str) -> None:
    (batch,) = [each for each in batches(upgrading) if "CREATE TABLE [ORDERS_UNIFIED]" in each]
    (conditional,) = parsed(batch)
    assert isinstance(conditional, exp.IfBlock)
    assert "OBJECT_ID(N'ORDERS_UNIFIED') IS NULL" in batch


def test_neither_way_alters_or_drops_the_source(upgrading: str, downgrading: str) -> None:
    for script in (upgrading, downgrading):
        for statement in statements(script):
            touched = statement.find(exp.Table)
            if isinstance(statement, exp.Alter | exp.Drop | exp.Delete | exp.Update):
                assert touched is not None
                assert touched.name != "ORDERS_UNIFIED"


def test_what_is_created_is_dropped_on_the_way_back(upgrading: str, downgrading: str) -> None:
    dropped = {
        table.name
        for statement in statements(downgrading)
        if isinstance(statement, exp.Drop) and statement.kind == "TABLE"
        for table in statement.find_all(exp.Table)
    }
    assert dropped == set(created(upgrading)) - {"ORDERS_UNIFIED", "alembic_version"}


def test_unique_indexes_are_filtered_so_that_rows_without_uuid_are_many(upgrading: str) -> None:
    unique = [batch for batch in batches(upgrading) if "CREATE UNIQUE INDEX" in batch]
    assert len(unique) == 4
    assert all("WHERE source_uuid IS NOT NULL" in batch for batch in unique)
