import asyncio
from datetime import UTC, datetime

import pytest

from order_staging.sandbox import MovingClock


def test_it_stands_still_until_it_is_moved() -> None:
    clock = MovingClock(datetime.fromisoformat("2026-11-02T10:30:00+01:00"))
    assert clock() == clock() == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    clock.advance(90.5)
    assert clock().isoformat() == "2026-11-02T09:31:30.500000+00:00"
    assert clock.naive().isoformat() == "2026-11-02T09:31:30.500000"


async def test_sleepers_move_it_and_let_others_have_their_turn() -> None:
    clock, turns = MovingClock(), []

    async def other() -> None:
        turns.append(clock().second)

    task = asyncio.create_task(other())
    await clock.sleep(30)
    assert (turns, task.done(), clock().second) == ([30], True, 30)


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        MovingClock().advance(-1)


def test_it_does_not_start_at_a_moment_of_no_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        MovingClock(datetime(2026, 11, 2))  # noqa: DTZ001 - refused
