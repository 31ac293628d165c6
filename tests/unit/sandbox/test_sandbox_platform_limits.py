from dataclasses import replace

from order_staging.sandbox import FREE, STANDARD, Sandbox
from tests.unit.sandbox.sandbox_asking import Asker

BOARD = 9200517329


def _items(count: int) -> str:
    fields = [
        f'i{place}: create_item(board_id: {BOARD}, item_name: "{place}") {{ id }}' for place in range(count)
    ]
    return f"mutation {{ {' '.join(fields)} }}"


async def test_a_board_is_full_in_the_middle_of_a_request() -> None:
    ask = Asker(Sandbox(items_limit=2))
    reply = await ask(_items(3))
    assert reply.codes == ["ItemsLimitationException"]
    assert (reply.errors[0]["path"], reply.data["i2"]) == (["i2"], None)
    assert len(ask.sandbox.items()) == 2


async def test_a_board_holds_as_many_items_as_the_plan_says() -> None:
    assert (await _limit(Sandbox(), BOARD)) == 10_000
    assert (await _limit(Sandbox(plan=replace(STANDARD, items_per_board=3)), BOARD)) == 3
    assert (await _limit(Sandbox(plan=STANDARD, items_limit=4), BOARD)) == 4


async def test_the_free_plan_has_two_hundred_items_an_account() -> None:
    ask = Asker(Sandbox(plan=replace(FREE, complexity=1_000_000_000)))
    assert (await ask(_items(199))).errors == []
    parent = ask.sandbox.items()[0].id
    assert (await ask.subitem(parent)).errors == []
    reply = await ask(_items(2))
    assert reply.codes == ["ItemsLimitationException"]
    assert reply.errors[0]["extensions"]["error_data"] == {"limit": 200}
    ask.sandbox.person.delete_item(parent)
    assert (await ask(_items(1))).errors == []


async def _limit(sandbox: Sandbox, board_id: int) -> int:
    reply = await Asker(sandbox)(f"{{ boards(ids: {board_id}) {{ items_limit }} }}")
    limit: int = reply.data["boards"][0]["items_limit"]
    return limit
