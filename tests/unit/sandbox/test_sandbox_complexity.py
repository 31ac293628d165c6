from dataclasses import replace

import pytest

from order_staging.sandbox import (
    COST_30K,
    FREE,
    PRO,
    STANDARD,
    Behaviour,
    MovingClock,
    MutationCosts,
    RefusalStyle,
    Sandbox,
    WindowKind,
    bodies,
    fault_presets,
)
from tests.unit.sandbox.sandbox_asking import Asker

BOARD = 9200517329
ASKED = "complexity { before after query reset_in_x_seconds }"


def _mutation(*names: str) -> str:
    fields = [
        f'i{place}: create_item(board_id: {BOARD}, item_name: "{name}") {{ id }}'
        for place, name in enumerate(names)
    ]
    return f"mutation {{ {' '.join(fields)} }}"


def _left(headers: object) -> int:
    return int(str(headers).partition('"complexityMinute";r=')[2].partition(";")[0])


async def test_mutations_cost_what_a_test_says_by_operation() -> None:
    ask = Asker(Sandbox(plan=STANDARD, mutation_cost=MutationCosts(COST_30K, {"create_group": 7})))
    reply = await ask(
        f'mutation {{ {ASKED} a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
        f' b: create_group(board_id: {BOARD}, group_name: "B") {{ id }} }}'
    )
    assert reply.data["complexity"]["query"] == 30_007
    assert list(reply.data) == ["complexity", "a", "b"]


async def test_a_failed_mutation_costs_a_tenth_and_the_headers_say_the_same() -> None:
    ask = Asker(Sandbox(plan=STANDARD, clock=MovingClock()))
    ask.sandbox.faults.add(fault_presets.fail_alias(alias=2))
    reply = await ask(
        f'mutation {{ {ASKED} a: create_item(board_id: {BOARD}, item_name: "A") {{ id }}'
        f' b: create_item(board_id: {BOARD}, item_name: "") {{ id }}'
        f' c: create_item(board_id: {BOARD}, item_name: "C") {{ id }} }}'
    )
    assert (reply.data["b"], reply.data["c"]) == (None, None)
    assert reply.data["complexity"] == {
        "before": 10_000_000,
        "query": 12_000,
        "after": 9_988_000,
        "reset_in_x_seconds": 60,
    }
    assert _left(reply.headers["RateLimit"]) == 9_988_000


async def test_what_a_failure_costs_is_a_choice() -> None:
    ask = Asker(Sandbox(plan=STANDARD, behaviour=Behaviour(failed_share=1.0)))
    reply = await ask(_mutation(""))
    assert _left(reply.headers["RateLimit"]) == 9_990_000


async def test_a_request_whose_estimate_is_more_than_is_left_is_refused_as_a_whole() -> None:
    clock = MovingClock()
    sandbox = Sandbox(plan=replace(FREE, complexity=50_000), clock=clock)
    ask = Asker(sandbox)
    await ask(_mutation("A", "B", "C"))
    clock.advance(38)
    refused = await ask(_mutation("D", "E", "F"), idempotency_key="k")
    assert (refused.status, refused.codes, refused.headers["Retry-After"]) == (
        429,
        ["COMPLEXITY_BUDGET_EXHAUSTED"],
        "22",
    )
    assert refused.errors[0]["extensions"]["retry_in_seconds"] == 22
    assert _left(refused.headers["RateLimit"]) == 20_000
    assert (await ask(_mutation("D", "E"))).status == 200
    clock.advance(22)
    again = await ask(_mutation("D", "E", "F"), idempotency_key="k")
    assert "Idempotency-Replayed" not in again.headers
    assert len(sandbox.items()) == 8


async def test_an_estimate_above_the_cost_is_paid_back() -> None:
    ask = Asker(Sandbox(plan=replace(FREE, complexity=50_000), behaviour=Behaviour(estimate_factor=2.0)))
    assert (await ask(_mutation("A", "B", "C"))).codes == ["COMPLEXITY_BUDGET_EXHAUSTED"]
    reply = await ask(_mutation("A", "B"))
    assert _left(reply.headers["RateLimit"]) == 30_000


async def test_an_estimate_below_the_cost_makes_a_debt_of_the_next_minute() -> None:
    clock = MovingClock()
    behaviour = Behaviour(estimate_factor=0.5)
    ask = Asker(Sandbox(plan=replace(FREE, complexity=50_000), behaviour=behaviour, clock=clock))
    await ask(_mutation("A", "B"))
    reply = await ask(_mutation("C", "D", "E", "F"))
    assert _left(reply.headers["RateLimit"]) == 0
    clock.advance(60)
    next_minute = await ask("{ complexity { before } }")
    assert next_minute.data["complexity"]["before"] == 40_000


async def test_a_request_above_five_million_points_is_refused_whatever_is_left() -> None:
    ask = Asker(Sandbox(plan=PRO, mutation_cost=2_500_001))
    assert (await ask(_mutation("A"))).status == 200
    reply = await ask(_mutation("A", "B"))
    assert (reply.status, reply.codes) == (429, ["REQUEST_MAX_COMPLEXITY_EXCEEDED"])
    assert reply.errors[0]["extensions"]["cost"] == 5_000_002
    assert reply.errors[0]["extensions"]["max_complexity_per_request"] == 5_000_000
    assert "Retry-After" not in reply.headers


async def test_a_sliding_minute_gives_points_back_as_they_were_charged() -> None:
    clock = MovingClock()
    behaviour = Behaviour(window=WindowKind.SLIDING)
    ask = Asker(Sandbox(plan=replace(FREE, complexity=30_000), behaviour=behaviour, clock=clock))
    await ask(_mutation("A"))
    clock.advance(40)
    await ask(_mutation("B", "C"))
    refused = await ask(_mutation("D", "E"))
    assert refused.headers["Retry-After"] == "60"
    assert (await ask(_mutation("D"))).headers["Retry-After"] == "20"
    clock.advance(20)
    assert (await ask(_mutation("D"))).status == 200


async def test_a_request_that_was_never_executed_costs_nothing() -> None:
    ask = Asker(Sandbox(plan=STANDARD))
    ask.sandbox.faults.add(fault_presets.locked_423())
    reply = await ask(_mutation("A"))
    assert (reply.status, _left(reply.headers["RateLimit"])) == (423, 10_000_000)


async def test_a_replay_costs_no_points() -> None:
    ask = Asker(Sandbox(plan=replace(FREE, complexity=10_000)))
    first, second = [await ask(_mutation("A"), idempotency_key="k") for _ in range(2)]
    assert (first.body, second.headers["Idempotency-Replayed"]) == (second.body, "true")
    assert (await ask(_mutation("A"))).status == 429


@pytest.mark.parametrize(
    ("style", "status", "body", "tells_wait"),
    [
        (RefusalStyle.CURRENT, 429, bodies.complexity_limit(60), True),
        (RefusalStyle.DOCUMENTED, 429, bodies.complexity_limit(60), True),
        (
            RefusalStyle.VERSION_2025_01,
            429,
            bodies.complexity_limit_of_2025_01(60, cost=20_000, left=5_000, limit=15_000),
            True,
        ),
        (
            RefusalStyle.LEGACY,
            200,
            {
                "error_code": "ComplexityException",
                "status_code": 429,
                "error_message": "Complexity budget exhausted, query cost 20000 budget remaining 5000 out of 15000"
                " reset in 60 seconds",
                "error_data": {},
            },
            False,
        ),
        (RefusalStyle.HTML, 429, bodies.TOO_MANY_REQUESTS_PAGE, True),
    ],
)
async def test_an_exhausted_budget_is_told_as_the_test_chooses(
    style: RefusalStyle, status: int, body: object, *, tells_wait: bool
) -> None:
    behaviour = Behaviour(refusals=style)
    plan = replace(FREE, complexity=15_000)
    ask = Asker(Sandbox(plan=plan, behaviour=behaviour, clock=MovingClock()))
    await ask(_mutation("A"))
    reply = await ask(_mutation("B", "C"))
    said = reply.body
    if isinstance(said, dict):
        del said["extensions"]
    assert (reply.status, said) == (status, body)
    assert reply.headers.get("Retry-After") == ("60" if tells_wait else None)


@pytest.mark.parametrize(
    ("style", "code"),
    [
        (RefusalStyle.CURRENT, "MINUTE_RATE_LIMIT_EXCEEDED"),
        (RefusalStyle.VERSION_2025_01, "MINUTE_RATE_LIMIT_EXCEEDED"),
        (RefusalStyle.DOCUMENTED, "Rate Limit Exceeded"),
        (RefusalStyle.LEGACY, "Rate Limit Exceeded"),
    ],
)
async def test_the_limit_of_a_minute_is_told_as_the_test_chooses(style: RefusalStyle, code: str) -> None:
    ask = Asker(Sandbox(plan=replace(FREE, requests=1), behaviour=Behaviour(refusals=style)))
    await ask("{ me { id } }")
    reply = await ask("{ me { id } }")
    assert (reply.codes, reply.status) == ([code], 200 if style is RefusalStyle.LEGACY else 429)


@pytest.mark.parametrize(
    ("style", "code"),
    [(RefusalStyle.CURRENT, "MAX_CONCURRENCY_EXCEEDED"), (RefusalStyle.DOCUMENTED, "maxConcurrencyExceeded")],
)
async def test_the_limit_of_concurrency_is_told_as_the_test_chooses(style: RefusalStyle, code: str) -> None:
    ask = Asker(Sandbox(plan=replace(FREE, concurrency=0), behaviour=Behaviour(refusals=style)))
    assert (await ask("{ me { id } }")).codes == [code]
