"""Odd column names in statements for SQL Server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, update
from sqlalchemy.schema import CreateTable
from sqlglot import exp

from order_staging.models import Base
from tests.unit.models.sqlserver_parsing import for_sqlserver, parsed

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement

ODD = (
    "USA ONLY LSTP 75% EX WORKS",
    "EX WORKS (USD)",
    "PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT",
    "CUSTOMER'S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS",
    "0",
    "30/32",
    "L(10-12)",
    "%s %(name)s :bound",
    'with "quotes"',
    "[in brackets]",
)
WIDE = Table("wide", MetaData(), *(Column(name, Integer, key=f"c{n}") for n, name in enumerate(ODD)))


def statements() -> list[ClauseElement]:
    return [
        select(WIDE).where(*(column > 0 for column in WIDE.c)),
        insert(WIDE).from_select(list(WIDE.c), select(WIDE)),
        update(WIDE).values({column: column + 1 for column in WIDE.c}),
        CreateTable(WIDE),
    ]


@pytest.mark.parametrize("statement", statements(), ids=["select", "insert", "update", "create"])
def test_odd_names_stay_whole_in_statements_for_sqlserver(statement: ClauseElement) -> None:
    (tree,) = parsed(for_sqlserver(statement))
    assert set(ODD) <= {found.name for found in tree.find_all(exp.Identifier)}


@pytest.mark.parametrize("table", Base.metadata.tables.values(), ids=lambda table: table.name)
def test_selecting_every_column_of_every_table_names_them_all(table: Table) -> None:
    (tree,) = parsed(for_sqlserver(select(table)))
    assert isinstance(tree, exp.Select)
    assert [column.name for column in tree.expressions] == [column.name for column in table.c]
