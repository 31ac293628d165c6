"""Rows that spoil the requests they travel in: found, blamed alone, and their neighbours land."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from order_staging import MondayClient, TerminalError
from order_staging.batch import payloads
from order_staging.batch.payloads import Payload
from order_staging.errors import RequestTooLargeError
from order_staging.monday import Mutation, NewItem, NewSubitem, NewSubitemOf, Outcome, Unknown
from order_staging.sandbox import bodies, fault_presets
from tests.integration.batch.batch_world import (
    ERR,
    ERR_SUB,
    STG,
    STG_SUB,
    as_uuid,
    expected,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.integration.batch.batch_world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def spoil(
    patch: pytest.MonkeyPatch, poisonous: Callable[[str], bool], become: Callable[[int], list[Outcome]]
) -> list[int]:
    """Let requests with a poisonous name become something else; give the sizes of those that did."""
    spoilt: list[int] = []
    send = MondayClient.carry_out

    async def sending(
        client: MondayClient, rows: Sequence[Sequence[Mutation]], **options: Any
    ) -> list[list[Outcome]]:
        if any(poisonous(name_of(mutation)) for row in rows for mutation in row):
            spoilt.append(len(rows))
            return [[outcome] for outcome in become(len(rows))]
        return await send(client, rows, **options)

    patch.setattr(MondayClient, "carry_out", sending)
    return spoilt


def name_of(mutation: Mutation) -> str:
    """Name the item or subitem that a mutation creates."""
    match mutation:
        case NewItem(name=name) | NewSubitemOf(subitem=NewSubitem(name=name)):
            return name
    return ""


def refuse(_: int) -> list[Outcome]:
    raise TerminalError("monday.com refused the request: something in it", status=400, code="Bad request")


def fail(count: int) -> list[Outcome]:
    return [Unknown("HTTP 500 with a body that is no GraphQL answer", 500)] * count


def number_seven(name: str) -> bool:
    return name.endswith("JOO-00007")


def test_a_value_that_makes_the_whole_request_invalid_is_found_by_its_variable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(20)
    world.add(*rows)
    payload = payloads.item_payload

    class Broken(Payload):
        column_values = "{"

    def broken(*arguments: Any) -> Payload:
        made = payload(*arguments)
        return Broken(made.name, made.columns, made.recorded, made.hash) if number_seven(made.name) else made

    monkeypatch.setattr("order_staging.batch.cargo.item_payload", broken)
    result = world.run()
    assert (result.status, result.orders.created, result.orders.rejected) == ("COMPLETED_WITH_ERRORS", 19, 1)
    # The request, its nineteen neighbours, and the row alone.
    assert world.requests("create_item") + refused(world) == 3
    letter = world.only(ERR)
    assert (letter["error_type"], letter["order_number"]) == ("REJECTED", "JOO-00007")
    assert "JSON" in letter["error_message"]
    assert world.landed() == world.on_board() == expected(without_seven(rows))


def refused(world: World) -> int:
    """Count requests that were not even read; their root fields are not known."""
    return sum(not request.operations for request in world.sandbox.requests)


def without_seven(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["AAG ORDER NUMBER"] != "JOO-00007"]


@pytest.mark.parametrize("lanes", [1, 3])
def test_a_row_that_gets_its_request_refused_is_found_by_halves(
    world: World, monkeypatch: pytest.MonkeyPatch, lanes: int
) -> None:
    rows = order_lines(40)
    world.add(*rows)
    sizes = spoil(monkeypatch, number_seven, refuse)
    result = world.run(settings={"lanes": lanes})
    assert (result.orders.created, result.orders.rejected) == (39, 1)
    assert sizes == [20, 10, 5, 3, 2, 1]
    assert world.only(ERR)["http_status_code"] == 400
    assert world.landed() == world.on_board() == expected(without_seven(rows))
    staged = world.only(STG)
    assert (staged["stg_status"], as_uuid(staged["source_uuid"])) == ("API_FAILED", rows[6]["record_uuid"])


@on_sqlite
def test_several_poisonous_rows_are_all_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = order_lines(40)
    world.add(*rows)
    spoil(monkeypatch, lambda name: name[-1] == "3", refuse)
    result = world.run()
    assert (result.orders.created, result.orders.rejected) == (36, 4)
    assert {letter["order_number"][-1] for letter in world.database.rows(ERR)} == {"3"}


@on_sqlite
def test_where_every_request_is_refused_no_row_is_blamed_and_few_are_sent(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(60)
    world.add(*rows)
    with monkeypatch.context() as patch:
        sizes = spoil(patch, lambda _: True, refuse)
        result = world.run()
    assert (result.status, result.orders.rejected) == ("FAILED", 0)
    assert "something in it" in str(result.error)
    # One request to its last row, and a single row of the next.
    assert len(sizes) == 40
    assert world.states() == {"PENDING": 60}
    assert world.database.count(ERR) == 0
    assert world.run().status == "COMPLETED"
    world.lands(rows)


@on_sqlite
def test_a_whole_request_of_poison_keeps_nobody_else_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(12)
    world.add(*rows)
    spoil(monkeypatch, lambda name: name[-2:] in {"01", "02", "03", "04"}, refuse)
    result = world.run(settings={"aliases": 4})
    assert (result.orders.created, result.orders.rejected) == (8, 4)
    assert world.landed() == world.on_board() == expected(rows[4:])


@on_sqlite
def test_single_rows_that_are_all_refused_are_soon_too_many(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(30))
    sizes = spoil(monkeypatch, lambda _: True, refuse)
    result = world.run(settings={"aliases": 1})
    assert (result.status, len(sizes), world.database.count(ERR)) == ("FAILED", 5, 0)


@on_sqlite
def test_no_answer_is_no_evidence_against_a_row_that_was_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(4)
    world.add(*rows)
    answers = [refuse] * 4

    def refused_at_first(count: int) -> list[Outcome]:
        return answers.pop()(count) if answers else fail(count)

    with monkeypatch.context() as patch:
        spoil(patch, lambda _: True, refused_at_first)
        result = world.run(settings={"aliases": 4})
    assert (result.orders.rejected, world.database.count(ERR)) == (0, 0)
    assert world.run().status == "COMPLETED"
    world.lands(rows)


@on_sqlite
@pytest.mark.parametrize("code", ["UserUnauthorizedException", "InvalidBoardIdException"])
def test_a_row_that_may_not_be_written_holds_up_nobody_else(world: World, code: str) -> None:
    rows = order_lines(6)
    world.add(*rows, other := order_line(9, **{"CUSTOMER NAME": "ZZZ CUSTOMER"}))
    world.sandbox.faults.add(
        replace(
            fault_presets.fail_alias(operation="create_subitem"),
            extensions={"code": code, "status_code": 403},
        )
    )
    first, second = world.service().process_customers().batches
    assert (first.status, first.subitems.created, first.subitems.unknown) == ("COMPLETED_WITH_ERRORS", 11, 1)
    assert (first.orders.promoted, second.status) == (6, "COMPLETED")
    assert world.run().status == "COMPLETED"
    world.lands([*rows, other])


@on_sqlite
def test_a_poisonous_size_is_found_among_its_neighbours(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [*order_lines(6), order_line(7, XL=2)]
    world.add(*rows)
    spoil(monkeypatch, lambda name: name == "Size XL", refuse)
    result = world.run()
    assert (result.subitems.created, result.subitems.rejected) == (14, 1)
    assert world.only(ERR_SUB)["size_label"] == "XL"
    assert world.states(STG_SUB) == {"API_FAILED": 1}


def test_a_row_at_which_monday_fails_each_time_is_left_in_ever_smaller_company_and_never_rejected(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(40)
    world.add(*rows)
    with monkeypatch.context() as patch:
        sizes = spoil(patch, number_seven, fail)
        result = world.run()
    # Each of them a second time, under its first key.
    assert sizes == [20, 20, 5, 5, 1, 1]
    assert (result.orders.created, result.orders.rejected, result.orders.unknown) == (39, 0, 1)
    assert result.status == "COMPLETED_WITH_ERRORS"
    assert "1 rows could not be sent" in str(result.error)
    assert "HTTP 500" in str(result.error)
    assert world.states() == {"PENDING": 1}
    assert world.landed() == world.on_board() == expected(without_seven(rows))
    assert world.run().status == "COMPLETED"
    world.lands(rows)


@on_sqlite
def test_while_monday_fails_at_everything_no_row_is_blamed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(8)
    world.add(*rows)
    with monkeypatch.context() as patch:
        spoil(patch, lambda _: True, fail)
        result = world.run()
    assert (result.status, world.states(), world.database.count(ERR)) == ("FAILED", {"PENDING": 8}, 0)
    assert world.run().status == "COMPLETED"
    world.lands(rows)


@on_sqlite
def test_an_order_that_is_refused_and_comes_alone_holds_nothing_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.run(subitems=False)
    world.add(poisonous := order_line(7))
    with monkeypatch.context() as patch:
        sizes = spoil(patch, number_seven, refuse)
        result = world.run()
    assert (sizes, result.status) == ([1], "COMPLETED_WITH_ERRORS")
    assert (result.subitems.created, result.orders.rejected, result.orders.unknown) == (6, 0, 1)
    assert "something in it" in str(result.error)
    assert world.states() == {"PENDING": 1}
    assert world.run().status == "COMPLETED"
    world.lands([*rows, poisonous])


@on_sqlite
def test_an_order_that_is_refused_alone_is_blamed_once_others_were_accepted_after_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [order_line(7), order_line(8), order_line(9)]
    world.add(*rows)
    sizes = spoil(monkeypatch, number_seven, refuse)
    result = world.run(settings={"aliases": 1})
    assert (sizes, result.orders.created, result.orders.rejected) == ([1, 1], 2, 1)
    assert world.only(ERR)["order_number"] == "JOO-00007"


@on_sqlite
def test_a_request_that_costs_too_much_is_cut_and_nobody_is_blamed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(20)
    world.add(*rows)
    send = MondayClient.carry_out

    async def limited(
        client: MondayClient, asked: Sequence[Sequence[Mutation]], **options: Any
    ) -> list[list[Outcome]]:
        if len(asked) > 6 and isinstance(asked[0][0], NewItem):
            raise RequestTooLargeError("too many points", code="REQUEST_MAX_COMPLEXITY_EXCEEDED")
        return await send(client, asked, **options)

    monkeypatch.setattr(MondayClient, "carry_out", limited)
    result = world.run()
    assert (result.status, result.orders.created, world.requests("create_item")) == ("COMPLETED", 20, 4)
    world.lands(rows)


@on_sqlite
def test_a_group_that_monday_refuses_rejects_its_rows_alone(world: World) -> None:
    rows = order_lines(3)
    others = [order_line(number, **{"AAG SEASON": "2031 FALL"}) for number in (4, 5)]
    world.add(*rows, *others)
    refusal = bodies.alias_error("row1", "There are too many groups", {"code": "InvalidArgumentException"})
    world.sandbox.faults.add(
        replace(
            fault_presets.fail_alias(operation="create_group", alias=1),
            message=str(refusal["message"]),
            extensions={"code": "InvalidArgumentException", "status_code": 200},
        )
    )
    # A group may have more rows than are rejected at a time.
    result = world.run(settings={"chunk_rows": 1})
    assert (result.orders.created, result.orders.rejected) == (3, 2)
    letters = world.database.rows(ERR)
    assert {letter["group_name"] for letter in letters} == {"GREYSON CLOTHIERS 2031 FALL"}
    assert "refused the group" in letters[0]["error_message"]
    assert "too many groups" in letters[0]["error_message"]
    assert world.landed() == world.on_board() == expected(rows)


@on_sqlite
def test_a_group_that_people_delete_meanwhile_is_made_again(world: World) -> None:
    rows = order_lines(40)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.group_deleted(operation="create_item", skip=1))
    result = world.run(subitems=False)
    assert (result.orders.created, result.orders.rejected) == (40, 0)
    # Twenty were there when people deleted their group: those are theirs to miss.
    assert len(world.sandbox.items()) == 20
    assert [group.title for group in world.sandbox.groups()].count("GREYSON CLOTHIERS 2025 FALL") == 1
