import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox import (
    ENTERPRISE,
    FREE,
    PLANS,
    PRO,
    STANDARD,
    UNLIMITED,
    Behaviour,
    Latency,
    MovingClock,
    Plan,
    Sandbox,
    WindowKind,
    plan_named,
)
from tests.unit.sandbox.sandbox_asking import Asker, Reply

ME = "{ me { id } }"
COMPLEXITY = "{ complexity { after } }"
CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'


def _asker(plan: Plan, behaviour: Behaviour | None = None, clock: MovingClock | None = None) -> Asker:
    moved = clock or MovingClock()
    return Asker(Sandbox(plan=plan, behaviour=behaviour, clock=moved, sleep=moved.sleep))


def _refusal(reply: Reply) -> tuple[int, list[str], str]:
    return reply.status, reply.codes, reply.headers["Retry-After"]


def test_the_plans_are_those_of_the_documentation() -> None:
    facts = [(plan.complexity, plan.requests, plan.concurrency, plan.calls) for plan in PLANS.values()]
    assert facts[:4] == [
        (1_000_000, 1_000, 40, 1_000),
        (10_000_000, 1_000, 40, 1_000),
        (10_000_000, 2_500, 100, 10_000),
        (10_000_000, 5_000, 250, 25_000),
    ]
    assert list(PLANS.values()) == [FREE, STANDARD, PRO, ENTERPRISE, UNLIMITED]
    assert FREE.items_per_account == 200
    assert plan_named("pro") is PRO
    with pytest.raises(ValueError, match="free, standard, pro, enterprise, unlimited"):
        plan_named("gold")


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
async def test_every_answer_tells_the_quotas_of_the_plan_and_what_is_left(plan: Plan) -> None:
    ask = _asker(plan)
    replies = [await ask(query) for query in (CREATE, "{ wrong }")]
    wrong_token = await ask(ME, authorization="wrong")
    for reply in (*replies, wrong_token):
        assert reply.headers["RateLimit-Policy"] == (
            f'"minuteRate";q={plan.requests};w=60, '
            f'"concurrency";q={plan.concurrency};qu="concurrent-requests", '
            f'"complexityMinute";q={plan.complexity};w=60;qu="content-bytes"'
        )
    points = plan.complexity - 10_000
    assert [reply.headers["RateLimit"] for reply in replies] == [
        f'"minuteRate";r={plan.requests - used}, "concurrency";r={plan.concurrency - 1}, '
        f'"complexityMinute";r={points};t=60'
        for used in (1, 2)
    ]


async def test_no_reset_is_told_before_anything_was_used() -> None:
    reply = await _asker(PRO)("{ wrong }")
    assert reply.headers["RateLimit"].endswith('"complexityMinute";r=10000000')


async def test_older_servers_tell_no_quotas() -> None:
    ask = _asker(replace(PRO, requests=1), Behaviour(rate_limit_headers=False))
    for reply in (await ask(ME), await ask(ME)):
        assert {"RateLimit", "RateLimit-Policy"}.isdisjoint(reply.headers)


async def test_the_requests_of_a_minute_are_counted_even_those_that_fail() -> None:
    clock = MovingClock()
    ask = _asker(replace(PRO, requests=2), clock=clock)
    await ask("{ wrong }")
    clock.advance(22)
    await ask.raw(b"{")
    reply = await ask(ME)
    assert _refusal(reply) == (429, ["MINUTE_RATE_LIMIT_EXCEEDED"], "38")
    assert reply.errors[0]["extensions"]["retry_in_seconds"] == 38
    assert reply.headers["RateLimit"].startswith('"minuteRate";r=0;t=38, "concurrency";r=100, ')
    assert "data" not in reply.body
    clock.advance(38)
    assert (await ask(ME)).status == 200


async def test_a_sliding_minute_gives_requests_back_one_by_one() -> None:
    clock = MovingClock()
    ask = _asker(replace(PRO, requests=2), Behaviour(window=WindowKind.SLIDING), clock)
    await ask(ME)
    clock.advance(50)
    await ask(ME)
    clock.advance(10)
    assert [(await ask(ME)).status for _ in range(2)] == [200, 429]


async def test_the_calls_of_a_day_end_at_midnight_in_utc() -> None:
    clock = MovingClock(datetime(2026, 11, 2, 23, 0, 1, tzinfo=UTC))
    ask = _asker(replace(FREE, calls=2), clock=clock)
    replies = [await ask(ME) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert _refusal(replies[-1]) == (429, ["DAILY_LIMIT_EXCEEDED"], "3599")
    clock.advance(3_598)
    assert (await ask(ME)).codes == ["DAILY_LIMIT_EXCEEDED"]
    clock.advance(1)
    assert (await ask(ME)).status == 200
    assert ask.sandbox.daily_calls.used == 1


async def test_what_is_refused_and_what_asks_for_the_complexity_alone_is_a_tenth_of_a_call() -> None:
    ask = _asker(replace(PRO, requests=2))
    for query in (COMPLEXITY, ME, ME):
        await ask(query)
    assert (ask.sandbox.daily_calls.used, ask.sandbox.daily_calls.limit) == (1.2, 10_000)


async def test_a_mutation_refused_for_its_points_is_a_tenth_of_a_call() -> None:
    ask = _asker(replace(PRO, complexity=9_999))
    assert (await ask(CREATE)).codes == ["COMPLEXITY_BUDGET_EXHAUSTED"]
    assert ask.sandbox.daily_calls.used == 0.1
    assert ask.sandbox.items() == []


async def test_a_new_day_has_its_own_calls() -> None:
    clock = MovingClock()
    ask = _asker(PRO, clock=clock)
    await ask(ME)
    clock.advance(86_400)
    assert ask.sandbox.daily_calls.used == 0


async def test_the_account_itself_tells_its_calls() -> None:
    ask = _asker(PRO)
    for query in (ME, COMPLEXITY):
        await ask(query)
    reply = await ask("{ platform_api { daily_limit { total } daily_analytics { by_day { day usage } } } }")
    assert reply.data["platform_api"] == {
        "daily_limit": {"total": 10_000},
        "daily_analytics": {"by_day": [{"day": "2026-11-02", "usage": 2}]},
    }


async def test_too_many_requests_in_flight_are_refused() -> None:
    go_on = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        await go_on.wait()

    sandbox = Sandbox(
        plan=replace(FREE, concurrency=2), behaviour=Behaviour(latency=Latency(request=1)), sleep=sleep
    )
    ask = Asker(sandbox)
    running = [asyncio.create_task(ask(CREATE)) for _ in range(2)]
    await asyncio.sleep(0)
    refused = await ask(CREATE)
    go_on.set()
    done = await asyncio.gather(*running)
    assert _refusal(refused) == (429, ["MAX_CONCURRENCY_EXCEEDED"], "15")
    assert '"concurrency";r=0;t=15' in refused.headers["RateLimit"]
    assert [reply.status for reply in done] == [200, 200]
    assert (await ask(CREATE)).status == 200
    assert len(sandbox.items()) == 3


async def test_an_address_has_five_thousand_requests_in_ten_seconds_whatever_its_token() -> None:
    clock = MovingClock()
    ask = _asker(ENTERPRISE, clock=clock)
    for _ in range(5_000):
        await ask(ME, authorization="wrong")
    clock.advance(4)
    assert _refusal(await ask(ME)) == (429, ["IP_RATE_LIMIT_EXCEEDED"], "6")
    clock.advance(6)
    assert (await ask(ME)).status == 200


async def test_an_unlimited_account_is_never_refused() -> None:
    ask = _asker(replace(UNLIMITED, complexity=5, requests=1, concurrency=0, calls=1))
    replies = [await ask(CREATE) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 200]
    assert replies[-1].headers["RateLimit"].startswith('"minuteRate";r=0, "concurrency";r=0, ')


@given(
    requests=st.lists(st.integers(1, 3), min_size=1, max_size=25),
    window=st.sampled_from(WindowKind),
    latency=st.sampled_from([0.0, 0.3, 7.0]),
    estimate_factor=st.sampled_from([0.7, 1.0, 1.2]),
)
async def test_who_waits_as_long_as_told_is_let_through_at_once(
    requests: list[int], window: WindowKind, latency: float, estimate_factor: float
) -> None:
    clock = MovingClock()
    behaviour = Behaviour(
        window=window,
        latency=Latency(fields={"create_item": latency}),
        estimate_factor=estimate_factor,
    )
    plan = replace(FREE, complexity=40_000, requests=4, calls=40)
    ask = Asker(Sandbox(plan=plan, behaviour=behaviour, clock=clock, sleep=clock.sleep))
    for aliases in requests:
        fields = [
            f'i{place}: create_item(board_id: 9200517329, item_name: "A") {{ id }}'
            for place in range(aliases)
        ]
        mutation = f"mutation {{ {' '.join(fields)} }}"
        refusals = []
        while (reply := await ask(mutation)).status == 429:
            assert reply.codes not in refusals
            refusals.append(reply.codes)
            clock.advance(int(reply.headers["Retry-After"]))
    assert len(ask.sandbox.items()) == sum(requests)


async def test_the_first_limit_that_is_exceeded_refuses() -> None:
    clock = MovingClock()
    ask = _asker(replace(FREE, calls=3, requests=2, concurrency=1, complexity=9_999), clock=clock)
    codes = [(await ask(CREATE)).codes for _ in range(3)]
    clock.advance(60)
    codes += [(await ask(query)).codes for query in (ME, ME, "{ wrong }")]
    assert codes == [
        ["COMPLEXITY_BUDGET_EXHAUSTED"],
        ["COMPLEXITY_BUDGET_EXHAUSTED"],
        ["MINUTE_RATE_LIMIT_EXCEEDED"],
        [],
        [],
        ["MINUTE_RATE_LIMIT_EXCEEDED"],
    ]
