"""The pieces that long lists of values are cut into."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from order_staging.repositories.base import chunks
from order_staging.repositories.staged_rows import VALUES_A_STATEMENT


@given(st.lists(st.integers()), st.integers(1, 10))
def test_pieces_in_a_row_are_the_whole_and_none_is_too_long_or_empty(values: list[int], size: int) -> None:
    pieces = list(chunks(values, size))
    assert [value for piece in pieces for value in piece] == values
    assert all(0 < len(piece) <= size for piece in pieces)


def test_a_statements_values_stay_below_sqlservers_parameters() -> None:
    assert VALUES_A_STATEMENT <= 2000
