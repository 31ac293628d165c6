import pytest

from order_staging.sandbox import Sandbox
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Lifecycle
from tests.unit.sandbox.sandbox_asking import NOW, Asker

BOARD = 9200517329
CUSTOMER = "dropdown_mkr542p2"
UNIT = "color_mkr5yf27"
PO = "text_mkr5ej2x"


async def test_items_move_between_groups_and_groups_go_with_their_items(ask: Asker, sandbox: Sandbox) -> None:
    await ask.item()
    item = sandbox.items()[0].id
    made = await ask(
        f'mutation {{ top: create_group(board_id: {BOARD}, group_name: "Top") {{ id title }}'
        f' low: create_group(board_id: {BOARD}, group_name: "Low", position_relative_method: before_at) {{ id }} }}'
    )
    group = made.data["top"]["id"]
    assert group.startswith("group_mk")
    assert [view.title for view in sandbox.groups()] == ["Top", "Orders", "Low"]
    moved = await ask(
        "mutation ($item: ID, $group: String!) { move_item_to_group(item_id: $item, group_id: $group)"
        " { group { title } } }",
        {"item": item, "group": group},
    )
    assert moved.data == {"move_item_to_group": {"group": {"title": "Top"}}}
    gone = await ask(
        f"mutation ($group: String!) {{ archive_group(board_id: {BOARD}, group_id: $group) {{ archived }}"
        f" again: delete_group(board_id: {BOARD}, group_id: $group) {{ id }} }}",
        {"group": group},
    )
    assert gone.data == {"archive_group": {"archived": True}, "again": None}
    assert gone.codes == ["USER_UNAUTHORIZED"]
    assert (sandbox.items(), [view.state for view in sandbox.items(inactive=True)]) == (
        [],
        [Lifecycle.ARCHIVED],
    )


async def test_groups_stand_where_they_are_asked_to(ask: Asker, sandbox: Sandbox) -> None:
    query = (
        "mutation ($name: String!, $method: PositionRelative, $to: String) { create_group("
        f"board_id: {BOARD}, group_name: $name, position_relative_method: $method, relative_to: $to,"
        ' group_color: "#037f4c") { color } }'
    )
    asked = [
        ("Before", "before_at", "topics"),
        ("After", "after_at", "topics"),
        ("Nowhere", "after_at", "gone"),
    ]
    replies = [await ask(query, {"name": name, "method": method, "to": to}) for name, method, to in asked]
    assert [reply.codes for reply in replies] == [[], [], ["ResourceNotFoundException"]]
    assert [view.title for view in sandbox.groups()] == ["Before", "Orders", "After"]
    assert replies[0].data == {"create_group": {"color": "#037f4c"}}


async def test_groups_may_share_a_title_but_not_lack_one(ask: Asker, sandbox: Sandbox) -> None:
    query = f"mutation ($name: String!) {{ create_group(board_id: {BOARD}, group_name: $name) {{ id }} }}"
    replies = [await ask(query, {"name": name}) for name in ("Same", "Same", " ")]
    assert [reply.codes for reply in replies] == [[], [], ["InvalidArgumentException"]]
    assert [view.title for view in sandbox.groups()] == ["Same", "Same", "Orders"]
    assert len({view.id for view in sandbox.groups()}) == 3


async def test_the_last_group_stays(ask: Asker) -> None:
    reply = await ask(f'mutation {{ delete_group(board_id: {BOARD}, group_id: "topics") {{ id }} }}')
    assert reply.codes == ["DeleteLastGroupException"]


@pytest.mark.parametrize(
    ("arguments", "codes"),
    [
        ('column_type: text, title: "Key", id: "source_uuid"', []),
        ('column_type: numbers, title: "Quantity"', []),
        ('column_type: text, title: "Key", id: "text_key"', ["InvalidArgumentException"]),
        ('column_type: text, title: "Key", id: "Not-Right"', ["InvalidArgumentException"]),
        ('column_type: text, title: ""', ["InvalidArgumentException"]),
        ('column_type: mirror, title: "Mirror"', ["InvalidArgumentException"]),
    ],
)
async def test_columns_are_created_with_an_id_that_fits(ask: Asker, arguments: str, codes: list[str]) -> None:
    reply = await ask(f"mutation {{ create_column(board_id: {BOARD}, {arguments}) {{ id title type }} }}")
    assert reply.codes == codes


async def test_the_log_tells_what_was_executed(ask: Asker, sandbox: Sandbox) -> None:
    await ask("{ version { value } }")
    await ask.item("A", {PO: "1"})
    [entry] = sandbox.executed
    assert (entry.number, entry.request, entry.alias, entry.operation) == (1, 2, "it", "create_item")
    assert entry.arguments["column_values"] == {PO: "1"}
    assert (entry.result_id, entry.error, entry.time) == (sandbox.items()[0].id, None, NOW)


async def test_a_person_edits_the_board_without_leaving_a_trace_in_the_log(
    ask: Asker, sandbox: Sandbox
) -> None:
    await ask.item("A", {PO: "1", UNIT: {"label": "SET"}})
    item, person = sandbox.items()[0].id, sandbox.person
    group = person.add_group("Added")
    person.rename_group(group, "Renamed")
    person.move_item(item, group)
    person.rename_item(item, "B")
    person.change_values(item, {"text_key": "k"})
    person.add_labels(CUSTOMER, "X", "Y")
    person.remove_column(PO)
    person.change_column_type(UNIT, "text")
    view = sandbox.items()[0]
    assert (view.name, view.group_title, view.column_values) == ("B", "Renamed", {"text_key": "k"})
    assert (sandbox.labels(CUSTOMER), sandbox.labels(UNIT)) == ({1: "X", 2: "Y"}, {})
    assert (await ask.item("C", {PO: "1"})).codes == ["InvalidColumnIdException"]
    assert (await ask.item("C", {UNIT: {"label": "SET"}})).codes == ["ColumnValueException"]
    person.archive_item(item)
    person.archive_group(group)
    person.delete_group(person.add_group("Another"))
    with pytest.raises(Refusal, match="column ID doesn't exist"):
        person.remove_column("nowhere")
    assert [entry.operation for entry in sandbox.executed] == ["create_item"] * 3
