import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.fingerprints import fingerprint

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
