import json

import pytest

from order_staging.sandbox import Sandbox
from order_staging.sandbox.state import Lifecycle
from tests.unit.sandbox.sandbox_asking import Asker, Clock

BOARD = 9200517329
CUSTOMER = "dropdown_mkr542p2"
UNIT = "color_mkr5yf27"
PO = "text_mkr5ej2x"


async def test_an_item_has_its_name_values_and_the_top_group(ask: Asker, sandbox: Sandbox) -> None:
    reply = await ask.item(
        "Ström \N{T-SHIRT}", {CUSTOMER: {"labels": ["A, B"]}, PO: "4755", "text_key": "k1"}
    )
    [item] = sandbox.items()
    assert reply.data == {"it": {"id": item.id}}
    assert len(item.id) == 11
    assert (item.name, item.group_title, item.parent_id) == ("Ström \N{T-SHIRT}", "Orders", None)
    assert [item.text(column) for column in (CUSTOMER, PO, "text_key", UNIT)] == ["A, B", "4755", "k1", None]
    assert sandbox.labels(CUSTOMER) == {1: "A, B"}


async def test_the_name_among_the_column_values_wins(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item("One", {"name": "Other"})
    assert [item.name for item in sandbox.items()] == ["Other"]


async def test_aliases_run_one_after_another_and_a_failing_one_is_null_alone(
    ask: Asker, sandbox: Sandbox
) -> None:
    reply = await ask(
        f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
        ' b: create_item(board_id: 1, item_name: "B") { id }'
        f' c: create_item(board_id: {BOARD}, item_name: "C", group_id: "nowhere") {{ id }}'
        f' d: create_item(board_id: {BOARD}, item_name: "D") {{ id }} }}'
    )
    assert reply.status == 200
    assert [item.name for item in sandbox.items()] == ["A", "D"]
    assert (reply.data["b"], reply.data["c"]) == (None, None)
    assert [error["path"] for error in reply.errors] == [["b"], ["c"]]
    assert reply.errors[0]["extensions"] == {
        "code": "InvalidBoardIdException",
        "status_code": 200,
        "error_data": {"board_id": "1"},
        "service": "monolith",
    }
    assert reply.errors[1]["message"] == "Group not found"
    assert reply.errors[1]["extensions"]["status_code"] == 404
    assert [entry.error for entry in sandbox.executed] == [
        None,
        "InvalidBoardIdException",
        "ResourceNotFoundException",
        None,
    ]


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("", {}, "InvalidArgumentException"),
        ("x" * 256, {}, "ItemNameTooLongException"),
        ("\N{T-SHIRT}" * 128, {}, "ItemNameTooLongException"),
        ("x", {"no_such_column": "x"}, "InvalidColumnIdException"),
        ("x", {"lookup_mkrbrdr1": "x"}, "InvalidColumnTypeException"),
        ("x", {"board_relation_mkr5cer8": {"item_ids": [1]}}, "InvalidColumnTypeException"),
        ("x", {PO: 4755}, "ColumnValueException"),
        ("x", [1], "InvalidArgumentException"),
    ],
)
async def test_refuses_an_item_that_does_not_fit(
    ask: Asker, sandbox: Sandbox, name: str, values: object, code: str
) -> None:
    reply = await ask.item(name, values)
    assert reply.codes == [code]
    assert reply.data == {"it": None}
    assert sandbox.items() == []


async def test_a_name_of_255_characters_fits(ask: Asker) -> None:
    reply = await ask.item("\N{T-SHIRT}" * 127 + "x")
    assert reply.errors == []


async def test_a_refused_item_leaves_no_label_behind(ask: Asker, sandbox: Sandbox) -> None:
    reply = await ask.item("x", {CUSTOMER: {"labels": ["A"]}, PO: 1})
    assert reply.codes == ["ColumnValueException"]
    assert sandbox.labels(CUSTOMER) == {}


async def test_refuses_a_missing_label_where_none_may_be_created(ask: Asker) -> None:
    reply = await ask.item("x", {UNIT: {"label": "PIECE"}}, create_labels=False)
    assert reply.codes == ["ColumnValueException"]


async def test_refuses_more_items_than_the_board_may_hold() -> None:
    ask = Asker(Sandbox(items_limit=2))
    replies = [await ask.item(name) for name in ("A", "B", "C")]
    assert [reply.codes for reply in replies] == [[], [], ["ItemsLimitationException"]]


async def test_an_item_takes_100_subitems(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    parent = sandbox.items()[0].id
    assert [(await ask.subitem(parent, f"Size {number}")).codes for number in range(100)] == [[]] * 100
    assert (await ask.subitem(parent)).codes == ["ItemsLimitationException"]
    assert len(sandbox.subitems(parent)) == 100


async def test_the_first_subitem_brings_the_subitem_board_into_being(ask: Asker, sandbox: Sandbox) -> None:
    boards = "query ($id: [ID!]) { boards(ids: $id) { type } }"
    settings = f"{{ boards(ids: {BOARD}) {{ columns(types: [subtasks]) {{ settings settings_str }} }} }}"
    await ask.item()
    before = await ask(boards, {"id": sandbox.subitem_board_id})
    unset = await ask(settings)
    await ask.subitem(sandbox.items()[0].id, values={"dropdown_mkrak7qp": {"labels": ["M"]}})
    after = await ask(boards, {"id": sandbox.subitem_board_id})
    known = await ask(settings)
    [subitem] = sandbox.subitems()
    assert (before.data, after.data) == ({"boards": []}, {"boards": [{"type": "sub_items_board"}]})
    assert unset.data["boards"][0]["columns"][0]["settings"] == {"boardIds": []}
    column = known.data["boards"][0]["columns"][0]
    assert (
        column["settings"]
        == json.loads(column["settings_str"])
        == {"boardIds": [int(sandbox.subitem_board_id)]}
    )
    assert (subitem.board_id, subitem.text("dropdown_mkrak7qp")) == (sandbox.subitem_board_id, "M")
    assert subitem.parent_id == sandbox.items()[0].id


async def test_refuses_a_subitem_of_an_item_that_is_gone_or_is_a_subitem(
    ask: Asker, sandbox: Sandbox
) -> None:
    await ask.item()
    parent = sandbox.items()[0].id
    await ask.subitem(parent)
    assert (await ask.subitem(sandbox.subitems()[0].id)).codes == ["InvalidArgumentException"]
    assert (await ask.subitem(parent, values={PO: "x"})).codes == ["InvalidColumnIdException"]
    sandbox.person.delete_item(parent)
    assert (await ask.subitem(parent)).codes == ["InvalidItemIdException"]
    assert sandbox.subitems() == []
    assert [item.state for item in sandbox.subitems(inactive=True)] == [Lifecycle.DELETED]


async def test_refuses_an_item_on_the_subitem_board(ask: Asker, sandbox: Sandbox) -> None:
    query = f'mutation {{ create_item(board_id: {sandbox.subitem_board_id}, item_name: "A") {{ id }} }}'
    unknown = await ask(query)
    await ask.item()
    await ask.subitem(sandbox.items()[0].id)
    known = await ask(query)
    assert (unknown.codes, known.codes) == (["InvalidBoardIdException"], ["InvalidArgumentException"])


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('item_id: 1, column_id: "nowhere", value: "x"', "InvalidColumnIdException"),
        (f'item_id: 1, column_id: "{PO}", value: "x"', "InvalidItemIdException"),
        (f'column_id: "{PO}", value: "x"', "InvalidItemIdException"),
    ],
)
async def test_refuses_to_change_what_is_not_there(ask: Asker, arguments: str, code: str) -> None:
    reply = await ask(f"mutation {{ change_simple_column_value(board_id: {BOARD}, {arguments}) {{ id }} }}")
    assert reply.codes == [code]


async def test_refuses_a_name_that_is_no_text_and_a_place_that_is_none(ask: Asker) -> None:
    named = await ask.item("x", {"name": 5})
    placed = await ask(
        f'mutation {{ create_item(board_id: {BOARD}, item_name: "A", relative_to: 1) {{ id }} }}'
    )
    assert (named.codes, placed.codes) == (["InvalidArgumentException"], ["InvalidItemIdException"])


async def test_values_are_changed_cleared_and_written_as_plain_text(
    ask: Asker, sandbox: Sandbox, clock: Clock
) -> None:
    await ask.item(values={PO: "4755", CUSTOMER: {"labels": ["A"]}})
    item = sandbox.items()[0]
    clock.wait(hours=1)
    reply = await ask(
        "mutation ($item: ID, $values: JSON!) { change_multiple_column_values("
        f"board_id: {BOARD}, item_id: $item, column_values: $values) {{ id name updated_at }}"
        f' change_simple_column_value(board_id: {BOARD}, item_id: $item, column_id: "{UNIT}", value: "SET",'
        " create_labels_if_missing: true) { id } }",
        {"item": item.id, "values": json.dumps({PO: None, CUSTOMER: {}, "name": "New"})},
    )
    changed = sandbox.items()[0]
    expected = {"id": item.id, "name": "New", "updated_at": "2026-11-02T10:30:00Z"}
    assert reply.data["change_multiple_column_values"] == expected
    assert [changed.text(column) for column in (PO, CUSTOMER, UNIT)] == [None, None, "SET"]
    assert changed.created_at == "2026-11-02T09:30:00Z"


async def test_refuses_to_change_an_item_through_another_board(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    parent = sandbox.items()[0].id
    await ask.subitem(parent)
    reply = await ask(
        "mutation ($item: ID) { change_multiple_column_values("
        f'board_id: {BOARD}, item_id: $item, column_values: "{{}}") {{ id }} }}',
        {"item": sandbox.subitems()[0].id},
    )
    assert reply.codes == ["InvalidItemIdException"]


async def test_items_are_archived_and_deleted_once(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    query = "mutation ($item: ID) { archive_item(item_id: $item) { state } %s }"
    query %= " ".join(f"{alias}: delete_item(item_id: $item) {{ state }}" for alias in "ab")
    reply = await ask(query, {"item": sandbox.items()[0].id})
    assert reply.data == {"archive_item": {"state": "archived"}, "a": {"state": "deleted"}, "b": None}
    assert reply.errors[0]["message"] == "Item not found"
    assert reply.codes == ["InvalidItemIdException"]


async def test_items_stand_where_they_are_asked_to(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item("B")
    first = sandbox.items()[0].id
    arguments = (
        "position_relative_method: after_at",
        f"position_relative_method: before_at, relative_to: {first}",
    )
    for name, argument in zip(("A", "AB"), arguments, strict=True):
        await ask(f'mutation {{ create_item(board_id: {BOARD}, item_name: "{name}", {argument}) {{ id }} }}')
    assert [item.name for item in sandbox.items()] == ["A", "AB", "B"]
