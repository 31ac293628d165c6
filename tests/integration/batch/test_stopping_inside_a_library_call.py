"""A run that ends inside a library call (stopped, cancelled, Ctrl-C): the next one goes on, and nothing leaks."""

from __future__ import annotations

import asyncio
import signal
import threading
from datetime import timedelta
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import QueuePool

from order_staging.batch.context import Outside, utc_now
from order_staging.failpoints import Failpoint, armed
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import CUSTOMER, LEASES, Row, World, no_sleep, order_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging import BatchResult

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

SETUP: Row = {"aliases": 2}
MOMENTS = [
    Failpoint.LEASE_TAKEN,
    Failpoint.PAGE_LOADED,
    Failpoint.GROUPS_ENSURED,
    Failpoint.INTENT_RECORDED,
    Failpoint.ANSWER_READ,
    Failpoint.OUTCOMES_RECORDED,
    Failpoint.ORDERS_PROMOTED,
    Failpoint.STAGING_CLEANED,
]
"""Between units of work; those of the database's thread are below."""
IN_THE_DATABASE = [Failpoint.COMMIT_COMING, Failpoint.COMMIT_DONE, Failpoint.PROMOTION_WRITTEN]
IN_FLIGHT = (Failpoint.INTENT_RECORDED, Failpoint.ANSWER_READ)


@pytest.fixture(autouse=True)
def _ctrl_c_is_heard() -> Iterator[None]:
    """A shell has what it starts in the background ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _five_orders(world: World) -> None:
    world.add(*order_lines(5))


@pytest.fixture
def nothing_leaks(world: World, _ctrl_c_is_heard: None) -> Callable[[], None]:
    """Check that a call has left no thread, no connection and no handler of its own."""
    before, handler = set(threading.enumerate()), signal.getsignal(signal.SIGINT)

    def check_it() -> None:
        new = set(threading.enumerate()) - before
        assert [thread.name for thread in new if thread.name.startswith("order-staging")] == []
        pool = world.database.engine.pool
        assert isinstance(pool, QueuePool)
        assert pool.checkedout() == 0
        assert signal.getsignal(signal.SIGINT) is handler

    return check_it


def the_next_run_ends_it(world: World) -> BatchResult:
    """Run until all is there, by a clock on which a lease that was not given back has run out; check everything."""
    world.outside = Outside(sleep=no_sleep, now=lambda: utc_now() + timedelta(minutes=5))
    result = world.run(settings=SETUP)
    assert result.status in {"COMPLETED", "NOTHING_TO_DO"}
    settled = len(world.sandbox.executed)
    assert world.run(settings=SETUP).status == "NOTHING_TO_DO"
    check(world, settled_at=settled)
    return result


def holder(world: World) -> str | None:
    found: str | None = world.only(LEASES)["holder"]
    return found


def in_another_thread(act: Callable[[], None]) -> Callable[[], None]:
    """Act from another thread, and wait until it has."""

    def acting() -> None:
        thread = Thread(target=act)
        thread.start()
        thread.join()

    return acting


@pytest.mark.parametrize("moment", [*MOMENTS, *IN_THE_DATABASE])
def test_a_stop_asked_for_by_another_thread_finishes_what_is_in_flight(
    world: World, nothing_leaks: Callable[[], None], moment: Failpoint
) -> None:
    service = world.service(**SETUP)
    with armed(moment, in_another_thread(service.request_stop)):
        result = service.process_customer_batch(CUSTOMER)
    assert result.status != "FAILED"
    nothing_leaks()
    assert holder(world) is None
    assert not world.states().keys() & {"SENDING", "UNKNOWN"}
    assert world.requests("create_item") <= 1 or moment not in IN_FLIGHT
    the_next_run_ends_it(world)


@pytest.mark.parametrize(
    ("moment", "place"),
    [
        *((moment, 1) for moment in MOMENTS),
        *((moment, place) for moment in IN_THE_DATABASE[:2] for place in (1, 3, 9)),
        (Failpoint.PROMOTION_WRITTEN, 1),
    ],
)
def test_a_cancelled_call_gives_the_lease_back_and_the_next_run_asks_the_board(
    world: World, nothing_leaks: Callable[[], None], moment: Failpoint, place: int
) -> None:
    async def call() -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(world.service(**SETUP).process_customer_batch_async(CUSTOMER))
        with armed(moment, lambda: cancel(loop, task), at=place) as reached:
            await asyncio.wait([task])
        assert (task.cancelled(), reached[0] >= place) == (True, True)

    asyncio.run(call())
    nothing_leaks()
    if moment not in IN_THE_DATABASE:
        # Cancelled while the lease was being taken, a call cannot know that it has one: that one runs out.
        assert holder(world) is None
    the_next_run_ends_it(world)


def cancel(loop: asyncio.AbstractEventLoop, task: asyncio.Task[BatchResult]) -> None:
    loop.call_soon_threadsafe(task.cancel)


def ctrl_c(times: int = 1) -> Callable[[], None]:
    """Send this process SIGINT, as a terminal does."""

    def act() -> None:
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)

    return act


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_finishes_and_records_what_is_in_flight_and_is_raised_then(
    world: World, nothing_leaks: Callable[[], None], moment: Failpoint
) -> None:
    service = world.service(**SETUP)
    with armed(moment, ctrl_c()), pytest.raises(KeyboardInterrupt):
        service.process_customer_batch(CUSTOMER)
    nothing_leaks()
    assert holder(world) is None
    assert not world.states().keys() & {"SENDING", "UNKNOWN"}
    assert service.process_customer_batch(CUSTOMER).status in {"COMPLETED", "NOTHING_TO_DO"}
    the_next_run_ends_it(world)


@pytest.mark.parametrize("moment", [Failpoint.LEASE_TAKEN, *IN_FLIGHT, Failpoint.STAGING_CLEANED])
def test_a_second_ctrl_c_ends_the_call_at_once_and_the_next_run_asks_the_board(
    world: World, nothing_leaks: Callable[[], None], moment: Failpoint
) -> None:
    with armed(moment, ctrl_c(2)), pytest.raises(KeyboardInterrupt):
        world.run(settings=SETUP)
    nothing_leaks()
    if moment in IN_FLIGHT:
        assert world.states()["SENDING"] == 2
    # A lease that was taken at that very moment runs out by itself.
    assert (holder(world) is None) == (moment is not Failpoint.LEASE_TAKEN)
    the_next_run_ends_it(world)


def test_a_program_s_own_handler_of_ctrl_c_is_left_alone(world: World) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: received.append(number))
    try:
        with armed(Failpoint.INTENT_RECORDED, ctrl_c()):
            assert world.run(settings=SETUP).status == "COMPLETED"
        assert received == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)
