"""A commit that the server is still at when its connection is lost (PostgreSQL: a slow disk, a replica)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from order_staging.batch.context import DatabaseThread, Outside, utc_now
from order_staging.models import Batch, BatchStatus
from order_staging.unit_of_work import Hold

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from order_staging.unit_of_work import UnitOfWork

CUSTOMER = "GREYSON CLOTHIERS"


class Slow:
    """Loses the connection at one commit, and finishes that commit once somebody waits for the lease's row."""

    def __init__(self) -> None:
        self.armed = False
        self.threads: list[threading.Thread] = []

    def sessions(self, engine: Engine) -> sessionmaker[Session]:
        slow = self

        class Doubtful(Session):
            def commit(self) -> None:
                if not slow.armed:
                    super().commit()
                    return
                slow.armed = False
                self.flush()
                # It lives on at the server, and is none of the pool's any more.
                connection = self.connection().connection
                driver = connection.dbapi_connection
                connection.detach()
                finishing = threading.Thread(target=slow.finish, args=(engine, driver))
                slow.threads.append(finishing)
                finishing.start()
                raise OperationalError(
                    "COMMIT", {}, Lost("the connection was lost"), connection_invalidated=True
                )

        return sessionmaker(engine, class_=Doubtful, expire_on_commit=False)

    def finish(self, engine: Engine, driver: object) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            for _ in range(1000):
                if watching.exec_driver_sql(waiting).scalar_one():
                    break
                threading.Event().wait(0.005)
        driver.commit()  # type: ignore[attr-defined] # a driver's connection
        driver.close()  # type: ignore[attr-defined]


class Lost(Exception):  # noqa: N818 - stands for a driver's error
    """What a driver raises."""


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_the_next_attempt_waits_for_it_and_does_nothing_twice(engine: Engine) -> None:
    slow = Slow()
    database = DatabaseThread(slow.sessions(engine), Outside(), attempts=3)
    batch_id, until = uuid4(), utc_now() + timedelta(minutes=2)

    def begin(uow: UnitOfWork) -> int | None:
        uow.batches.add(
            Batch(
                batch_id=batch_id,
                customer_name=CUSTOMER,
                batch_type="NEW_ORDERS",
                status=BatchStatus.STARTED,
                api_calls_made=0,
            )
        )
        return uow.batches.acquire(CUSTOMER, "me", now=utc_now(), until=until)

    with database.open():
        fence = await database.run(begin)
        assert fence is not None
        hold = Hold(CUSTOMER, fence, lambda: until)
        told: list[datetime] = []

        def count(uow: UnitOfWork) -> None:
            uow.batches.increase(batch_id, api_calls_made=1)
            uow.after_commit(lambda: told.append(utc_now()))

        slow.armed = True
        await database.run(count, hold)
        batch = await database.run(lambda uow: uow.batches.get(batch_id))
    for thread in slow.threads:
        thread.join()
    assert batch is not None
    assert (batch.api_calls_made, len(told), len(slow.threads)) == (1, 1, 1)
