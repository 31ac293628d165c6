from typing import Any

import pytest

from order_staging.sandbox import Behaviour, MovingClock, Sandbox, fault_presets
from tests.unit.sandbox.sandbox_asking import Asker

BOARD = 9200517329
KEY = "text_key"
PAGE = f"{{ boards(ids: {BOARD}) {{ items_page(limit: 2) {{ cursor items {{ name }} }} }} }}"
GROUPS = f"{{ boards(ids: {BOARD}) {{ groups {{ title items_page {{ items {{ name }} }} }} }} }}"
SEARCH = (
    f'{{ items_page_by_column_values(board_id: {BOARD}, columns: [{{column_id: "{KEY}", column_values: ["k"]}}])'
    ' { items { name column_values(ids: ["text_key"]) { text } } } }'
)


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def lagging(clock: MovingClock) -> Asker:
    return Asker(Sandbox(key_column=KEY, clock=clock, behaviour=Behaviour(search_lag=10)))


def _page(reply: Any) -> list[str]:
    return [item["name"] for item in reply.data["boards"][0]["items_page"]["items"]]


async def _found(ask: Asker) -> list[str]:
    reply = await ask(SEARCH)
    return [item["name"] for item in reply.data["items_page_by_column_values"]["items"]]


async def test_new_items_are_found_only_after_the_lag(lagging: Asker, clock: MovingClock) -> None:
    await lagging.item("A", {KEY: "k"})
    clock.advance(9.9)
    assert (_page(await lagging(PAGE)), await _found(lagging)) == ([], [])
    by_id = await lagging(f"{{ items(ids: {lagging.sandbox.items()[0].id}) {{ name }} }}")
    assert by_id.data["items"] == [{"name": "A"}]
    clock.advance(0.1)
    assert (_page(await lagging(PAGE)), await _found(lagging)) == (["A"], ["A"])


async def test_changed_items_are_found_as_they_were(lagging: Asker, clock: MovingClock) -> None:
    await lagging.item("A", {KEY: "k"})
    clock.advance(10)
    item = lagging.sandbox.items()[0]
    lagging.sandbox.person.change_values(item.id, {"name": "B", KEY: "other"})
    clock.advance(5)
    lagging.sandbox.person.change_values(item.id, {"name": "C"})
    assert await _found(lagging) == ["A"]
    clock.advance(5)
    assert (_page(await lagging(PAGE)), await _found(lagging)) == (["B"], [])
    clock.advance(5)
    assert _page(await lagging(PAGE)) == ["C"]


async def test_deleted_and_moved_items_are_found_where_they_were(lagging: Asker, clock: MovingClock) -> None:
    await lagging.item("A")
    await lagging.item("B")
    clock.advance(10)
    first, second = lagging.sandbox.items()
    group = lagging.sandbox.person.add_group("New")
    lagging.sandbox.person.delete_item(first.id)
    lagging.sandbox.person.move_item(second.id, group)
    titles = {"New": [], "Orders": ["A", "B"]}
    for expected in (titles, {"New": ["B"], "Orders": []}):
        groups = (await lagging(GROUPS)).data["boards"][0]["groups"]
        found = {entry["title"]: entry["items_page"]["items"] for entry in groups}
        assert {title: sorted(item["name"] for item in items) for title, items in found.items()} == expected
        clock.advance(10)


async def test_a_search_may_be_stale_on_order(clock: MovingClock) -> None:
    sandbox = Sandbox(key_column=KEY, clock=clock)
    ask = Asker(sandbox)
    sandbox.faults.add(fault_presets.stale_search(5, times=2))
    await ask.item("A", {KEY: "k"})
    clock.advance(4)
    assert (await _found(ask), _page(await ask(PAGE)), await _found(ask)) == ([], [], ["A"])


async def test_a_cursor_may_have_expired_on_order(clock: MovingClock) -> None:
    sandbox = Sandbox(clock=clock)
    ask = Asker(sandbox)
    for name in "ABC":
        await ask.item(name)
    sandbox.faults.add(fault_presets.expired_cursor())
    cursor = (await ask(PAGE)).data["boards"][0]["items_page"]["cursor"]
    query = f'{{ next_items_page(cursor: "{cursor}", limit: 2) {{ items {{ name }} }} }}'
    expired, again = await ask(query), await ask(query)
    assert expired.codes == ["CursorExpiredError"]
    assert again.data["next_items_page"]["items"] == [{"name": "C"}]


async def test_groups_may_be_deleted_meanwhile_on_order(clock: MovingClock) -> None:
    sandbox = Sandbox(clock=clock)
    ask = Asker(sandbox)
    group = sandbox.person.add_group("New")
    sandbox.faults.add(fault_presets.group_deleted())
    query = (
        f'mutation ($g: String) {{ a: create_item(board_id: {BOARD}, item_name: "A", group_id: $g) {{ id }}'
        f' b: create_item(board_id: {BOARD}, item_name: "B") {{ id }} }}'
    )
    await ask("{ me { id } }")
    reply = await ask(query, {"g": group})
    assert (reply.data["a"], reply.codes) == (None, ["ResourceNotFoundException"])
    assert [(item.name, item.group_title) for item in sandbox.items()] == [("B", "Orders")]


async def test_an_empty_group_takes_the_place_of_the_last_one(clock: MovingClock) -> None:
    sandbox = Sandbox(clock=clock)
    sandbox.faults.add(fault_presets.group_deleted())
    reply = await Asker(sandbox)(
        f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A", group_id: "topics") {{ id }} }}'
    )
    assert reply.codes == ["ResourceNotFoundException"]
    assert [group.title for group in sandbox.groups()] == ["New Group"]


async def test_a_search_lags_by_an_hour_at_most(clock: MovingClock) -> None:
    ask = Asker(Sandbox(clock=clock, behaviour=Behaviour(search_lag=10_000)))
    await ask.item("A")
    clock.advance(3_599)
    assert _page(await ask(PAGE)) == []
    clock.advance(1)
    assert _page(await ask(PAGE)) == ["A"]
    await ask.item("B")
    assert _page(await ask(PAGE)) == ["A"]
