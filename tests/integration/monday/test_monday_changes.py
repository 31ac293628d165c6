"""Changing what is on the board, and reading it back, against the sandbox over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.errors import DailyLimitError, TerminalError
from order_staging.monday import (
    ArchiveItem,
    BoardItem,
    BoardSubitem,
    ChangeValues,
    Created,
    DeleteItem,
    MondayClient,
    MoveItem,
    Mutation,
    NewItem,
    NewSubitem,
    NewSubitemOf,
    NotExecuted,
    Rejected,
    Unknown,
)
from order_staging.sandbox import Fault, FaultKind, Sandbox, bodies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BOARD_ID = 9200517329
PO, NOTES, PRICE = "text_mkr5ej2x", "long_text_mkr5hass", "numeric_mkr5cact"
DATE, COLOUR, UNIT = "date_mkr5zp5", "dropdown_mkr5677f", "color_mkr5yf27"
SIZE, QUANTITY = "dropdown_mkrak7qp", "numeric_mkra7j8e"
VALUES: dict[str, object] = {
    PO: "4755",
    NOTES: {"text": "Zwölf\nBoxen"},
    PRICE: "28.86",
    DATE: {"date": "2025-08-01"},
    COLOUR: {"labels": ["WHITE, BLUE"]},
    UNIT: {"label": "PIECE"},
}
COLUMNS = list(VALUES)
LOCKED = {"code": "RESOURCE_LOCKED", "status_code": 423, "retry_in_seconds": 15}


async def no_sleep(_: float) -> None:
    """Sleep without sleeping."""


@pytest.fixture
async def client(sandbox_url: str) -> AsyncIterator[MondayClient]:
    async with MondayClient(
        token="sandbox-token",
        board_id=BOARD_ID,
        url=sandbox_url,
        request_timeout=10,
        max_attempts=3,
        sleep=no_sleep,
    ) as client:
        yield client


def new(name: str, values: dict[str, object] | None = None, group: str = "topics") -> NewItem:
    return NewItem(name, group, json.dumps(values or {}))


def size(label: str, quantity: int) -> NewSubitem:
    return NewSubitem(f"Size {label}", json.dumps({SIZE: {"labels": [label]}, QUANTITY: str(quantity)}))


def change(item_id: int, values: dict[str, Any], board_id: int = BOARD_ID) -> ChangeValues:
    return ChangeValues(board_id, item_id, json.dumps(values))


async def created(client: MondayClient, *items: NewItem) -> list[int]:
    outcomes = await client.create_items_with_retry(items)
    assert all(isinstance(outcome, Created) for outcome in outcomes)
    return [int(outcome.id) for outcome in outcomes if isinstance(outcome, Created)]


def names(sandbox: Sandbox) -> list[str]:
    return [item.name for item in sandbox.items()]


class TestCarryOut:
    async def test_changed_values_are_written_and_the_others_left_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A", VALUES))
        outcomes = await client.carry_out([[change(item, {PRICE: "29.5", COLOUR: {"labels": ["RED"]}})]])
        assert outcomes == [[Created(str(item))]]
        (view,) = sandbox.items()
        assert (view.text(PRICE), view.text(COLOUR), view.text(PO)) == ("29.5", "RED", "4755")

    async def test_an_item_is_renamed_by_its_values(self, client: MondayClient, sandbox: Sandbox) -> None:
        (item,) = await created(client, new("A"))
        await client.carry_out([[change(item, {"name": "B", PO: "1"})]])
        assert names(sandbox) == ["B"]

    @pytest.mark.parametrize("column", COLUMNS)
    async def test_null_clears_a_value_of_any_type(
        self, client: MondayClient, sandbox: Sandbox, column: str
    ) -> None:
        (item,) = await created(client, new("A", VALUES))
        await client.carry_out([[change(item, {column: None})]])
        (view,) = sandbox.items()
        assert view.column_values.keys() == VALUES.keys() - {column}

    async def test_a_quantity_is_changed_on_the_board_of_the_subitems(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        subitem = await client.create_subitem_with_retry(item, size("M", 5))
        values = change(subitem, {QUANTITY: "0"}, int(sandbox.subitem_board_id))
        assert await client.carry_out([[values]]) == [[Created(str(subitem))]]
        (view,) = sandbox.subitems()
        assert (view.text(QUANTITY), view.text(SIZE)) == ("0", "M")

    async def test_a_row_may_change_values_and_move_in_one_request(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        group = sandbox.person.add_group("G")
        before = len(sandbox.requests)
        outcomes = await client.carry_out([[change(item, {PO: "1"}), MoveItem(item, group)]])
        assert outcomes == [[Created(str(item)), Created(str(item))]]
        (view,) = sandbox.items()
        assert (view.group_title, view.text(PO), len(sandbox.requests) - before) == ("G", "1", 1)

    async def test_items_are_archived_and_deleted(self, client: MondayClient, sandbox: Sandbox) -> None:
        archived, deleted, kept = await created(client, new("A"), new("B"), new("C"))
        outcomes = await client.carry_out([[ArchiveItem(archived)], [DeleteItem(deleted)]])
        assert outcomes == [[Created(str(archived))], [Created(str(deleted))]]
        states = {int(item.id): item.state.value for item in sandbox.items(inactive=True)}
        assert states == {archived: "archived", deleted: "deleted", kept: "active"}

    async def test_a_subitem_that_is_deleted_leaves_its_item_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        subitem = await client.create_subitem_with_retry(item, size("M", 5))
        await client.carry_out([[DeleteItem(subitem)]])
        assert (names(sandbox), sandbox.subitems()) == (["A"], [])

    async def test_every_kind_travels_with_every_other_and_one_that_is_refused_leaves_the_others_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        one, two, three = await created(client, new("A"), new("B"), new("C"))
        group = sandbox.person.add_group("G")
        before = len(sandbox.requests)
        outcomes = await client.carry_out(
            [
                [new("D", {PO: "4"})],
                [change(one, {PRICE: "many"}), MoveItem(one, group)],
                [new("E" * 256)],
                [NewSubitemOf(two, size("M", 5)), change(two, {"name": "B2"})],
                [MoveItem(two, "nowhere")],
                [ArchiveItem(404)],
                [DeleteItem(three)],
            ]
        )
        kinds = [[type(outcome) for outcome in row] for row in outcomes]
        assert kinds == [
            [Created],
            [Rejected, Created],
            [Rejected],
            [Created] * 2,
            [Rejected],
            [Rejected],
            [Created],
        ]
        codes = [one.code for row in outcomes for one in row if isinstance(one, Rejected)]
        assert codes == [
            "ColumnValueException",
            "ItemNameTooLongException",
            "ResourceNotFoundException",
            "InvalidItemIdException",
        ]
        placed = [(item.name, item.group_title) for item in sandbox.items()]
        assert placed == [("A", "G"), ("B2", "Orders"), ("D", "Orders")]
        assert [item.name for item in sandbox.subitems(str(two))] == ["Size M"]
        assert (len(sandbox.requests) - before, client.usage.failures) == (1, 4)

    async def test_each_mutation_of_a_row_has_the_outcome_that_is_its_own(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        sandbox.faults.add(Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=1, message="late"))
        sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, alias=2, message="locked", extensions=LOCKED))
        outcomes = await client.carry_out(
            [[change(item, {PO: "1"}), MoveItem(item, "topics")], [ArchiveItem(item)], [new("B")]]
        )
        (changed, moved), (archived,), (added,) = outcomes
        assert (changed, type(moved), type(added)) == (Created(str(item)), Unknown, Created)
        assert archived == NotExecuted("RESOURCE_LOCKED: locked", 15)
        assert names(sandbox) == ["A", "B"]

    async def test_a_request_that_fails_on_the_way_leaves_every_outcome_unknown(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_DROP))
        outcomes = await client.carry_out([[change(item, {PO: "1"}), MoveItem(item, "topics")], [new("B")]])
        assert [[type(outcome) for outcome in row] for row in outcomes] == [[Unknown, Unknown], [Unknown]]

    async def test_a_value_that_is_no_json_refuses_the_whole_request_and_names_the_row(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        before = len(sandbox.executed)
        rows: list[list[Mutation]] = [
            [change(item, {PO: "1"})],
            [MoveItem(item, "topics"), ChangeValues(BOARD_ID, item, "{")],
        ]
        with pytest.raises(TerminalError, match=r"\$changevalues1 of type JSON!"):
            await client.carry_out(rows)
        assert len(sandbox.executed) == before

    async def test_a_request_that_was_not_executed_raises(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=429, body=bodies.daily_limit()))
        with pytest.raises(DailyLimitError):
            await client.carry_out([[ArchiveItem(item)]])
        assert names(sandbox) == ["A"]

    async def test_the_same_key_carries_the_same_rows_out_once(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        rows: list[list[Mutation]] = [[change(item, {PO: "1"})], [new("B")]]
        first = await client.carry_out(rows, idempotency_key="k")
        assert await client.carry_out(rows, idempotency_key="k") == first
        assert names(sandbox) == ["A", "B"]

    async def test_rows_without_mutations_need_no_request(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        assert await client.carry_out([]) == []
        assert await client.carry_out([[], []]) == [[], []]
        assert sandbox.requests == ()

    async def test_a_row_without_mutations_keeps_its_place(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        outcomes = await client.carry_out([[], [new("A")], []])
        assert outcomes == [[], [Created(sandbox.items()[0].id)], []]


class TestItemsNow:
    async def test_they_come_back_in_the_shapes_in_which_they_were_sent(self, client: MondayClient) -> None:
        (item,) = await created(client, new("A", VALUES))
        found = await client.items_now([item], columns=COLUMNS)
        assert found == {item: BoardItem(item, "A", "active", "topics", "Orders", VALUES)}
        assert found[item].active

    async def test_what_people_did_since_is_seen(self, client: MondayClient, sandbox: Sandbox) -> None:
        (item,) = await created(client, new("A", VALUES))
        group = sandbox.person.add_group("G")
        sandbox.person.rename_item(str(item), "B")
        sandbox.person.move_item(str(item), group)
        edits = {
            PO: None,
            PRICE: "30",
            DATE: {"date": "2025-08-02", "time": "09:30:00"},
            COLOUR: {"labels": ["RED", "WHITE, BLUE"]},
        }
        sandbox.person.change_values(str(item), edits)
        sandbox.person.rename_label(UNIT, "PIECE", "PAIR")
        values = {key: value for key, value in {**VALUES, **edits}.items() if value is not None}
        found = await client.items_now([item], columns=COLUMNS)
        assert found == {item: BoardItem(item, "B", "active", group, "G", values | {UNIT: {"label": "PAIR"}})}

    async def test_only_the_columns_that_are_asked_for_are_read(self, client: MondayClient) -> None:
        (item,) = await created(client, new("A", VALUES))
        found = await client.items_now([item], columns=[PO, "text_mkr5cz8m"])
        assert found[item].values == {PO: "4755"}
        assert (await client.items_now([item], columns=[]))[item].values == {}

    async def test_archived_and_deleted_ones_come_with_their_state_and_unknown_ones_are_left_out(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        archived, deleted, active = await created(client, new("A"), new("B"), new("C"))
        sandbox.person.archive_item(str(archived))
        sandbox.person.delete_item(str(deleted))
        found = await client.items_now([404, active, deleted, archived, active], columns=[PO])
        assert {key: item.state for key, item in found.items()} == {
            active: "active",
            archived: "archived",
            deleted: "deleted",
        }
        assert not found[archived].active
        assert not found[deleted].active

    async def test_items_of_a_group_that_people_put_away_name_it_still(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        group = sandbox.person.add_group("G")
        (item,) = await created(client, new("A", group=group))
        sandbox.person.archive_group(group)
        found = (await client.items_now([item], columns=[]))[item]
        assert (found.state, found.group_id, found.group) == ("archived", group, "G")

    async def test_active_subitems_are_read_where_their_columns_are_named(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        one, two = await created(client, new("A"), new("B"))
        sizes = [(one, size("M", 5)), (one, size("L", 7)), (one, size("S", 1)), (two, size("M", 9))]
        outcomes = await client.create_subitems_with_retry(sizes)
        first, second, third, _ = [outcome.id for outcome in outcomes if isinstance(outcome, Created)]
        sandbox.person.change_values(first, {QUANTITY: "6"})
        sandbox.person.change_values(second, {QUANTITY: None})
        sandbox.person.delete_item(third)
        found = await client.items_now([one, two], columns=[], subitem_columns=[SIZE, QUANTITY])
        assert found[one].subitems == (
            BoardSubitem(int(first), "Size M", {SIZE: {"labels": ["M"]}, QUANTITY: "6"}),
            BoardSubitem(int(second), "Size L", {SIZE: {"labels": ["L"]}}),
        )
        assert [subitem.values[QUANTITY] for subitem in found[two].subitems] == ["9"]
        without = await client.items_now([one], columns=[])
        assert without[one].subitems == ()

    async def test_a_hundred_are_read_by_a_query_and_none_by_none(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        made = await created(client, *(new(f"I{number:03}") for number in range(101)))
        before = len(sandbox.requests)
        found = await client.items_now(made, columns=[PO], subitem_columns=[SIZE])
        assert list(found) == made
        assert len(sandbox.requests) - before == 2
        assert await client.items_now([], columns=[PO]) == {}
        assert len(sandbox.requests) - before == 2

    async def test_a_query_that_would_cost_too_much_is_halved(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        made = await created(client, *(new(f"I{number}") for number in range(5)))
        body = bodies.request_too_complex()
        sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, operation="items", body=body, times=2))
        assert list(await client.items_now(made, columns=[PO])) == made

    async def test_one_that_would_cost_too_much_alone_is_an_error(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        (item,) = await created(client, new("A"))
        body = bodies.request_too_complex()
        sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, operation="items", body=body, times=None))
        with pytest.raises(TerminalError, match="may not cost so much"):
            await client.items_now([item], columns=[PO])

    @pytest.mark.parametrize("read", ["items", "group"])
    async def test_a_read_costs_a_small_part_of_what_one_request_may(
        self, client: MondayClient, sandbox: Sandbox, read: str
    ) -> None:
        (item,) = await created(client, new("A"))
        before = sandbox.complexity
        if read == "items":
            await client.items_now([item], columns=COLUMNS, subitem_columns=[SIZE, QUANTITY])
        else:
            await client.items_in_group("topics", columns=COLUMNS)
        assert sandbox.complexity - before < 500_000


class TestItemsInGroup:
    async def test_active_ones_are_read_with_their_values_and_without_subitems(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        group = sandbox.person.add_group("G")
        one, two, _, gone = await created(
            client, new("A", VALUES, group), new("B", {}, group), new("C"), new("D", {}, group)
        )
        await client.create_subitem_with_retry(one, size("M", 5))
        sandbox.person.archive_item(str(gone))
        assert await client.items_in_group(group, columns=COLUMNS) == [
            BoardItem(one, "A", "active", group, "G", VALUES),
            BoardItem(two, "B", "active", group, "G"),
        ]

    async def test_more_than_a_page_are_read_page_by_page(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        made = [
            item
            for start in range(0, 501, 167)
            for item in await created(
                client, *(new(f"I{number}", {PO: str(number)}) for number in range(start, start + 167))
            )
        ][:501]
        found = await client.items_in_group("topics", columns=[PO])
        assert [item.id for item in found] == made
        assert [item.values[PO] for item in found] == [str(number) for number in range(501)]
        assert sum("next_items_page" in request.operations for request in sandbox.requests) == 1

    async def test_a_cursor_that_expires_on_the_way_begins_the_read_again(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        for start in range(5):
            await created(client, *(new(f"I{start}-{number}") for number in range(100)))
        sandbox.faults.add(Fault(FaultKind.EXPIRED_CURSOR, operation="next_items_page"))
        found = await client.items_in_group("topics", columns=[PO])
        assert len(found) == len({item.id for item in found}) == 500

    async def test_a_group_that_is_gone_has_none(self, client: MondayClient) -> None:
        assert await client.items_in_group("nowhere", columns=[PO]) == []
