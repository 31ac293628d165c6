"""Whole batches under the limits of monday's plans: they take their time, are hardly ever refused, and say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from order_staging import DailyLimitError
from order_staging.sandbox import (
    FREE,
    STANDARD,
    Behaviour,
    MovingClock,
    Plan,
    RefusalStyle,
    WindowKind,
)
from tests.integration.batch.batch_world import World, order_lines

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

HANDFUL = 5
ROOMY_FREE = replace(FREE, items_per_account=None)
"""The free plan's points, with room for more than 200 items."""


def refused(world: World) -> int:
    return sum(request.status == 429 for request in world.sandbox.requests)


@pytest.mark.parametrize("cost", [10_000, 30_000])
@pytest.mark.parametrize("plan", [ROOMY_FREE, STANDARD], ids=["free", "standard"])
@pytest.mark.parametrize("behaviour", [Behaviour(window=kind) for kind in WindowKind], ids=list(WindowKind))
def test_a_batch_that_needs_many_minutes_of_points_is_hardly_ever_refused_and_says_how_often(
    world: World, plan: Plan, cost: int
) -> None:
    rows = order_lines(100)
    world.add(*rows)
    result = world.run(settings={"channel": "items"})
    assert result.status == "COMPLETED"
    assert result.api.refusals == refused(world) <= HANDFUL
    # 300 items and subitems, and their group, at so many points a minute.
    minutes = 301 * cost / plan.complexity
    assert result.seconds <= (minutes + 2) * 60
    assert result.api.complexity <= 301 * cost * 1.02
    world.lands(rows)


@pytest.mark.parametrize("plan", [ROOMY_FREE], ids=["free"])
@pytest.mark.parametrize("behaviour", [Behaviour(refusals=style) for style in RefusalStyle])
def test_however_refusals_are_spelt_the_batch_waits_and_goes_on(world: World) -> None:
    rows = order_lines(70)
    world.add(*rows)
    result = world.run(settings={"channel": "items", "aliases": 60})
    assert result.status == "COMPLETED"
    assert result.api.refusals <= HANDFUL
    world.lands(rows)


@pytest.mark.parametrize("plan", [replace(STANDARD, complexity=70_000)])
def test_requests_that_no_minute_could_pay_are_made_smaller(world: World) -> None:
    rows = order_lines(30)
    world.add(*rows)
    result = world.run(settings={"channel": "items"})
    assert result.status == "COMPLETED"
    # Nothing is known of the cost before the first group; its kin are taken to cost as much.
    assert result.api.refusals <= HANDFUL
    largest = max(len(request.operations) for request in world.sandbox.requests if request.status == 200)
    assert largest <= 8
    world.lands(rows)


@pytest.mark.parametrize("plan", [replace(STANDARD, calls=12)])
@pytest.mark.parametrize("channel", ["items", "bulk"])
def test_when_the_calls_of_the_day_are_used_up_the_batch_pauses_and_goes_on_tomorrow(
    world: World, clock: MovingClock, channel: str
) -> None:
    rows = order_lines(60)
    world.add(*rows)
    first = world.run(settings={"channel": channel})
    assert (first.status, first.run_status) == ("PAUSED", "paused")
    assert "2026-11-03 00:00 UTC" in str(first.error)
    with pytest.raises(DailyLimitError):
        world.run(settings={"channel": channel})
    for _ in range(5):
        clock.advance(24 * 3600)
        if world.run(settings={"channel": channel}).status == "COMPLETED":
            break
    assert len({row["batch_id"] for row in world.database.rows("MON_BatchProcessing")}) == 1
    clock.advance(24 * 3600)
    world.lands(rows, channel=channel)


@pytest.mark.parametrize("plan", [replace(STANDARD, requests=5)])
def test_the_limit_of_requests_a_minute_is_kept(world: World) -> None:
    rows = order_lines(60)
    world.add(*rows)
    result = world.run(settings={"channel": "items", "aliases": 10})
    assert result.status == "COMPLETED"
    assert result.api.refusals <= HANDFUL
    world.lands(rows)


@pytest.mark.parametrize("plan", [FREE])
def test_an_account_that_is_full_rejects_what_does_not_fit_and_says_why(world: World) -> None:
    rows = order_lines(210)
    world.add(*rows)
    result = world.run(settings={"channel": "items"}, subitems=False)
    assert (result.orders.created, result.orders.rejected) == (200, 10)
    messages = {row["error_message"] for row in world.database.rows("ERR_MON_CustMasterSchedule")}
    assert all("limit" in message for message in messages)
