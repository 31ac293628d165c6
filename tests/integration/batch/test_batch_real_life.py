"""What people really type, and what really happens to the source table."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, Integer, MetaData, Table
from sqlalchemy.schema import CreateTable, DropTable

from order_staging import UnknownCustomerError
from tests.integration.batch.batch_world import (
    BATCHES,
    ERR,
    ERR_SUB,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    World,
    as_uuid,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from sqlalchemy import Engine

TARIFF_RATE, PRICE = "numeric_mkr55zg1", "numeric_mkr5cact"
STYLE, COLOR, NOTES, SIZE = (
    "dropdown_mkr5tgaa",
    "dropdown_mkr5677f",
    "long_text_mkr5hass",
    "dropdown_mkrak7qp",
)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def note_of(world: World) -> str | None:
    """Read the notes that production keeps of the only order."""
    found: str | None = world.only(MON)["validation_errors"]
    return found


def test_two_rows_alike_in_order_style_and_colour_become_two_items(world: World) -> None:
    rows = [order_line(S=3, M=5), order_line(S=1, M=None)]
    world.add(*rows)
    result = world.run()
    assert result.orders.created == 2
    assert len({item.name for item in world.sandbox.items()}) == 1
    world.lands(rows)


@on_sqlite
def test_true_as_a_tariff_rate_is_0(world: World) -> None:
    world.add(order_line(**{"US TARIFF RATE": "TRUE"}))
    result = world.run()
    assert world.item().text(TARIFF_RATE) == "0"
    assert Decimal(str(world.only(MON)["US TARIFF RATE"])) == 0
    assert result.orders.warnings == 0


@pytest.mark.parametrize(
    ("typed", "sent", "kept", "noted"),
    [
        ("28.86", "28.86", "28.86", False),
        (" 1,234.50 ", "1234.5", "1234.50", False),
        ("$12", "12", "12.00", False),
        ("-3.005", "-3.005", "-3.01", False),
        ("n/a", None, None, True),
        ("1,23", None, None, True),
        ("9" * 15, None, None, True),
        ("", None, None, False),
        ("   ", None, None, False),
    ],
)
@on_sqlite
def test_a_price_arrives_exactly_or_is_left_out_with_a_note(
    world: World, typed: str, sent: str | None, kept: str | None, noted: bool
) -> None:
    world.add(order_line(**{"CUSTOMER PRICE": typed}))
    result = world.run(keep_staging=True)
    assert world.item().text(PRICE) == sent
    found = world.only(MON)["CUSTOMER PRICE"]
    assert (None if found is None else Decimal(str(found))) == (None if kept is None else Decimal(kept))
    staged = world.only(STG)
    assert staged["validation_status"] == ("WARNING" if noted else "VALID")
    assert (staged["validation_errors"] or "").startswith("CUSTOMER PRICE" if noted else "")
    assert result.orders.warnings == int(noted)
    assert result.run_status == "completed"


def test_a_price_is_the_same_on_every_engine(world: World) -> None:
    world.add(order_line(**{"CUSTOMER PRICE": "2.665", "EX WORKS (USD)": "1,234.50", "DISCOUNT": "-1.25"}))
    world.run()
    row = world.only(MON)
    found = [Decimal(str(row[name])) for name in ("CUSTOMER PRICE", "EX WORKS (USD)", "DISCOUNT")]
    assert found == [Decimal("2.67"), Decimal("1234.50"), Decimal("-1.25")]


@on_sqlite
def test_a_style_with_tabs_and_control_characters_is_cleaned(world: World) -> None:
    world.add(order_line(**{"CUSTOMER STYLE": " \tJW\tHD\x0b1\n "}))
    world.run()
    assert (world.item().text(STYLE), world.item().name) == ("JWHD1", "JWHD1WHITEJOO-00001")


@on_sqlite
def test_a_name_of_300_characters_makes_the_line_invalid_and_is_never_cut(world: World) -> None:
    world.add(
        order_line(
            **{
                "CUSTOMER STYLE": "S" * 90,
                "CUSTOMER COLOUR DESCRIPTION": "C" * 90,
                "AAG ORDER NUMBER": "N" * 120,
            }
        )
    )
    result = world.run()
    assert (result.orders.invalid, world.sandbox.items()) == (1, [])
    letter = world.only(ERR)
    assert "Title" in letter["error_message"]
    assert "longer than 255 characters" in letter["error_message"]


@on_sqlite
def test_notes_of_5000_characters_are_left_out_with_a_note(world: World) -> None:
    world.add(order_line(NOTES="long " * 1000))
    result = world.run(keep_staging=True)
    assert NOTES not in world.item().column_values
    assert "longer than 2000 characters; left out" in world.only(STG)["validation_errors"]
    assert world.only(MON)["NOTES"] is None
    assert (result.orders.warnings, result.run_status) == (1, "completed")


@on_sqlite
def test_notes_of_exactly_2000_characters_arrive(world: World) -> None:
    world.add(order_line(NOTES="n" * 2000))
    world.run()
    assert world.item().text(NOTES) == world.only(MON)["NOTES"] == "n" * 2000


TEXTS = [
    "T-shirt \N{T-SHIRT}\N{FAMILY}\N{ZERO WIDTH JOINER}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}",
    "深蓝色 / ネイビー",
    "أزرق داكن \N{RIGHT-TO-LEFT MARK} עברית",
    "\"it's\" 100% O'Neill; -- no {substitutes}",
    "\\ back\\slash :param ? $1 %s %(x)s ' OR 1=1",
    "ÅÉ\N{COMBINING ACUTE ACCENT}Ω",
    "<b>final</b> & agreed",
    "NULL",
]


@pytest.mark.parametrize("text", TEXTS)
@on_sqlite
def test_text_arrives_as_it_is_on_the_board_and_in_production(world: World, text: str) -> None:
    fields = {
        "CUSTOMER STYLE": (STYLE, "STYLE"),
        "CUSTOMER COLOUR DESCRIPTION": (COLOR, "COLOR"),
        "AAG ORDER NUMBER": ("text_mkr5wya6", "AAG ORDER NUMBER"),
        "PO NUMBER": ("text_mkr5ej2x", "PO NUMBER"),
        "STYLE DESCRIPTION": ("long_text_mkr5p0cf", "STYLE DESCRIPTION"),
        "DESTINATION": ("text_mkr5kbc6", "DESTINATION"),
        "NOTES": (NOTES, "NOTES"),
        "CATEGORY": ("dropdown_mkr5s5n3", "CATEGORY"),
        "RANGE / COLLECTION": ("long_text_mks0vs1p", "RANGE / COLLECTION"),
        "CUSTOMER SEASON": ("dropdown_mkr5rgs6", "CUSTOMER SEASON"),
    }
    world.add(order_line(**dict.fromkeys(fields, text)))
    result = world.run()
    assert (result.run_status, result.orders.warnings) == ("completed", 0)
    item, landed = world.item(), world.only(MON)
    for column, title in fields.values():
        assert (title, item.text(column), landed[title]) == (title, text, text)
    assert item.name == landed["Title"] == text * 3
    assert item.group_title == landed["Group"] == f"GREYSON CLOTHIERS {text}"
    assert {sub["STYLE"] for sub in world.database.rows(MON_SUB)} == {text}


def test_texts_are_the_same_on_every_engine(world: World) -> None:
    world.add(*(order_line(number, NOTES=text) for number, text in enumerate(TEXTS)))
    world.run()
    assert {row["NOTES"] for row in world.database.rows(MON)} == set(TEXTS)
    assert {item.text(NOTES) for item in world.sandbox.items()} == set(TEXTS)


@on_sqlite
def test_newlines_and_tabs_arrive_in_texts_that_may_have_several_lines(world: World) -> None:
    text = "First line\nSecond line\r\n\tThird, after a tab"
    world.add(order_line(NOTES=text, **{"NOTES FOR PRICE": text}))
    world.run()
    assert world.item().text(NOTES) == world.only(MON)["NOTES"] == text


@pytest.mark.parametrize("season", ["   ", "", None])
@on_sqlite
def test_a_season_of_blanks_is_none_and_ours_counts(world: World, season: str | None) -> None:
    world.add(order_line(**{"CUSTOMER SEASON": season}))
    world.run()
    assert world.item().group_title == "GREYSON CLOTHIERS 2025 FALL"
    assert "dropdown_mkr5rgs6" not in world.item().column_values


@on_sqlite
def test_the_customers_own_season_names_the_group(world: World) -> None:
    world.add(order_line(**{"CUSTOMER SEASON": " FW25 "}))
    world.run()
    assert world.item().group_title == "GREYSON CLOTHIERS FW25"


def add_size(engine: Engine, name: str) -> None:
    """Rebuild the table with one more size, as its owners do: before TOTAL QTY."""
    old = Table("ORDERS_UNIFIED", MetaData(), autoload_with=engine)
    columns = []
    for column in old.columns:
        if column.name == "TOTAL QTY":
            columns.append(Column(name, Integer))
        columns.append(Column(column.name, column.type))
    with engine.begin() as connection:
        connection.execute(DropTable(old))
        connection.execute(CreateTable(Table("ORDERS_UNIFIED", MetaData(), *columns)))


def test_a_size_that_is_new_in_the_table_becomes_a_subitem(world: World) -> None:
    add_size(world.database.engine, "7XL \N{T-SHIRT}/L")
    world.add(order_line(**{"7XL \N{T-SHIRT}/L": 4}))
    world.run()
    assert [(sub.name, sub.text(SIZE)) for sub in world.sandbox.subitems()][-1] == (
        "Size 7XL \N{T-SHIRT}/L",
        "7XL \N{T-SHIRT}/L",
    )
    assert {row["Size"] for row in world.database.rows(MON_SUB)} == {"S", "M", "7XL \N{T-SHIRT}/L"}


@on_sqlite
def test_an_integer_column_at_the_end_of_the_table_is_no_size(world: World) -> None:
    world.database.execute('ALTER TABLE "ORDERS_UNIFIED" ADD COLUMN "SOMETHING ELSE" INTEGER')
    world.add(order_line(**{"SOMETHING ELSE": 4}))
    world.run()
    assert [sub.name for sub in world.sandbox.subitems()] == ["Size S", "Size M"]


@on_sqlite
def test_a_negative_quantity_makes_the_whole_line_invalid(world: World) -> None:
    world.add(order_line(1, M=-6), order_line(2))
    result = world.run()
    assert (result.orders.invalid, result.orders.created, result.run_status) == (1, 1, "partial")
    letter = world.only(ERR)
    assert letter["error_message"] == "M: '-6' is negative"
    assert (letter["error_type"], letter["order_number"]) == ("INVALID", "JOO-00001")
    assert json.loads(letter["original_data"])["M"] == -6


@on_sqlite
def test_a_quantity_of_zero_makes_no_subitem(world: World) -> None:
    world.add(order_line(S=0, M=5))
    world.run()
    assert [sub.name for sub in world.sandbox.subitems()] == ["Size M"]


@on_sqlite
def test_an_order_without_sizes_is_an_item_without_subitems(world: World) -> None:
    rows = [order_line(S=None, M=None)]
    world.add(*rows)
    assert world.run().run_status == "completed"
    world.lands(rows)


@pytest.mark.parametrize("name", ["greyson", "Greyson  Clothiers", " GREYSON CLOTHIERS "])
@on_sqlite
def test_a_customer_is_meant_by_any_alias_in_any_case(world: World, name: str) -> None:
    world.add(
        order_line(**{"CUSTOMER NAME": "GREYSON"}), order_line(2, **{"CUSTOMER NAME": "Greyson Clothiers"})
    )
    result = world.run(name)
    assert (result.customer, result.orders.created) == ("GREYSON CLOTHIERS", 2)
    assert {item.text("dropdown_mkr542p2") for item in world.sandbox.items()} == {"GREYSON CLOTHIERS"}
    assert {row["CUSTOMER"] for row in world.database.rows(MON)} == {"GREYSON CLOTHIERS"}


@on_sqlite
def test_no_matching_rows_are_nothing_to_do_and_leave_no_trace(world: World) -> None:
    world.add(order_line())
    result = world.run(po="9999")
    assert (result.run_status, result.batch_id) == ("nothing_to_do", None)
    assert world.mutations() == 0
    tables = (BATCHES, STG, STG_SUB, ERR, MON)
    assert [world.database.count(table) for table in tables] == [0] * len(tables)


def test_a_row_without_uuid_is_invalid_once(world: World) -> None:
    world.add(order_line(1, record_uuid=None), order_line(2))
    first, second = world.run(), world.run()
    assert (first.orders.invalid, second.orders.invalid) == (1, 1)
    letter = world.only(ERR)
    assert letter["error_message"] == "record_uuid: is empty, and is required"
    assert letter["source_uuid"] is None
    assert len(world.sandbox.items()) == 1


def test_two_rows_with_one_uuid_are_both_invalid_and_land_once_each_has_its_own(world: World) -> None:
    uuid = uuid4()
    rows = [order_line(1, record_uuid=uuid), order_line(2, record_uuid=uuid), order_line(3)]
    world.add(*rows)
    assert world.run().orders.invalid == 2
    assert len(world.sandbox.items()) == 1
    assert {letter["error_message"] for letter in world.database.rows(ERR)} == {
        f"record_uuid: '{uuid}' is on several rows; give each row of ORDERS_UNIFIED its own"
    }
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    rows = [row | {"record_uuid": uuid4()} if row["record_uuid"] == uuid else row for row in rows]
    world.add(*rows)
    world.run()
    assert len(world.sandbox.items()) == 3
    assert all(letter["resolved_date"] for letter in world.database.rows(ERR))


@pytest.mark.parametrize("name", [None, "", "  "])
@on_sqlite
def test_a_row_without_a_customer_is_invalid_and_its_batch_says_so(world: World, name: str | None) -> None:
    world.add(order_line(1, **{"CUSTOMER NAME": name}), order_line(2))
    result = world.service().process_customers()
    assert [(batch.customer, batch.orders.invalid) for batch in result.batches] == [
        ("(NO CUSTOMER NAME)", 1),
        ("GREYSON CLOTHIERS", 0),
    ]
    assert result.status == "partial"
    assert world.only(ERR)["error_message"] == "CUSTOMER: is empty, and is required"


@pytest.mark.parametrize("column", ["AAG ORDER NUMBER", "CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION"])
@on_sqlite
def test_a_row_without_one_of_the_keys_is_invalid(world: World, column: str) -> None:
    world.add(order_line(**{column: " "}))
    assert world.run().orders.invalid == 1
    assert "is empty, and is required" in world.only(ERR)["error_message"]


def test_an_invalid_row_seen_by_two_runs_has_one_dead_letter_and_a_mended_one_lands(world: World) -> None:
    row = order_line(M=-6)
    world.add(row)
    first, second = world.run(), world.run()
    assert (first.orders.invalid, second.orders.invalid) == (1, 1)
    assert (second.run_status, second.batch_id) == ("nothing_to_do", None)
    assert world.only(ERR)["resolved_date"] is None
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET "M" = 6')
    third = world.run()
    assert (third.orders.invalid, third.orders.created, third.run_status) == (0, 1, "completed")
    letter = world.only(ERR)
    assert letter["resolved_date"] is not None
    assert as_uuid(letter["source_uuid"]) == row["record_uuid"]
    assert letter["resolved_by"] == world.batch(third)["started_by"]
    world.lands([row | {"M": 6}])


@on_sqlite
def test_an_unknown_customer_is_an_error_that_names_the_nearest(world: World) -> None:
    world.add(order_line())
    with pytest.raises(UnknownCustomerError, match="GREYSON CLOTHIERS"):
        world.run("GREYSON CLOTHIRS")
    assert world.sandbox.requests == ()


@on_sqlite
def test_a_customer_of_the_source_that_is_in_no_file_keeps_its_own_name(world: World) -> None:
    world.add(order_line(**{"CUSTOMER NAME": "Somebody New"}))
    assert world.run("somebody  new").customer == "SOMEBODY NEW"
    assert world.item().text("dropdown_mkr542p2") == "Somebody New"
    assert world.item().group_title == "Somebody New 2025 FALL"


@on_sqlite
def test_a_limit_counts_order_lines_and_the_rest_comes_with_the_next_runs(world: World) -> None:
    rows = order_lines(5)
    world.add(*rows)
    assert [world.run(limit=2).orders.created for _ in range(3)] == [2, 2, 1]
    world.lands(rows)


@on_sqlite
def test_a_limit_is_not_used_up_by_invalid_rows(world: World) -> None:
    rows = [order_line(number, M=-1, record_uuid=UUID(int=number)) for number in range(1, 4)]
    good = order_line(9, record_uuid=UUID(int=9))
    world.add(*rows, good)
    result = world.run(limit=1)
    assert (result.orders.invalid, result.orders.created) == (3, 1)


FILTERS: list[tuple[dict[str, Any], set[int]]] = [
    ({"po": "4755"}, {1, 2}),
    ({"po": " 4755 "}, {1, 2}),
    ({"aag_season": "2025 fall"}, {1, 3}),
    ({"customer_season": "FW25"}, {2, 3}),
    ({"po": "4755", "aag_season": "2025 FALL"}, {1}),
    ({"po": "47"}, set()),
    ({}, {1, 2, 3}),
]


def test_filters_narrow_a_run(world: World) -> None:
    world.add(
        order_line(1),
        order_line(2, **{"AAG SEASON": "2026 SPRING", "CUSTOMER SEASON": "FW25"}),
        order_line(3, **{"PO NUMBER": "4756", "CUSTOMER SEASON": "FW25"}),
    )
    service = world.service()
    for filters, found in FILTERS:
        loaded = service.load_new_orders_to_staging("GREYSON", **filters)
        numbers = {int(row["AAG ORDER NUMBER"][-5:]) for row in world.database.rows(STG)}
        assert (filters, loaded.orders.loaded, numbers) == (filters, len(found), found)
        for table in (STG, STG_SUB):
            world.database.execute(f'DELETE FROM "{table}"')
    assert service.customers_with_new_orders(po="4755") == [("GREYSON CLOTHIERS", 2)]


@on_sqlite
def test_dates_are_days_on_the_board_and_in_production(world: World) -> None:
    world.add(order_line(**{"EX FACTORY DATE": "2025-07-01"}))
    world.run()
    assert (
        world.item().text("date_mkr57811") == str(world.only(MON)["CUSTOMER EX FACTORY DATE"]) == "2025-07-01"
    )


@on_sqlite
def test_a_date_that_is_none_is_left_out_with_a_note(world: World) -> None:
    world.add(order_line())
    world.database.execute("""UPDATE "ORDERS_UNIFIED" SET "EX FACTORY DATE" = 'next week'""")
    result = world.run(keep_staging=True)
    assert result.orders.created == 1
    assert "'next week' is not a date; left out" in world.only(STG)["validation_errors"]


@on_sqlite
def test_a_unit_longer_than_a_status_label_is_left_out_with_a_note(world: World) -> None:
    world.add(order_line(**{"UNIT OF MEASURE": "Pack of 3 pieces, one in each of the colours"}))
    world.run(keep_staging=True)
    assert "color_mkr5yf27" not in world.item().column_values
    assert "longer than 30 characters; left out" in world.only(STG)["validation_errors"]


@on_sqlite
def test_a_value_too_long_for_a_subitem_is_left_out_there_and_kept_with_the_order(world: World) -> None:
    style = "S" * 60
    world.add(order_line(**{"CUSTOMER STYLE": style}))
    result = world.run()
    assert (world.only(MON)["STYLE"], result.subitems.warnings) == (style, 2)
    for row in world.database.rows(MON_SUB):
        assert row["STYLE"] is None
        assert row["validation_errors"].startswith("STYLE: is longer than 50 characters")
    assert world.database.count(ERR_SUB) == 0
