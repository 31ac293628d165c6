"""Adoption of real databases that have production's tables, or nearly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from sqlalchemy import text

from order_staging import schema
from order_staging.adoption import AdoptionStatus, adopt
from order_staging.database import create_engine
from order_staging.errors import NotAdoptedError, NothingToAdoptError, RevisionError
from tests.integration.adoption.production_database import (
    build,
    change,
    contents,
    file_nodes,
    fill,
    tables_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from order_staging.adoption import Adoption

STAGED, STAGED_SUBITEMS = "STG_MON_CustMasterSchedule", "STG_MON_CustMasterSchedule_Subitems"
ORDERS, FAILED, BATCHES = "MON_CustMasterSchedule", "ERR_MON_CustMasterSchedule", "MON_BatchProcessing"
RANGE = "RANGE / COLLECTION"
PRICE, RATE = "USA ONLY LSTP 75% EX WORKS", "US DUTY RATE"
BEFORE_RANGE = {(STAGED, RANGE): None, (ORDERS, RANGE): None}

on_postgresql = pytest.mark.parametrize("bare_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("bare_url", ["sqlite"], indirect=True)


@pytest.fixture
def bare(bare_url: str) -> Iterator[Engine]:
    engine = create_engine(bare_url)
    yield engine
    engine.dispose()


def told(adoption: Adoption) -> set[tuple[str, str, str, bool]]:
    return {(each.table, each.name, str(each.kind), each.grave) for each in adoption.differences}


def test_production_as_it_stands_is_adopted_with_range_collection_and_upgraded_without_loss(
    bare: Engine,
) -> None:
    build(bare)
    rows = fill(bare)
    columns = {table: list(found[0]) for table, found in rows.items()}
    files = file_nodes(bare) if bare.dialect.name == "postgresql" else {}
    with pytest.raises(
        NotAdoptedError, match=r"7 of the tables are there already.*run: order-staging db adopt"
    ):
        schema.upgrade(bare)

    adoption = adopt(bare)
    assert (adoption.status, adoption.current, adoption.differences) == (AdoptionStatus.ADOPTED, "0002", ())
    assert contents(bare) == rows
    schema.upgrade(bare)
    assert contents(bare, columns) == rows
    command.check(schema.configuration(bare))
    if files:
        assert file_nodes(bare) == files  # no table was rewritten


@on_sqlite
def test_production_before_range_collection_is_adopted_at_the_baseline(bare: Engine) -> None:
    build(bare, BEFORE_RANGE)
    assert adopt(bare).current == schema.current(bare) == "0001"
    schema.upgrade(bare)
    again = adopt(bare, force=True)
    assert (again.status, again.current) == (AdoptionStatus.ALREADY, schema.head())


def test_every_kind_of_difference_is_told_and_nothing_is_stamped_but_by_force(bare: Engine) -> None:
    changes: dict[tuple[str, str], Any] = {
        (ORDERS, RATE): None,
        (ORDERS, PRICE): {"type": "BIGINT"},
        (ORDERS, "FINAL PRICES Y/N"): {"nullable": False},
        (STAGED, "stg_batch_id"): {"default": None},
        (BATCHES, "started_by"): {"default": None},
    }
    build(bare, changes, without=FAILED)
    change(
        bare,
        f'ALTER TABLE "{ORDERS}" ADD COLUMN "their (own) 5%" TEXT',
        'DROP INDEX "IX_MON_BatchProcessing_Status"',
    )
    before = tables_of(bare)

    adoption = adopt(bare)
    assert adoption.status is AdoptionStatus.DIFFERS
    assert told(adoption) == {
        (ORDERS, RATE, "missing_column", True),
        (ORDERS, PRICE, "type", True),
        (ORDERS, "FINAL PRICES Y/N", "nullability", True),
        (STAGED, "stg_batch_id", "default", True),
        (BATCHES, "started_by", "default", False),
        (FAILED, "", "missing_table", True),
        (BATCHES, "IX_MON_BatchProcessing_Status", "missing_index", False),
    }
    assert {each.revision for each in adoption.differences} == {"0001"}
    assert [(each.table, each.name) for each in adoption.left_alone] == [(ORDERS, "their (own) 5%")]
    assert (schema.current(bare), tables_of(bare)) == (None, before)

    forced = adopt(bare, force=True)
    assert (forced.status, forced.differences) == (AdoptionStatus.FORCED, adoption.differences)
    assert forced.current == schema.current(bare) == "0002"


def test_the_statements_that_are_told_make_the_database_fit(bare: Engine) -> None:
    build(bare, {(ORDERS, PRICE): None, (STAGED, RANGE): None}, without=BATCHES)
    adoption = adopt(bare)
    assert (adoption.compared_with, adoption.reached) == ("0002", "0001")
    assert [(piece.table, piece.name) for piece in adoption.early] == [(ORDERS, RANGE)]
    for difference in adoption.differences:
        change(bare, *difference.remedy.split(";\n"))
    assert adopt(bare).current == "0002"


@on_postgresql
def test_statements_that_alter_a_column_make_it_fit_where_the_engine_can(bare: Engine) -> None:
    build(bare, {(ORDERS, PRICE): {"type": "DECIMAL(9,2)"}, (STAGED, "stg_batch_id"): {"nullable": True}})
    adoption = adopt(bare)
    assert {str(each.kind) for each in adoption.differences} == {"type", "nullability"}
    for difference in adoption.differences:
        change(bare, difference.remedy)
    assert adopt(bare).current == "0002"


@on_sqlite
def test_what_is_there_of_a_later_revision_is_told_and_by_force_not_stamped(bare: Engine) -> None:
    build(bare)
    change(bare, f'ALTER TABLE "{ORDERS}" ADD COLUMN source_uuid CHAR(32)')
    adoption = adopt(bare)
    assert (adoption.status, adoption.reached, adoption.compared_with) == (
        AdoptionStatus.DIFFERS,
        "0002",
        "0003",
    )
    assert [(piece.revision, piece.table, piece.name) for piece in adoption.early] == [
        ("0003", ORDERS, "source_uuid")
    ]
    missing = {each.name or each.table for each in adoption.differences if each.revision == "0003"}
    assert {"MON_BatchLease", "delivered_hash", "UX_MON_CustMasterSchedule_source_uuid"} <= missing
    assert adopt(bare, force=True).current == "0002"


@pytest.mark.parametrize("revision", ["0003", "0005"])
@on_sqlite
def test_a_database_whose_revision_was_lost_is_adopted_where_it_was(bare: Engine, revision: str) -> None:
    schema.upgrade(bare, revision)
    change(bare, "DELETE FROM alembic_version" if revision == "0003" else "DROP TABLE alembic_version")
    assert adopt(bare).current == revision
    schema.upgrade(bare)


@on_sqlite
def test_a_plain_index_that_somebody_dropped_is_told_and_no_hindrance(bare: Engine) -> None:
    schema.upgrade(bare)
    with bare.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
        connection.execute(text('DROP INDEX "IX_ERR_MON_CustMasterSchedule_source_uuid"'))
    adoption = adopt(bare)
    assert (adoption.status, adoption.current) == (AdoptionStatus.ADOPTED, schema.head())
    ((_, name, _, grave),) = told(adoption)
    assert (name, grave) == ("IX_ERR_MON_CustMasterSchedule_source_uuid", False)


@on_sqlite
def test_rows_that_a_later_unique_index_will_refuse_are_told_before(bare: Engine) -> None:
    build(bare)
    fill(bare)
    change(bare, f"UPDATE \"{STAGED_SUBITEMS}\" SET source_uuid = '{'1' * 32}', \"Size\" = 'M'")
    (doubled,) = adopt(bare).doubled
    assert (doubled.table, doubled.columns, doubled.values) == (STAGED_SUBITEMS, ("source_uuid", "Size"), 1)


@on_sqlite
def test_a_source_that_is_not_there_is_told(bare: Engine) -> None:
    build(bare, without="ORDERS_UNIFIED")
    assert told(adopt(bare)) == {("ORDERS_UNIFIED", "", "missing_table", True)}


@on_postgresql
def test_names_in_small_letters_are_told_with_what_is_there(bare: Engine) -> None:
    build(bare)
    change(bare, f'ALTER TABLE "{ORDERS}" RENAME TO {ORDERS}')
    (difference,) = adopt(bare).differences
    assert (difference.table, difference.found) == (
        ORDERS,
        f"nothing of this name, but {ORDERS.lower()}: letters count",
    )


@on_sqlite
def test_a_key_that_sqlite_does_not_count_is_told(bare: Engine) -> None:
    build(bare, without=FAILED)
    change(bare, f'CREATE TABLE "{FAILED}" (err_id BIGINT NOT NULL PRIMARY KEY)')
    found = [each for each in adopt(bare).differences if each.name == "err_id"]
    assert [(str(each.kind), each.grave) for each in found] == [("default", True)]
    assert "err_id INTEGER NOT NULL" in found[0].remedy


@on_sqlite
def test_a_database_without_the_tables_is_sent_to_the_upgrade(bare: Engine) -> None:
    change(bare, "CREATE TABLE others (id INTEGER)")
    with pytest.raises(
        NothingToAdoptError, match=r"none of the tables to adopt.*run: order-staging db upgrade"
    ):
        adopt(bare)
    assert tables_of(bare) == {"others"}


def test_looking_for_a_file_that_is_not_there_leaves_none_behind(tmp_path: Path) -> None:
    with pytest.raises(NothingToAdoptError):
        adopt(create_engine(f"sqlite:///{tmp_path / 'orders.db'}"))
    assert list(tmp_path.iterdir()) == []


@on_sqlite
def test_a_database_under_another_programs_alembic_is_left_alone(bare: Engine) -> None:
    build(bare)
    change(
        bare, "CREATE TABLE alembic_version (version_num TEXT)", "INSERT INTO alembic_version VALUES ('abc')"
    )
    with pytest.raises(RevisionError, match="alembic_version says abc, which this version does not know"):
        adopt(bare, force=True)
    with bare.connect() as connection:
        assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == ["abc"]
