from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Thread

from benchmarks.leaping_clock import START, LeapingClock


async def test_sleeps_end_in_the_order_of_their_moments_and_not_before_them() -> None:
    ended: list[int] = []

    async def sleeper(hours: int) -> None:
        await clock.sleep(hours * 3600)
        ended.append(hours)
        assert clock() >= START + timedelta(hours=hours)

    clock = LeapingClock()
    sleepers = asyncio.gather(*(sleeper(hours) for hours in (30, 10, 20)))
    # All of them are asleep before the clock may leap.
    await asyncio.sleep(0)
    with clock.running():
        await sleepers
    assert ended == [10, 20, 30]


def test_a_thread_without_an_event_loop_sleeps_by_the_same_clock() -> None:
    clock = LeapingClock()
    with clock.running():
        thread = Thread(target=clock.pause, args=(3600,))
        thread.start()
        thread.join()
    assert clock.seconds() >= 3600


async def test_a_sleep_that_was_given_up_moves_nothing() -> None:
    clock = LeapingClock()
    sleeping = asyncio.ensure_future(clock.sleep(3600))
    await asyncio.sleep(0)
    sleeping.cancel()
    await asyncio.wait([sleeping])
    with clock.running():
        await clock.sleep(60)
        await clock.sleep(7200)
    assert 7260 <= clock.seconds() < 7260 + 3600


def test_the_naive_time_is_the_time_in_utc() -> None:
    clock = LeapingClock()
    assert clock.naive().tzinfo is None
    assert START.replace(tzinfo=None) <= clock.naive() <= clock().replace(tzinfo=None)
