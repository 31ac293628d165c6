"""Resume: what is unfinished goes on, and nothing new is loaded."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from order_staging import UnknownBatchError
from order_staging.batch.context import utc_now
from order_staging.failpoints import Failpoint, armed
from order_staging.sandbox import fault_presets
from tests.guarantees.evidence import check
from tests.integration.batch.batch_changes import change, rests
from tests.integration.batch.batch_world import (
    BATCHES,
    LEASES,
    MON,
    STG,
    STG_SUB,
    Killed,
    as_uuid,
    expected,
    kill,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.batch.batch_world import Row, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def die(world: World, point: Failpoint, **options: Any) -> None:
    """Run, and die at a failpoint."""
    with armed(point, kill), pytest.raises(Killed):
        world.run(**options)
    world.forget_leases()


@pytest.mark.parametrize("named", [True, False])
@on_sqlite
def test_an_unfinished_batch_goes_on_and_loads_nothing_new(world: World, named: bool) -> None:
    rows = order_lines(3)
    world.add(*rows)
    die(world, Failpoint.ANSWER_READ)
    new = order_line(4)
    world.add(new)
    batch_id = as_uuid(world.only(BATCHES)["batch_id"])
    (result,) = world.service().resume(batch_id if named else None).batches
    assert (result.batch_id, result.status) == (batch_id, "COMPLETED")
    assert (result.orders.selected, result.orders.loaded) == (0, 0)
    assert world.landed() == world.on_board() == expected(rows)
    check(world, rows)
    world.run()
    world.lands([*rows, new])


@pytest.mark.parametrize(
    "point",
    [Failpoint.PAGE_LOADED, Failpoint.GROUPS_ENSURED, Failpoint.OUTCOMES_RECORDED, Failpoint.STAGING_CLEANED],
)
@on_sqlite
def test_a_batch_is_resumed_from_wherever_it_died(world: World, point: Failpoint) -> None:
    rows = order_lines(2)
    world.add(*rows)
    die(world, point)
    result = world.service().resume()
    assert result.status == "completed"
    world.lands(rows)
    check(world)


@pytest.mark.parametrize(
    ("point", "at"),
    [(Failpoint.ORDERS_PROMOTED, 1), (Failpoint.SUBITEMS_PROMOTED, 2), (Failpoint.SIZES_CLEANED, 2)],
)
@on_sqlite
def test_promotion_and_cleanup_go_on_after_the_transaction_that_was_the_last(
    world: World, point: Failpoint, at: int
) -> None:
    # Ten rows a transaction: two for the orders, more for their sizes.
    rows = order_lines(12)
    world.add(*rows)
    with armed(point, kill, at=at), pytest.raises(Killed):
        world.run(settings={"chunk_rows": 1})
    world.forget_leases()
    assert (world.database.count(MON), world.database.count(STG)) == (10 if at == 1 else 12, 12)
    (result,) = world.service().resume().batches
    assert result.status == "COMPLETED"
    assert world.database.count(STG) == world.database.count(STG_SUB) == 0
    world.lands(rows)
    check(world)


@on_sqlite
def test_a_resumption_that_dies_is_resumed(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    die(world, Failpoint.PAGE_LOADED)
    with armed(Failpoint.ANSWER_READ, kill), pytest.raises(Killed):
        world.service().resume()
    world.forget_leases()
    assert world.service().resume().status == "completed"
    world.lands(rows)


@on_sqlite
def test_changes_that_were_left_are_decided_anew(world: World, delivered: Callable[..., list[Row]]) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    die(world, Failpoint.INTENT_RECORDED, changes=True)
    change(world, rows[0], **{"CUSTOMER PRICE": "12"})
    assert world.service().resume().status == "completed"
    prices = {item.text("numeric_mkr5cact") for item in world.sandbox.items()}
    assert prices == {"10", "12"}
    rests(world)


@on_sqlite
def test_a_paused_batch_goes_on(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.daily_limit(operation="create_item"))
    assert world.run().status == "PAUSED"
    batch_id = as_uuid(world.only(BATCHES)["batch_id"])
    (result,) = world.service().resume(batch_id).batches
    assert (result.status, result.orders.created) == ("COMPLETED", 2)
    world.lands(rows)


@on_sqlite
def test_a_batch_of_which_nothing_is_left_rests(world: World) -> None:
    world.add(*order_lines(1))
    batch_id = world.run().batch_id
    world.add(order_line(2))
    before = world.database.rows(BATCHES)
    (result,) = world.service().resume(batch_id).batches
    assert (result.run_status, result.batch_id) == ("nothing_to_do", None)
    assert world.service().resume().batches == ()
    assert (world.database.rows(BATCHES), world.database.count(STG), world.database.count(MON)) == (
        before,
        0,
        1,
    )
    with pytest.raises(UnknownBatchError, match="there is no batch"):
        world.service().resume(uuid4())


@on_sqlite
def test_a_customer_that_another_runner_has_is_busy(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "RHYTHM (AU)"}))
    for customer in ("GREYSON", "RHYTHM"):
        with armed(Failpoint.PAGE_LOADED, kill), pytest.raises(Killed):
            world.run(customer)
    world.database.execute(f'UPDATE "{LEASES}" SET holder = NULL WHERE customer_name = :name', name="RHYTHM")
    world.database.execute(
        f'UPDATE "{LEASES}" SET holder = :holder, expires_date = :until WHERE customer_name <> :name',
        holder="elsewhere:1:a",
        until=utc_now() + timedelta(minutes=2),
        name="RHYTHM",
    )
    result = world.service().resume()
    assert [(batch.customer, batch.run_status) for batch in result.batches] == [
        ("GREYSON CLOTHIERS", "busy"),
        ("RHYTHM", "completed"),
    ]
