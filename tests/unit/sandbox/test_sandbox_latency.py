import asyncio

import pytest

from order_staging.sandbox import (
    NO_LATENCY,
    STANDARD,
    Behaviour,
    Latency,
    MovingClock,
    Sandbox,
    fault_presets,
)
from tests.unit.sandbox.sandbox_asking import Asker

BOARD = 9200517329
TWO = (
    f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }} complexity {{ query }}'
    f' b: create_group(board_id: {BOARD}, group_name: "B") {{ id }} }}'
)


def test_the_recorded_medians_are_what_mutations_take() -> None:
    latency = Latency()
    fields = ("create_item", "create_subitem", "create_group", "create_board", "delete_item", "archive_item")
    assert [latency.of([field]) for field in fields] == [0.829, 0.829, 0.731, 1.48, 1.032, 0.5]


def test_aliases_take_their_time_one_after_another_and_all_of_it_is_scaled() -> None:
    latency = Latency(request=0.1, fields={"create_item": 1.0}, other=0.25, scale=2.0)
    assert latency.of(["create_item", "create_item", "me", "complexity"]) == pytest.approx(4.7)
    assert NO_LATENCY.of(["create_item"]) == 0


async def test_time_passes_before_anything_has_an_effect() -> None:
    slept: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        slept.append((round(seconds, 3), len(sandbox.items())))

    sandbox = Sandbox(behaviour=Behaviour(latency=Latency()), sleep=sleep)
    sandbox.faults.add(fault_presets.delay(10))
    await Asker(sandbox)(TWO)
    await Asker(sandbox)(TWO)
    assert slept == [(11.56, 0), (1.56, 1)]


async def test_the_board_can_be_read_while_a_request_takes_its_time() -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        begun.set()
        await go_on.wait()

    sandbox = Sandbox(behaviour=Behaviour(latency=Latency(fields={}, other=1)), sleep=sleep)
    running = asyncio.create_task(Asker(sandbox)(TWO))
    await begun.wait()
    items = await asyncio.to_thread(sandbox.items)
    go_on.set()
    assert items == []
    assert (await running).status == 200


async def test_points_are_charged_when_a_request_comes_and_its_items_are_dated_when_it_is_done() -> None:
    clock = MovingClock()
    behaviour = Behaviour(latency=Latency(fields={}, other=20))
    sandbox = Sandbox(plan=STANDARD, behaviour=behaviour, clock=clock, sleep=clock.sleep)
    reply = await Asker(sandbox)(TWO)
    assert reply.headers["RateLimit"].endswith(";t=20")
    assert sandbox.items()[0].created_at == "2026-11-02T09:30:40Z"
