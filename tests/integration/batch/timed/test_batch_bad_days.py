"""Days on which monday.com and the network are at their worst: nothing lost, nothing twice, nobody blamed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.batch.imports import Imports
from order_staging.monday.bulk import BulkImports
from order_staging.sandbox import BulkRules, Fault, FaultKind, bodies, fault_presets
from tests.guarantees.lengths import in_turn
from tests.integration.batch.batch_world import ERR, ERR_SUB, Killed, World, order_line, order_lines

if TYPE_CHECKING:
    from order_staging.sandbox import MovingClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

IMPORTS = "MON_BulkImport"
BULK = {"channel": "bulk"}
PATIENT = {"max_attempts": 6, "recovery_delay": 5}


def rejected(world: World) -> int:
    return world.database.count(ERR) + world.database.count(ERR_SUB)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ANSWER_INSTEAD, status=403, body="<html>blocked</html>"),
        Fault(FaultKind.ANSWER_INSTEAD, status=404, body="<html>not here</html>"),
        Fault(FaultKind.ANSWER_INSTEAD, status=400, body=bodies.refused("Bad request", code="BAD_REQUEST")),
    ],
    ids=["403", "404", "400"],
)
def test_one_poll_that_is_refused_sends_nothing_again_while_the_job_works(
    world: World, clock: MovingClock, fault: Fault
) -> None:
    world.sandbox.bulk_rules = BulkRules(seconds_per_row=10)
    rows = order_lines(40)
    world.add(*rows)
    world.sandbox.faults.add(replace(fault, operation="fetch_job_status", skip=3))
    result = world.run(settings=BULK)
    assert (result.run_status, result.orders.unknown) == ("paused", 39)
    clock.advance(60)
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands(rows, **BULK)


@pytest.mark.parametrize("late", [100, 400])
def test_a_file_that_leaves_late_is_waited_for_before_its_rows_travel_otherwise(
    world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch, late: float
) -> None:
    rows = order_lines(20)
    world.add(*rows)
    with monkeypatch.context() as patch:
        patch.setattr(BulkImports, "_put", kill)
        with pytest.raises(Killed):
            world.run(settings=BULK)
    clock.advance(late)
    begun = clock.naive()
    assert world.run(settings=BULK).status == "COMPLETED"
    # Until the address of the upload is dead, and a minute more, the other runner's file may still come.
    assert late + (clock.naive() - begun).total_seconds() >= 660
    world.lands(rows, **BULK)


def test_a_job_that_learns_late_of_its_file_is_waited_for_by_the_next_run(
    world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sandbox.bulk_rules = BulkRules(pending_seconds=1_000)
    rows = order_lines(20)
    world.add(*rows)

    with monkeypatch.context() as patch:
        patch.setattr(BulkImports, "follow", kill)
        with pytest.raises(Killed):
            world.run(settings=BULK)
    assert world.only(IMPORTS)["uploaded_date"] is not None
    clock.advance(800)
    assert world.run(settings=BULK).run_status == "paused"
    clock.advance(1_000)
    assert world.run(settings=BULK).status == "COMPLETED"
    assert sum(entry.operation == "ingest_items.create" for entry in world.sandbox.executed) == 19
    world.lands(rows, **BULK)


def test_an_upload_that_nobody_knows_of_is_waited_for_within_the_run(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(pending_seconds=300)
    rows = order_lines(20)
    world.add(*rows)
    world.sandbox.faults.add(
        Fault(FaultKind.EXECUTE_THEN_ANSWER, operation="bulk_upload", status=503, body="slow down")
    )
    result = world.run(settings=BULK)
    assert (result.status, result.api.bulk_jobs) == ("COMPLETED", 1)
    assert sum(entry.operation == "ingest_items.create" for entry in world.sandbox.executed) == 19
    world.lands(rows, **BULK)


def test_a_job_that_is_stuck_holds_up_neither_other_orders_nor_other_customers(
    world: World, clock: MovingClock
) -> None:
    world.sandbox.bulk_rules = BulkRules(stuck_after_rows=3)
    rows = order_lines(20)
    other = order_line(30, **{"CUSTOMER NAME": "ZZZ CUSTOMER"})
    world.add(*rows, other)
    result = world.service(**BULK).process_customers()
    assert [batch.status for batch in result.batches] == ["PAUSED", "COMPLETED"]
    assert result.batches[0].orders.unknown == 19
    world.add(later := order_line(40))
    result = world.service(channel="items").process_customers()
    assert [batch.status for batch in result.batches] == ["PAUSED"]
    assert (result.batches[0].orders.created, result.batches[0].subitems.created) == (1, 2)
    # A day later any job has come to its end, whatever can be seen of it: the board is asked.
    clock.advance(24 * 3600)
    assert world.run(settings={"channel": "items"}).status == "COMPLETED"
    world.sandbox.bulk_rules = BulkRules()
    world.lands([*rows, later, other])


def test_a_job_that_another_token_may_not_see_holds_up_nothing_else(
    world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(20)
    world.add(*rows)
    with monkeypatch.context() as patch:
        patch.setattr(Imports, "_settle", kill)
        with pytest.raises(Killed):
            world.run(settings=BULK)
    world.add(later := order_line(40))
    unseen = bodies.refused("User unauthorized to perform action", code="USER_UNAUTHORIZED")
    world.sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, "fetch_job_status", times=None, status=200, body=unseen)
    )
    result = world.run(settings={"channel": "items"})
    assert (result.run_status, result.orders.created, result.orders.unknown) == ("paused", 1, 19)
    world.sandbox.faults.clear()
    clock.advance(60)
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands([*rows, later], **BULK)


async def kill(*_: Any, **__: Any) -> Any:
    raise Killed


OUTAGES = {
    "502": fault_presets.html_502(),
    "500 with data null": fault_presets.data_null(),
    "dropped": fault_presets.drop_before(),
    "timeout": fault_presets.timeout_503(),
}


@pytest.mark.parametrize(("name", "skip"), in_turn(OUTAGES, [0, 2, 4]))
def test_an_outage_that_begins_in_mid_run_rejects_nothing_and_costs_few_requests(
    world: World, clock: MovingClock, name: str, skip: int
) -> None:
    rows = order_lines(60)
    world.add(*rows)
    world.sandbox.faults.add(replace(OUTAGES[name], operation="create_item", times=None, skip=skip))
    result = world.run(settings=PATIENT | {"aliases": 10})
    assert result.status in {"FAILED", "COMPLETED_WITH_ERRORS"}
    assert (result.orders.rejected, rejected(world)) == (0, 0)
    assert world.requests("create_item") <= skip + 3 * (5 + 1)
    world.sandbox.faults.clear()
    clock.advance(600)
    assert world.run(settings=PATIENT).status == "COMPLETED"
    world.lands(rows, **PATIENT)


@pytest.mark.parametrize("name", ["dropped", "500 with data null"])
@pytest.mark.parametrize(("lanes", "share"), in_turn([1, 4], [0.3, 0.1]))
def test_a_flaky_network_rejects_nothing(world: World, name: str, share: float, lanes: int) -> None:
    rows = order_lines(80)
    world.add(*rows)
    settings = PATIENT | {"lanes": lanes}
    for operation in ("create_item", "create_subitem"):
        world.sandbox.faults.add(replace(OUTAGES[name], operation=operation, times=None, probability=share))
    for _ in range(12):
        if world.run(settings=settings).status in {"COMPLETED", "NOTHING_TO_DO"}:
            break
    assert rejected(world) == 0
    world.sandbox.faults.clear()
    world.run(settings=settings)
    world.lands(rows, **settings)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.ANSWER_INSTEAD, status=403, body="<html>blocked</html>"),
        Fault(FaultKind.ANSWER_INSTEAD, status=400, body=bodies.refused("Bad request", code="BAD_REQUEST")),
        Fault(
            FaultKind.ANSWER_INSTEAD,
            status=200,
            body=bodies.refused("The board does not exist", code="InvalidBoardIdException"),
        ),
    ],
    ids=["HTML 403", "400", "no board"],
)
@pytest.mark.parametrize("operation", ["create_item", "create_subitem"])
def test_a_refusal_of_everything_that_begins_in_mid_run_blames_no_row(
    world: World, fault: Fault, operation: str
) -> None:
    rows = order_lines(40)
    world.add(*rows)
    world.sandbox.faults.add(replace(fault, operation=operation, skip=1, times=None))
    result = world.run()
    assert result.status in {"FAILED", "COMPLETED_WITH_ERRORS"}
    assert rejected(world) == 0
    assert world.requests(operation) <= 42
    world.sandbox.faults.clear()
    assert world.run().status == "COMPLETED"
    world.lands(rows)


def test_a_board_that_is_gone_in_mid_run_blames_no_alias(world: World) -> None:
    rows = order_lines(40)
    world.add(*rows)
    gone = {"code": "InvalidBoardIdException", "status_code": 200}
    world.sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, "create_item", message="The board does not exist", extensions=gone)
    )
    result = world.run()
    assert (result.status, rejected(world), world.states()) == ("COMPLETED_WITH_ERRORS", 0, {"PENDING": 1})
    assert world.run().status == "COMPLETED"
    world.lands(rows)


def test_an_import_that_is_to_wait_for_a_while_is_not_waited_for(world: World) -> None:
    rows = order_lines(30)
    world.add(*rows)
    wait = bodies.refused("Rate limit exceeded", code="RATE_LIMIT_EXCEEDED", retryAfterMs=60_000)
    world.sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, "ingest_items", times=None, status=429, body=wait)
    )
    result = world.run(settings=BULK)
    assert (result.status, result.api.bulk_jobs, world.requests("ingest_items")) == ("COMPLETED", 0, 1)
    assert result.seconds < 10
    world.sandbox.faults.clear()
    world.lands(rows, **BULK)


def test_a_stop_while_rows_are_written_into_a_file_starts_no_job(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(30)
    world.add(*rows)
    service = world.service(**BULK)
    intend = Imports._intend

    def intend_and_be_asked_to_stop(*arguments: Any) -> Any:
        service.request_stop()
        return intend(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(Imports, "_intend", intend_and_be_asked_to_stop)
        service.process_customer_batch("greyson")
    assert (world.requests("ingest_items"), world.states()["PENDING"]) == (0, 29)
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands(rows, **BULK)


def test_a_stop_during_an_upload_breaks_it_off_and_leaves_the_job_to_the_next_run(
    world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(30)
    world.add(*rows)
    service = world.service(**BULK)
    broken_off: list[bool] = []

    async def never_ends(*_: Any) -> Any:
        service.request_stop()
        try:
            await asyncio.Event().wait()
        finally:
            broken_off.append(True)

    with monkeypatch.context() as patch:
        patch.setattr("order_staging.monday.bulk.UPLOAD_LOOK", 0.01)
        patch.setattr(BulkImports, "_put", never_ends)
        service.process_customer_batch("greyson")
    assert (broken_off, world.states()["SENDING"]) == ([True], 29)
    clock.advance(700)
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands(rows, **BULK)
