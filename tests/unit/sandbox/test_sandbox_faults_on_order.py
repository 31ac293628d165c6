import asyncio

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox, bodies
from tests.unit.sandbox.sandbox_asking import Asker, Clock

BOARD = 9200517329
TWO = (
    f'mutation {{ a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
    f' b: create_item(board_id: {BOARD}, item_name: "B") {{ id }} }}'
)


def _names(sandbox: Sandbox) -> list[str]:
    return [item.name for item in sandbox.items()]


async def test_an_answer_instead_keeps_the_request_from_running(ask: Asker, sandbox: Sandbox) -> None:
    fault = Fault(
        FaultKind.ANSWER_INSTEAD,
        status=429,
        body=bodies.minute_limit(retry_in_seconds=2),
        headers={"Retry-After": "2"},
    )
    sandbox.faults.add(fault)
    sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=502, body=bodies.BAD_GATEWAY_PAGE))
    limited, broken = await ask(TWO), await ask(TWO)
    assert (limited.status, limited.codes, limited.headers["Retry-After"]) == (
        429,
        ["MINUTE_RATE_LIMIT_EXCEEDED"],
        "2",
    )
    assert (broken.status, broken.body) == (502, bodies.BAD_GATEWAY_PAGE)
    assert (_names(sandbox), sandbox.executed) == ([], ())


async def test_a_connection_may_drop_before_or_after_the_work_is_done(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.DROP_BEFORE))
    assert await ask.maybe(TWO) is None
    assert _names(sandbox) == []
    sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_DROP))
    assert await ask.maybe(TWO) is None
    assert _names(sandbox) == ["A", "B"]


async def test_work_may_be_done_and_answered_as_an_internal_error(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=bodies.internal_error()))
    reply = await ask(TWO)
    assert (reply.status, reply.data) == (200, None)
    assert _names(sandbox) == ["A", "B"]


async def test_one_alias_may_fail_without_having_run(ask: Asker, sandbox: Sandbox) -> None:
    extensions = bodies.validation_rule("numeric_mkr5cact")
    sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, alias=1, message="data_validation_error", extensions=extensions)
    )
    reply = await ask(TWO)
    assert reply.data["b"] is None
    assert (reply.errors[0]["path"], reply.errors[0]["extensions"]) == (["b"], extensions)
    assert (_names(sandbox), len(sandbox.executed)) == (["A"], 1)


async def test_one_alias_may_fail_after_it_ran(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=0))
    reply = await ask(TWO)
    assert reply.data["a"] is None
    assert reply.data["b"] == {"id": sandbox.items()[1].id}
    assert reply.errors[0]["path"] == ["a", "id"]
    assert _names(sandbox) == ["A", "B"]


async def test_a_delay_sleeps_before_the_work_is_done(clock: Clock) -> None:
    slept: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        slept.append((seconds, len(sandbox.items())))

    sandbox = Sandbox(clock=clock, sleep=sleep)
    sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", seconds=70))
    await Asker(sandbox)(TWO)
    await Asker(sandbox)(TWO)
    assert slept == [(70, 0)]
    assert _names(sandbox) == ["A", "B", "A", "B"]


async def test_a_key_is_answered_once_and_then_replayed_for_half_an_hour(
    ask: Asker, sandbox: Sandbox, clock: Clock
) -> None:
    first = await ask(TWO, idempotency_key="k")
    clock.wait(minutes=29)
    second = await ask(TWO, idempotency_key="k")
    other = await ask(TWO, idempotency_key="other")
    clock.wait(minutes=1)
    late = await ask(TWO, idempotency_key="k")
    assert second.body == first.body
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in {**first.headers, **other.headers, **late.headers}
    assert len(sandbox.items()) == 6
    assert [request.replayed for request in sandbox.requests] == [False, True, False, False]


async def test_a_key_on_a_query_means_nothing(ask: Asker) -> None:
    replies = [await ask("{ me { id } }", idempotency_key="k") for _ in range(2)]
    assert "Idempotency-Replayed" not in replies[1].headers


async def test_a_lost_answer_comes_back_by_its_key(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_DROP))
    assert await ask.maybe(TWO, idempotency_key="k") is None
    reply = await ask(TWO, idempotency_key="k")
    assert [item["id"] for item in reply.data.values()] == [item.id for item in sandbox.items()]
    assert len(sandbox.executed) == 2


async def test_a_key_is_free_again_when_its_request_is_cut_off(clock: Clock) -> None:
    async def sleep(_seconds: float) -> None:
        raise asyncio.CancelledError

    sandbox = Sandbox(clock=clock, sleep=sleep)
    ask = Asker(sandbox)
    sandbox.faults.add(Fault(FaultKind.DELAY, seconds=1))
    with pytest.raises(asyncio.CancelledError):
        await ask(TWO, idempotency_key="k")
    assert (await ask(TWO, idempotency_key="k")).status == 200


async def test_a_request_that_was_not_executed_keeps_no_answer(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=429, body=bodies.daily_limit()))
    await ask(TWO, idempotency_key="k")
    reply = await ask(TWO, idempotency_key="k")
    assert "Idempotency-Replayed" not in reply.headers
    assert len(sandbox.executed) == 2


async def test_a_key_conflicts_while_its_first_request_runs(clock: Clock) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(_seconds: float) -> None:
        begun.set()
        await go_on.wait()

    sandbox = Sandbox(clock=clock, sleep=sleep)
    ask = Asker(sandbox)
    sandbox.faults.add(Fault(FaultKind.DELAY, seconds=1))
    first = asyncio.create_task(ask(TWO, idempotency_key="k"))
    await begun.wait()
    second = await ask(TWO, idempotency_key="k")
    go_on.set()
    assert (second.status, second.codes, second.headers["Retry-After"]) == (
        409,
        ["IDEMPOTENCY_CONFLICT"],
        "1",
    )
    assert (await first).status == 200
