"""A row that monday.com refuses is a matter of its own: its neighbours go on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import Fault, FaultKind, bodies
from tests.integration.batch.batch_world import (
    CUSTOMER,
    ERR,
    ERR_SUB,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    as_uuid,
    expected,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from tests.integration.batch.batch_world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RULE = bodies.validation_rule("numeric_mkr5cact")
BROKEN_RULE = "data_validation_error; 'Quantity' must be at least [5]"


def refuse(world: World, operation: str, alias: int) -> None:
    fault = Fault(
        FaultKind.FAIL_ALIAS,
        operation=operation,
        alias=alias,
        message="data_validation_error",
        extensions=RULE,
    )
    world.sandbox.faults.add(fault)


def test_a_refused_item_has_a_dead_letter_and_its_neighbours_land(world: World) -> None:
    rows = order_lines(4)
    world.add(*rows)
    refuse(world, "create_item", 1)
    result = world.run()
    assert (result.orders.created, result.orders.rejected, result.orders.promoted) == (3, 1, 3)
    assert (result.subitems.created, result.subitems.promoted) == (6, 6)
    assert (result.status, result.run_status) == ("COMPLETED_WITH_ERRORS", "partial")
    others = [row for row in rows if row["AAG ORDER NUMBER"] != "JOO-00002"]
    assert world.landed() == world.on_board() == expected(others)
    letter = world.only(ERR)
    assert letter["error_type"] == "REJECTED"
    assert letter["error_message"] == f"DATA_VALIDATIONS_ERROR: {BROKEN_RULE}"
    assert letter["http_status_code"] == 422
    assert letter["order_number"] == "JOO-00002"
    assert letter["item_name"] == "JWHD100120WHITEJOO-00002"
    assert letter["group_name"] == "GREYSON CLOTHIERS 2025 FALL"
    assert letter["customer_batch"] == "GREYSON CLOTHIERS"
    assert as_uuid(letter["batch_id"]) == result.batch_id
    assert as_uuid(letter["source_uuid"]) == rows[1]["record_uuid"]
    assert json.loads(letter["api_payload"])["item_name"] == "JWHD100120WHITEJOO-00002"
    assert json.loads(letter["original_data"])["AAG ORDER NUMBER"] == "JOO-00002"
    assert letter["resolved_date"] is None
    staged = world.only(STG)
    assert (staged["stg_status"], staged["stg_id"]) == ("API_FAILED", letter["original_stg_id"])
    assert staged["stg_error_message"] == BROKEN_RULE
    assert world.states(STG_SUB) == {"PENDING": 2}


@on_sqlite
def test_sizes_of_a_refused_item_wait_for_its_retry_and_are_not_foretold(world: World) -> None:
    world.add(*order_lines(2))
    refuse(world, "create_item", 1)
    world.run()
    told = world.service().preview((CUSTOMER,))
    assert (told.status, told.customers, told.estimate.mutations) == ("nothing_to_do", (), 0)
    (orders,) = [each for each in world.service().check().findings if each.subject == "orders"]
    assert orders.message == "0 order lines and 0 sizes are new or staged"
    assert world.run().run_status == told.status
    world.add(order_line(3))
    world.run(subitems=False)
    assert world.service().preview().total("waiting_subitems") == world.run().subitems.created == 2


def test_the_batch_of_a_refused_item_counts_it(world: World) -> None:
    world.add(*order_lines(4))
    refuse(world, "create_item", 1)
    batch = world.batch(world.run())
    counters = {
        "status": "COMPLETED_WITH_ERRORS",
        "total_records": 4,
        "successful_records": 3,
        "failed_records": 1,
        "orders_processed": 3,
        "subitems_processed": 6,
        "api_failures": 1,
        "error_summary": "1 rejected",
    }
    assert {name: batch[name] for name in counters} == counters


@on_sqlite
def test_a_refused_item_is_not_sent_again_by_the_next_run(world: World) -> None:
    world.add(*order_lines(2))
    refuse(world, "create_item", 0)
    world.run()
    before = world.mutations()
    again = world.run()
    assert (again.run_status, again.batch_id) == ("nothing_to_do", None)
    assert (world.mutations(), world.database.count(ERR)) == (before, 1)
    assert world.database.count(MON) == 1


@on_sqlite
def test_new_lines_land_beside_one_that_was_refused_earlier(world: World) -> None:
    world.add(*order_lines(1))
    refuse(world, "create_item", 0)
    world.run()
    row = order_line(2)
    world.add(row)
    result = world.run()
    assert (result.orders.created, result.run_status) == (1, "completed")
    assert world.landed() == expected([row])


def test_a_refused_subitem_has_a_dead_letter_and_its_neighbours_land(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    refuse(world, "create_subitem", 1)
    result = world.run()
    assert (result.subitems.created, result.subitems.rejected, result.subitems.promoted) == (3, 1, 3)
    assert (result.orders.promoted, result.run_status) == (2, "partial")
    letter = world.only(ERR_SUB)
    parent = next(item for item in world.sandbox.items() if item.name.endswith("JOO-00001"))
    facts = {
        "error_type": "REJECTED",
        "error_message": f"DATA_VALIDATIONS_ERROR: {BROKEN_RULE}",
        "http_status_code": 422,
        "size_label": "M",
        "order_qty": 5,
        "subitem_name": "Size M",
        "order_number": "JOO-00001",
        "customer_batch": "GREYSON CLOTHIERS",
        "parent_item_id": int(parent.id),
    }
    assert {name: letter[name] for name in facts} == facts
    assert json.loads(letter["api_payload"])["item_name"] == "Size M"
    assert json.loads(letter["original_data"])["Size"] == "M"
    assert world.landed() == world.on_board() == expected([rows[0] | {"M": None}, rows[1]])
    assert world.states(STG_SUB) == {"API_FAILED": 1}
    # The order whose size is left stays in staging: it tells which item the size belongs to.
    assert world.states(STG) == {"PROMOTED": 1}


@on_sqlite
def test_a_refused_subitem_is_not_sent_again_by_the_next_run(world: World) -> None:
    world.add(*order_lines(2))
    refuse(world, "create_subitem", 1)
    world.run()
    before = world.mutations()
    assert world.run().run_status == "nothing_to_do"
    assert (world.mutations(), world.database.count(ERR_SUB), world.database.count(MON_SUB)) == (before, 1, 3)


@on_sqlite
def test_a_full_board_refuses_the_rest_and_says_so(world: World) -> None:
    full = {"code": "ItemsLimitationException", "status_code": 200}
    for alias in (1, 2):
        world.sandbox.faults.add(
            Fault(FaultKind.FAIL_ALIAS, "create_item", alias=alias, message="limit of 10000", extensions=full)
        )
    world.add(*order_lines(3))
    result = world.run()
    assert (result.orders.created, result.orders.rejected) == (1, 2)
    assert {letter["error_message"] for letter in world.database.rows(ERR)} == {
        "ItemsLimitationException: limit of 10000"
    }


@on_sqlite
def test_a_secret_that_monday_repeats_is_not_written_down(world: World) -> None:
    words = f"refused for {world.sandbox.token}"
    world.sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, "create_item", message=words, extensions={"code": "X"})
    )
    world.add(*order_lines(1))
    world.run()
    written = [
        *world.database.rows(ERR),
        *world.database.rows(STG),
        *world.database.rows("MON_BatchProcessing"),
    ]
    assert world.sandbox.token not in repr(written)
    assert "refused for" in world.only(ERR)["error_message"]
