from typing import Any

from order_staging.sandbox import STANDARD, Sandbox
from tests.unit.sandbox.sandbox_asking import Asker, Clock

BOARD = 9200517329
CUSTOMER = "dropdown_mkr542p2"
UNIT = "color_mkr5yf27"
PO = "text_mkr5ej2x"
VALUES = {
    PO: "4755",
    CUSTOMER: {"labels": ["A", "B"]},
    UNIT: {"label": "SET"},
    "numeric_mkr5cact": "28.86",
    "date_mkr5zp5": {"date": "2025-08-01"},
    "long_text_mkr5hass": {"text": "Zwölf\nBoxen"},
}


async def _board(ask: Asker, selection: str) -> Any:
    reply = await ask(f"{{ boards(ids: {BOARD}) {{ {selection} }} }}")
    assert reply.errors == []
    return reply.data["boards"][0]


async def test_the_board_is_the_customer_master_schedule(ask: Asker) -> None:
    board = await _board(
        ask, "id name state type hierarchy_type items_count items_limit url top_group { id title }"
    )
    assert board == {
        "id": "9200517329",
        "name": "Customer Master Schedule",
        "state": "active",
        "type": "board",
        "hierarchy_type": "classic",
        "items_count": 0,
        "items_limit": 10_000,
        "url": "https://sandbox.example.com/boards/9200517329",
        "top_group": {"id": "topics", "title": "Orders"},
    }


async def test_columns_can_be_picked_by_id_and_type(ask: Asker) -> None:
    board = await _board(
        ask, 'some: columns(ids: ["text_key", "name"]) { id title type archived } rest: columns { id }'
    )
    assert board["some"] == [
        {"id": "name", "title": "Name", "type": "name", "archived": False},
        {"id": "text_key", "title": "SOURCE UUID", "type": "text", "archived": False},
    ]
    assert len(board["rest"]) == 85


async def test_settings_hold_the_labels_in_both_spellings(ask: Asker) -> None:
    await ask.item(values=VALUES)
    board = await _board(ask, f'columns(ids: ["{CUSTOMER}", "{UNIT}"]) {{ settings settings_str revision }}')
    assert board["columns"] == [
        {
            "settings": {
                "labels": [
                    {"id": 1, "label": "A", "is_deactivated": False},
                    {"id": 2, "label": "B", "is_deactivated": False},
                ],
                "limit_select": False,
            },
            "settings_str": '{"labels":[{"id":1,"name":"A"},{"id":2,"name":"B"}]}',
            "revision": "3",
        },
        {
            "settings": {
                "labels": [{"id": 0, "label": "SET", "color": 0, "index": 0, "is_deactivated": False}]
            },
            "settings_str": '{"labels":{"0":"SET"}}',
            "revision": "2",
        },
    ]


async def test_values_read_back_as_text_and_value(ask: Asker) -> None:
    await ask.item(values=VALUES)
    board = await _board(ask, "items_page { items { column_values { id text value type } } }")
    values = {
        value["id"]: (value["text"], value["value"])
        for value in board["items_page"]["items"][0]["column_values"]
    }
    moment = "2026-11-02T09:30:00Z"
    assert "name" not in values
    assert values[PO] == ("4755", '"4755"')
    assert values[CUSTOMER] == ("A, B", '{"ids":[1,2]}')
    assert values[UNIT] == ("SET", '{"index":0}')
    assert values["numeric_mkr5cact"] == ("28.86", '"28.86"')
    assert values["date_mkr5zp5"] == ("2025-08-01", f'{{"date":"2025-08-01","changed_at":"{moment}"}}')
    assert values["long_text_mkr5hass"] == (
        "Zwölf\nBoxen",
        f'{{"text":"Zwölf\\nBoxen","changed_at":"{moment}"}}',
    )
    assert values["text_key"] == ("", None)
    assert values["dropdown_mkr5tgaa"] == (None, None)
    assert values["lookup_mkrbrdr1"] == (None, None)
    assert values["pulse_updated_mks8qpqh"][0] == moment


async def test_a_dropdown_tells_its_labels_one_by_one(ask: Asker) -> None:
    await ask.item(values={CUSTOMER: {"labels": ["WHITE, BLUE", "B"]}, PO: "4755"})
    await ask.item(values={CUSTOMER: {"ids": [2]}})
    await ask.item()
    chosen = f'column_values(ids: ["{CUSTOMER}"]) {{ text ... on DropdownValue {{ values {{ id label }} }} }}'
    board = await _board(ask, f"items_page {{ items {{ {chosen} }} }}")
    shown = [item["column_values"] for item in board["items_page"]["items"]]
    white, second = {"id": "1", "label": "WHITE, BLUE"}, {"id": "2", "label": "B"}
    assert shown == [
        [{"text": "WHITE, BLUE, B", "values": [white, second]}],
        [{"text": "B", "values": [second]}],
        [{"text": None, "values": []}],
    ]


async def test_an_item_shows_its_board_group_parent_and_subitems(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item("Parent")
    parent = sandbox.items()[0].id
    await ask(f'mutation {{ create_subitem(parent_item_id: {parent}, item_name: "Size M") {{ id }} }}')
    child = sandbox.subitems()[0].id
    reply = await ask(
        f"{{ items(ids: [{parent}, {child}, 1]) {{ name state url board {{ id }} group {{ title position }}"
        ' parent_item { id } subitems { id } column_values(ids: ["subtasks_mkr5c0kp"]) { __typename value } } }'
    )
    top, sub = reply.data["items"]
    assert top["parent_item"] is None
    assert top["subitems"] == [{"id": child}]
    assert top["column_values"] == [
        {
            "__typename": "SubtasksValue",
            "value": f'{{"linkedPulseIds":[{{"linkedPulseId":{child}}}]}}',
        }
    ]
    assert (sub["parent_item"], sub["board"]) == ({"id": parent}, {"id": sandbox.subitem_board_id})


async def test_items_that_went_out_of_use_are_shown_unless_excluded(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    item = sandbox.items()[0].id
    sandbox.person.archive_item(item)
    reply = await ask(
        f"{{ all: items(ids: {item}) {{ state }} some: items(ids: {item}, exclude_nonactive: true) {{ state }}"
        " listed: items(limit: null) { state } }"
    )
    assert reply.data == {"all": [{"state": "archived"}], "some": [], "listed": []}


async def test_an_unknown_board_is_no_error_where_boards_are_asked_for(ask: Asker) -> None:
    reply = await ask("{ boards(ids: [1]) { id } }")
    assert (reply.data, reply.errors) == ({"boards": []}, [])


async def test_complexity_counts_a_minute_from_its_first_request(clock: Clock) -> None:
    ask = Asker(Sandbox(plan=STANDARD, clock=clock))
    query = (
        f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
        f' b: create_item(board_id: {BOARD}, item_name: "B") {{ id }}'
        " complexity { before query after reset_in_x_seconds } }"
    )
    first = await ask(query)
    clock.wait(seconds=20)
    second = await ask(query)
    clock.wait(seconds=40)
    third = await ask("{ complexity { before query after reset_in_x_seconds } }")
    read = [reply.data["complexity"] for reply in (first, second, third)]
    assert [list(complexity.values()) for complexity in read] == [
        [10_000_000, 20_000, 9_980_000, 60],
        [9_980_000, 20_000, 9_960_000, 40],
        [10_000_000, 0, 10_000_000, 60],
    ]


async def test_a_read_costs_more_the_more_items_it_may_find(ask: Asker) -> None:
    query = (
        "query ($limit: Int!) { complexity { query } boards(limit: 1) { ...page } }"
        " fragment page on Board { items_page(limit: $limit) { items { id ... on Item { name } } } }"
    )
    costs = [(await ask(query, {"limit": limit})).data["complexity"]["query"] for limit in (1, 100)]
    assert costs[1] > 50 * costs[0] / 2


async def test_tells_who_asks_and_which_version_answers(ask: Asker) -> None:
    reply = await ask("{ me { id name email } version { kind value display_name } }", api_version="2027-01")
    assert reply.data["me"]["name"] == "Sandbox"
    assert reply.data["version"] == {
        "kind": "release_candidate",
        "value": "2027-01",
        "display_name": "2027-01",
    }


async def test_tells_versions_the_user_and_who_may_edit_the_board(ask: Asker) -> None:
    reply = await ask(
        "{ version { value kind } versions { value kind } me { id kind status }"
        " boards(ids: 9200517329) { permissions owners { id } } }",
        api_version="2026-07",
    )
    assert reply.data["version"] == {"value": "2026-07", "kind": "maintenance"}
    assert {"value": "2026-10", "kind": "current"} in reply.data["versions"]
    assert reply.data["me"] == {"id": "70001234", "kind": "member", "status": "ACTIVE"}
    assert reply.data["boards"] == [{"permissions": "everyone", "owners": [{"id": "70001234"}]}]


async def test_tells_the_calls_of_the_day(ask: Asker) -> None:
    query = "{ platform_api { daily_limit { base total } daily_analytics { by_day { day usage } } } }"
    first, second = [(await ask(query)).data["platform_api"] for _ in range(2)]
    (used,) = first["daily_analytics"]["by_day"]
    (more,) = second["daily_analytics"]["by_day"]
    assert more == {"day": used["day"], "usage": used["usage"] + 1}
    assert used["day"] == "2026-11-02"
    assert first["daily_limit"]["total"] > used["usage"]
