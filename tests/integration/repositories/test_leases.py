"""Leases: one runner a customer, and a number that tells the newest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_staging import UnitOfWork
from tests.integration.repositories.repository_rows import CUSTOMER, NOW

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session, sessionmaker

MINUTE = timedelta(minutes=1)


def take(uow: UnitOfWork, holder: str, now: datetime = NOW, customer: str = CUSTOMER) -> int | None:
    with uow:
        fence = uow.batches.acquire(customer, holder, now=now, until=now + MINUTE)
        uow.commit()
    return fence


def release(uow: UnitOfWork, fence: int) -> bool:
    with uow:
        released = uow.batches.release(CUSTOMER, fence)
        uow.commit()
    return released


def holder(uow: UnitOfWork) -> str | None:
    with uow:
        lease = uow.batches.lease(CUSTOMER)
        return lease.holder if lease else None


def test_a_customer_that_nobody_has_is_free(uow: UnitOfWork) -> None:
    assert holder(uow) is None
    assert take(uow, "one") == 1
    assert holder(uow) == "one"


def test_a_customer_that_somebody_has_is_held(uow: UnitOfWork) -> None:
    take(uow, "one")
    assert take(uow, "two") is None
    assert holder(uow) == "one"


def test_not_even_its_own_holder_takes_a_lease_twice(uow: UnitOfWork) -> None:
    take(uow, "one")
    assert take(uow, "one") is None


@pytest.mark.parametrize(("after", "fence"), [(MINUTE, None), (MINUTE + timedelta(seconds=1), 2)])
def test_a_lease_can_be_taken_over_once_it_has_expired_and_not_before(
    uow: UnitOfWork, after: timedelta, fence: int | None
) -> None:
    take(uow, "one")
    assert take(uow, "two", NOW + after) == fence
    assert holder(uow) == ("two" if fence else "one")


def test_a_lease_that_is_renewed_does_not_expire(uow: UnitOfWork) -> None:
    take(uow, "one")
    with uow:
        assert uow.batches.renew(CUSTOMER, 1, NOW + 3 * MINUTE)
        uow.commit()
    assert take(uow, "two", NOW + 2 * MINUTE) is None


def test_a_lease_that_was_taken_over_can_be_neither_renewed_nor_released(uow: UnitOfWork) -> None:
    take(uow, "one")
    take(uow, "two", NOW + 2 * MINUTE)
    with uow:
        assert not uow.batches.renew(CUSTOMER, 1, NOW + 9 * MINUTE)
        uow.commit()
    assert not release(uow, 1)
    assert holder(uow) == "two"


def test_a_lease_that_is_released_is_free_and_its_number_goes_on(uow: UnitOfWork) -> None:
    assert take(uow, "one") == 1
    assert release(uow, 1)
    assert holder(uow) is None
    assert take(uow, "two") == 2


def test_customers_do_not_wait_for_each_other(uow: UnitOfWork) -> None:
    assert take(uow, "one") == 1
    assert take(uow, "two", customer="PELOTON") == 1


def test_taking_a_lease_and_not_committing_leaves_it_free(uow: UnitOfWork) -> None:
    with uow:
        uow.batches.acquire(CUSTOMER, "one", now=NOW, until=NOW + MINUTE)
    assert take(uow, "two") == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.tuples(st.sampled_from(["take", "release", "renew"]), st.integers(0, 150)), max_size=12))
def test_fencing_numbers_grow_and_only_the_newest_is_good(
    uow: UnitOfWork, steps: list[tuple[str, int]]
) -> None:
    now, newest, until, held = NOW, 0, NOW, False
    with uow:  # a transaction that is never committed: each example begins with no lease
        for step, seconds in steps:
            now += timedelta(seconds=seconds)
            if step == "take":
                fence = uow.batches.acquire(CUSTOMER, "one", now=now, until=now + MINUTE)
                assert fence == (None if held and until >= now else newest + 1)
                if fence:
                    newest, until, held = fence, now + MINUTE, True
            elif step == "renew" and held:
                assert uow.batches.renew(CUSTOMER, newest, now + MINUTE)
                until = now + MINUTE
            elif step == "release" and newest:
                assert uow.batches.release(CUSTOMER, newest)
                held = False
            assert not uow.batches.renew(CUSTOMER, newest - 1, now + 99 * MINUTE)
            assert not uow.batches.release(CUSTOMER, newest + 1)


@pytest.mark.parametrize("before", ["never held", "expired", "released"])
def test_of_runners_that_race_exactly_one_wins(session_factory: sessionmaker[Session], before: str) -> None:
    racers = 4
    if before != "never held":
        take(UnitOfWork(session_factory), "earlier", NOW - 2 * MINUTE)
    if before == "released":
        release(UnitOfWork(session_factory), 1)
    line = Barrier(racers)

    def race(number: int) -> int | None:
        line.wait(timeout=30)
        return take(UnitOfWork(session_factory), f"racer {number}")

    with ThreadPoolExecutor(racers) as pool:
        fences = list(pool.map(race, range(racers)))
    won = [(number, fence) for number, fence in enumerate(fences) if fence is not None]
    assert len(won) == 1
    ((winner, fence),) = won
    assert fence == (1 if before == "never held" else 2)
    assert holder(UnitOfWork(session_factory)) == f"racer {winner}"
