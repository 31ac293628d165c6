"""Rows for the tables: cut where they only serve to recognise, never in the middle of a character."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch import letters
from order_staging.batch.letters import Refusal
from order_staging.batch.limits import order_limits, subitem_limits
from order_staging.batch.rows import attributes, clipped, staged_order, staged_subitems
from order_staging.models import (
    ErrorType,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
    ValidationStatus,
)
from order_staging.transform import FieldLimit, InvalidOrder, Note, Order, Size
from order_staging.transform.values import utf16_length

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC).replace(tzinfo=None)
BATCH = UUID(int=1)
ROW = UUID(int=2)


def order(**changes: object) -> Order:
    facts: dict[str, object] = {
        "source_uuid": ROW,
        "customer": "GREYSON CLOTHIERS",
        "order_number": "JOO-00505",
        "title": "JWHD100120WHITEJOO-00505",
        "group": "GREYSON CLOTHIERS 2025 FALL",
        "values": {
            "CUSTOMER": "GREYSON CLOTHIERS",
            "STYLE": "JWHD100120",
            "CUSTOMER PRICE": Decimal("28.86"),
        },
        "notes": (),
        "sizes": (Size("S", 3), Size("XL", 7)),
    }
    return Order(**(facts | changes))  # type: ignore[arg-type]


texts = st.text() | st.text(alphabet="a\N{T-SHIRT}é深", max_size=60)


@given(texts, st.integers(1, 50))
def test_clipping_fits_the_column_and_never_breaks_a_character(text: str, length: int) -> None:
    cut = clipped(text, length)
    assert cut is not None
    assert utf16_length(cut) <= length
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))
    cut.encode()  # a lone surrogate could not be


@given(texts)
def test_what_fits_is_not_clipped(text: str) -> None:
    assert clipped(text, max(utf16_length(text), 1)) == text


def test_nothing_is_clipped_to_nothing() -> None:
    assert clipped(None, 5) is None


def test_a_character_of_two_units_is_kept_whole_or_left_out() -> None:
    assert clipped("a\N{T-SHIRT}b", 3) == "a…"
    assert clipped("a\N{T-SHIRT}bc", 4) == "a\N{T-SHIRT}…"


@pytest.mark.parametrize(
    ("column", "length"),
    [
        ("CUSTOMER", 100),  # STG has 200, MON 100
        ("PO NUMBER", 200),  # MON has no limit
        ("Title", 255),  # STG has no limit
        ("STYLE DESCRIPTION", 500),
        ("NOTES", None),
        ("RANGE / COLLECTION", 200),
        ("Size", 20),
    ],
)
def test_a_texts_limit_is_the_tighter_of_staging_and_production(column: str, length: int | None) -> None:
    assert order_limits()[column].max_length == length


@pytest.mark.parametrize(
    ("column", "length"), [("CUSTOMER", 50), ("STYLE", 50), ("AAG_ORDER_NUMBER", 50), ("UNIT_OF_MEASURE", 20)]
)
def test_a_subitems_limits_are_its_own(column: str, length: int) -> None:
    assert subitem_limits()[column].max_length == length


def test_numbers_keep_the_digits_of_staging_as_these_are_sent() -> None:
    assert order_limits()["CUSTOMER PRICE"] == FieldLimit(precision=18, scale=4)


@pytest.mark.parametrize(
    ("staged", "landed"), [(StagedOrder, ProductionOrder), (StagedSubitem, ProductionSubitem)]
)
def test_no_text_that_passes_the_limits_is_too_long_for_either_table(
    staged: type[StagedOrder | StagedSubitem], landed: type[ProductionOrder | ProductionSubitem]
) -> None:
    limits = order_limits() if staged is StagedOrder else subitem_limits()
    for table in (staged.__table__, landed.__table__):
        for column in table.columns:
            longest = getattr(column.type, "length", None)
            limit = limits.get(column.name)
            in_both = column.name in staged.__table__.columns and column.name in landed.__table__.columns
            in_both &= column.name[0].isupper()  # the others are bookkeeping, and hold words of our own
            if in_both and limit is not None and limit.max_length is not None and longest is not None:
                assert limit.max_length <= longest, column.name


def test_a_staged_order_is_pending_and_says_where_it_is_from() -> None:
    row = staged_order(order(), BATCH, 9200517329, NOW)
    assert (
        row
        | {
            "stg_batch_id": BATCH,
            "stg_status": StagingStatus.PENDING,
            "source_uuid": ROW,
            "source_table": "ORDERS_UNIFIED",
            "board_id": 9200517329,
            "style": "JWHD100120",
            "customer_price": Decimal("28.86"),
            "validation_status": ValidationStatus.VALID,
            "validation_errors": None,
        }
        == row
    )
    StagedOrder(**row)  # every key is a column's attribute


def test_what_was_left_out_is_noted_on_the_staged_order() -> None:
    notes = (Note("CUSTOMER PRICE", "n/a", "is not a number; left out"), Note("NOTES", "x", "is too long"))
    row = staged_order(order(notes=notes), BATCH, 1, NOW)
    assert row["validation_status"] == ValidationStatus.WARNING
    assert (
        row["validation_errors"] == "CUSTOMER PRICE: 'n/a' is not a number; left out\nNOTES: 'x' is too long"
    )


def test_a_size_is_a_staged_subitem_that_repeats_its_order() -> None:
    parent = staged_order(order(), BATCH, 1, NOW)
    rows = staged_subitems(order(), parent, 5, subitem_limits())
    assert [(row["size"], row["order_qty"], row["board_order_qty"]) for row in rows] == [
        ("S", 3, 3),
        ("XL", 7, 7),
    ]
    for row in rows:
        assert (row["stg_parent_stg_id"], row["source_uuid"], row["style"]) == (5, ROW, "JWHD100120")
        assert (row["stg_status"], row["validation_status"]) == (
            StagingStatus.PENDING,
            ValidationStatus.VALID,
        )
        StagedSubitem(**row)


def test_a_copy_that_is_too_long_for_the_subitem_is_left_out_there_with_a_note() -> None:
    long = order(values={"STYLE": "S" * 51, "CUSTOMER": "C" * 50})
    (row, _) = staged_subitems(long, staged_order(order(), BATCH, 1, NOW), 5, subitem_limits())
    assert (row["style"], row["customer"]) == (None, "C" * 50)
    assert row["validation_status"] == ValidationStatus.WARNING
    assert row["validation_errors"] == "STYLE: is longer than 50 characters; left out here, the order has it"


def test_an_order_without_sizes_has_no_subitems() -> None:
    assert staged_subitems(order(sizes=()), staged_order(order(), BATCH, 1, NOW), 5, subitem_limits()) == []


def test_the_dead_letter_of_an_invalid_row_has_its_reasons_and_its_data() -> None:
    invalid = InvalidOrder(
        None,
        "C" * 150,
        "N" * 150,
        "T" * 600,
        "G" * 300,
        (Note("S", "-1", "is negative"), Note("STYLE", "", "is empty")),
    )
    source = {
        "S": -1,
        "EX FACTORY DATE": date(2025, 7, 1),
        "NOTES": "深\N{T-SHIRT}",
        "STYLE": None,
        "record_uuid": None,
    }
    letter = letters.invalid_order(invalid, source, BATCH, "C" * 150, NOW)
    assert letter["error_type"] is ErrorType.INVALID
    assert letter["error_message"] == "S: '-1' is negative\nSTYLE: is empty"
    lengths = {key: len(letter[key]) for key in ("customer_batch", "order_number", "item_name", "group_name")}
    assert lengths == {"customer_batch": 100, "order_number": 100, "item_name": 500, "group_name": 200}
    assert json.loads(letter["original_data"]) == {
        "S": -1,
        "EX FACTORY DATE": "2025-07-01",
        "NOTES": "深\N{T-SHIRT}",
    }


def test_the_dead_letter_of_a_refused_order_has_what_was_sent_and_what_was_said() -> None:
    row = StagedOrder(
        **staged_order(order(), BATCH, 1, NOW), stg_id=9, stg_api_payload='{"a":1}', stg_retry_count=2
    )
    row.stg_customer_batch = "GREYSON CLOTHIERS"
    letter = letters.refused_order(row, "N" * 150, Refusal(ErrorType.REJECTED, "no", 422), NOW)
    assert (
        letter
        | {
            "original_stg_id": 9,
            "order_number": "N" * 99 + "…",
            "batch_id": BATCH,
            "customer_batch": "GREYSON CLOTHIERS",
            "api_payload": '{"a":1}',
            "error_type": ErrorType.REJECTED,
            "error_message": "no",
            "http_status_code": 422,
            "retry_count": 0,
            "source_uuid": ROW,
        }
        == letter
    )
    data = json.loads(letter["original_data"])
    assert data["CUSTOMER PRICE"] == "28.86"
    assert data["Title"] == "JWHD100120WHITEJOO-00505"
    assert not [name for name in data if name.startswith("stg_")]


def test_the_dead_letter_of_a_refused_subitem_names_its_size_and_item() -> None:
    parent = staged_order(order(), BATCH, 1, NOW)
    row = StagedSubitem(**staged_subitems(order(), parent, 5, subitem_limits())[1], stg_id=4)
    row.stg_monday_parent_item_id = 77
    letter = letters.refused_subitem(row, "JOO-1", "Size XL", Refusal(ErrorType.CONFLICT, "two"), NOW)
    assert (
        letter
        | {
            "original_stg_subitem_id": 4,
            "parent_item_id": 77,
            "order_number": "JOO-1",
            "size_label": "XL",
            "order_qty": 7,
            "subitem_name": "Size XL",
            "http_status_code": None,
        }
        == letter
    )
    assert json.loads(letter["original_data"])["ORDER_QTY"] == 7


def test_a_tables_columns_are_known_by_their_attributes() -> None:
    names = attributes(StagedOrder)
    assert (names["AAG ORDER NUMBER"], names["stg_id"]) == ("aag_order_number", "stg_id")
    assert len(names) == len(StagedOrder.__table__.columns)
