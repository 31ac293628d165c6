"""How many calls and minutes a run would take, under the limits that the account has."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch.preview.estimating import Work, estimate
from order_staging.monday.account import DailyCalls
from order_staging.monday.limits import Quotas
from order_staging.settings import Settings

UNKNOWN = Quotas(None, None)
WORKS = st.lists(
    st.builds(
        Work,
        items=st.dictionaries(st.sampled_from("ab"), st.integers(0, 3000)),
        subitems=st.integers(0, 3000),
        changes=st.integers(0, 300),
        size_changes=st.integers(0, 300),
        new_groups=st.integers(0, 50),
        reads=st.integers(0, 300),
    ),
    max_size=3,
)


def settings(**values: Any) -> Settings:
    chosen: dict[str, Any] = {"channel": "items", "aliases": 20} | values
    return Settings(**chosen)


@pytest.mark.parametrize(
    ("work", "calls", "mutations"),
    [
        (Work(), 2, 0),
        (Work(items={"a": 20}), 3, 20),
        (Work(items={"a": 15, "b": 15}), 4, 30),
        (Work(items={"a": 1}, subitems=21), 5, 22),
        (Work(changes=21, size_changes=2, reads=2), 7, 23),
    ],
)
def test_a_request_takes_as_many_mutations_as_it_has_aliases(work: Work, calls: int, mutations: int) -> None:
    found = estimate([work], settings(), UNKNOWN, None)
    assert (found.calls, found.mutations, found.imports) == (calls, mutations, 0)


def test_new_groups_are_created_some_a_request_between_two_looks_at_the_board() -> None:
    found = estimate([Work(new_groups=21)], settings(), UNKNOWN, None)
    assert (found.calls, found.mutations) == (2 + 2 + 2, 21)


def test_customers_share_neither_requests_nor_looks_at_the_board() -> None:
    works = [Work(items={"a": 1}, new_groups=1), Work(items={"a": 1}, new_groups=1)]
    found = estimate(works, settings(), UNKNOWN, None)
    assert (found.calls, found.mutations) == (2 + 2 * (2 + 1 + 1), 4)


def test_a_board_of_subitems_that_is_not_there_yet_is_looked_for_after_each_customers_subitems() -> None:
    works = [Work(items={"a": 1}, subitems=1), Work(items={"a": 1}, subitems=1), Work(items={"a": 1})]
    found = estimate(works, settings(), UNKNOWN, None, with_subitem_board=False)
    assert found.calls == 1 + 3 + 3 + 1


def test_large_groups_travel_by_import_where_imports_are_open() -> None:
    work = Work(items={"a": 10_001, "b": 5})
    open_to_us = settings(channel="auto", key_column="key")
    found = estimate([work], open_to_us, UNKNOWN, None)
    assert (found.imports, found.calls, found.mutations) == (2, 2 + 2 * 7 + 1, 5 + 2)
    for closed in (settings(channel="auto"), settings(channel="items", key_column="key")):
        assert estimate([work], closed, UNKNOWN, None).imports == 0


def test_complexity_is_what_takes_the_time_on_a_small_account() -> None:
    found = estimate([Work(items={"a": 1000})], settings(), Quotas(1_000_000, 1000), None)
    assert (found.minutes_least, found.minutes_most) == (13.8, 30.0)
    assert found.limited_by == "complexity a minute"
    generous = estimate([Work(items={"a": 1000})], settings(), Quotas(10**9, 1000), None)
    assert generous.limited_by == "monday.com's own time"


def test_requests_a_minute_count_where_they_are_fewest() -> None:
    found = estimate([Work(reads=1000)], settings(), Quotas(10**9, 10), None)
    assert (found.limited_by, found.minutes_least) == ("requests a minute", 100.2)


def test_the_calls_that_are_left_are_todays() -> None:
    assert estimate([], settings(), UNKNOWN, DailyCalls(1000, 990)).calls_left == 10
    assert estimate([], settings(), UNKNOWN, None).calls_left is None


@given(WORKS, st.one_of(st.none(), st.floats(1e5, 1e9)))
def test_the_least_is_never_more_than_the_most_and_more_work_never_takes_less(
    works: list[Work], points: float | None
) -> None:
    quotas = Quotas(points, 1000)
    found = estimate(works, settings(), quotas, None)
    assert 0 <= found.minutes_least <= found.minutes_most
    more = estimate([*works, Work(items={"c": 30})], settings(), quotas, None)
    assert more.calls > found.calls
    assert more.minutes_least >= found.minutes_least
