"""`board prepare` leaves one key column in use, whatever happens on the way."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.errors import (
    AuthenticationError,
    ConfigurationError,
    DailyLimitError,
    OutcomeUnknownError,
    TerminalError,
)
from order_staging.monday import MondayClient
from order_staging.sandbox import Fault, FaultKind, Sandbox
from tests.integration.batch.batch_world import order_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.batch import PreparedBoard
    from order_staging.monday import Board
    from tests.integration.batch.batch_world import World

OURS = "text_source_uuid"
TITLE = "Source UUID"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def sandbox() -> Sandbox:
    """Give a monday.com whose board has no key column."""
    return Sandbox()


def prepared(world: World, key_column: str | None = None) -> PreparedBoard:
    return world.service(key_column=key_column).prepare_board()


def board_of(world: World) -> Board:
    async def look() -> Board:
        settings = world.settings_for()
        async with MondayClient(
            token=settings.token(), board_id=int(world.sandbox.board_id), url=settings.monday_url
        ) as client:
            return await client.board()

    return asyncio.run(look())


def create(world: World, column_id: str, title: str) -> None:
    async def do() -> None:
        settings = world.settings_for()
        async with MondayClient(
            token=settings.token(), board_id=int(world.sandbox.board_id), url=settings.monday_url
        ) as client:
            await client.create_text_column(column_id, title)

    asyncio.run(do())


def created(world: World) -> list[str | None]:
    """List the columns that were created, by their ids; None is a refusal."""
    return [each.result_id for each in world.sandbox.executed if each.operation == "create_column"]


def test_a_board_without_a_key_column_gets_one_once(world: World) -> None:
    assert [prepared(world).created, prepared(world).created] == [True, False]
    assert prepared(world).key_column == OURS
    assert created(world) == [OURS]
    column = board_of(world).column(OURS)
    assert column is not None
    assert (column.title, column.type) == (TITLE, "text")


def test_the_key_column_works_for_the_next_run(world: World) -> None:
    assert prepared(world).subitem_board_id is None
    world.add(order_line())
    world.run(settings={"key_column": OURS})
    assert world.item().text(OURS)
    again = prepared(world, OURS)
    assert (again.created, again.subitem_board_id) == (False, int(world.sandbox.subitem_board_id))


def test_the_column_that_is_set_is_used_where_it_is(world: World) -> None:
    assert prepared(world, "text_mkr61hpz").to_dict() == {
        "key_column": "text_mkr61hpz",
        "created": False,
        "subitem_board_id": None,
    }
    assert created(world) == []


def test_a_column_that_is_set_and_not_there_is_created_under_its_id(world: World) -> None:
    assert prepared(world, "text_of_ours").created
    assert created(world) == ["text_of_ours"]


@pytest.mark.parametrize("wanted", ["Text Key", "9lives", "a" * 25, "text-key"])
def test_an_id_that_monday_takes_for_no_new_column_is_refused(world: World, wanted: str) -> None:
    with pytest.raises(ConfigurationError, match="ORDER_STAGING_KEY_COLUMN"):
        prepared(world, wanted)
    assert world.requests("create_column") == 0


def test_a_column_that_is_set_and_holds_no_text_is_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="of type numbers and not text"):
        prepared(world, "numeric_mksfr0r2")


def test_a_text_column_of_our_title_is_used_and_others_are_not(world: World) -> None:
    create(world, "text_by_hand", TITLE)
    assert prepared(world).key_column == "text_by_hand"


def test_our_id_on_a_column_of_another_type_is_refused(world: World) -> None:
    create(world, OURS, "Something else")
    world.sandbox.person.change_column_type(OURS, "numbers")
    with pytest.raises(ConfigurationError, match="of type numbers and not text"):
        prepared(world)


@pytest.mark.parametrize("kind", [FaultKind.EXECUTE_THEN_DROP, FaultKind.EXECUTE_ALIAS_THEN_FAIL])
def test_an_answer_that_was_lost_is_looked_for_and_not_repeated(world: World, kind: FaultKind) -> None:
    world.sandbox.faults.add(Fault(kind, "create_column"))
    assert prepared(world).to_dict() == {"key_column": OURS, "created": True, "subitem_board_id": None}
    assert created(world) == [OURS]


def test_a_request_that_was_lost_is_sent_again_once_the_board_was_asked(world: World) -> None:
    world.sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, "create_column", status=502, body="<html>"))
    assert prepared(world).created
    assert created(world) == [OURS]
    order = [request.operations[0] for request in world.sandbox.requests]
    assert order == ["boards", "create_column", "boards", "create_column"]


def test_what_stays_unclear_is_said_and_not_tried_for_ever(world: World) -> None:
    world.sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, "create_column", times=99, status=502, body="<html>")
    )
    with pytest.raises(OutcomeUnknownError, match="run this again later"):
        prepared(world)


def test_several_at_once_end_with_one_column_in_use(world: World) -> None:
    async def all_at_once() -> list[PreparedBoard]:
        services = [world.service(key_column=None) for _ in range(5)]
        return await asyncio.gather(*(service.prepare_board_async() for service in services))

    found = asyncio.run(all_at_once())
    assert {each.key_column for each in found} == {OURS}
    assert [column.id for column in board_of(world).columns if column.title == TITLE] == [OURS]
    assert sum(each.created for each in found) == 1


def test_somebody_who_creates_it_in_between_makes_no_second_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_creating(monkeypatch, lambda: asyncio.to_thread(create, world, OURS, TITLE))
    assert not prepared(world).created
    assert [each for each in created(world) if each] == [OURS]


def before_creating(patch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Do something once, after the board was looked at and before the column is created."""
    send = MondayClient.create_text_column
    done: list[bool] = []

    async def late(client: MondayClient, column_id: str, title: str) -> Any:
        if not done:
            done.append(True)
            await act()
        return await send(client, column_id, title)

    patch.setattr(MondayClient, "create_text_column", late)


def refused(code: str, status: int, message: str = "User unauthorized to perform action") -> Fault:
    extensions = {"code": code, "status_code": status}
    return Fault(FaultKind.FAIL_ALIAS, "create_column", message=message, extensions=extensions)


def test_a_missing_permission_is_said_in_one_line_with_what_to_do(world: World) -> None:
    world.sandbox.faults.add(refused("USER_UNAUTHORIZED", 403))
    with pytest.raises(AuthenticationError) as caught:
        prepared(world)
    assert "may not create columns on this board" in str(caught.value)
    assert "let an owner of the board run this" in str(caught.value)
    assert world.requests("create_column") == 1


def test_another_refusal_is_said_after_the_board_was_asked_once_more(world: World) -> None:
    world.sandbox.faults.add(refused("ColumnsLimitException", 200, "Too many columns"))
    with pytest.raises(TerminalError, match="Too many columns"):
        prepared(world)
    assert [request.operations[0] for request in world.sandbox.requests] == [
        "boards",
        "create_column",
        "boards",
    ]


def test_a_limit_is_not_taken_for_a_refusal(world: World) -> None:
    world.sandbox.faults.add(refused("MAX_CONCURRENCY_EXCEEDED", 429, "Too many"))
    assert prepared(world).created
    world.sandbox.faults.add(refused("DAILY_LIMIT_EXCEEDED", 429, "Daily limit exceeded"))
    with pytest.raises(DailyLimitError):
        prepared(world, "text_another")
