"""What monday.com says about its limits, read out of headers, fields and refusals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from order_staging.monday import transport
from order_staging.monday.quotas import (
    Quota,
    Shortage,
    Spent,
    asked_wait,
    number,
    quotas,
    retry_after,
    shortage,
    spent,
)

NOW = datetime(2026, 11, 23, 6, 40, 8)  # noqa: DTZ001 - UTC without a zone, as everywhere in the package
DOCUMENTED = {
    "ratelimit-policy": '"minuteRate";q=5000;w=60, "concurrency";q=250;qu="concurrent-requests", '
    '"complexityMinute";q=5000000;w=60;qu="content-bytes"',
    "ratelimit": '"minuteRate";r=0;t=38, "concurrency";r=249, "complexityMinute";r=4950000;t=45',
}


def test_the_documented_headers_are_read_quota_by_quota() -> None:
    assert quotas(DOCUMENTED) == {
        "minuteRate": Quota(limit=5000, window=60, remaining=0, reset=38),
        "concurrency": Quota(limit=250, remaining=249),
        "complexityMinute": Quota(limit=5_000_000, window=60, remaining=4_950_000, reset=45),
    }


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", {}),
        (";;=,r=0,", {}),
        ("minuteRate;r=5", {"minuteRate": Quota(remaining=5)}),
        ('"a,b;c";r=5 , "d" ; r = 6', {"a,b;c": Quota(remaining=5), "d": Quota(remaining=6)}),
        ('"x";r=many;t=-1', {"x": Quota()}),
        ('"x";r=1;pk=:YQ==:;unknown;t=2', {"x": Quota(remaining=1, reset=2)}),
        ("limit=100, remaining=50, reset=30", {}),
        ('"new thing";r=7', {"new thing": Quota(remaining=7)}),
    ],
)
def test_what_is_malformed_or_unknown_does_no_harm(header: str, expected: dict[str, Quota]) -> None:
    assert quotas({"ratelimit": header}) == expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_read_without_an_error(policy: str, state: str) -> None:
    for quota in quotas({"ratelimit-policy": policy, "ratelimit": state}).values():
        assert all(value is None or value >= 0 for value in (quota.limit, quota.remaining, quota.reset))


@given(
    st.dictionaries(st.sampled_from("abc"), st.tuples(st.integers(0, 10**9), st.integers(0, 60)), min_size=1)
)
def test_headers_are_read_as_they_were_written(state: dict[str, tuple[int, int]]) -> None:
    header = ", ".join(f'"{name}";r={left};t={reset}' for name, (left, reset) in state.items())
    assert quotas({"ratelimit": header}) == {
        name: Quota(remaining=left, reset=reset) for name, (left, reset) in state.items()
    }


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": " 7 "}, 7),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Mon, 23 Nov 2026 06:40:18 GMT"}, 10),
        ({"retry-after": "Mon, 23 Nov 2026 06:40:00 GMT"}, 0),
        ({"retry-after": "Mon, 23 Nov 2026 06:50:18 GMT", "date": "Mon, 23 Nov 2026 06:50:08 GMT"}, 10),
        ({"retry-after": "Mon, 99 Nov 2026 06:40:18 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, NOW) == wait


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (DOCUMENTED, 38),
        (DOCUMENTED | {"retry-after": "60"}, 60),
        ({"ratelimit": '"minuteRate";r=4999, "complexityMinute";r=4950000;t=45'}, None),
        ({"ratelimit": '"minuteRate";r=0;t=38,"concurrency";r=0;t=50'}, 50),
        ({"ratelimit": '"minuteRate";r=0'}, None),
    ],
)
def test_the_wait_that_headers_ask_for_is_that_of_exhausted_quotas(
    headers: dict[str, str], wait: float | None
) -> None:
    assert asked_wait(headers, NOW) == wait


@pytest.mark.parametrize("data", [None, {}, {"complexity": None}, {"complexity": [1]}, {"complexity": "x"}])
def test_a_report_of_complexity_may_be_missing(data: Any) -> None:
    assert spent(data) is None


def test_a_report_of_complexity_is_read_as_far_as_it_goes() -> None:
    told = {"before": 100, "after": 90, "query": "ten", "reset_in_x_seconds": 12}
    assert spent({"complexity": told}) == Spent(before=100, after=90, query=None, reset=12)


@pytest.mark.parametrize(
    ("extensions", "message", "expected"),
    [
        ({}, "Complexity budget exhausted", None),
        (
            {"complexity": 30_001, "complexity_budget_left": 19_986, "complexity_budget_limit": 1_000_000},
            "x",
            Shortage(cost=30_001, left=19_986, limit=1_000_000),
        ),
        (
            {},
            "query cost 30001 budget remaining 19986 out of 1000000 reset in 3 seconds",
            Shortage(cost=30_001, left=19_986, limit=1_000_000, reset=3),
        ),
        (
            {},
            "Query cost 30001 budget remaining 19986 out of 1000000",
            Shortage(cost=30_001, left=19_986, limit=1_000_000),
        ),
        ({"cost": 6e6, "max_complexity_per_request": 5e6}, "x", Shortage(cost=6e6, most=5e6)),
        ({"cost": "much"}, "x", None),
    ],
)
def test_the_points_of_a_refusal_are_read_from_every_form(
    extensions: dict[str, Any], message: str, expected: Shortage | None
) -> None:
    assert shortage(extensions, message) == expected


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(10**400))
def test_a_number_is_finite_and_not_below_zero(value: Any) -> None:
    found = number(value)
    assert found is None or 0 <= found < float("inf")


def test_a_list_in_several_lines_is_one_list() -> None:
    lines = CIMultiDict([("RateLimit", '"a";r=1'), ("Retry-After", "5"), ("RateLimit", '"b";r=2')])
    headers = transport.headers_of(lines)
    assert quotas(headers) == {"a": Quota(remaining=1), "b": Quota(remaining=2)}
    assert retry_after(headers, NOW) == 5
