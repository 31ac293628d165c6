import asyncio
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import (
    Behaviour,
    Fault,
    IdempotencyRules,
    Latency,
    LostAnswer,
    MovingClock,
    OtherBody,
    Sandbox,
    fault_presets,
)
from tests.unit.sandbox.sandbox_asking import Asker

if TYPE_CHECKING:
    from collections.abc import Callable

CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'
OTHER = 'mutation { it: create_item(board_id: 9200517329, item_name: "B") { id } }'
FAILING = 'mutation { it: create_item(board_id: 9200517329, item_name: "") { id } }'
REPLAYED = "Idempotency-Replayed"


def _asker(rules: IdempotencyRules, clock: MovingClock | None = None) -> Asker:
    return Asker(Sandbox(behaviour=Behaviour(idempotency=rules), clock=clock or MovingClock()))


async def _runs_twice(ask: Asker, query: str = CREATE) -> bool:
    await ask(query, idempotency_key="k")
    return REPLAYED not in (await ask(query, idempotency_key="k")).headers


async def test_keys_may_be_ignored() -> None:
    ask = _asker(IdempotencyRules(honoured=False))
    assert await _runs_twice(ask)
    assert len(ask.sandbox.items()) == 2


@pytest.mark.parametrize("keeps", [True, False])
async def test_answers_with_errors_are_kept_or_not(*, keeps: bool) -> None:
    ask = _asker(IdempotencyRules(keeps_errors=keeps))
    assert await _runs_twice(ask, FAILING) is not keeps
    assert not await _runs_twice(ask)


@pytest.mark.parametrize(
    "fault",
    [
        fault_presets.execute_then_500,
        fault_presets.execute_then_html_502,
        fault_presets.execute_then_data_null,
        fault_presets.execute_then_timeout_503,
    ],
)
@pytest.mark.parametrize(
    ("lost", "items"), [(LostAnswer.RESULT, 1), (LostAnswer.FAILURE, 1), (LostAnswer.NOTHING, 2)]
)
async def test_what_is_kept_of_a_lost_answer_is_a_choice(
    fault: "Callable[[], Fault]", lost: LostAnswer, items: int
) -> None:
    ask = _asker(IdempotencyRules(lost_answers=lost))
    ask.sandbox.faults.add(fault())
    first = await ask(CREATE, idempotency_key="k")
    again = await ask(CREATE, idempotency_key="k")
    assert len(ask.sandbox.items()) == items
    assert (REPLAYED in again.headers) is (lost is not LostAnswer.NOTHING)
    if lost is LostAnswer.FAILURE:
        assert (again.status, again.body) == (first.status, first.body)
    else:
        assert (again.status, again.data["it"]["id"]) == (200, ask.sandbox.items()[-1].id)


async def test_a_failure_is_not_kept_where_answers_with_errors_are_not() -> None:
    ask = _asker(IdempotencyRules(lost_answers=LostAnswer.FAILURE, keeps_errors=False))
    ask.sandbox.faults.add(fault_presets.execute_then_500())
    assert await _runs_twice(ask)
    assert len(ask.sandbox.items()) == 2


async def test_answers_live_half_an_hour_or_as_long_as_the_test_says() -> None:
    clock = MovingClock()
    ask = _asker(IdempotencyRules(seconds=60), clock)
    await ask(CREATE, idempotency_key="k")
    clock.advance(59)
    assert REPLAYED in (await ask(CREATE, idempotency_key="k")).headers
    clock.advance(1)
    assert REPLAYED not in (await ask(CREATE, idempotency_key="k")).headers


async def test_an_answer_above_the_size_for_one_runs_and_is_not_kept() -> None:
    ask = _asker(IdempotencyRules(answer_bytes=50))
    assert await _runs_twice(ask)


async def test_an_answer_over_the_memory_runs_and_is_not_kept_until_others_are_gone() -> None:
    clock = MovingClock()
    ask = _asker(IdempotencyRules(memory_bytes=150, seconds=60), clock)
    await ask(CREATE, idempotency_key="first")
    clock.advance(30)
    await ask(CREATE, idempotency_key="second")
    replayed = [REPLAYED in (await ask(CREATE, idempotency_key=key)).headers for key in ("first", "second")]
    assert replayed == [True, False]
    clock.advance(30)
    assert not await _runs_twice(ask)


async def test_answers_may_be_forgotten_early() -> None:
    ask = _asker(IdempotencyRules(memory_bytes=150))
    await ask(CREATE, idempotency_key="k")
    ask.sandbox.forget()
    assert REPLAYED not in (await ask(CREATE, idempotency_key="k")).headers
    assert REPLAYED in (await ask(CREATE, idempotency_key="k")).headers


async def test_the_same_key_with_another_body_is_replayed_or_refused() -> None:
    for rule, status in ((OtherBody.REPLAY, 200), (OtherBody.REFUSE, 422)):
        ask = _asker(IdempotencyRules(other_body=rule))
        await ask(CREATE, idempotency_key="k")
        other = await ask(OTHER, idempotency_key="k")
        same = await ask(CREATE, idempotency_key="k")
        assert (other.status, same.status, len(ask.sandbox.items())) == (status, 200, 1)


async def test_a_conflict_tells_how_long_to_wait_and_a_query_has_no_key() -> None:
    go_on = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await go_on.wait()

    rules = IdempotencyRules(retry_after_seconds=7)
    sandbox = Sandbox(behaviour=Behaviour(latency=Latency(other=0), idempotency=rules), sleep=sleep)
    ask = Asker(sandbox)
    first = asyncio.create_task(ask(CREATE, idempotency_key="k"))
    await asyncio.sleep(0)
    sandbox.forget()
    conflict = await ask(CREATE, idempotency_key="k")
    query = await ask("{ me { id } }", idempotency_key="k")
    go_on.set()
    assert (conflict.status, conflict.codes, conflict.headers["Retry-After"]) == (
        409,
        ["IDEMPOTENCY_CONFLICT"],
        "7",
    )
    assert query.status == 200
    assert (await first).status == 200
    assert REPLAYED in (await ask(CREATE, idempotency_key="k")).headers
