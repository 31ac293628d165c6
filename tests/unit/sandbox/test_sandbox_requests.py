import json

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox
from tests.unit.sandbox.sandbox_asking import Asker

BOARD = 9200517329
TWO = (
    f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
    f' b: create_item(board_id: {BOARD}, item_name: "B") {{ id }} }}'
)


def _names(sandbox: Sandbox) -> list[str]:
    return [item.name for item in sandbox.items()]


@pytest.mark.parametrize("token", ["", "wrong", "Bearer sandbox-token"])
async def test_refuses_a_request_without_the_token(ask: Asker, token: str) -> None:
    reply = await ask(TWO, authorization=token)
    assert reply.status == 401
    assert reply.errors == [{"message": "Not authenticated", "extensions": {"code": "NOT_AUTHENTICATED"}}]
    assert reply.headers["api-version"] == "2026-10"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"query": 1}',
        b'{"query": "{ me { id } }", "variables": "{}"}',
        b"\xff",
        b"[" * 100_000,
    ],
)
async def test_refuses_a_body_that_is_no_request(ask: Asker, body: bytes) -> None:
    reply = await ask.raw(body)
    assert reply is not None
    assert (reply.status, reply.codes) == (400, ["JsonParseException"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ boards { wrong } }", 'Cannot query field "wrong" on type "Board".'),
        ('mutation { create_group(wrong: 1, board_id: 1, group_name: "A") { id } }', None),
        ("{ boards(state: wrong) { id } }", 'Value "wrong" does not exist in "State" enum.'),
        ('mutation { change_multiple_column_values(board_id: 1, column_values: "{") { id } }', None),
        ("{ boards", None),
        ("query A { me { id } } query B { me { id } }", None),
    ],
)
async def test_a_document_that_is_not_valid_is_refused_as_a_whole(
    ask: Asker, query: str, message: str | None
) -> None:
    reply = await ask(query)
    assert reply.status == 200
    assert "data" not in reply.body
    assert "api-version" not in reply.headers
    assert not any("extensions" in error for error in reply.errors)
    assert message in {None, reply.errors[0]["message"]}


async def test_one_of_several_operations_is_run_by_its_name(ask: Asker) -> None:
    query = "query A { me { id } } query B { version { value } }"
    named = await ask.raw(json.dumps({"query": query, "operationName": "B"}).encode())
    wrong = await ask.raw(json.dumps({"query": query, "operationName": "C"}).encode())
    assert named is not None
    assert wrong is not None
    assert named.data == {"version": {"value": "2026-10"}}
    assert wrong.errors == [{"message": 'Unknown operation named "C".'}]


async def test_json_that_is_none_refuses_every_alias(ask: Asker, sandbox: Sandbox) -> None:
    query = (
        f'mutation ($v: JSON!) {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
        f' b: create_item(board_id: {BOARD}, item_name: "B", column_values: $v) {{ id }} }}'
    )
    for value in ('{"a": ', {"a": 1}, '{"a": NaN}', "[" * 100_000):
        reply = await ask(query, {"v": value})
        [error] = reply.errors
        assert reply.status == 200
        assert "data" not in reply.body
        assert error["message"] == "Variable $v of type JSON! was provided invalid value"
        assert error["extensions"] == {
            "value": value,
            "problems": [{"path": [], "explanation": "Syntax error in JSON input"}],
            "service": "monolith",
        }
    assert _names(sandbox) == []


async def test_a_variable_that_does_not_fit_says_where(ask: Asker) -> None:
    query = (
        "query ($c: [ItemsPageByColumnValuesQuery!]) { items_page_by_column_values("
        "board_id: 1, columns: $c) { cursor } }"
    )
    reply = await ask(query, {"c": [{"column_id": None, "column_values": []}]})
    assert reply.errors[0]["extensions"]["problems"][0]["path"] == ["0", "column_id"]


@pytest.mark.parametrize(
    ("requested", "used"),
    [("2026-07", "2026-07"), ("2024-02", "2026-10"), ("2025-01", "2025-04"), ("dev", "dev")],
)
async def test_answers_say_the_version_that_was_used(ask: Asker, requested: str, used: str) -> None:
    reply = await ask("{ version { value } }", api_version=requested)
    assert (reply.headers["api-version"], reply.data["version"]["value"]) == (used, used)


async def test_without_a_version_the_current_one_answers(ask: Asker) -> None:
    reply = await ask("{ version { value kind } }")
    assert reply.headers["api-version"] == "2026-10"
    assert reply.data["version"]["kind"] == "current"


async def test_refuses_a_version_that_is_none(ask: Asker) -> None:
    reply = await ask("{ version { value } }", api_version="2023")
    assert (reply.status, reply.codes) == (200, ["InvalidVersionException"])


async def test_every_answer_has_a_request_id_of_its_own(ask: Asker) -> None:
    replies = [await ask(query) for query in ("{ me { id } }", "{ me { id } }", "{ wrong }")]
    ids = [reply.headers["x-request-id"] for reply in replies]
    assert ids == [reply.body["extensions"]["request_id"] for reply in replies]
    assert len(set(ids)) == 3


async def test_requests_are_recorded_without_the_token(ask: Asker, sandbox: Sandbox) -> None:
    await ask(TWO, idempotency_key="k")
    sandbox.faults.add(Fault(FaultKind.DROP_BEFORE))
    await ask.maybe("{ me { id } }")
    first, second = sandbox.requests
    assert (first.number, first.operations, first.status) == (1, ("create_item", "create_item"), 200)
    assert first.headers == {"idempotency-key": "k"}
    assert (second.number, second.operations, second.status) == (2, ("me",), None)
