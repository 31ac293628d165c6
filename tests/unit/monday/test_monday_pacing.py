"""The gate before every request: who waits, for how long, and what ends a wait."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from random import Random

import pytest
from structlog.testing import capture_logs

from order_staging.errors import RequestTooLargeError, StoppedError, TransientError
from order_staging.monday import Usage
from order_staging.monday.costs import Request
from order_staging.monday.limits import Limit, Refusal
from order_staging.monday.pacing import Gate, Stopwatch
from order_staging.monday.quotas import COMPLEXITY, CONCURRENCY, Quota, Shortage, Spent

ITEM = Request("create_item")


class Clock:
    """A clock that its own sleep moves on, unless it `stands`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 6, 40)  # noqa: DTZ001 - UTC without a zone, as in the package
        self.naps: list[float] = []
        self.stands = False

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        if not self.stands:
            self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Halves(Random):
    """Randomness that always gives the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def usage() -> Usage:
    return Usage()


@pytest.fixture
def gate(clock: Clock, usage: Usage) -> Gate:
    return Gate(usage, now=clock, sleep=clock.sleep, random=Halves())


def told(left: float, limit: float = 1_000_000, reset: float = 60) -> dict[str, Quota]:
    return {COMPLEXITY: Quota(limit=limit, remaining=left, window=60, reset=reset)}


async def pass_through(gate: Gate, left: float, request: Request = ITEM, points: float = 10_000) -> None:
    async with gate.turn(request, None) as turn:
        turn.answered(told(left), Spent(before=left + points, after=left, query=points, reset=60))


async def test_nobody_waits_before_anything_is_known(gate: Gate, clock: Clock) -> None:
    await pass_through(gate, 50_000)
    await pass_through(gate, 40_000)
    assert clock.naps == []


@pytest.mark.parametrize("stands", [False, True])
async def test_an_empty_budget_is_waited_for_once_whatever_the_clock_says(
    gate: Gate, clock: Clock, usage: Usage, *, stands: bool
) -> None:
    clock.stands = stands
    await pass_through(gate, 5_000)
    with capture_logs() as logs:
        await pass_through(gate, 990_000)
    assert clock.naps == [60.5]
    assert usage.waited == 60.5
    assert [log for log in logs if log["event"] == "monday.pacing"] == [
        {"event": "monday.pacing", "log_level": "info", "seconds": 60.5, "budget": Limit.COMPLEXITY}
    ]


async def test_a_stop_is_asked_for_after_a_wait_and_nothing_is_sent(gate: Gate, clock: Clock) -> None:
    async def stop() -> None:
        raise StoppedError("asked to end")

    await pass_through(gate, 5_000)
    with pytest.raises(StoppedError):
        async with gate.turn(ITEM, stop):
            pytest.fail("it was sent")
    # Nothing stays kept for a request that never left.
    await pass_through(gate, 990_000)
    assert len(clock.naps) == 1


async def test_without_a_wait_nobody_asks_for_a_stop(gate: Gate) -> None:
    async def stop() -> None:
        raise StoppedError("asked to end")

    async with gate.turn(ITEM, stop):
        pass


async def test_a_wait_that_is_too_long_for_a_run_ends_it(gate: Gate, clock: Clock) -> None:
    gate.hold(301)
    with pytest.raises(TransientError) as caught:
        await pass_through(gate, 1)
    assert (caught.value.wait, caught.value.status, clock.naps) == (301, 429, [])


async def test_several_mutations_that_no_minute_has_points_for_are_not_sent(gate: Gate, clock: Clock) -> None:
    await pass_through(gate, 900_000)
    with pytest.raises(RequestTooLargeError, match="101 times create_item need 1010000 points"):
        await pass_through(gate, 1, Request("create_item", 101))
    assert (gate.most_at_once("create_item"), clock.naps) == (100, [])


async def test_one_that_is_refused_holds_the_others_back(gate: Gate, clock: Clock) -> None:
    async with gate.turn(ITEM, None) as turn:
        turn.refused(Refusal(Limit.OTHER, 7.0))
    await asyncio.gather(*(pass_through(gate, 900_000) for _ in range(3)))
    assert clock.naps[0] == 7.5


async def test_what_no_request_may_cost_is_remembered(gate: Gate) -> None:
    async with gate.turn(Request("create_item", 100), None) as turn:
        turn.too_complex(Shortage(cost=6e6, most=5e6))
    assert gate.most_at_once("create_item") == 83


async def test_where_no_more_may_be_in_flight_each_waits_for_another_to_come_back(
    gate: Gate, clock: Clock
) -> None:
    at_once, most = 0, 0

    async def send() -> None:
        nonlocal at_once, most
        async with gate.turn(ITEM, None) as turn:
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            turn.answered({CONCURRENCY: Quota(limit=40, remaining=0)}, None)
            at_once -= 1

    await send()
    await asyncio.gather(*(send() for _ in range(8)))
    assert (most, at_once, clock.naps) == (1, 0, [])


async def test_points_kept_for_others_in_flight_are_waited_for(gate: Gate, clock: Clock) -> None:
    left = 25_000.0

    async def send() -> None:
        nonlocal left
        async with gate.turn(ITEM, None) as turn:
            await asyncio.sleep(0)
            left = left - 10_000 if left >= 10_000 else 980_000
            turn.answered(told(left), Spent(before=left + 10_000, after=left, query=10_000, reset=60))

    await pass_through(gate, left)
    await asyncio.gather(*(send() for _ in range(5)))
    # Two fit, the others find the rest too small, and begin the next minute.
    assert min(clock.naps) > 59


async def test_a_request_that_breaks_off_leaves_the_gate_open(gate: Gate, clock: Clock) -> None:
    await pass_through(gate, 15_000)
    with pytest.raises(ZeroDivisionError):
        async with gate.turn(ITEM, None):
            raise ZeroDivisionError
    await pass_through(gate, 5_000)
    assert clock.naps == []


def test_a_clock_that_goes_back_takes_no_time_back(clock: Clock) -> None:
    watch = Stopwatch(clock)
    clock.now += timedelta(seconds=5)
    assert watch.seconds() == 5
    clock.now -= timedelta(hours=1)
    assert watch.seconds() == 5
    clock.now += timedelta(seconds=2)
    assert watch.seconds() == 7
    watch.at_least(9)
    watch.at_least(8)
    assert watch.seconds() == 9


async def test_whoever_listens_is_told_of_a_wait_before_it(usage: Usage, clock: Clock) -> None:
    heard: list[tuple[float, str, int]] = []
    gate = Gate(
        usage,
        now=clock,
        sleep=clock.sleep,
        random=Halves(),
        on_wait=lambda seconds, reason: heard.append((seconds, reason, len(clock.naps))),
    )
    await pass_through(gate, 5_000)
    await pass_through(gate, 990_000)
    assert heard == [(60.5, "monday.com's limit (complexity)", 0)]
