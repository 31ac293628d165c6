"""The unit of work: all or nothing, and under a lease only while it is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from order_staging import UnitOfWork
from order_staging.database import create_engine
from order_staging.errors import DatabaseUnavailableError, LeaseLostError, PersistenceError
from order_staging.unit_of_work import Hold
from tests.integration.repositories.repository_rows import CUSTOMER, LATER, NOW, do, order, stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Database

STAGED = "STG_MON_CustMasterSchedule"


@pytest.fixture
def held(session_factory: sessionmaker[Session]) -> Callable[[int], UnitOfWork]:
    """Make units of work under a lease with some fencing number."""
    return lambda fence: UnitOfWork(session_factory, Hold(CUSTOMER, fence, lambda: LATER))


def acquire(uow: UnitOfWork, holder: str = "one") -> int:
    with uow:
        fence = uow.batches.acquire(CUSTOMER, holder, now=NOW, until=NOW)
        uow.commit()
    assert fence is not None
    return fence


def test_rolls_back_uncommitted_work_by_default(uow: UnitOfWork, database: Database) -> None:
    with uow:
        stage(uow, order())
    assert database.count(STAGED) == 0


def test_rolls_back_when_an_error_ends_the_block(uow: UnitOfWork, database: Database) -> None:
    nothing: dict[str, object] = {}
    with pytest.raises(KeyError):
        do(uow, lambda: stage(uow, order()), lambda: nothing["missing"])
    assert database.count(STAGED) == 0


def test_keeps_what_is_committed_and_only_that(uow: UnitOfWork, database: Database) -> None:
    with uow:
        stage(uow, order(title="first"))
        uow.commit()
        stage(uow, order(title="second"))
    assert [row["Title"] for row in database.rows(STAGED)] == ["first"]


def test_rolls_back_on_request_and_goes_on(uow: UnitOfWork, database: Database) -> None:
    with uow:
        stage(uow, order(title="first"))
        uow.rollback()
        stage(uow, order(title="second"))
        uow.commit()
    assert [row["Title"] for row in database.rows(STAGED)] == ["second"]


def test_may_be_entered_again(uow: UnitOfWork, database: Database) -> None:
    for _ in range(2):
        with uow:
            stage(uow, order())
            uow.commit()
    assert database.count(STAGED) == 2


@pytest.mark.parametrize("method", ["commit", "rollback"])
def test_is_of_no_use_outside_its_block(uow: UnitOfWork, method: str) -> None:
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        getattr(uow, method)()
    with uow:
        pass
    with pytest.raises(RuntimeError, match="inside its `with` block"):
        getattr(uow, method)()


def test_commits_under_its_lease_and_renews_it(
    uow: UnitOfWork, held: Callable[[int], UnitOfWork], database: Database
) -> None:
    mine = held(acquire(uow))
    with mine:
        stage(mine, order())
        mine.commit()
    assert database.count(STAGED) == 1
    with uow:
        lease = uow.batches.lease(CUSTOMER)
        assert lease is not None
        assert lease.expires_date == LATER


def test_writes_nothing_once_another_runner_has_taken_the_lease_over(
    uow: UnitOfWork, held: Callable[[int], UnitOfWork], database: Database
) -> None:
    mine = held(acquire(uow))
    with uow:
        theirs = uow.batches.acquire(CUSTOMER, "two", now=LATER, until=LATER)
        uow.commit()
    with pytest.raises(LeaseLostError) as caught:
        do(mine, lambda: stage(mine, order()))
    assert (caught.value.customer, caught.value.fence) == (CUSTOMER, 1)
    assert database.count(STAGED) == 0
    with uow:
        lease = uow.batches.lease(CUSTOMER)
        assert lease is not None
        assert (lease.holder, lease.fence, lease.expires_date) == ("two", theirs, LATER)


def test_writes_nothing_without_the_lease_it_claims(
    held: Callable[[int], UnitOfWork], database: Database
) -> None:
    mine = held(1)
    with pytest.raises(LeaseLostError):
        do(mine, lambda: stage(mine, order()))
    assert database.count(STAGED) == 0


def test_a_lost_lease_undoes_only_its_own_transaction(
    uow: UnitOfWork, held: Callable[[int], UnitOfWork], database: Database
) -> None:
    mine = held(acquire(uow))
    with mine:
        stage(mine, order(title="while it was mine"))
        mine.commit()
    with uow:
        uow.batches.acquire(CUSTOMER, "two", now=LATER.replace(year=2027), until=LATER)
        uow.commit()
    with pytest.raises(LeaseLostError):
        do(mine, lambda: stage(mine, order(title="too late")))
    assert [row["Title"] for row in database.rows(STAGED)] == ["while it was mine"]


def test_raises_our_errors_and_writes_nothing(uow: UnitOfWork, database: Database) -> None:
    same = order()
    with pytest.raises(PersistenceError, match=r"(?i)unique"):
        do(uow, lambda: stage(uow, order()), lambda: stage(uow, same, same))
    assert database.count(STAGED) == 0


def test_says_so_when_the_database_cannot_be_reached(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'orders.db'}")
    unit = UnitOfWork(sessionmaker(engine))
    with pytest.raises(DatabaseUnavailableError), unit:
        unit.staging.orders.add([order()])
    engine.dispose()


def test_a_connection_that_breaks_is_an_unavailable_database(uow: UnitOfWork) -> None:
    with pytest.raises(PersistenceError), uow:
        uow.source.session.execute(text("SELECT * FROM nowhere"))
