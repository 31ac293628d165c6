"""Units of work that are done again: whatever they change outside the database, they change once."""

from __future__ import annotations

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from order_staging import UnitOfWork
from order_staging.batch.context import Outside
from order_staging.sandbox import fault_presets, refusals
from tests.guarantees.terms import TABLES
from tests.integration.batch.batch_changes import change, item_of
from tests.integration.batch.batch_world import CUSTOMER, KEY_COLUMN, Row, World, no_sleep, order_lines
from tests.integration.batch.test_batch_any_faults import small_world
from tests.integration.guarantees.commit_faults import CommitFault, commits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from order_staging import BatchResult

NOW = datetime(2026, 11, 2, 9, 30)  # noqa: DTZ001 - as the database keeps it
LOST, REFUSED = CommitFault.LOST_AFTER, CommitFault.REFUSED

VARYING = (
    "date",
    "time",
    "seconds",
    "completed",
    "batch_id",
    "last_work",
    "holder",
    "_key",
    "config_snapshot",
    "job_id",
)
"""What a column's name has in it whose values differ between any two runs."""


class Steady(Random):
    """Randomness that is always the same: waits are as short as may be, and names alike."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b)

    def getrandbits(self, k: int) -> int:
        return k


def prepare_new(world: World, rows: list[Row]) -> None:
    """New orders: plain ones, an invalid one, one with a warning, one to be rejected, and answers that are lost."""
    world.add(
        *rows[:7], rows[7] | {"M": -1}, rows[8] | {"CUSTOMER PRICE": "n/a"}, rows[9] | {"record_uuid": None}
    )
    world.sandbox.faults.add(
        fault_presets.fail_alias(refusals.data_validation("numeric_mkr5cact"), 1, operation="create_item")
    )
    for place in ("create_item", "create_subitem"):
        world.sandbox.faults.add(fault_presets.execute_then_drop(operation=place, skip=1))
        world.sandbox.faults.add(fault_presets.data_null(operation=place, skip=1))


def prepare_bulk(world: World, rows: list[Row]) -> None:
    """A bulk import whose start and whose file lose their answers, and an invalid row."""
    world.add(*rows[:7], rows[7] | {"M": -1})
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="ingest_items"))
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="bulk_upload"))


def prepare_changes(world: World, rows: list[Row]) -> None:
    """Changes of each kind: by the source, by both sides, of sizes, groups and deleted items, and a removal."""
    world.add(*rows[:7])
    world.run()
    person = world.sandbox.person
    for row, price in zip(rows[:3], ("11", "12", "13"), strict=True):
        change(world, row, **{"CUSTOMER PRICE": price})
    person.change_values(item_of(world, rows[1]), {"numeric_mkr5cact": "99"})
    change(world, rows[2], S=9, M=0)
    change(world, rows[3], **{"CUSTOMER SEASON": "2026 SPRING"})
    person.delete_item(item_of(world, rows[4]))
    change(world, rows[4], **{"CUSTOMER PRICE": "15"})
    change(world, rows[5], M=-1)
    world.remove(rows[6])
    world.add(rows[9])
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="change_multiple_column_values"))


def prepare_relink(world: World, rows: list[Row]) -> None:
    """Rows that come back under other UUIDs, one of them while it is staged; and one that was mended."""
    world.add(*rows[:4], rows[7] | {"M": -1})
    world.run()
    world.add(rows[4])
    world.service().load_new_orders_to_staging("GREYSON")
    for place, row in enumerate((rows[0], rows[4])):
        change(world, row, record_uuid=f"{place:032x}")
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET "M" = 7 WHERE "M" = -1')


ITEMS: Row = {"key_column": KEY_COLUMN, "channel": "items", "aliases": 3}
SCENES: dict[str, tuple[Callable[[World, list[Row]], None], Row, Row]] = {
    "new": (prepare_new, ITEMS | {"chunk_rows": 3}, {}),
    "bulk": (prepare_bulk, ITEMS | {"channel": "bulk"}, {}),
    "changes": (
        prepare_changes,
        ITEMS,
        {"changes": True, "archive_removed": True, "recreate_deleted": False},
    ),
    "relink": (prepare_relink, ITEMS, {}),
}


def lines() -> list[Row]:
    return order_lines(10, **{"CUSTOMER PRICE": "10"})


Facts = tuple[Row, dict[str, list[Row]]]


def facts_of(world: World, result: BatchResult) -> Facts:
    """Tell what a run told, and what all tables hold, without times and names made up by chance."""
    told = result.to_dict()
    for name in ("batch_id", "seconds"):
        told.pop(name)
    tables = {
        table: [
            {name: value for name, value in row.items() if not any(word in name.lower() for word in VARYING)}
            for row in world.database.rows(table)
        ]
        for table in TABLES
    }
    return told, tables


def differences(found: Facts, expected: Facts) -> list[str]:
    """Name every fact that is another one."""
    told = [
        f"{name}: {found[0][name]!r}, not {value!r}"
        for name, value in expected[0].items()
        if found[0][name] != value
    ]
    for table, rows in expected[1].items():
        if len(found[1][table]) != len(rows):
            told.append(f"{table}: {len(found[1][table])} rows, not {len(rows)}")
            continue
        for one, other in zip(found[1][table], rows, strict=True):
            told += [
                f"{table}.{name}: {one[name]!r}, not {value!r}"
                for name, value in other.items()
                if one[name] != value
            ]
    return told


@contextmanager
def scene(template: Path, folder: Path, name: str, rows: list[Row]) -> Iterator[World]:
    with small_world(template, folder, []) as world:
        world.outside = Outside(sleep=no_sleep, random=Steady())
        SCENES[name][0](world, rows)
        yield world


def play(world: World, name: str) -> BatchResult:
    _, setup, options = SCENES[name]
    return world.run(settings=setup | {"max_attempts": 20}, **options)


@contextmanager
def statements_failing(engine: Engine, numbers: set[int]) -> Iterator[None]:
    """Let statements of this engine fail, by their numbers from 1, as if another one wrote."""
    count = 0

    def fail(*_: Any) -> None:
        nonlocal count
        count += 1
        if count in numbers:
            error = sqlite3.OperationalError("a test's: database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error

    event.listen(engine, "before_cursor_execute", fail)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", fail)


def alternating(fault: CommitFault) -> Callable[[int], CommitFault | None]:
    """Have every first attempt fail: whatever is committed, is committed at the second."""
    return lambda number: fault if number % 2 else None


@pytest.fixture(scope="module")
def known() -> dict[str, tuple[list[Row], Facts]]:
    """Keep what an undisturbed run says of each scene."""
    return {}


def undisturbed(
    known: dict[str, tuple[list[Row], Facts]], template: Path, folder: Path, name: str
) -> tuple[list[Row], Facts]:
    if name not in known:
        rows = lines()
        with scene(template, folder, name, rows) as world:
            known[name] = rows, facts_of(world, play(world, name))
    return known[name]


@pytest.mark.parametrize("fault", [REFUSED, LOST])
@pytest.mark.parametrize("name", SCENES)
def test_where_every_unit_of_work_is_done_again_the_run_tells_and_leaves_the_same(
    sqlite_template: Path,
    tmp_path: Path,
    known: dict[str, tuple[list[Row], Facts]],
    name: str,
    fault: CommitFault,
) -> None:
    rows, expected = undisturbed(known, sqlite_template, tmp_path, name)
    with scene(sqlite_template, tmp_path, name, rows) as world:
        with commits_of(world.database.engine, alternating(fault)) as commits:
            found = facts_of(world, play(world, name))
        assert len(commits.met) > 20
        assert differences(found, expected) == []


@settings(
    max_examples=6,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.sampled_from(list(SCENES)),
    st.dictionaries(st.integers(1, 70), st.sampled_from([REFUSED, LOST]), max_size=8),
    st.sets(st.integers(1, 250), max_size=6),
)
def test_whichever_statements_and_commits_fail_the_run_tells_and_leaves_the_same(
    sqlite_template: Path,
    tmp_path: Path,
    known: dict[str, tuple[list[Row], Facts]],
    name: str,
    commits: dict[int, CommitFault],
    statements: set[int],
) -> None:
    rows, expected = undisturbed(known, sqlite_template, tmp_path, name)
    with scene(sqlite_template, tmp_path, name, rows) as world:
        engine = world.database.engine
        with commits_of(engine, commits.get), statements_failing(engine, statements):
            result = play(world, name)
        assert differences(facts_of(world, result), expected) == []


def test_a_lease_s_row_that_another_runner_makes_meanwhile_is_waited_for(
    session_factory: sessionmaker[Session], engine: Engine
) -> None:
    def acquire(holder: str, before: Callable[[], object]) -> int | None:
        with UnitOfWork(session_factory) as uow:
            fence = uow.batches.acquire(CUSTOMER, holder, now=NOW, until=NOW + timedelta(minutes=1))
            before()
            uow.commit()
        return fence

    def wait_for_the_other() -> None:
        """Until the other one waits for the row that is not committed yet; a file has one writer anyhow."""
        if engine.dialect.name != "postgresql":
            return
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.execute(waiting).scalar_one():
                pass

    with ThreadPoolExecutor(1) as threads:
        others: list[Future[int | None]] = []

        def begin_the_other() -> None:
            others.append(threads.submit(acquire, "two", lambda: None))
            wait_for_the_other()

        assert acquire("one", begin_the_other) == 1
        assert others[0].result(timeout=60) is None
