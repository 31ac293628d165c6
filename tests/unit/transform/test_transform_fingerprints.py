import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.customers import Customers, load_customers
from order_staging.transform.fingerprints import fingerprint, rules_fingerprint
from order_staging.transform.mapping import BoardMapping, load_mapping

VALUES = st.one_of(
    st.none(),
    st.integers(),
    st.decimals(allow_nan=False, min_value=-(10**9), max_value=10**9),
    st.dates(),
    st.text(),
)
ROWS = st.dictionaries(st.text(min_size=1, max_size=5), VALUES, max_size=6)


@given(ROWS)
def test_a_fingerprint_is_64_hexadecimal_digits(row: dict[str, object]) -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", fingerprint(row))


def test_a_fingerprint_stays_the_same_from_release_to_release() -> None:
    row = {"STYLE": "JWHD100120", "PRICE": Decimal("28.8600"), "DATE": date(2025, 3, 1), "XL": 3, "S": None}
    assert fingerprint(row) == "6450e0e7af2fcf292fc66d1c5f013d38b06962ed93319c87191a3e2dda909e27"


@given(ROWS)
def test_the_order_of_columns_the_uuid_and_columns_of_null_do_not_matter(row: dict[str, object]) -> None:
    other = dict(reversed(row.items())) | {"record_uuid": uuid4(), "new size": None}
    assert fingerprint(other) == fingerprint(row)


@given(ROWS, ROWS)
def test_rows_that_say_something_else_have_another_fingerprint(
    one: dict[str, object], other: dict[str, object]
) -> None:
    def said(row: dict[str, object]) -> dict[str, object]:
        return {column: value for column, value in row.items() if value is not None}

    assert (fingerprint(one) == fingerprint(other)) == (said(one) == said(other))


@pytest.mark.parametrize(
    "alike",
    [
        (Decimal("28.86"), Decimal("28.8600"), 28.86),
        (1, True, Decimal("1.0"), 1.0),
        (0, Decimal("-0.00"), False),
        (date(2025, 3, 1), datetime(2025, 3, 1)),  # noqa: DTZ001 - drivers give naive datetimes
    ],
)
def test_the_same_from_another_driver_is_the_same(alike: tuple[object, ...]) -> None:
    assert len({fingerprint({"A": value}) for value in alike}) == 1


def test_values_that_only_look_alike_differ() -> None:
    noon = datetime(2025, 3, 1, 12)  # noqa: DTZ001 - drivers give naive datetimes
    zoned = datetime(2025, 3, 1, tzinfo=timezone(timedelta(hours=2)))
    values = [
        "1",
        1,
        "",
        " ",
        "None",
        "2025-03-01",
        date(2025, 3, 1),
        noon,
        zoned,
        b"1",
        Decimal("NaN"),
        "NaN",
        None,
    ]
    assert len({fingerprint({"A": value}) for value in values}) == len(values)


def test_a_value_in_another_column_is_another_row() -> None:
    assert fingerprint({"A": "x"}) != fingerprint({"B": "x"})
    assert fingerprint({"A": "x", "B": "y"}) != fingerprint({"A": "y", "B": "x"})


def test_half_a_character_has_a_fingerprint_too() -> None:
    assert fingerprint({"A": "\ud83d"}) != fingerprint({"A": "\ud83e"})


MAPPING = load_mapping().model_dump(mode="json")
CUSTOMERS = load_customers().model_dump(mode="json")

Key = str | int


def of_rules(
    mapping: dict[str, Any] = MAPPING, customers: dict[str, Any] = CUSTOMERS, version: str = "1"
) -> str:
    return rules_fingerprint(
        BoardMapping.model_validate(mapping), Customers.model_validate(customers), version
    )


def changed(document: Any, place: tuple[Key, ...], value: object) -> Any:
    """Give a copy of a document with another value in one place."""
    if not place:
        assert value != document, "a change changes something"
        return value
    key, *rest = place
    inner = changed(document[key], tuple(rest), value)
    if isinstance(document, dict):
        return document | {key: inner}
    return [inner if index == key else each for index, each in enumerate(document)]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("title",), ["CUSTOMER STYLE", "AAG ORDER NUMBER"]),
        (("title",), ["CUSTOMER COLOUR DESCRIPTION", "CUSTOMER STYLE", "AAG ORDER NUMBER"]),
        (("group", "customer"), "AAG ORDER NUMBER"),
        (("group", "seasons"), ["AAG SEASON", "CUSTOMER SEASON"]),
        (("numbers", "thousands"), ""),
        (("numbers", "prefixes"), ["$", "USD"]),
        (("fields", 7, "title"), "PO"),
        (("fields", 7, "column"), "text_of_another_id"),
        (("fields", 7, "type"), "long_text"),
        (("fields", 7, "source"), "CUSTOMER ALT PO"),
        (("fields", 7, "rule"), "clean_text"),
        (("fields", 7, "on_misfit"), "reject"),
        (("fields", 7, "required"), True),
        (("fields", 7, "key"), False),
        (("fields",), MAPPING["fields"][:-1]),
        (("subitems", "name"), "{size}"),
        (("subitems", "size", "column"), "text_of_another_id"),
        (("subitems", "size", "type"), "text"),
        (("subitems", "quantity", "column"), "numeric_of_another_id"),
    ],
)
def test_all_that_decides_what_a_row_becomes_is_in_the_fingerprint_of_the_rules(
    place: tuple[Key, ...], value: object
) -> None:
    assert of_rules(changed(MAPPING, place, value)) != of_rules()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("board_id",), 42),
        (("name",), "Another board"),
        (("title_on_conflict",), "board"),
        (("group", "on_conflict"), "board"),
        (("fields", 7, "on_conflict"), "report"),
        (("subitems", "on_conflict"), "report"),
        (("subitems", "removed"), "delete"),
        (("fields",), MAPPING["fields"][::-1]),
    ],
)
def test_the_board_and_the_options_for_conflicts_are_no_rules(place: tuple[Key, ...], value: object) -> None:
    assert of_rules(changed(MAPPING, place, value)) == of_rules()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("customers", 0, "name"), "GREYSON"),
        (("customers", 0, "name"), "Greyson Clothiers"),
        (("customers", 0, "aliases"), []),
        (("customers", 0, "aliases"), ["GREYSON", "GREY SON"]),
        (("customers",), CUSTOMERS["customers"][1:]),
    ],
)
def test_a_customer_or_an_alias_more_or_less_is_another_rule(place: tuple[Key, ...], value: object) -> None:
    assert of_rules(customers=changed(CUSTOMERS, place, value)) != of_rules()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("customers",), CUSTOMERS["customers"][::-1]),
        (("customers", 1, "aliases"), ["RHYTHM (US)", "RHYTHM (AU)"]),
        (("customers", 1, "aliases"), ["rhythm  (us)", "Rhythm (AU)", "RHYTHM"]),
    ],
)
def test_the_order_and_the_case_of_aliases_decide_nothing(place: tuple[Key, ...], value: object) -> None:
    assert of_rules(customers=changed(CUSTOMERS, place, value)) == of_rules()


def test_the_order_of_prefixes_decides_nothing() -> None:
    place = ("numbers", "prefixes")
    assert of_rules(changed(MAPPING, place, ["$", "USD"])) == of_rules(changed(MAPPING, place, ["USD", "$"]))


def test_another_version_of_the_library_has_other_rules() -> None:
    assert of_rules(version="2") != of_rules(version="1")


def test_the_fingerprint_of_the_rules_stays_the_same_from_process_to_process() -> None:
    mapping = {
        "board_id": 42,
        "name": "Board",
        "title": ["Style"],
        "group": {"customer": "Customer", "seasons": ["Season"]},
        "fields": [
            {
                "title": "CUSTOMER",
                "column": "text_1",
                "type": "text",
                "source": "Customer",
                "required": True,
                "rule": "canonical_customer",
            },
            {
                "title": "STYLE",
                "column": "text_2",
                "type": "text",
                "source": "Style",
                "key": True,
                "required": True,
            },
        ],
        "subitems": {
            "name": "Size {size}",
            "size": {"column": "text_3", "type": "text"},
            "quantity": {"column": "numeric_1", "type": "numbers"},
        },
        "numbers": {"thousands": ",", "prefixes": ["$", "€", "USD"]},
    }
    customers = {"customers": [{"name": "ROSA", "aliases": ["R", "RÖSA", "ROSA (US)"]}]}
    assert of_rules(mapping, customers) == "cda39f41bca4d015d61d449df4960fb7e71fa702bee268656b81d37b48575a31"
