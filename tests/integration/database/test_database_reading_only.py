"""A connection that only reads is refused every change, and leaves the pool's others as they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork
from order_staging.database import reading_only
from order_staging.errors import PersistenceError
from tests.integration.batch.batch_world import order_line

if TYPE_CHECKING:
    from sqlalchemy import Engine

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


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


@on_sqlite
def test_who_has_the_connection_next_may_write_whatever_it_begins_with(engine: Engine) -> None:
    reading = reading_only(engine)
    assert count(reading) == 0
    with engine.connect() as raw:
        assert raw.exec_driver_sql("PRAGMA query_only").scalar() == 0
    connection = engine.raw_connection()
    assert connection.cursor().execute("PRAGMA query_only").fetchone() == (0,)
    connection.close()


@on_sqlite
def test_an_engine_that_a_caller_made_is_kept_from_writing_too(database_url: str) -> None:
    theirs = create_engine(database_url)
    with pytest.raises(PersistenceError, match=r"read-?only"):
        add(reading_only(theirs))
    assert count(theirs) == 0
    add(theirs)
    assert count(theirs) == 1
    theirs.dispose()
