"""ORDERS_UNIFIED as it is at run time, and what of it is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import sessionmaker

from order_staging.errors import ConfigurationError
from order_staging.models import ProductionOrder, StagedOrder, StagingStatus
from order_staging.reading import SourceReading
from order_staging.repositories import SourceFilter
from order_staging.repositories.source import Page
from order_staging.transform import OrderRules, load_customers, load_mapping
from tests.integration.repositories.repository_rows import delivered, order, source_row, stage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from order_staging import UnitOfWork
    from tests.conftest import Database

EVERYTHING = SourceFilter()
COLUMNS = ["record_uuid", "AAG ORDER NUMBER"]
FIRST_PAGE = Page(None, 1000)
UUID_TEXTS = [
    UUID(int=7).hex,
    str(UUID(int=7)),
    str(UUID(int=2**128 - 1)).upper(),
    f"{{{UUID(int=7)}}}",
    UUID(int=7).urn,
    "not-a-uuid",
    "",
    "0" * 31,
    "0" * 33,
    "g" * 32,
    "0-" * 16,
    "７" * 32,
]


def uuid(number: int) -> UUID:
    return UUID(int=number)


def new_rows(
    uow: UnitOfWork, wanted: SourceFilter = EVERYTHING, page: Page = FIRST_PAGE
) -> list[dict[str, Any]]:
    with uow:
        return list(chain(*uow.source.new_rows(uow.source.shape(), COLUMNS, wanted, page)))


def uuids(rows: Iterable[dict[str, Any]]) -> list[UUID | None]:
    return [row["record_uuid"] for row in rows]


def text_of_what_the_rules_read(text: str) -> str | None:
    """Give the text that stands for the UUID which the rules read in another, if they read one."""
    rules = OrderRules(load_mapping(), load_customers(), {})
    columns = dict.fromkeys(load_mapping().source_columns)
    result = rules.apply(columns | {"record_uuid": text}, ())
    return None if result.source_uuid is None else result.source_uuid.hex


def unidentified(
    uow: UnitOfWork, wanted: SourceFilter = EVERYTHING, *, doubled: bool = True
) -> list[dict[str, Any]]:
    with uow:
        page = replace(FIRST_PAGE, without_doubled=doubled)
        found = list(chain(*uow.source.unidentified_rows(uow.source.shape(), COLUMNS, wanted, page)))
        assert uow.source.count_unidentified(wanted, doubled=doubled) == len(found)
        return found


def produce(uow: UnitOfWork, source_uuid: UUID) -> None:
    with uow:
        uow.source.session.add(ProductionOrder(item_id=1, source_uuid=source_uuid))
        uow.commit()


def test_sizes_are_the_integer_columns_between_the_borders_in_their_order(
    uow: UnitOfWork, engine: Engine
) -> None:
    columns = [column["name"] for column in inspect(engine).get_columns("ORDERS_UNIFIED")]
    between = columns[columns.index("UNIT OF MEASURE") + 1 : columns.index("TOTAL QTY")]
    with uow:
        shape = uow.source.shape()
    assert len(shape.sizes) == 161
    assert list(shape.sizes) == [name for name in between if name != "INFOR COLOUR CODE"]
    assert list(shape.table.c.keys()) == columns


def test_text_and_integers_outside_the_borders_are_no_sizes(uow: UnitOfWork) -> None:
    with uow:
        sizes = uow.source.shape().sizes
    assert not {"INFOR COLOUR CODE", "TOTAL QTY", "Sum of TOTAL QTY", "UNIT OF MEASURE"} & set(sizes)


@pytest.fixture
def small_source(database: Database) -> Database:
    """Make a source of few columns."""
    database.execute('DROP TABLE "ORDERS_UNIFIED"')
    database.execute(
        'CREATE TABLE "ORDERS_UNIFIED" ("record_uuid" CHAR(32), "UNIT OF MEASURE" TEXT, "M" INTEGER,'
        ' "a note" TEXT, "TOTAL QTY" INTEGER)'
    )
    return database


def test_a_new_size_is_found_without_a_release(uow: UnitOfWork, small_source: Database) -> None:
    with uow:
        assert uow.source.shape().sizes == ("M",)
    # Columns are added at the end; the other job makes the table anew to have one in between.
    small_source.execute('DROP TABLE "ORDERS_UNIFIED"')
    small_source.execute(
        'CREATE TABLE "ORDERS_UNIFIED" ("record_uuid" CHAR(32), "UNIT OF MEASURE" TEXT, "5XL (75%)" BIGINT,'
        ' "M" INTEGER, "TOTAL QTY" INTEGER)'
    )
    with uow:
        assert uow.source.shape().sizes == ("5XL (75%)", "M")


def test_a_column_that_is_added_at_the_end_is_seen_and_is_no_size(
    uow: UnitOfWork, database: Database
) -> None:
    database.execute('ALTER TABLE "ORDERS_UNIFIED" ADD COLUMN "AFTER ALL" INTEGER')
    with uow:
        shape = uow.source.shape()
    assert "AFTER ALL" in shape.table.c
    assert "AFTER ALL" not in shape.sizes


def test_a_size_that_a_size_column_was_renamed_to_is_read(uow: UnitOfWork, database: Database) -> None:
    database.execute('ALTER TABLE "ORDERS_UNIFIED" RENAME COLUMN "XXXL" TO "3XL (75% \'TALL\'"')
    database.add([source_row(**{"3XL (75% 'TALL'": 7})])
    (row,) = new_rows(uow)
    assert row["3XL (75% 'TALL'"] == 7


def test_a_database_without_the_table_is_a_configuration_to_correct(
    uow: UnitOfWork, database: Database
) -> None:
    database.execute('DROP TABLE "ORDERS_UNIFIED"')
    with pytest.raises(ConfigurationError, match="has no table ORDERS_UNIFIED"), uow:
        uow.source.shape()


@pytest.mark.parametrize("border", ["UNIT OF MEASURE", "TOTAL QTY"])
def test_a_source_without_a_border_of_the_sizes_is_a_configuration_to_correct(
    uow: UnitOfWork, small_source: Database, border: str
) -> None:
    small_source.execute(f'ALTER TABLE "ORDERS_UNIFIED" DROP COLUMN "{border}"')
    with pytest.raises(ConfigurationError, match=f"has no column '{border}'"), uow:
        uow.source.shape()


def test_a_column_that_the_mapping_wants_and_the_source_lacks_is_named(uow: UnitOfWork) -> None:
    with uow:
        shape = uow.source.shape()
    shape.require(["PO NUMBER", "30/32"])
    with pytest.raises(ConfigurationError, match="reads 'FAX', which ORDERS_UNIFIED does not have"):
        shape.require(["PO NUMBER", "FAX", "TELEX"])


def test_rows_have_the_columns_asked_for_and_every_size(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(1), M=3, **{"AAG ORDER NUMBER": "GRE-7", "L(10-12)": 0})])
    (row,) = new_rows(uow)
    with uow:
        sizes = uow.source.shape().sizes
    assert list(row) == [*COLUMNS, *sizes]
    assert (row["record_uuid"], row["AAG ORDER NUMBER"]) == (uuid(1), "GRE-7")
    assert (row["M"], row["L(10-12)"], row["S"]) == (3, 0, None)


def test_dates_and_odd_columns_are_read(uow: UnitOfWork, database: Database) -> None:
    odd = {"PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT": "x", "USA ONLY LSTP 75% EX WORKS": "28.86"}
    database.add([source_row(**{"EX FACTORY DATE": date(2026, 7, 9)}, **odd)])
    with uow:
        ((row,),) = uow.source.new_rows(uow.source.shape(), ["EX FACTORY DATE", *odd], EVERYTHING, FIRST_PAGE)
    assert str(row["EX FACTORY DATE"]) == "2026-07-09"
    assert {name: row[name] for name in odd} == odd


def test_new_rows_are_streamed_in_the_order_of_the_uuids(uow: UnitOfWork, database: Database) -> None:
    ids = {n: uuid(n * 2**100) for n in (3, 1, 5, 2, 4)}
    database.add([source_row(record_uuid=each) for each in ids.values()])
    with uow:
        pages = list(uow.source.new_rows(uow.source.shape(), COLUMNS, EVERYTHING, Page(None, 2)))
    assert [uuids(page) for page in pages] == [[ids[1], ids[2]], [ids[3], ids[4]], [ids[5]]]
    assert uuids(new_rows(uow, page=Page(ids[3], 2))) == [ids[4], ids[5]]


def test_others_write_to_the_tables_while_new_rows_are_streamed(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(n)) for n in (1, 2, 3)])
    with uow:
        shape = uow.source.shape()
    reading = SourceReading(
        sessionmaker(database.engine),
        lambda source: source.new_rows(shape, COLUMNS, EVERYTHING, Page(None, 1)),
    )
    read: list[UUID | None] = []
    while page := reading.next():
        with uow:
            stage(uow, delivered(1, source_uuid=page[0]["record_uuid"]))
            uow.commit()
        database.add([source_row(record_uuid=uuid(100 + len(read)))])
        read += uuids(page)
    reading.close()
    assert read == [uuid(1), uuid(2), uuid(3)]
    assert uuids(new_rows(uow)) == [uuid(100), uuid(101), uuid(102)]


@pytest.mark.parametrize("status", [state for state in StagingStatus if state != "VALIDATION_FAILED"])
def test_a_row_that_is_staged_is_not_new_whatever_its_state(
    uow: UnitOfWork, database: Database, status: StagingStatus
) -> None:
    database.add([source_row(record_uuid=uuid(1)), source_row(record_uuid=uuid(2))])
    with uow:
        stage(uow, order(source_uuid=uuid(1), stg_status=status))
        uow.commit()
    assert uuids(new_rows(uow)) == [uuid(2)]


def test_a_row_that_an_older_script_staged_as_invalid_is_new(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(1))])
    with uow:
        stage(uow, order(source_uuid=uuid(1), stg_status=StagingStatus.VALIDATION_FAILED))
        uow.commit()
    assert uuids(new_rows(uow)) == [uuid(1)]
    with uow:
        uow.staging.orders.drop_invalid([uuid(1), uuid(2)])
        uow.commit()
    assert database.count("STG_MON_CustMasterSchedule") == 0


def test_dropping_invalid_rows_leaves_every_other_row(uow: UnitOfWork, database: Database) -> None:
    with uow:
        stage(uow, *(order(source_uuid=uuid(n), stg_status=state) for n, state in enumerate(StagingStatus)))
        uow.staging.orders.drop_invalid([uuid(n) for n in range(len(StagingStatus))])
        uow.commit()
    left = {row["stg_status"] for row in database.rows(StagedOrder.__tablename__)}
    assert left == set(StagingStatus) - {StagingStatus.VALIDATION_FAILED}


def test_a_row_that_is_in_production_is_not_new(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(1)), source_row(record_uuid=uuid(2))])
    produce(uow, uuid(1))
    assert uuids(new_rows(uow)) == [uuid(2)]


def test_production_rows_without_uuid_hide_nothing(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(1))])
    with uow:
        uow.source.session.add(ProductionOrder(item_id=1, source_uuid=None))
        stage(uow, delivered(1, source_uuid=None))
        uow.commit()
    assert uuids(new_rows(uow)) == [uuid(1)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EVERYTHING, {1, 2, 3, 4}),
        (SourceFilter(names=["GREYSON"]), {1}),
        (SourceFilter(names=["GREYSON", "GREYSON CLOTHIERS"]), {1, 2}),
        (SourceFilter(names=["PELOTON", None]), {3, 4}),
        (SourceFilter(names=[None]), {4}),
        (SourceFilter(names=[]), set()),
        (SourceFilter(names=["greyson"]), set()),
        (SourceFilter(po="ab-1"), {1, 2}),
        (SourceFilter(po="  AB-1\n"), {1, 2}),
        (SourceFilter(po="AB"), set()),
        (SourceFilter(po="%"), set()),
        (SourceFilter(aag_season="2026 fall"), {1, 3}),
        (SourceFilter(customer_season="été"), {1, 2}),
        (SourceFilter(names=["GREYSON"], po="AB-1", aag_season="2026 FALL", customer_season="été"), {1}),
        (SourceFilter(names=["PELOTON"], po="AB-1"), set()),
    ],
)
def test_filters_narrow_by_exact_names_and_by_trimmed_words_in_any_case(
    uow: UnitOfWork, database: Database, wanted: SourceFilter, found: set[int]
) -> None:
    for number, (name, po, season, customers_season) in enumerate(
        [
            ("GREYSON", "ab-1", "2026 FALL", "été"),
            ("GREYSON CLOTHIERS", " AB-1  ", "2026 SPRING", " été"),
            ("PELOTON", "AB-12", " 2026 Fall ", "FALL"),
            (None, None, None, None),
        ],
        start=1,
    ):
        database.add(
            [
                source_row(
                    record_uuid=uuid(number),
                    **{
                        "CUSTOMER NAME": name,
                        "PO NUMBER": po,
                        "AAG SEASON": season,
                        "CUSTOMER SEASON": customers_season,
                    },
                )
            ]
        )
    assert set(uuids(new_rows(uow, wanted))) == {uuid(number) for number in found}
    with uow:
        counted = uow.source.new_by_customer_name(wanted)
    assert sum(count for _, count in counted) == len(found)


def test_names_are_listed_once_as_they_stand_there(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(**{"CUSTOMER NAME": name}) for name in ("A", "A", "a ", None, None)])
    with uow:
        names = uow.source.customer_names()
    assert sorted(names, key=str) == sorted(["A", "a ", None], key=str)


def test_new_rows_are_counted_by_name_without_those_under_way(uow: UnitOfWork, database: Database) -> None:
    database.add(
        [source_row(record_uuid=uuid(n), **{"CUSTOMER NAME": "A" if n < 3 else None}) for n in range(5)]
    )
    produce(uow, uuid(0))
    with uow:
        stage(uow, order(source_uuid=uuid(4)))
        uow.commit()
        counted = uow.source.new_by_customer_name(EVERYTHING)
    assert dict(counted) == {"A": 2, None: 1}


@pytest.fixture
def doubtful(database: Database) -> Database:
    """Put in a row without UUID, two with the same one, and a good one."""
    database.add(
        [
            source_row(record_uuid=None, **{"AAG ORDER NUMBER": "without"}),
            source_row(record_uuid=uuid(7), **{"AAG ORDER NUMBER": "first of two"}),
            source_row(record_uuid=uuid(7), **{"AAG ORDER NUMBER": "second of two"}),
            source_row(record_uuid=uuid(8), **{"AAG ORDER NUMBER": "good"}),
        ]
    )
    return database


def numbers(rows: list[dict[str, Any]]) -> set[str]:
    return {row["AAG ORDER NUMBER"] for row in rows}


def test_rows_without_uuid_and_doubled_ones_are_found_and_never_lost(
    uow: UnitOfWork, doubtful: Database
) -> None:
    with uow:
        assert uow.source.has_doubled_uuids()
    assert numbers(unidentified(uow)) == {"without", "first of two", "second of two"}
    assert numbers(unidentified(uow, doubled=False)) == {"without"}
    assert numbers(new_rows(uow, page=Page(None, 9, without_doubled=True))) == {"good"}
    assert doubtful.count("ORDERS_UNIFIED") == len(unidentified(uow)) + 1


def test_rows_without_uuid_are_narrowed_like_others(uow: UnitOfWork, doubtful: Database) -> None:
    assert doubtful.count("ORDERS_UNIFIED") == 4
    assert unidentified(uow, SourceFilter(po="other")) == []
    assert numbers(unidentified(uow, SourceFilter(po="4755"))) == {"without", "first of two", "second of two"}


def test_a_uuid_is_doubled_though_its_twin_is_another_customers(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(record_uuid=uuid(1), **{"CUSTOMER NAME": name}) for name in ("A", "B")])
    only_a = SourceFilter(names=["A"])
    assert len(unidentified(uow, only_a)) == 1
    assert new_rows(uow, only_a, Page(None, 9, without_doubled=True)) == []


def test_a_source_with_single_uuids_has_none_doubled(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row(), source_row(record_uuid=None), source_row(record_uuid=None)])
    with uow:
        assert not uow.source.has_doubled_uuids()


def test_an_integer_column_outside_the_sizes_place_is_no_size_and_is_told_of(
    database: Database, uow: UnitOfWork
) -> None:
    database.execute('ALTER TABLE "ORDERS_UNIFIED" ADD COLUMN "5XL" INTEGER')
    with uow:
        shape = uow.source.shape()
    assert "5XL" not in shape.sizes
    assert shape.strays == ("5XL",)


@pytest.mark.parametrize("spelling", UUID_TEXTS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_text_is_a_uuid_to_the_query_and_to_what_reads_it_exactly_if_it_is_the_text_of_what_the_rules_read(
    uow: UnitOfWork, database: Database, spelling: str
) -> None:
    database.add([source_row(record_uuid=spelling)])
    identified, others = new_rows(uow), unidentified(uow)
    assert len(identified) + len(others) == 1
    assert [type(found) for found in uuids(identified)] == [UUID] * len(identified)
    assert uuids(others) == [spelling] * len(others)
    assert bool(identified) is (spelling == text_of_what_the_rules_read(spelling))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_bytes_in_place_of_a_uuid_identify_nothing(uow: UnitOfWork, database: Database) -> None:
    database.add([source_row()])
    database.execute('UPDATE "ORDERS_UNIFIED" SET record_uuid = CAST(record_uuid AS BLOB)')
    assert new_rows(uow) == []
    assert [row["record_uuid"].__class__.__name__ for row in unidentified(uow)] == ["bytes"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_malformed_uuid_that_stands_on_several_rows_is_doubled_and_unidentified(
    uow: UnitOfWork, database: Database
) -> None:
    database.add([source_row(record_uuid="not-a-uuid"), source_row(record_uuid="not-a-uuid")])
    with uow:
        assert uow.source.has_doubled_uuids()
    assert len(unidentified(uow)) == len(unidentified(uow, doubled=False)) == 2
