"""Adoption on SQL Server, without a server: its columns as SQLAlchemy reads them out of sys.columns."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.dialects import mssql, registry
from sqlglot import exp

from order_staging import schema
from order_staging.adoption.choosing import Stage, Verdict, judge
from order_staging.adoption.facts import ColumnFacts, IndexFacts, TableFacts
from order_staging.adoption.history import Revision, described, revisions
from order_staging.adoption.reflecting import column_facts
from order_staging.adoption.remedies import remedy
from order_staging.models import Base
from tests.unit.models.production_tables import NAMES, production_table
from tests.unit.models.sqlserver_parsing import SQLSERVER, parsed

DIALECT: Any = mssql.dialect(paramstyle="qmark")  # type: ignore[no-untyped-call] # SQLAlchemy's
BYTES_A_LETTER = {"nvarchar": 2, "varchar": 1}
PRICE = "USA ONLY LSTP 75% EX WORKS"
STAGED, ORDERS, BATCHES = NAMES[1], NAMES[3], NAMES[7]


@pytest.fixture(scope="module")
def known() -> tuple[Revision, ...]:
    return revisions(SQLSERVER)


def reflected(name: str, type_: str, default: str | None, *, nullable: bool, identity: bool) -> ColumnFacts:
    """Describe a column by way of SQLAlchemy's own reading of a row of sys.columns."""
    kind, *arguments = re.findall(r"\w+", type_.lower())
    length, precision, scale = 8, 0, 0
    if kind in BYTES_A_LETTER:
        length = -1 if arguments == ["max"] else int(arguments[0]) * BYTES_A_LETTER[kind]
    elif arguments:
        precision, scale = (int(each) for each in arguments)
    read = DIALECT._parse_column_info(
        name=name,
        type_=kind,
        base_type=kind,
        nullable=nullable,
        maxlen=length,
        numericprec=precision,
        numericscale=scale,
        default=default,
        collation="SQL_Latin1_General_CP1_CI_AS" if kind in BYTES_A_LETTER else None,
        definition=None,
        is_persisted=None,
        is_identity=True if identity else None,
        identity_start=1,
        identity_increment=1,
        comment=None,
    )
    return column_facts(SQLSERVER, read)


def production(name: str) -> TableFacts:
    table = production_table(name)
    counted = table.primary_key if name != BATCHES else ()
    return TableFacts(
        name,
        tuple(
            reflected(
                column.name,
                column.type,
                column.default,
                nullable=column.nullable,
                identity=column.name in counted,
            )
            for column in table.columns
        ),
        tuple(
            IndexFacts(index, columns, unique=False, filtered=False)
            for index, columns in table.indexes.items()
        ),
    )


def judged(known: tuple[Revision, ...], tables: list[TableFacts]) -> Verdict:
    return judge("mssql", [Stage(each.name, each.facts(SQLSERVER)) for each in known], tables)


def test_production_as_it_stands_fits_the_revision_with_range_collection(known: tuple[Revision, ...]) -> None:
    verdict = judged(known, [production(name) for name in NAMES[1:]])
    assert (verdict.reached, verdict.early, verdict.differences) == ("0002", (), ())


def test_production_before_range_collection_fits_the_baseline(known: tuple[Revision, ...]) -> None:
    old = [
        replace(table, columns=tuple(each for each in table.columns if each.name != "RANGE / COLLECTION"))
        for table in map(production, NAMES[1:])
    ]
    verdict = judged(known, old)
    assert (verdict.reached, verdict.early, verdict.differences) == ("0001", (), ())


def test_every_statement_against_a_difference_is_transact_sql(known: tuple[Revision, ...]) -> None:
    tables = {name: production(name) for name in NAMES[1:]}
    changes = {
        PRICE: {"type": "DECIMAL(9, 2)"},
        "FINAL PRICES Y/N": {"nullable": False, "filled": True},
        "EX WORKS (USD)": None,
    }
    tables[ORDERS] = changed(tables[ORDERS], changes)
    tables[STAGED] = changed(tables[STAGED], {"stg_batch_id": {"filled": False}})
    tables[STAGED] = replace(tables[STAGED], indexes=tables[STAGED].indexes[1:])
    del tables[BATCHES]
    verdict = judged(known, list(tables.values()))
    statements = {
        (each.table, each.name): remedy(each, known[1].tables, SQLSERVER) for _, each in verdict.differences
    }
    assert statements[ORDERS, PRICE] == (
        f"ALTER TABLE [{ORDERS}] ALTER COLUMN [{PRICE}] NUMERIC(18, 2) NULL;"
    )
    assert statements[ORDERS, "EX WORKS (USD)"] == (
        f"ALTER TABLE [{ORDERS}] ADD [EX WORKS (USD)] NUMERIC(18, 2) NULL;"
    )
    # The parser does not know this one, which is compared as a whole.
    assert statements.pop((STAGED, "stg_batch_id")) == (
        f"ALTER TABLE [{STAGED}] ADD DEFAULT newid() FOR stg_batch_id;"
    )
    kinds = [type(each) for statement in statements.values() for each in parsed(statement)]
    assert set(kinds) == {exp.Alter, exp.Create}
    assert kinds.count(exp.Create) == 1 + 1 + len(production_table(BATCHES).indexes)


def changed(table: TableFacts, changes: dict[str, Any]) -> TableFacts:
    """Change columns of a table, and take away those whose change is None."""
    return replace(
        table,
        columns=tuple(
            replace(column, **changes.get(column.name, {}))
            for column in table.columns
            if changes.get(column.name, {}) is not None
        ),
    )


def test_an_id_that_the_server_does_not_count_is_told(known: tuple[Revision, ...]) -> None:
    tables = {name: production(name) for name in NAMES[1:]}
    tables[STAGED] = changed(tables[STAGED], {"stg_id": {"filled": False}})
    ((_, told),) = judged(known, list(tables.values())).differences
    assert (told.table, told.name, told.expected, told.grave) == (STAGED, "stg_id", "a default", True)
    assert "BIGINT NOT NULL IDENTITY" in remedy(told, known[1].tables, SQLSERVER)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql", "mssql"])
def test_the_last_revision_as_taken_down_is_the_models(engine: str) -> None:
    dialect = registry.load(engine)()
    ours = [table for table in Base.metadata.sorted_tables if table.name != NAMES[0]]
    last = revisions(dialect)[-1]
    assert last.name == schema.head()
    assert {as_sets(table) for table in last.facts(dialect)} == {
        as_sets(described(table, dialect)) for table in ours
    }


def as_sets(table: TableFacts) -> tuple[str, frozenset[ColumnFacts], frozenset[IndexFacts]]:
    return table.name, frozenset(table.columns), frozenset(table.indexes)
