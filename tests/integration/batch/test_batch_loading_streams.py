"""New rows are read on a connection of their own while pages of them are written: what if that one is lost?"""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text

from order_staging.batch.context import utc_now
from order_staging.errors import DatabaseUnavailableError
from order_staging.failpoints import Failpoint, armed
from order_staging.reading import SourceReading
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import ERR, LEASES, STG, order_lines

if TYPE_CHECKING:
    from order_staging.repositories import Rows
    from tests.integration.batch.batch_world import World

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

CUT = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'
"""
PAGES = {"chunk_rows": 2}


def cut(world: World) -> None:
    """End the connection that reads."""
    with world.database.engine.begin() as connection:
        assert connection.scalars(text(CUT)).all() == [True]


@on_postgresql
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_connection_that_is_lost_between_pages_is_opened_anew_after_the_last(world: World, at: int) -> None:
    rows = order_lines(6)
    world.add(*rows)
    with armed(Failpoint.PAGE_LOADED, partial(cut, world), at=at):
        result = world.run(settings=PAGES)
    assert (result.orders.selected, result.orders.loaded, result.status) == (6, 6, "COMPLETED")
    world.lands(rows)
    check(world)


@on_postgresql
@pytest.mark.parametrize("at", [1, 2])
def test_rows_that_nothing_identifies_are_refused_and_counted_once_though_they_are_read_twice(
    world: World, at: int
) -> None:
    rows = order_lines(5)
    world.add(*[row | {"record_uuid": None} for row in rows])
    with armed(Failpoint.PAGE_LOADED, partial(cut, world), at=at):
        result = world.run(settings=PAGES)
    assert (result.orders.selected, result.orders.invalid, world.database.count(ERR)) == (5, 5, 5)
    assert world.batch(result)["failed_records"] == 5


@on_sqlite
def test_reading_that_fails_for_good_ends_the_run_and_the_next_one_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(6)
    world.add(*rows)
    read, calls = SourceReading.next, iter(range(9))

    def fails(reading: SourceReading) -> Rows:
        # Once for the rows that nothing identifies, and once for a page.
        if next(calls) > 1:
            raise DatabaseUnavailableError("the disk is gone")
        return read(reading)

    with monkeypatch.context() as patch:
        patch.setattr(SourceReading, "next", fails)
        with pytest.raises(DatabaseUnavailableError):
            world.run(settings=PAGES)
    assert world.database.count(STG) == 2
    assert world.run().status == "COMPLETED"
    world.lands(rows)
    check(world)


@on_sqlite
def test_the_lease_is_renewed_while_the_first_page_of_a_large_table_is_looked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(2)
    world.add(*rows)
    read = SourceReading.next
    left: list[timedelta] = []

    def slowly(reading: SourceReading) -> Rows:
        if not left:
            time.sleep(0.8)
            (lease,) = world.database.rows(LEASES)
            left.append(datetime.fromisoformat(str(lease["expires_date"])) - utc_now())
        return read(reading)

    monkeypatch.setattr(SourceReading, "next", slowly)
    assert world.run(settings={"lease_seconds": 0.6}).status == "COMPLETED"
    assert left[0].total_seconds() > 0


@on_sqlite
def test_a_file_that_takes_no_write_ahead_log_is_refused_and_not_waited_for(world: World) -> None:
    world.add(*order_lines(2))

    def without(connection: Any, _: object) -> None:
        connection.execute("PRAGMA journal_mode = DELETE")

    world.database.engine.dispose()
    event.listen(world.database.engine, "connect", without)
    with pytest.raises(DatabaseUnavailableError, match=r"write-ahead log .*journal_mode is delete"):
        world.run()
    event.remove(world.database.engine, "connect", without)


@on_sqlite
def test_a_limit_closes_the_reading_and_leaves_the_rest(world: World) -> None:
    rows = order_lines(6)
    world.add(*rows)
    assert world.run(settings=PAGES, limit=3).orders.loaded == 3
    assert world.run(settings=PAGES).orders.loaded == 3
    world.lands(rows)
