import json
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.column_values import encode, item_column_values, subitem_column_values
from order_staging.transform.mapping import load_mapping
from order_staging.transform.sizes import Size

MAPPING = load_mapping()
JSON_VALUES = st.dictionaries(
    st.text(max_size=8), st.one_of(st.text(), st.builds(lambda x: {"labels": [x]}, st.text()))
)


@pytest.mark.parametrize(
    ("title", "value", "column", "wanted"),
    [
        ("PO NUMBER", "4755", "text_mkr5ej2x", "4755"),
        ("PO NUMBER", ' "4755"\n', "text_mkr5ej2x", ' "4755"\n'),
        ("NOTES", "two\nlines", "long_text_mkr5hass", {"text": "two\nlines"}),
        ("CUSTOMER PRICE", Decimal("28.8600"), "numeric_mkr5cact", "28.86"),
        ("CUSTOMER PRICE", Decimal("1.2E+3"), "numeric_mkr5cact", "1200"),
        ("CUSTOMER PRICE", "28.860", "numeric_mkr5cact", "28.86"),
        ("US TARIFF RATE", Decimal("0.00"), "numeric_mkr55zg1", "0"),
        ("US TARIFF RATE", 0, "numeric_mkr55zg1", "0"),
        ("CUSTOMER EX FACTORY DATE", date(2025, 3, 1), "date_mkr57811", {"date": "2025-03-01"}),
        (
            "CUSTOMER EX FACTORY DATE",
            datetime(2025, 3, 1, 12, tzinfo=UTC),
            "date_mkr57811",
            {"date": "2025-03-01"},
        ),
        ("CUSTOMER EX FACTORY DATE", "2025-03-01", "date_mkr57811", {"date": "2025-03-01"}),
        ("STYLE", "JWHD100120", "dropdown_mkr5tgaa", {"labels": ["JWHD100120"]}),
        ("UNIT OF MEASURE", "EACH", "color_mkr5yf27", {"label": "EACH"}),
    ],
)
def test_each_type_has_the_shape_that_monday_wants(
    title: str, value: object, column: str, wanted: object
) -> None:
    assert item_column_values(MAPPING, {title: value}) == {column: wanted}


def test_what_is_empty_is_left_out() -> None:
    values = {field.title: None for field in MAPPING.fields}
    assert item_column_values(MAPPING, values) == {}
    assert item_column_values(MAPPING, values | {"STYLE": "", "NOTES": " \n"}) == {}


def test_every_field_of_the_mapping_is_sent() -> None:
    examples: dict[str, object] = {"date": date(2025, 3, 1), "numbers": Decimal("1.50")}
    values = {field.title: examples.get(field.type, "words") for field in MAPPING.fields}
    assert list(item_column_values(MAPPING, values)) == [field.column for field in MAPPING.fields]


def test_columns_that_are_no_fields_are_not_sent() -> None:
    assert item_column_values(MAPPING, {"stg_id": 7, "ORDER STATUS": "DONE"}) == {}


@pytest.mark.parametrize(
    ("title", "value", "error"),
    [
        ("CUSTOMER PRICE", "n/a", InvalidOperation),
        ("CUSTOMER EX FACTORY DATE", "soon", ValueError),
        ("CUSTOMER EX FACTORY DATE", 45717, TypeError),
    ],
)
def test_what_no_rule_let_pass_is_not_sent_as_something_else(
    title: str, value: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        item_column_values(MAPPING, {title: value})


def test_a_size_is_a_label_and_a_quantity() -> None:
    assert subitem_column_values(MAPPING, Size("30/32", 1200)) == {
        "dropdown_mkrak7qp": {"labels": ["30/32"]},
        "numeric_mkra7j8e": "1200",
    }


@given(JSON_VALUES)
def test_encoded_values_read_back_the_same(values: dict[str, object]) -> None:
    assert json.loads(encode(values)) == values


@given(JSON_VALUES)
def test_the_same_values_give_the_same_bytes_in_whatever_order(values: dict[str, object]) -> None:
    assert encode(dict(reversed(values.items()))) == encode(values)


def test_encoded_values_are_compact_and_keep_their_characters() -> None:
    assert encode({"b": {"labels": ["裙子 👗"]}, "a": 'x"\n'}) == '{"a":"x\\"\\n","b":{"labels":["裙子 👗"]}}'


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**14), max_value=10**14, places=4))
def test_money_goes_out_as_exactly_what_it_is(money: Decimal) -> None:
    sent = item_column_values(MAPPING, {"FREIGHT": money})["numeric_mksfr0r2"]
    assert isinstance(sent, str)
    assert Decimal(sent) == money
    assert "E" not in sent
