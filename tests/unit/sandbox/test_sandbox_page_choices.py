from dataclasses import replace
from typing import Any

import pytest

from order_staging.sandbox import (
    FREE,
    IDEMPOTENCY,
    PRO,
    Behaviour,
    IdempotencyRules,
    MutationCosts,
    RefusalStyle,
    Sandbox,
    WindowKind,
    fault_presets,
    parse_fault,
)
from order_staging.sandbox.fault_specs import NAMES
from order_staging.sandbox.page.choices import Choices, change
from order_staging.sandbox.page.state import state, vocabulary
from tests.unit.sandbox.sandbox_asking import Asker, Clock

LAST = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'


def test_a_lag_beyond_an_hour_is_shown_as_the_hour_that_it_is() -> None:
    assert Choices.of(Sandbox(behaviour=Behaviour(search_lag=7_200))).search_lag == 3_600


async def test_a_plan_may_be_changed_while_it_serves_and_what_was_used_stays_used(
    ask: Asker, sandbox: Sandbox, clock: Clock
) -> None:
    for _ in range(5):
        await ask(LAST)
    change(sandbox, {"plan": "free", "mutation_cost": 960_000})
    refused = await ask(LAST)
    assert (refused.status, refused.codes) == (429, ["COMPLEXITY_BUDGET_EXHAUSTED"])
    clock.wait(seconds=60)
    assert (await ask(LAST)).status == 200
    assert state(sandbox)["limits"]["complexity"] == {"limit": 1_000_000, "left": 40_000, "resets_in": 60}
    change(sandbox, {"plan": "unlimited"})
    assert (await ask(LAST)).status == 200


async def test_a_free_account_is_full_as_soon_as_it_is_one(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.conditions.plan = replace(FREE, items_per_account=1)
    assert (await ask(LAST)).errors == []
    assert (await ask(LAST)).errors != []


async def test_refusals_windows_and_keys_may_be_changed_while_it_serves(ask: Asker, sandbox: Sandbox) -> None:
    change(
        sandbox,
        {
            "plan": "free",
            "mutation_cost": 600_000,
            "refusals": "legacy",
            "window": "sliding",
            "idempotency": "ignored",
        },
    )
    first = await ask(LAST, idempotency_key="k")
    second = await ask(LAST, idempotency_key="k")
    assert (first.status, second.status) == (200, 200)
    assert "budget remaining 400000" in second.body["error_message"]
    assert sandbox.conditions.behaviour.window is WindowKind.SLIDING


async def test_searches_lag_and_bulk_imports_go_as_soon_as_that_is_chosen(
    ask: Asker, sandbox: Sandbox
) -> None:
    await ask(LAST)
    change(sandbox, {"search_lag": 60, "bulk": False})
    found = await ask("{ boards { items_page { items { id } } } }")
    missing = await ask('{ fetch_job_status(job_id: "1") { __typename } }')
    assert found.data["boards"][0]["items_page"]["items"] == []
    assert "fetch_job_status" in missing.errors[0]["message"]


def test_the_scale_of_latency_is_that_of_imports_too(sandbox: Sandbox) -> None:
    change(sandbox, {"latency": 0.5})
    assert sandbox.conditions.behaviour.latency.of(["create_group"]) == 0.731 * 0.5
    assert (sandbox.bulk_rules.seconds_per_job, sandbox.bulk_rules.seconds_per_row) == (2.5, 0.01)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"plan": "gold"}, "no plan is called 'gold'"),
        ({"idempotency": "maybe"}, "no rules are called 'maybe'"),
        ({"mutation_cost": -1}, "mutation_cost: "),
        ({"mutation_cost": 1.5}, "mutation_cost: "),
        ({"latency": float("nan")}, "latency: "),
        ({"latency": None}, "latency: "),
        ({"search_lag": 3_601}, "search_lag: "),
        ({"window": "round"}, "window: "),
        ({"refusals": 7}, "refusals: "),
        ({"bulk": "no"}, "bulk: "),
        ({"token": "mine"}, "token: "),
        ({"latency": 2, "plan": "gold"}, "no plan is called 'gold'"),
    ],
)
def test_a_choice_that_makes_no_sense_changes_nothing(
    sandbox: Sandbox, changes: dict[str, Any], says: str
) -> None:
    before = Choices.of(sandbox), sandbox.bulk_rules
    with pytest.raises(ValueError, match=says):
        change(sandbox, changes)
    assert (Choices.of(sandbox), sandbox.bulk_rules) == before


def test_what_a_program_chose_more_finely_stays_where_something_else_is_chosen() -> None:
    costs = MutationCosts(7, {"create_group": 9})
    sandbox = Sandbox(plan=replace(PRO, calls=3), mutation_cost=costs)
    fine = replace(IDEMPOTENCY["honoured"], seconds=5)
    sandbox.conditions.behaviour = replace(sandbox.conditions.behaviour, idempotency=fine)
    assert Choices.of(sandbox).idempotency == "other"

    change(sandbox, {"refusals": "html"})

    assert sandbox.conditions.plan.calls == 3
    assert sandbox.conditions.mutation_cost == costs
    assert sandbox.conditions.behaviour.idempotency == IdempotencyRules(seconds=5)
    assert sandbox.conditions.behaviour.refusals is RefusalStyle.HTML


async def test_the_state_tells_faults_on_order_until_they_have_happened(ask: Asker, sandbox: Sandbox) -> None:
    sandbox.faults.add(parse_fault("locked-423:create_item:times=2:skip=1"))
    sandbox.faults.add(fault_presets.drop_before(operation="boards", probability=0.5, times=None))
    for _ in range(2):
        await ask(LAST)
    locked, dropped = state(sandbox)["faults"]
    assert locked == {
        "number": 1,
        "name": "locked-423",
        "operation": "create_item",
        "skip": 0,
        "times": 1,
        "probability": 1.0,
        "happened": 1,
    }
    assert (dropped["name"], dropped["times"], dropped["probability"]) == ("drop-before", None, 0.5)
    assert sandbox.faults.remove(2)
    assert not sandbox.faults.remove(2)
    await ask(LAST)
    assert state(sandbox)["faults"] == []


def test_every_fault_of_the_command_line_can_be_put_on_order_as_it_is_offered() -> None:
    offered = vocabulary()
    assert [preset["name"] for preset in offered["faults"]] == list(NAMES)
    for preset in offered["faults"]:
        assert preset["says"].endswith(".")
        seconds = preset["seconds"]
        fault = parse_fault(preset["name"] if seconds is None else f"{preset['name']}:seconds={seconds:g}")
        assert (fault.shown_name, fault.operation) == (preset["name"], preset["waits_for"])
    assert {"create_item", "bulk_upload", "next_items_page"} <= set(offered["operations"])
    assert offered["idempotency"] == list(IDEMPOTENCY)
