import json
from typing import Any

import pytest

from order_staging.sandbox import (
    Behaviour,
    Fault,
    Latency,
    MovingClock,
    Sandbox,
    bodies,
    fault_presets,
    parse_fault,
)
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.gateway import Handled, Request
from order_staging.sandbox.page.log import SHOWN_LENGTH, details, entries
from order_staging.sandbox.request_log import AnsweredError, RequestLog, errors_of
from tests.unit.sandbox.sandbox_asking import NOW, Asker
from tests.unit.sandbox.sandbox_bulk_asking import BulkAsker, csv_of

TWO = (
    "mutation Two($name: String!) { a: create_item(board_id: 9200517329, item_name: $name) { id }"
    " b: create_item(board_id: 9200517329, item_name: $name) { id } complexity { query } }"
)


def told(sandbox: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = entries(sandbox.log, 0)["entries"]
    return found


async def test_a_mutation_is_told_with_its_fields_points_and_time(ask: Asker, sandbox: Sandbox) -> None:
    await ask(TWO, {"name": "A"}, idempotency_key="k")
    (entry,) = told(sandbox)
    assert entry == {
        "number": 1,
        "time": NOW.isoformat(),
        "milliseconds": 0.0,
        "kind": "mutation",
        "name": "Two",
        "fields": [("create_item", 2), ("complexity", 1)],
        "status": 200,
        "errors": [],
        "points": 20_000,
        "faults": [],
        "replayed": False,
    }


async def test_it_is_told_how_long_a_request_took() -> None:
    clock = MovingClock()
    sandbox = Sandbox(behaviour=Behaviour(latency=Latency(scale=2.0)), clock=clock, sleep=clock.sleep)
    await Asker(sandbox).item()
    assert told(sandbox)[0]["milliseconds"] == pytest.approx(1_658.0)


async def test_the_newest_request_comes_first_and_only_what_is_asked_for(
    ask: Asker, sandbox: Sandbox
) -> None:
    for _ in range(3):
        await ask("{ me { id } }")
    assert [entry["number"] for entry in told(sandbox)] == [3, 2, 1]
    assert [entry["number"] for entry in entries(sandbox.log, 2)["entries"]] == [3]


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (parse_fault("execute-then-500:create_item"), "execute-then-500"),
        (parse_fault("locked-423"), "locked-423"),
        (parse_fault("drop-before"), "drop-before"),
        (fault_presets.execute_then_drop(), "execute-then-drop"),
        (fault_presets.fail_alias(), "fail-alias"),
    ],
)
async def test_a_request_is_told_with_the_fault_that_it_met(
    ask: Asker, sandbox: Sandbox, fault: Fault, name: str
) -> None:
    sandbox.faults.add(fault)
    reply = await ask.maybe(TWO, {"name": "A"})
    (entry,) = told(sandbox)
    assert entry["faults"] == [name]
    assert entry["status"] == (None if reply is None else reply.status)
    assert bool(entry["errors"]) is (reply is not None)


async def test_a_replay_and_a_request_that_cannot_be_read_are_told_as_such(
    ask: Asker, sandbox: Sandbox
) -> None:
    for _ in range(2):
        await ask(TWO, {"name": "A"}, idempotency_key="k")
    await ask.raw(b"{")
    broken, replay, first = told(sandbox)
    assert (first["replayed"], replay["replayed"]) == (False, True)
    assert (broken["kind"], broken["status"], broken["fields"]) == ("other", 400, [])


async def test_requests_for_files_are_told_with_their_faults(bulk: BulkAsker, sandbox: Sandbox) -> None:
    sandbox.faults.add(parse_fault("html-502:bulk_upload"))
    job = (await bulk.start()).data["job"]
    for _ in range(2):
        await bulk.put(job["upload_url"], csv_of(["name"], ["An order"]))
    url = (await bulk.status(job["job_id"]))["report_url"]
    await bulk.report_text(url)
    report, _, stored, failed, _ = told(sandbox)
    assert (report["kind"], report["fields"], report["status"]) == ("report", [("bulk_report", 1)], 200)
    assert (stored["kind"], stored["status"], stored["faults"]) == ("upload", 200, [])
    assert (failed["fields"], failed["status"], failed["faults"]) == ([("bulk_upload", 1)], 502, ["html-502"])
    assert len(sandbox.requests) == 2


async def test_the_variables_are_told_on_demand_and_the_token_never(ask: Asker, sandbox: Sandbox) -> None:
    await ask(TWO, {"name": "Ström"}, idempotency_key="k", cookie="c", api_version="2026-10")
    found = details(sandbox.log, 1)
    assert found is not None
    assert found["query"] == TWO
    assert json.loads(found["variables"]) == {"name": "Ström"}
    assert found["headers"] == {"idempotency-key": "k", "api-version": "2026-10"}
    assert sandbox.token not in json.dumps([found, told(sandbox)])


async def test_of_very_long_variables_the_beginning_is_told(ask: Asker, sandbox: Sandbox) -> None:
    await ask("{ me { id } }", {"note": "x" * 200_000})
    found = details(sandbox.log, 1)
    assert found is not None
    assert len(found["variables"]) < SHOWN_LENGTH + 100
    assert found["variables"].endswith("more characters")


@pytest.mark.parametrize("body", [b"not JSON", b"[1]", b'{"query": 3}', b"", b"[" * 100_000, b"\xff"])
async def test_whatever_came_can_be_told(ask: Asker, sandbox: Sandbox, body: bytes) -> None:
    await ask.raw(body)
    assert details(sandbox.log, 1) is not None


def test_the_log_is_bounded_by_entries_and_by_bytes() -> None:
    log = RequestLog(entries=5, body_bytes=25)
    for number in range(1, 11):
        handled = Handled(number, (), Answer(200, {"data": None}))
        log.handled(Request({}, b"0123456789"), handled, NOW, NOW)
    assert [entry.number for entry in log.entries()] == [10, 9, 8, 7, 6]
    assert [log.body(number) is not None for number in (8, 9, 10)] == [False, True, True]
    assert details(log, 5) is None
    kept = details(log, 6)
    assert kept is not None
    assert kept["query"] is None
    assert len(log.records) == 10


@pytest.mark.parametrize(
    ("answer", "errors"),
    [
        (None, ()),
        (Answer(200, {"data": {}}), ()),
        (Answer(200, ""), ()),
        (Answer(502, ""), (AnsweredError("an empty answer"),)),
        (Answer(502, bodies.BAD_GATEWAY_PAGE), (AnsweredError(bodies.BAD_GATEWAY_PAGE),)),
        (
            Answer(429, bodies.minute_limit()),
            (AnsweredError("Minute rate limit exceeded", "MINUTE_RATE_LIMIT_EXCEEDED"),),
        ),
        (
            Answer(200, {"error_message": "too much", "error_code": "ComplexityException"}),
            (AnsweredError("too much", "ComplexityException"),),
        ),
        (Answer(200, {"errors": ["words"]}), (AnsweredError("words"),)),
    ],
)
def test_errors_are_read_from_every_form_of_answer(
    answer: Answer | None, errors: tuple[AnsweredError, ...]
) -> None:
    assert errors_of(answer) == errors
