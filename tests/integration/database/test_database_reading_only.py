"""A connection that only reads is refused every change, and leaves the pool's others as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork
from order_staging.database import reading_only
from order_staging.errors import PersistenceError
from tests.integration.batch.batch_world import order_line

if TYPE_CHECKING:
    from sqlalchemy import Engine


def add(engine: Engine) -> None:
    with UnitOfWork(sessionmaker(engine)) as uow:
        uow.source.add(uow.source.shape(), [order_line(1)])
        uow.commit()


def count(engine: Engine) -> int:
    with UnitOfWork(sessionmaker(engine)) as uow:
        return len(uow.source.customer_names())


def test_the_database_itself_refuses_a_change_and_takes_it_from_the_next_one_that_may(engine: Engine) -> None:
    reading = reading_only(engine)
    for _ in range(2):
        with pytest.raises(PersistenceError, match=r"read-?only"):
            add(reading)
    assert count(reading) == 0
    add(engine)
    assert count(reading) == count(engine) == 1
    with pytest.raises(PersistenceError, match=r"read-?only"):
        add(reading)
