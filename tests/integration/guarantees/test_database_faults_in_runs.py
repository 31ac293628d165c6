"""What real databases do to a run: busy, full, read-only, deadlocks, lost connections. Nothing is lost by it."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import chdir, closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from sqlalchemy import event, text
from typer.testing import CliRunner

from order_staging.batch import BatchService
from order_staging.batch.context import Outside
from order_staging.cli import app
from order_staging.database import create_engine
from order_staging.failpoints import Failpoint, armed
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import CUSTOMER, LEASES, STG, Row, World, order_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from order_staging import BatchResult
    from order_staging.sandbox import MovingClock, Sandbox

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

SETUP: Row = {"aliases": 3}


@pytest.fixture
def sandbox(timed_sandbox: Sandbox) -> Sandbox:
    return timed_sandbox


@pytest.fixture
def world(timed: World) -> World:
    timed.add(*order_lines(5))
    return timed


@contextmanager
def another_engine(world: World, prepare: str = "SELECT 1") -> Iterator[Engine]:
    """Give an engine of its own for a run; each of its connections does what `prepare` says first."""
    engine = create_engine(world.database.engine.url.render_as_string(hide_password=False))
    event.listen(engine, "connect", lambda connection, _: connection.cursor().execute(prepare))
    yield engine
    engine.dispose()


def run(world: World, engine: Engine, outside: Outside | None = None) -> BatchResult:
    service = BatchService(world.settings_for(**SETUP), engine=engine, outside=outside or world.outside)
    return service.process_customer_batch(CUSTOMER)


def judge(world: World, rows: int = 5) -> None:
    """Check that everything is there once, and that one more run sends nothing."""
    settled = len(world.sandbox.executed)
    assert world.run(settings=SETUP).status == "NOTHING_TO_DO"
    assert len(world.sandbox.items()) == rows
    check(world, settled_at=settled)


@on_sqlite
@pytest.mark.parametrize(
    "point",
    [Failpoint.LEASE_TAKEN, Failpoint.PAGE_LOADED, Failpoint.INTENT_RECORDED, Failpoint.ANSWER_READ],
)
def test_while_another_program_writes_for_longer_than_a_writer_waits_the_run_goes_on_later(
    world: World, clock: MovingClock, point: Failpoint
) -> None:
    naps: list[float] = []
    path = world.database.engine.url.database
    with closing(sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)) as other:

        async def nap(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 2:
                other.execute("ROLLBACK")
            await clock.sleep(seconds)

        def begin() -> None:
            other.execute("BEGIN IMMEDIATE")

        impatient = "PRAGMA busy_timeout = 1"
        with (
            another_engine(world, impatient) as engine,
            armed(point, begin),
        ):
            result = run(world, engine, Outside(now=clock.naive, sleep=nap))
    assert (result.status, len(naps)) == ("COMPLETED", 2)
    judge(world)


@on_sqlite
def test_wherever_a_disk_is_full_the_run_is_broken_off_and_the_next_one_with_room_ends_it(
    world: World, clock: MovingClock
) -> None:
    met = 0
    for room in count():
        customer = f"CUSTOMER {room:02}"
        world.add(*order_lines(5, **{"CUSTOMER NAME": customer, "NOTES": "n" * 3000}))
        with world.database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        limit = f"PRAGMA max_page_count = {pages + 2 * room}"
        with another_engine(world, limit) as engine:
            service = BatchService(world.settings_for(**SETUP), engine=engine, outside=world.outside)
            result = service.process_customers([customer])
        if result.status == "completed":
            break
        met += 1
        (batch,) = result.batches
        assert (result.status, batch.stops_the_run) == ("failed", True)
        assert "has no room left" in str(batch.error)
        assert str(batch.error).endswith("make room and run again")
        clock.advance(121)
        assert world.run(customer, settings=SETUP).status in {"COMPLETED", "NOTHING_TO_DO"}
    assert met >= 3
    assert world.run(settings=SETUP).status == "COMPLETED"
    judge(world, 5 * (met + 2))


@on_sqlite
def test_a_run_on_a_database_that_may_only_be_read_says_so_in_a_sentence(
    world: World, tmp_path: Path
) -> None:
    before = world.database.rows("ORDERS_UNIFIED")
    path = world.database.engine.url.database
    settings = {
        "DATABASE_URL": f"sqlite:///file:{path}?mode=ro&uri=true",
        "MONDAY_URL": world.settings_for().monday_url,
        "MONDAY_TOKEN": world.sandbox.token,
    }
    named = {f"ORDER_STAGING_{name}": value for name, value in settings.items()}
    with chdir(tmp_path):
        result = CliRunner().invoke(app, ["run", "--all", "--output", "json"], env=named)
    structlog.reset_defaults()
    assert result.exit_code == 1
    (batch,) = json.loads(result.stdout)["batches"]
    assert batch["error"].startswith("the database takes no changes: ")
    assert batch["error"].endswith("check that ORDER_STAGING_DATABASE_URL names one that may be written")
    logged = [json.loads(line)["event"] for line in result.stderr.splitlines()]
    assert [event for event in logged if event != "progress"] == ["batch.broken_off"]
    assert world.database.rows("ORDERS_UNIFIED") == before
    assert len(world.sandbox.executed) == 0


def end_all_others(engine: Engine) -> None:
    """End every other connection to the database, as an administrator does, and wait until they have ended."""
    others = text(
        "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid, 20000)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as administrator:
        administrator.execute(others)


IN_A_TRANSACTION = (Failpoint.COMMIT_COMING, Failpoint.PROMOTION_WRITTEN)
BETWEEN_TWO = (Failpoint.INTENT_RECORDED, Failpoint.ANSWER_READ, Failpoint.SIZES_CLEANED)


@on_postgresql
def test_connections_that_the_server_ends_have_the_work_done_again(world: World) -> None:
    places = [(Failpoint.COMMIT_COMING, 3), (Failpoint.COMMIT_COMING, 16)]
    places += [(point, 1) for point in (*IN_A_TRANSACTION[1:], *BETWEEN_TWO)]
    with another_engine(world) as engine:
        for point, place in places:
            customer = f"CUSTOMER {point} {place}"
            world.add(*order_lines(5, **{"CUSTOMER NAME": customer}))
            service = BatchService(world.settings_for(**SETUP), engine=engine, outside=world.outside)
            with armed(point, lambda: end_all_others(world.database.engine), at=place) as reached:
                result = service.process_customer_batch(customer)
            assert reached[0] >= place, customer
            assert result.status == "COMPLETED", customer
    assert world.run(settings=SETUP).status == "COMPLETED"
    judge(world, 5 * (len(places) + 1))


@on_postgresql
def test_a_runner_that_is_chosen_as_the_victim_of_a_deadlock_does_its_work_again(world: World) -> None:
    administrator = world.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    other = world.database.engine.connect()
    waits: list[Future[Any]] = []
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    def lock_rows() -> None:
        other.execute(text("SET LOCAL deadlock_timeout = '60s'"))
        other.execute(text(f'UPDATE "{STG}" SET stg_retry_count = stg_retry_count'))

    def want_the_lease(*arguments: Any) -> None:
        """Once the runner has its lease's row locked, wait for that row, while the runner comes for ours."""
        if waits or not other.in_transaction() or not arguments[2].startswith(f'UPDATE "{LEASES}"'):
            return
        statement = text(f'UPDATE "{LEASES}" SET fence = fence')
        waits.append(threads.submit(other.execute, statement))
        while not administrator.execute(waiting).scalar_one():
            pass
        waits[0].add_done_callback(lambda _: other.rollback())

    quickly = "SET deadlock_timeout = '10ms'"
    with (
        ThreadPoolExecutor(1) as threads,
        another_engine(world, quickly) as engine,
        armed(Failpoint.GROUPS_ENSURED, lock_rows),
    ):
        event.listen(engine, "after_cursor_execute", want_the_lease)
        faults: list[str] = []
        event.listen(engine, "handle_error", lambda context: faults.append(str(context.original_exception)))
        result = run(world, engine)
    other.close()
    administrator.close()
    assert any("deadlock detected" in words for words in faults)
    assert result.status == "COMPLETED"
    judge(world)
