"""How a refused request is taken apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch.splitting import ROUNDS, even_share, parts, rows_a_request

REFUSAL = "Variable ${} of type JSON! was provided invalid value"


def test_the_row_that_a_refusal_names_is_taken_out_and_its_neighbours_go_first() -> None:
    assert parts("abcd", REFUSAL.format("values2")) == [["a", "b", "d"], ["c"]]


@pytest.mark.parametrize(
    "words", ["Internal error", REFUSAL.format("values9"), "$values1 and $name2 are wrong"]
)
def test_a_refusal_that_names_no_row_or_several_makes_halves(words: str) -> None:
    assert [list(part) for part in parts("abcde", words)] == [["a", "b", "c"], ["d", "e"]]


def test_several_variables_of_one_row_name_that_row() -> None:
    assert parts("ab", "$name0 and $values0 are wrong") == [["b"], ["a"]]


@given(st.lists(st.integers(), min_size=2, unique=True), st.integers(0, 30))
def test_parts_are_smaller_and_together_the_whole(rows: list[int], place: int) -> None:
    found = parts(rows, REFUSAL.format(f"name{place}"))
    assert sorted(row for part in found for row in part) == sorted(rows)
    assert all(0 < len(part) < len(rows) for part in found)


@given(st.integers(1, 100))
def test_rows_that_are_sent_again_travel_in_smaller_companies_and_alone_in_the_end(aliases: int) -> None:
    sizes = [rows_a_request(aliases, attempt) for attempt in range(ROUNDS)]
    assert sizes[0] == aliases
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == 1


def test_twenty_rows_become_five_and_one() -> None:
    assert [rows_a_request(20, attempt) for attempt in range(ROUNDS)] == [20, 5, 1]


@pytest.mark.parametrize(
    ("wanted", "fitting", "size"),
    [(20, 33, 16), (20, 100, 20), (20, 500, 20), (20, 7, 7), (20, 21, 10), (1, 9, 1)],
)
def test_requests_share_a_budget_evenly(wanted: int, fitting: int, size: int) -> None:
    assert even_share(wanted, fitting) == size


@given(st.integers(1, 100), st.integers(1, 1000))
def test_no_request_is_larger_than_wanted_and_a_budget_is_used_up_but_for_less_than_a_row_each(
    wanted: int, fitting: int
) -> None:
    size = even_share(wanted, fitting)
    assert 1 <= size <= min(wanted, fitting)
    assert fitting - (fitting // size) * size < size
