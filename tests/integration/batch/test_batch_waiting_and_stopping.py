"""While a run waits: a stop is obeyed, and nothing is sent under a lease that is gone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from order_staging.batch import Outside
from order_staging.batch.context import utc_now
from order_staging.errors import LeaseLostError
from order_staging.sandbox import Fault, FaultKind, bodies
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    LEASES,
    MON,
    STG,
    Killed,
    Wiretap,
    no_sleep,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from order_staging import BatchService
    from tests.integration.batch.batch_world import World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = 200


def busy(times: int = 1, seconds: float = LONG) -> Fault:
    return Fault(
        FaultKind.ANSWER_INSTEAD,
        operation="create_item",
        times=times,
        status=429,
        body=bodies.minute_limit(retry_in_seconds=int(seconds)),
    )


@on_sqlite
def test_a_stop_ends_a_wait_and_no_request_leaves_after_it(world: World) -> None:
    world.add(*order_lines(3))
    world.sandbox.faults.add(busy())
    service: list[BatchService] = []

    async def nap(seconds: float) -> None:
        assert seconds >= LONG
        service[0].request_stop()
        await asyncio.sleep(3600)

    world.outside = Outside(sleep=nap)
    service.append(world.service())

    result = service[0].process_customer_batch("GREYSON")

    assert world.requests("create_item") == 1
    assert world.states() == {"PENDING": 3}
    assert result.run_status == "partial"
    assert (result.api.calls > 0, result.error) == (True, None)
    assert world.only(BATCHES)["end_time"] is None


@on_sqlite
def test_nothing_is_sent_again_once_another_runner_has_the_customer(world: World) -> None:
    world.add(*order_lines(2))
    world.sandbox.faults.add(busy())

    async def lose_the_lease(_: float) -> None:
        world.database.execute(
            f'UPDATE "{LEASES}" SET holder = :h, fence = fence + 1, expires_date = :e',
            h="another",
            e=(utc_now() + timedelta(minutes=5)).strftime("%Y-%m-%d %H:%M:%S.%f"),
        )

    world.outside = Outside(sleep=lose_the_lease)
    with pytest.raises(LeaseLostError):
        world.run()
    assert world.requests("create_item") == 1
    assert world.sandbox.items() == []


@on_sqlite
def test_a_single_step_sends_nothing_again_either_once_another_runner_has_the_customer(world: World) -> None:
    world.add(*order_lines(2))
    batch_id = world.service().load_new_orders_to_staging("GREYSON").batch_id
    assert batch_id is not None
    world.sandbox.faults.add(busy())

    async def lose_the_lease(_: float) -> None:
        world.database.execute(f'UPDATE "{LEASES}" SET fence = fence + 1')

    world.outside = Outside(sleep=lose_the_lease)
    with pytest.raises(LeaseLostError):
        world.service().create_monday_items_from_staging(batch_id)
    assert (world.requests("create_item"), world.sandbox.items()) == (1, [])


@on_sqlite
def test_rows_that_monday_did_not_get_to_wait_as_long_as_it_asks(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    world.sandbox.faults.add(
        Fault(
            FaultKind.FAIL_ALIAS,
            operation="create_item",
            alias=1,
            extensions={"code": "FIELD_LIMIT_EXCEEDED", "status_code": 429, "retry_in_seconds": 15},
        )
    )
    world.outside = Outside(sleep=nap)
    assert world.run().orders.created == 3
    assert naps == [15]
    world.lands(rows)


@on_sqlite
@pytest.mark.parametrize(
    ("code", "aliases", "status"),
    [
        ("DAILY_LIMIT_EXCEEDED", 20, "paused"),
        ("DAILY_LIMIT_EXCEEDED", 1, "paused"),
        ("USER_UNAUTHORIZED", 1, "failed"),
    ],
)
def test_an_alias_that_no_row_is_to_blame_for_ends_the_batch_and_no_row_is_buried(
    world: World, code: str, aliases: int, status: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    skip, alias, created = (0, 1, 2) if aliases > 1 else (1, 0, 1)
    world.sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, "create_item", skip=skip, alias=alias, extensions={"code": code})
    )
    result = world.run(settings={"aliases": aliases})
    assert (result.run_status, result.orders.created) == (status, created)
    assert world.states() == {"API_SUCCESS": created, "PENDING": 3 - created}
    assert world.database.count(ERR) == 0
    assert world.run().orders.created == 3 - created
    world.lands(rows)


@on_sqlite
@pytest.mark.parametrize(
    ("code", "status"), [("DAILY_LIMIT_EXCEEDED", "paused"), ("USER_UNAUTHORIZED", "failed")]
)
def test_a_group_that_no_title_is_to_blame_for_ends_the_batch_at_once(
    world: World, code: str, status: str
) -> None:
    rows = order_lines(1)
    world.add(*rows)
    world.sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, operation="create_group", times=9, extensions={"code": code})
    )
    assert world.run().run_status == status
    assert world.requests("create_group") == 1
    world.sandbox.faults.clear()
    assert world.run().orders.created == 1
    world.lands(rows)


@on_sqlite
def test_what_was_sent_without_a_key_is_looked_for_by_name_when_there_is_a_key_column_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(3))
    with monkeypatch.context() as patch:
        Wiretap.killing("after", 1).on(patch)
        with pytest.raises(Killed):
            world.run(settings={"key_column": None})
    assert world.states() == {"SENDING": 3}
    world.outside = Outside(sleep=no_sleep, now=lambda: utc_now() + timedelta(minutes=5))

    result = world.run()

    assert (result.orders.adopted, result.orders.created) == (3, 0)
    assert len(world.sandbox.items()) == 3


@on_sqlite
def test_what_was_left_out_stays_with_the_batch_when_staging_is_clean(world: World) -> None:
    world.add(order_line(1, **{"CUSTOMER PRICE": "n/a"}), order_line(2))
    result = world.run()
    assert (result.orders.warnings, world.database.count(STG)) == (1, 0)
    (line,) = world.only(BATCHES)["processing_notes"].splitlines()
    assert line == "JWHD100120WHITEJOO-00001: CUSTOMER PRICE: 'n/a' is not a number; left out"


@on_sqlite
def test_a_row_that_gets_its_customer_resolves_what_was_recorded_without_one(world: World) -> None:
    row = order_line(1, **{"CUSTOMER NAME": None})
    world.add(row)
    world.service().process_customers()
    assert world.only(ERR)["resolved_date"] is None
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET "CUSTOMER NAME" = :name', name="GREYSON")

    assert world.run().orders.created == 1
    assert world.only(ERR)["resolved_date"] is not None


@on_sqlite
def test_a_customer_whose_database_work_fails_does_not_hide_the_others(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "RHYTHM"}))
    world.database.execute(
        f'CREATE TRIGGER refusing BEFORE INSERT ON "{MON}" WHEN NEW."CUSTOMER" = \'{CUSTOMER}\' '
        "BEGIN SELECT RAISE(ABORT, 'no more of these'); END"
    )
    result = world.service().process_customers()
    assert [batch.run_status for batch in result.batches] == ["failed", "completed"]
    assert result.batches[0].error
    assert result.status == "failed"


@on_sqlite
def test_a_filter_takes_up_only_customers_whose_waiting_rows_match(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "RHYTHM", "PO NUMBER": "1"}))
    world.sandbox.faults.add(
        Fault(
            FaultKind.ANSWER_INSTEAD, operation="create_item", times=2, status=429, body=bodies.daily_limit()
        )
    )
    for customer in ("GREYSON", "RHYTHM"):
        assert world.run(customer).run_status == "paused"
    result = world.service().process_customers(po="4755")
    assert [batch.customer for batch in result.batches] == ["GREYSON CLOTHIERS"]
    assert world.service().process_customers().status == "completed"
