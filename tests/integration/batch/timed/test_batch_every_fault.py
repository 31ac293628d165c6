"""Every fault that the sandbox knows, against both channels: what the run says, and that every row lands once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from order_staging.sandbox import (
    Behaviour,
    Fault,
    FaultKind,
    IdempotencyRules,
    LostAnswer,
    MovingClock,
    OtherBody,
    bodies,
    fault_presets,
    refusals,
)
from tests.guarantees.lengths import in_turn
from tests.integration.batch.batch_world import ERR, World, expected, order_line

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CHANNELS = ["items", "bulk"]
BEHAVIOURS = {
    "as documented": Behaviour(),
    "keys ignored": Behaviour(idempotency=IdempotencyRules(honoured=False)),
    "errors kept": Behaviour(idempotency=IdempotencyRules(keeps_errors=True)),
    "errors not kept": Behaviour(idempotency=IdempotencyRules(keeps_errors=False)),
    "failures kept": Behaviour(idempotency=IdempotencyRules(lost_answers=LostAnswer.FAILURE)),
    "lost answers not kept": Behaviour(idempotency=IdempotencyRules(lost_answers=LostAnswer.NOTHING)),
    "answers evicted at once": Behaviour(idempotency=IdempotencyRules(memory_bytes=0)),
    "other bodies refused": Behaviour(idempotency=IdempotencyRules(other_body=OtherBody.REFUSE)),
    "searches lag": Behaviour(search_lag=3),
    "no limits in headers": Behaviour(rate_limit_headers=False),
}


def alias_error(body: dict[str, Any]) -> dict[str, Any]:
    (error,) = body["errors"]
    return dict(error["extensions"])


PASSING = {
    "delay": fault_presets.delay(40),
    "drop before": fault_presets.drop_before(),
    "execute then drop": fault_presets.execute_then_drop(),
    "execute then 500": fault_presets.execute_then_500(),
    "execute then HTML 502": fault_presets.execute_then_html_502(),
    "execute then an empty 502": fault_presets.execute_then_empty_502(),
    "execute then data null": fault_presets.execute_then_data_null(),
    "execute then 503": fault_presets.execute_then_timeout_503(),
    "503": fault_presets.timeout_503(),
    "HTML 502": fault_presets.html_502(),
    "data null": fault_presets.data_null(),
    "locked": fault_presets.locked_423(),
    "minute limit": fault_presets.minute_limit(),
    "concurrency limit": fault_presets.concurrency_limit(),
    "complexity limit": fault_presets.complexity_limit(),
    "IP limit": fault_presets.ip_limit(),
    "HTML 429": fault_presets.html_429(),
    "409": Fault(FaultKind.EXECUTE_THEN_ANSWER, status=409, body=bodies.idempotency_conflict()),
    "concurrency limit as documented": Fault(
        FaultKind.ANSWER_INSTEAD, status=429, body=bodies.documented_concurrency_limit()
    ),
    "complexity limit of old": Fault(
        FaultKind.ANSWER_INSTEAD, status=200, body=bodies.legacy_complexity_limit()
    ),
    "one alias fails inside": fault_presets.fail_alias(),
    "one alias executed and fails": fault_presets.execute_alias_then_fail(),
    "one alias limited": replace(
        fault_presets.fail_alias(), extensions=alias_error(bodies.field_limit("row0"))
    ),
    "one alias blocked": replace(
        fault_presets.fail_alias(), extensions=alias_error(bodies.subgraph_limit("row0"))
    ),
}
"""Faults after which the same run brings everything to the board."""

PLACES = {
    "items": ["create_group", "create_item", "create_subitem"],
    "bulk": ["create_item", "create_subitem", "ingest_items", "fetch_job_status"],
}
"""Where faults happen; with a file, an item that brings a new label goes before it."""


def lines() -> list[dict[str, Any]]:
    return [order_line(number, M=None) for number in range(1, 7)]


@pytest.mark.parametrize(("name", "channel"), in_turn(PASSING, CHANNELS))
def test_a_passing_fault_anywhere_leaves_nothing_out_and_nothing_twice(
    world: World, channel: str, name: str
) -> None:
    rows = lines()
    world.add(*rows)
    places = PLACES[channel]
    if PASSING[name].kind in {FaultKind.FAIL_ALIAS, FaultKind.EXECUTE_ALIAS_THEN_FAIL}:
        places = places[:-1] if channel == "bulk" else places
    for place in places:
        world.sandbox.faults.add(replace(PASSING[name], operation=place))
    settings = {"channel": channel, "aliases": 4, "max_attempts": 6, "recovery_delay": 5}
    result = world.run(settings=settings)
    assert (result.status, result.orders.on_board, result.subitems.on_board) == ("COMPLETED", 6, 6)
    assert (result.orders.rejected, result.orders.conflict) == (0, 0)
    assert world.sandbox.faults.pending == 0
    world.lands(rows, **settings)


@pytest.mark.parametrize(
    ("behaviour", "channel"),
    [
        pytest.param(BEHAVIOURS[name], channel, id=f"{name}-{channel}")
        for name, channel in in_turn(BEHAVIOURS, CHANNELS)
    ],
)
def test_however_the_service_keeps_its_answers_lost_ones_make_nothing_twice(
    world: World, channel: str
) -> None:
    rows = lines()
    world.add(*rows)
    for place in PLACES[channel]:
        world.sandbox.faults.add(replace(PASSING["execute then drop"], operation=place))
        world.sandbox.faults.add(replace(PASSING["data null"], operation=place))
    settings = {"channel": channel, "aliases": 4, "max_attempts": 6, "recovery_delay": 5}
    assert world.run(settings=settings).status == "COMPLETED"
    world.lands(rows, **settings)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("place", ["create_item", "create_subitem"])
def test_a_daily_limit_pauses_the_batch_and_tomorrow_the_rest_follows(
    world: World, clock: MovingClock, channel: str, place: str
) -> None:
    rows = lines()
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.daily_limit(operation=place))
    settings = {"channel": channel, "aliases": 4}
    result = world.run(settings=settings)
    assert (result.status, result.run_status) == ("PAUSED", "paused")
    assert "UTC" in str(result.error)
    clock.advance(24 * 3600)
    assert world.run(settings=settings).status == "COMPLETED"
    world.lands(rows, **settings)


REFUSALS = {
    "validation rule": bodies.validation_rule("numeric_mkr5cact"),
    "label": refusals.missing_label("dropdown_mkr5677f", "dropdown").extensions,
    "items limit": refusals.too_many_items("9200517329", 10_000).extensions,
    "name too long": refusals.name_too_long(300).extensions,
    "unknown column": refusals.unknown_column("text_gone").extensions,
}


@pytest.mark.parametrize(("name", "channel"), in_turn(REFUSALS, CHANNELS))
def test_a_row_that_is_refused_for_good_is_in_err_and_its_neighbours_land(
    world: World, channel: str, name: str
) -> None:
    rows = lines()
    world.add(*rows)
    world.sandbox.faults.add(
        replace(
            fault_presets.fail_alias(operation="create_item"),
            message=f"no: {name}",
            extensions=REFUSALS[name],
        )
    )
    result = world.run(settings={"channel": channel})
    assert (result.status, result.orders.on_board, result.orders.rejected) == ("COMPLETED_WITH_ERRORS", 5, 1)
    letter = world.only(ERR)
    assert (letter["error_type"], letter["order_number"]) == ("REJECTED", rows[0]["AAG ORDER NUMBER"])
    assert f"no: {name}" in letter["error_message"]
    assert world.landed() == world.on_board() == expected(rows[1:])


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_group_deleted_meanwhile_is_made_again_for_what_is_left(world: World, channel: str) -> None:
    rows = lines()
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.group_deleted())
    result = world.run(settings={"channel": channel})
    assert (result.status, result.orders.on_board) == ("COMPLETED", 6)
    world.lands(rows, channel=channel)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_cursor_that_expires_amid_a_search_begins_it_again(
    world: World, channel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("order_staging.monday.searches.PAGE", 2)
    rows = lines()
    world.add(*rows)
    for place in PLACES[channel]:
        world.sandbox.faults.add(replace(PASSING["execute then drop"], operation=place))
    world.sandbox.faults.add(fault_presets.expired_cursor())
    # By name, all items of the group are looked through, and the expired page is one of them.
    settings = {"channel": channel, "key_column": None, "recovery_delay": 5}
    assert world.run(settings=settings).status == "COMPLETED"
    if channel == "items":
        assert world.sandbox.faults.pending == 0
    assert world.landed() == expected(rows)
    assert len(world.sandbox.items()) == 6
