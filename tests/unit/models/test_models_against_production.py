"""The models have the production tables column for column, and beyond them only what the design adds."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Table, inspect
from sqlalchemy.schema import CreateTable

from order_staging.models import Base, OrdersUnified
from tests.unit.models.production_tables import NAMES, ColumnFacts, plain_default, production_table
from tests.unit.models.sqlserver_parsing import SQLSERVER

ADDED_COLUMNS = {
    "STG_MON_CustMasterSchedule": {
        "stg_idempotency_key": "VARCHAR(64)",
        "stg_payload_hash": "VARCHAR(64)",
        "stg_sent_date": "DATETIME2",
        "stg_key_date": "DATETIME2",
        "stg_group_id": "NVARCHAR(100)",
        "stg_import_row": "INT",
        "stg_rules": "VARCHAR(64)",
    },
    "STG_MON_CustMasterSchedule_Subitems": {
        "stg_idempotency_key": "VARCHAR(64)",
        "stg_payload_hash": "VARCHAR(64)",
        "stg_sent_date": "DATETIME2",
        "stg_key_date": "DATETIME2",
    },
    "MON_CustMasterSchedule": {
        "source_uuid": "UNIQUEIDENTIFIER",
        "delivered_hash": "VARCHAR(64)",
        "delivered_values": "NVARCHAR(MAX)",
        "delivered_date": "DATETIME2",
        "delivered_rules": "VARCHAR(64)",
    },
    "MON_CustMasterSchedule_Subitems": {
        "source_uuid": "UNIQUEIDENTIFIER",
        "size_key": "NVARCHAR(100)",
        "delivered_date": "DATETIME2",
        "delivered_hash": "VARCHAR(64)",
        "delivered_values": "NVARCHAR(MAX)",
    },
    "ERR_MON_CustMasterSchedule": {
        "source_uuid": "UNIQUEIDENTIFIER",
        "source_fingerprint": "VARCHAR(64)",
    },
    "ERR_MON_CustMasterSchedule_Subitems": {"source_uuid": "UNIQUEIDENTIFIER"},
}
ADDED_INDEXES = {
    "UX_STG_MON_CustMasterSchedule_source_uuid": ("source_uuid",),
    "UX_STG_MON_CustMasterSchedule_Subitems_size": ("source_uuid", "Size"),
    "UX_MON_CustMasterSchedule_source_uuid": ("source_uuid",),
    "UX_MON_CustMasterSchedule_Subitems_size": ("source_uuid", "size_key"),
    "IX_STG_MON_CustMasterSchedule_Import": ("stg_idempotency_key", "stg_import_row"),
    "IX_ERR_MON_CustMasterSchedule_source_uuid": ("source_uuid",),
    "IX_ERR_MON_CustMasterSchedule_Subitems_source_uuid": ("source_uuid",),
}
IDENTITIES = {
    "STG_MON_CustMasterSchedule": "stg_id",
    "STG_MON_CustMasterSchedule_Subitems": "stg_id",
    "ERR_MON_CustMasterSchedule": "err_id",
    "ERR_MON_CustMasterSchedule_Subitems": "err_id",
}
PYTHON_TYPES = {"NVARCHAR(MAX)": "str", "DATE": "date", "INT": "int", "UNIQUEIDENTIFIER": "UUID"}


def facts_of(column: Column[object]) -> ColumnFacts:
    compiler = SQLSERVER.ddl_compiler(SQLSERVER, CreateTable(column.table))
    default = compiler.get_column_default_string(column)
    return ColumnFacts(
        column.name, sqlserver_type(column), bool(column.nullable), default and plain_default(default)
    )


def sqlserver_type(column: Column[object]) -> str:
    compiled = column.type.compile(dialect=SQLSERVER).upper().replace(" ", "")
    # NUMERIC and INTEGER are SQL Server's other words for DECIMAL and INT.
    return compiled.replace("NUMERIC", "DECIMAL").replace("INTEGER", "INT")


def model(name: str) -> Table:
    return Base.metadata.tables[name]


def added(name: str) -> dict[str, str]:
    return ADDED_COLUMNS.get(name, {})


def test_the_models_are_the_eight_tables_the_leases_and_the_imports() -> None:
    assert set(Base.metadata.tables) == {*NAMES, "MON_BatchLease", "MON_BulkImport"}


@pytest.mark.parametrize("name", NAMES)
def test_every_column_has_productions_name_type_nullability_and_default(name: str) -> None:
    wanted = production_table(name)
    at_run_time = wanted.sizes if name == "ORDERS_UNIFIED" else []
    assert {facts_of(column) for column in model(name).c if column.name not in added(name)} == {
        column for column in wanted.columns if column.name not in at_run_time
    }


@pytest.mark.parametrize("name", NAMES)
def test_columns_beyond_production_are_those_of_the_design_and_take_null(name: str) -> None:
    beyond = [column for column in model(name).c if column.name not in production_table(name).names]
    assert {column.name: sqlserver_type(column) for column in beyond} == added(name)
    assert all(column.nullable and column.server_default is None for column in beyond)


@pytest.mark.parametrize("name", NAMES)
def test_primary_keys_are_those_of_production(name: str) -> None:
    assert tuple(column.name for column in model(name).primary_key) == production_table(name).primary_key


@pytest.mark.parametrize("name", NAMES)
def test_indexes_are_those_of_production_and_of_the_design(name: str) -> None:
    found = {str(index.name): tuple(column.name for column in index.columns) for index in model(name).indexes}
    assert {key: found[key] for key in found if key not in ADDED_INDEXES} == production_table(name).indexes


def test_every_index_of_the_design_is_on_its_columns_and_unique_by_its_name() -> None:
    found = {str(index.name): index for table in Base.metadata.tables.values() for index in table.indexes}
    for name, columns in ADDED_INDEXES.items():
        assert tuple(column.name for column in found[name].columns) == columns
        assert found[name].unique is name.startswith("UX_")


def test_unique_indexes_leave_rows_without_uuid_out_on_every_engine() -> None:
    unique = [index for table in Base.metadata.tables.values() for index in table.indexes if index.unique]
    assert len(unique) == 4
    for index in unique:
        for engine in ("mssql", "postgresql", "sqlite"):
            assert str(index.dialect_options[engine]["where"]) == "source_uuid IS NOT NULL"


@pytest.mark.parametrize(("table", "column"), IDENTITIES.items())
def test_ids_are_identity_columns_on_sqlserver(table: str, column: str) -> None:
    created = str(CreateTable(model(table)).compile(dialect=SQLSERVER))
    assert f"{column} BIGINT NOT NULL IDENTITY" in created


def test_no_index_stands_on_a_column_that_sqlserver_cannot_index() -> None:
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            assert "NVARCHAR(MAX)" not in {sqlserver_type(column) for column in index.columns}, index.name


def test_names_of_constraints_and_indexes_fit_sqlserver_and_postgresql() -> None:
    for table in Base.metadata.tables.values():
        for index in table.indexes:
            assert index.name is not None
            assert len(index.name) <= 63


def test_fixed_columns_of_the_source_are_typed_attributes_and_sizes_are_not() -> None:
    wanted = production_table("ORDERS_UNIFIED")
    typed = {
        attribute.columns[0].name: attribute.columns[0].type.python_type.__name__
        for attribute in inspect(OrdersUnified).column_attrs
    }
    assert len(wanted.sizes) == 161
    assert typed == {
        column.name: PYTHON_TYPES[column.type] for column in wanted.columns if column.name not in wanted.sizes
    }


@pytest.mark.parametrize("table", Base.metadata.tables.values(), ids=lambda table: table.name)
def test_attributes_are_plain_words_for_every_column(table: Table) -> None:
    mapper = next(each for each in Base.registry.mappers if each.local_table is table)
    keys = [attribute.key for attribute in mapper.column_attrs]
    assert len(keys) == len(table.c)
    assert all(key.isidentifier() and key == key.lower() for key in keys)
