"""A field reads each source value as if it were the first, whatever it remembers."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform import load_customers, load_mapping
from order_staging.transform.fields import REMEMBERED, REPEATING, FieldReader
from order_staging.transform.limits import FieldLimit

MAPPING, CUSTOMERS = load_mapping(), load_customers()
KINDS = {(field.type, field.rule, field.required): field for field in MAPPING.fields}
LIMITS = {field.title: FieldLimit(20, 18, 4) for field in MAPPING.fields}
EQUAL_BUT_NOT_ALIKE = [1, True, 1.0, Decimal(1), Decimal("1.0"), "1", -0.0, 0.0, 0, False, "TRUE", "true"]
VALUES = st.one_of(
    st.sampled_from(EQUAL_BUT_NOT_ALIKE),
    st.none(),
    st.text(max_size=30),
    st.integers(),
    st.decimals(allow_nan=False),
    st.dates(),
    st.datetimes(),
    st.binary(max_size=4),
)


@pytest.mark.parametrize("field", KINDS.values(), ids=lambda field: str(field.title))
@given(values=st.lists(VALUES, max_size=12))
def test_what_was_read_before_changes_nothing(field: object, values: list[object]) -> None:
    reader = FieldReader(field, LIMITS, CUSTOMERS, MAPPING.numbers)  # type: ignore[arg-type] # a field, by its name
    for value in [*values, *values]:
        first = FieldReader(field, LIMITS, CUSTOMERS, MAPPING.numbers).read(value)  # type: ignore[arg-type] # as above
        found = reader.read_again(value) if type(value) in REPEATING else reader.read(value)
        assert repr(found) == repr(first)


def test_a_day_and_a_moment_of_it_are_two_values() -> None:
    assert datetime not in REPEATING
    assert {str, int, date, type(None)} == REPEATING


def test_what_is_remembered_is_bounded() -> None:
    reader = FieldReader(MAPPING.fields[0], LIMITS, CUSTOMERS, MAPPING.numbers)
    for number in range(REMEMBERED + 10):
        assert reader.read_again(f"customer {number}")[0] == f"customer {number}"
    assert reader.read_again.cache_info().currsize == REMEMBERED  # type: ignore[attr-defined] # of functools
