"""An axis shows few values, round ones, up to the largest or just above."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.reporting.reports import ticks

if TYPE_CHECKING:
    from collections.abc import Callable


@given(st.integers(0, 10**9) | st.floats(0, 10**9))
@pytest.mark.parametrize("of", [ticks.of_counts, ticks.of_durations])
def test_few_values_from_zero_reach_the_largest(of: Callable[[float], list[float]], largest: float) -> None:
    values = of(largest)
    assert values[0] == 0
    assert 2 <= len(values) <= ticks.MOST + 1
    assert values[-1] >= round(largest, 1)
    assert len(values) == 2 or values[-2] < largest


@pytest.mark.parametrize(
    ("largest", "values"),
    [(0, [0, 1]), (1, [0, 1]), (7, [0, 2, 4, 6, 8]), (1_790, [0, 500, 1_000, 1_500, 2_000])],
)
def test_counts_go_by_ones_twos_and_fives(largest: int, values: list[int]) -> None:
    assert ticks.of_counts(largest) == values


@pytest.mark.parametrize(
    ("longest", "values"),
    [
        (0.32, [0, 0.1, 0.2, 0.3, 0.4]),
        (397, [0, 120, 240, 360, 480]),
        (40_000, [0, 7_200, 14_400, 21_600, 28_800, 36_000, 43_200]),
    ],
)
def test_durations_go_by_what_clocks_have(longest: float, values: list[float]) -> None:
    assert ticks.of_durations(longest) == values
