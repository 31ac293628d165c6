from typing import Any

import pytest

from order_staging.sandbox import Sandbox
from tests.unit.sandbox.sandbox_asking import Asker, Clock

BOARD = 9200517329
CUSTOMER = "dropdown_mkr542p2"
UNIT = "color_mkr5yf27"
PO = "text_mkr5ej2x"
NAMED_C = '{column_id: "name", compare_value: "c"}'
VALUES = {
    PO: "4755",
    CUSTOMER: {"labels": ["A", "B"]},
    UNIT: {"label": "SET"},
    "numeric_mkr5cact": "28.86",
    "date_mkr5zp5": {"date": "2025-08-01"},
    "long_text_mkr5hass": {"text": "Zwölf\nBoxen"},
}
BY_VALUES = (
    "query ($columns: [ItemsPageByColumnValuesQuery!], $limit: Int!) { items_page_by_column_values("
    f"board_id: {BOARD}, limit: $limit, columns: $columns) {{ cursor items {{ name }} }} }}"
)


async def _board(ask: Asker, selection: str) -> Any:
    reply = await ask(f"{{ boards(ids: {BOARD}) {{ {selection} }} }}")
    assert reply.errors == []
    return reply.data["boards"][0]


async def _found(ask: Asker, columns: dict[str, list[str]]) -> list[str]:
    rules = [{"column_id": name, "column_values": values} for name, values in columns.items()]
    reply = await ask(BY_VALUES, {"columns": rules, "limit": 25})
    return [item["name"] for item in reply.data["items_page_by_column_values"]["items"]]


async def _page(ask: Asker, cursor: str, limit: int = 2) -> tuple[list[str], str | None, list[str]]:
    query = (
        "query ($cursor: String!, $limit: Int!) {"
        " next_items_page(cursor: $cursor, limit: $limit) { cursor items { name } } }"
    )
    reply = await ask(query, {"cursor": cursor, "limit": limit})
    if reply.data is None:
        return [], None, reply.codes
    page = reply.data["next_items_page"]
    return [item["name"] for item in page["items"]], page["cursor"], reply.codes


async def test_pages_lead_on_by_cursor_and_a_full_last_page_has_one_too(ask: Asker) -> None:
    for name in "ABCD":
        await ask.item(name)
    board = await _board(ask, "items_page(limit: 2) { cursor items { name } }")
    first = board["items_page"]
    assert [item["name"] for item in first["items"]] == ["A", "B"]
    names, cursor, _ = await _page(ask, first["cursor"])
    assert names == ["C", "D"]
    assert cursor is not None
    assert await _page(ask, cursor) == ([], None, [])


async def test_a_page_leaves_out_what_went_out_of_use_meanwhile(ask: Asker, sandbox: Sandbox) -> None:
    for name in "ABC":
        await ask.item(name)
    board = await _board(ask, "items_page(limit: 2) { cursor }")
    sandbox.person.delete_item(sandbox.items()[2].id)
    assert await _page(ask, board["items_page"]["cursor"]) == ([], None, [])


async def test_a_cursor_lives_an_hour(ask: Asker, clock: Clock) -> None:
    await ask.item()
    board = await _board(ask, "items_page(limit: 1) { cursor }")
    cursor = board["items_page"]["cursor"]
    clock.wait(minutes=59, seconds=59)
    assert await _page(ask, cursor) == ([], None, [])
    clock.wait(seconds=1)
    assert await _page(ask, cursor) == ([], None, ["CursorExpiredError"])
    assert await _page(ask, "no cursor") == ([], None, ["InvalidArgumentException"])


@pytest.mark.parametrize("limit", [0, 501])
async def test_a_page_has_1_to_500_items(ask: Asker, limit: int) -> None:
    reply = await ask(BY_VALUES, {"columns": [{"column_id": PO, "column_values": ["x"]}], "limit": limit})
    assert (reply.data, reply.codes) == (None, ["InvalidArgumentException"])


async def test_items_are_found_by_values_of_columns(ask: Asker) -> None:
    await ask.item("First", {**VALUES, "text_key": "KEY-1"})
    await ask.item("Second", {PO: "4755", "text_key": "key-2"})
    assert await _found(ask, {"text_key": ["key-1", "KEY-2"]}) == ["First", "Second"]
    assert await _found(ask, {"text_key": ["key"]}) == []
    assert await _found(ask, {PO: ["4755"], "name": ["SECOND"]}) == ["Second"]
    assert await _found(ask, {UNIT: ["SET"]}) == ["First"]
    assert await _found(ask, {CUSTOMER: ["b"]}) == ["First"]
    assert await _found(ask, {"long_text_mkr5hass": ["zwölf\nboxen"]}) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('columns: [{column_id: "nowhere", column_values: ["x"]}]', "InvalidColumnIdException"),
        ('columns: [{column_id: "lookup_mkrbrdr1", column_values: ["x"]}]', "InvalidArgumentException"),
        (f'columns: [{{column_id: "{CUSTOMER}", column_values: ["x", "y"]}}]', "InvalidArgumentException"),
        ('columns: [], cursor: "x"', "InvalidArgumentException"),
        ('cursor: "x"', "InvalidArgumentException"),
    ],
)
async def test_refuses_a_search_it_cannot_make(ask: Asker, arguments: str, code: str) -> None:
    reply = await ask(f"{{ items_page_by_column_values(board_id: {BOARD}, {arguments}) {{ cursor }} }}")
    assert (reply.data, reply.codes) == (None, [code])


async def test_a_search_on_an_unknown_board_answers_no_data_at_all(ask: Asker) -> None:
    reply = await ask(
        "{ items_page_by_column_values(board_id: 1, columns: []) { cursor } version { value } }"
    )
    assert (reply.data, reply.codes) == (None, ["InvalidBoardIdException"])


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ('rules: [{column_id: "name", compare_value: ["a", "c"]}]', ["A", "C"]),
        (f'rules: [{{column_id: "{PO}", compare_value: "1"}}]', ["A", "B"]),
        ('rules: [{column_id: "group", compare_value: ["topics"]}]', ["A", "B", "C"]),
        ('rules: [{column_id: "group", compare_value: ["nowhere"]}]', []),
        (
            f'rules: [{{column_id: "name", compare_value: ["c"]}}, {{column_id: "{PO}", compare_value: ["1"]}}]',
            [],
        ),
        (
            f'operator: or, rules: [{NAMED_C}, {{column_id: "{PO}", compare_value: 1}}]',
            ["A", "B", "C"],
        ),
        ("ids: [1]", []),
    ],
)
async def test_rules_pick_items(ask: Asker, params: str, names: list[str]) -> None:
    for name, number in (("A", "1"), ("B", "1"), ("C", "2")):
        await ask.item(name, {PO: number})
    board = await _board(
        ask, f"items_page(query_params: {{{params}}}) {{ items {{ name }} }} groups {{ id }}"
    )
    assert [item["name"] for item in board["items_page"]["items"]] == names


async def test_a_group_pages_its_own_items(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item("Below")
    sandbox.person.move_item(sandbox.items()[0].id, sandbox.person.add_group("Above"))
    await ask.item("Other", {})
    board = await _board(
        ask, 'groups { title position items_page { items { name } } } top: groups(ids: ["topics"]) { title }'
    )
    assert board["groups"] == [
        {
            "title": "Above",
            "position": "65536.0",
            "items_page": {"items": [{"name": "Below"}, {"name": "Other"}]},
        },
        {"title": "Orders", "position": "131072.0", "items_page": {"items": []}},
    ]
    assert board["top"] == [{"title": "Orders"}]


async def test_boards_and_items_are_listed_page_by_page(ask: Asker, sandbox: Sandbox) -> None:
    for name in "ABC":
        await ask.item(name)
    reply = await ask(
        "{ boards(limit: 1, page: 2) { id } items(limit: 2, page: 2) { name } none: boards(page: 0) { id } }"
    )
    assert reply.data == {"boards": [], "items": [{"name": "C"}], "none": None}
    ids = [item.id for item in sandbox.items()] * 34
    many = await ask("query ($ids: [ID!]) { items(ids: $ids) { id } }", {"ids": ids})
    assert (many.data, many.codes) == ({"items": None}, ["InvalidArgumentException"])


@pytest.mark.parametrize(
    "selection",
    [
        f'items_page(query_params: {{rules: [{{column_id: "{UNIT}", compare_value: [1]}}]}}) {{ cursor }}',
        'items_page(query_params: {rules: [{column_id: "nowhere", compare_value: ["x"]}]}) { cursor }',
        'items_page(cursor: "x", query_params: {}) { cursor }',
        f"items_page(query_params: {{ids: {list(range(101))}}}) {{ cursor }}",
    ],
)
async def test_refuses_rules_it_does_not_serve(ask: Asker, selection: str) -> None:
    reply = await ask(f"{{ boards(ids: {BOARD}) {{ {selection} }} }}")
    assert reply.data == {"boards": [None]}
    assert len(reply.codes) == 1
