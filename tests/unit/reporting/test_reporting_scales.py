"""Time is cut into steps that people count in, few enough for a chart."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.reporting.reports.scales import MOST, WIDTHS, scale

START = datetime(2026, 11, 23, 10, 59, 58)  # noqa: DTZ001 - naive UTC
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))  # noqa: DTZ001 - naive UTC


@given(TIMES, st.timedeltas(timedelta(0), timedelta(days=30_000)))
def test_both_ends_have_their_place_among_few_steps(first: datetime, span: timedelta) -> None:
    found = scale(first, first + span)
    assert 1 <= found.steps <= MOST
    assert found.place(first) == 0
    assert found.place(first + span) == found.steps - 1
    assert len(set(found.labels())) == found.steps


@given(TIMES, st.timedeltas(timedelta(0), timedelta(days=3_000)), st.sampled_from(WIDTHS))
def test_no_step_is_shorter_than_asked_for(first: datetime, span: timedelta, least: int) -> None:
    assert scale(first, first + span, least=least).width >= least


@given(TIMES, TIMES)
def test_what_is_outside_has_no_place(first: datetime, when: datetime) -> None:
    found = scale(first, first)
    assert (found.place(when) is None) == (when.replace(microsecond=0) != first.replace(microsecond=0))


@pytest.mark.parametrize(
    ("seconds", "unit", "labels"),
    [
        (2, "second", ["10:59:58", "10:59:59", "11:00:00"]),
        (100, "2 seconds", ["10:59:58", "11:00:00"]),
        (3_000, "minute", ["10:59", "11:00"]),
        (100_000, "30 minutes", ["11-23 10:30", "11-23 11:00"]),
        (30 * 86_400, "day", ["2026-11-23", "2026-11-24"]),
        (300 * 86_400, "7 days", ["2026-11-23", "2026-11-30"]),
    ],
)
def test_a_step_is_named_and_labelled_as_people_do(seconds: int, unit: str, labels: list[str]) -> None:
    found = scale(START, START + timedelta(seconds=seconds))
    assert found.unit() == unit
    assert found.labels()[: len(labels)] == labels
