"""One runner a customer: who holds it, who waits, and who is too late to write anything."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from order_staging import LeaseHeldError, LeaseLostError
from order_staging.batch import leases
from order_staging.batch.context import StopSign, utc_now
from order_staging.batch.delivery import Delivery
from order_staging.reading import SourceReading
from order_staging.sandbox import Fault, FaultKind
from tests.integration.batch.batch_world import (
    BATCHES,
    LEASES,
    MON,
    STG,
    STG_SUB,
    Wiretap,
    World,
    expected,
    on,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from datetime import datetime

    from order_staging.repositories import Rows

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def held_by_another(world: World, until: datetime, customer: str = "GREYSON CLOTHIERS") -> None:
    world.database.execute(
        f'INSERT INTO "{LEASES}" (customer_name, holder, fence, expires_date) VALUES (:name, :holder, 7, :until)',
        name=customer,
        holder="elsewhere:4711:abc",
        until=until,
    )


def take_over(world: World) -> None:
    world.database.execute(f"""UPDATE "{LEASES}" SET fence = fence + 1, holder = 'elsewhere:4711:abc'""")


def give_back(world: World) -> None:
    world.database.execute(f'UPDATE "{LEASES}" SET holder = NULL, expires_date = NULL')


def test_a_customer_that_another_runner_has_is_left_alone_and_the_holder_named(world: World) -> None:
    world.add(*order_lines(1))
    held_by_another(world, utc_now() + timedelta(minutes=2))
    with pytest.raises(LeaseHeldError, match="GREYSON CLOTHIERS is held by elsewhere:4711:abc") as caught:
        world.run()
    assert caught.value.holder == "elsewhere:4711:abc"
    assert (world.database.count(STG), world.mutations()) == (0, 0)
    assert world.only(LEASES)["fence"] == 7


@on_sqlite
def test_of_several_customers_one_that_is_held_is_busy_and_the_others_go_on(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "RHYTHM (AU)"}))
    held_by_another(world, utc_now() + timedelta(minutes=2))
    result = world.service().process_customers()
    assert [(batch.customer, batch.run_status) for batch in result.batches] == [
        ("GREYSON CLOTHIERS", "busy"),
        ("RHYTHM", "completed"),
    ]
    assert result.status == "partial"
    assert "elsewhere:4711:abc" in str(result.batches[0].error)


def test_a_lease_that_ran_out_is_taken_over_under_a_higher_number(world: World) -> None:
    world.add(*order_lines(1))
    held_by_another(world, utc_now() - timedelta(seconds=1))
    assert world.run().run_status == "completed"
    lease = world.only(LEASES)
    assert (lease["fence"], lease["holder"], lease["expires_date"]) == (8, None, None)


@on_sqlite
def test_a_lease_is_given_back_even_where_the_run_fails(world: World) -> None:
    world.add(*order_lines(1))
    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_item", times=99))
    assert world.run().run_status == "failed"
    assert world.only(LEASES)["holder"] is None


@pytest.mark.parametrize("kind", ["item", "subitem"])
def test_a_runner_whose_lease_was_taken_over_writes_nothing_after_that(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    with monkeypatch.context() as patch:
        Wiretap(before=on(1, lambda: take_over(world))).on(patch, f"{kind}s")
        with pytest.raises(LeaseLostError, match="was taken over"):
            world.run(settings={"aliases": 2})
    table = STG if kind == "item" else STG_SUB
    assert world.states(table)["SENDING"] == 2
    assert world.states(table)["API_SUCCESS"] == 0
    assert (world.requests(f"create_{kind}"), world.database.count(MON)) == (1, 0)
    assert world.only(BATCHES)["status"] == ("STAGING_LOADED" if kind == "item" else "ITEMS_CREATED")
    assert world.only(LEASES)["holder"] == "elsewhere:4711:abc"
    give_back(world)
    world.run()
    world.lands(rows)


@on_sqlite
def test_a_runner_that_notices_by_its_heartbeat_sends_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", seconds=0.4))
    service = world.service(aliases=1, lease_seconds=0.15)
    with monkeypatch.context() as patch:
        Wiretap(before=on(1, lambda: take_over(world))).on(patch)
        with pytest.raises(LeaseLostError):
            service.process_customer_batch("greyson")
    assert world.requests("create_item") == 1
    give_back(world)
    # The service is as good as before: what ended was the run.
    assert service.process_customer_batch("greyson").run_status == "completed"
    world.lands(rows)


@on_sqlite
def test_a_lease_that_is_lost_between_requests_is_noticed_before_a_step_is_called_done(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(1))
    real = Delivery.deliver

    async def deliver_and_lose(delivery: Delivery[Any], size: int | None = None) -> None:
        await real(delivery, size)
        take_over(world)
        await asyncio.sleep(0.3)

    monkeypatch.setattr(Delivery, "deliver", deliver_and_lose)
    with pytest.raises(LeaseLostError):
        world.run(settings={"lease_seconds": 0.15})
    assert world.only(BATCHES)["status"] == "STAGING_LOADED"


@on_sqlite
def test_a_lease_is_renewed_while_a_request_takes_longer_than_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(1)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", seconds=1.2))
    ends: list[str] = []
    look = Wiretap(
        before=lambda _: ends.append(str(world.only(LEASES)["expires_date"])),
        after=lambda _: ends.append(str(world.only(LEASES)["expires_date"])),
    )
    look.on(monkeypatch)
    assert world.run(settings={"lease_seconds": 0.9}).run_status == "completed"
    before, after = ends
    assert after > before


@on_sqlite
def test_a_lease_that_is_lost_before_anything_is_staged_is_no_run_without_new_rows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(1))
    read, beat = SourceReading.next, StopSign.set
    noticed = Event()

    def notice(stop: StopSign) -> None:
        beat(stop)
        noticed.set()

    def too_late(reading: SourceReading) -> Rows:
        take_over(world)
        assert noticed.wait(10)
        return read(reading)

    monkeypatch.setattr(StopSign, "set", notice)
    monkeypatch.setattr(SourceReading, "next", too_late)
    with pytest.raises(LeaseLostError):
        world.run(settings={"lease_seconds": 0.3})
    assert world.database.count(STG) == 0


@on_sqlite
async def test_two_services_at_once_deliver_once(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", seconds=0.2))
    runs = [world.service().process_customers_async(["greyson"]) for _ in range(3)]
    results = await asyncio.gather(*runs)
    assert sorted(result.status for result in results) == ["busy", "busy", "completed"]
    assert world.landed() == world.on_board() == expected(rows)


@on_sqlite
def test_a_call_that_is_cancelled_while_it_asks_for_a_lease_is_cancelled_whoever_has_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(1))
    held_by_another(world, utc_now() + timedelta(minutes=2))
    acquire = leases._acquire

    async def call() -> None:
        asks = asyncio.Event()

        async def acquire_late(*arguments: Any) -> Any:
            asks.set()
            await asyncio.sleep(0)  # The cancellation is there before the answer.
            return await acquire(*arguments)

        monkeypatch.setattr(leases, "_acquire", acquire_late)
        task = asyncio.create_task(world.service().process_customer_batch_async("GREYSON"))
        await asks.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    asyncio.run(call())
    assert world.only(LEASES)["holder"] == "elsewhere:4711:abc"
