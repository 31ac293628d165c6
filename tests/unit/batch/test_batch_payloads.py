"""What is sent for a row is a matter of the row alone, and the key a matter of the intent alone."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from order_staging.batch.payloads import Payload, idempotency_key, item_payload, subitem_payload
from order_staging.models import StagedOrder, StagedSubitem
from order_staging.transform import load_mapping

MAPPING = load_mapping(None)
KEY_COLUMN = "text_source_uuid"


def staged(**changes: object) -> StagedOrder:
    facts: dict[str, object] = {
        "stg_id": 1,
        "stg_batch_id": UUID(int=1),
        "stg_retry_count": 0,
        "source_uuid": UUID(int=2),
        "title": "JWHD100120WHITEJOO-00505",
        "group": "GREYSON CLOTHIERS 2025 FALL",
        "style": "JWHD100120",
        "customer_price": Decimal("28.8600"),
        "us_tariff_rate": Decimal(0),
        "customer_ex_factory_date": date(2025, 7, 1),
        "notes": '深\N{T-SHIRT} "it\'s"\n',
        "unit_of_measure": "PIECE",
    }
    return StagedOrder(**(facts | changes))


def size(**changes: object) -> StagedSubitem:
    facts: dict[str, object] = {"stg_id": 1, "stg_batch_id": UUID(int=1), "stg_retry_count": 0, "size": "XL"}
    return StagedSubitem(**(facts | {"order_qty": 7, "source_uuid": UUID(int=2)} | changes))


def sent(row: StagedOrder) -> Payload:
    return item_payload(MAPPING, KEY_COLUMN, row)


def key(*rows: StagedOrder) -> str:
    return idempotency_key([(row, sent(row)) for row in rows], [row.stg_retry_count or 0 for row in rows])


def test_an_items_payload_has_its_columns_by_id_and_its_key() -> None:
    payload = sent(staged())
    assert payload.name == "JWHD100120WHITEJOO-00505"
    assert json.loads(payload.column_values) == {
        "dropdown_mkr5tgaa": {"labels": ["JWHD100120"]},
        "numeric_mkr5cact": "28.86",
        "numeric_mkr55zg1": "0",
        "date_mkr57811": {"date": "2025-07-01"},
        "long_text_mkr5hass": {"text": '深\N{T-SHIRT} "it\'s"\n'},
        "color_mkr5yf27": {"label": "PIECE"},
        KEY_COLUMN: str(UUID(int=2)),
    }


def test_what_is_recorded_is_the_whole_of_it() -> None:
    payload = sent(staged())
    assert json.loads(payload.recorded) == {
        "item_name": payload.name,
        "group": "GREYSON CLOTHIERS 2025 FALL",
        "column_values": json.loads(payload.column_values),
    }


def test_a_row_without_an_identity_sends_no_key() -> None:
    assert KEY_COLUMN not in json.loads(sent(staged(source_uuid=None)).column_values)


def test_without_a_key_column_no_key_is_sent() -> None:
    assert str(UUID(int=2)) not in item_payload(MAPPING, None, staged()).recorded


def test_the_same_row_gives_the_same_bytes() -> None:
    assert sent(staged()) == sent(staged())
    assert sent(staged()).hash == sent(staged()).hash


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Decimal("28.86"), Decimal("28.8600")),
        (Decimal(1200), Decimal("1.2E+3")),
        (Decimal(0), Decimal("-0.0000")),
    ],
)
def test_a_number_is_sent_as_it_is_worth_however_the_driver_writes_it(one: Decimal, other: Decimal) -> None:
    assert sent(staged(customer_price=one)) == sent(staged(customer_price=other))


@pytest.mark.parametrize("change", [{"title": "x"}, {"group": "x"}, {"notes": "x"}, {"style": None}])
def test_another_payload_has_another_hash(change: dict[str, object]) -> None:
    assert sent(staged(**change)).hash != sent(staged()).hash


def test_a_fresh_uuid_is_sent_and_is_no_other_content() -> None:
    fresh = sent(staged(source_uuid=UUID(int=3)))
    assert fresh.hash == sent(staged()).hash
    assert fresh.recorded != sent(staged()).recorded


def test_a_subitems_payload_names_its_size_and_quantity() -> None:
    payload = subitem_payload(MAPPING, size())
    assert payload.name == "Size XL"
    assert json.loads(payload.column_values) == {
        "dropdown_mkrak7qp": {"labels": ["XL"]},
        "numeric_mkra7j8e": "7",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"stg_id": 2},
        {"stg_batch_id": UUID(int=9)},
        {"stg_retry_count": 1},
        {"notes": "x"},
        {"title": "x"},
        {"source_uuid": UUID(int=3)},
    ],
)
def test_another_row_attempt_or_payload_has_another_key(change: dict[str, object]) -> None:
    assert key(staged(**change)) != key(staged())


@pytest.mark.parametrize(
    "change",
    [
        {"stg_status": "SENDING"},
        {"stg_error_message": "x"},
        {"stg_monday_item_id": 1},
        {"stg_api_payload": "x"},
        {"stg_payload_hash": "x"},
        {"stg_idempotency_key": "x"},
        {"stg_group_id": "x"},
        {"validation_errors": "x"},
        {"stg_customer_batch": "x"},
    ],
)
def test_nothing_else_changes_the_key(change: dict[str, object]) -> None:
    assert key(staged(**change)) == key(staged())


def test_rows_alike_in_all_that_is_sent_still_have_keys_of_their_own() -> None:
    # SQLite gives the id of a deleted row to the next one, and without a key column the payload has no UUID.
    rows = staged(), staged(source_uuid=UUID(int=3))
    keys = {idempotency_key([(row, item_payload(MAPPING, None, row))], [0]) for row in rows}
    assert len(keys) == 2


def test_an_orders_key_is_not_that_of_a_subitem_with_the_same_numbers() -> None:
    payload = Payload("x", {}, "{}", "")
    assert idempotency_key([(staged(), payload)], [0]) != idempotency_key([(size(), payload)], [0])


def test_the_key_of_several_rows_depends_on_all_of_them_and_their_order() -> None:
    first, second = staged(), staged(stg_id=2)
    assert len({key(first), key(second), key(first, second), key(second, first)}) == 4


def test_a_key_is_64_hexadecimal_digits() -> None:
    assert len(key(staged())) == 64
    assert set(key(staged())) <= set("0123456789abcdef")
