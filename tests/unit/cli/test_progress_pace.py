"""Rates and the time left: never absurd, whatever is told, and nothing foretold without evidence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.cli.progress_pace import ENOUGH_SECONDS, WINDOW, Pace


def pace(*steps: tuple[float, int], began: float = 0.0) -> Pace:
    found = Pace(began)
    for now, done in steps:
        found.reach(now, done)
    return found


def test_nothing_is_foretold_before_there_is_evidence() -> None:
    assert pace().rate(10) is None
    assert pace().seconds_left(10, 100) is None
    assert pace((10, 50)).seconds_left(10, 100) is None  # one step forward may be anything
    assert pace((0.1, 1), (0.2, 2)).seconds_left(ENOUGH_SECONDS - 0.1, 100) is None
    assert pace((5, 20), (10, 40)).seconds_left(10, None) is None


def test_a_steady_pace_tells_the_rate_and_what_is_left_and_counts_down() -> None:
    steady = pace((5, 20), (10, 40), (15, 60))
    assert steady.rate(15) == 4
    assert [steady.seconds_left(now, 100) for now in (15, 17, 19)] == [10, 8, 6]


def test_between_two_steps_the_rate_stays_and_falls_once_the_next_one_is_late() -> None:
    steady = pace((5, 20), (10, 40))
    assert steady.rate(15) == 4
    assert steady.rate(20) == pytest.approx(40 / 15)
    late = [steady.seconds_left(now, 100) for now in (15, 20, 25)]
    assert late == sorted(late, key=lambda each: each or 0)


def test_a_wait_that_is_known_of_counts_whole() -> None:
    waiting = pace((5, 20), (10, 40))
    waiting.wait(10, 60)
    left = waiting.seconds_left(10, 80)
    assert left is not None
    assert left > 60
    assert waiting.seconds_left(69, 80) == pytest.approx(left - 59)


def test_the_rate_is_that_of_the_last_minutes() -> None:
    slowed = pace(*((float(second), second * 100) for second in range(1, 61)))
    for second in range(70, 1000, 10):
        slowed.reach(float(second), 6000 + second)
    assert slowed.rate(990) == pytest.approx(1, rel=0.1)
    assert WINDOW < 990


def test_what_is_done_is_left_no_time() -> None:
    assert pace((1, 10)).seconds_left(2, 10) == 0
    assert pace((1, 10)).seconds_left(2, 0) == 0


def test_thousands_of_steps_are_not_all_remembered() -> None:
    quick = pace(*((number / 1000, number) for number in range(1, 20_000)))
    assert len(quick._steps) < 50
    assert quick.rate(20) == pytest.approx(1000, rel=0.01)


@given(
    st.lists(
        st.tuples(st.floats(0, 1e4), st.integers(0, 10**7), st.floats(0, 600), st.booleans()), max_size=40
    ),
    st.one_of(st.none(), st.integers(0, 10**8)),
)
def test_no_history_makes_a_negative_or_an_endless_number(
    history: list[tuple[float, int, float, bool]], total: int | None
) -> None:
    now = 5.0
    found = Pace(now)
    for after, done, seconds, waits in history:
        now += after
        found.wait(now, seconds) if waits else found.reach(now, done)
        rate, left = found.rate(now), found.seconds_left(now, total)
        assert rate is None or 0 < rate < float("inf")
        assert left is None or 0 <= left < float("inf")
        assert found.done >= 0
        assert total is not None or left is None
