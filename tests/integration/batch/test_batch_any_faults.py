"""Whatever fails, wherever, however often: in the end everything is there once, and the next run sends nothing."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from order_staging import DestinationError, Settings
from order_staging.batch.context import Outside
from order_staging.database import create_engine
from order_staging.sandbox import Fault, FaultKind, Sandbox, SandboxThread, bodies
from tests.conftest import Database
from tests.integration.batch.batch_world import (
    ERR,
    ERR_SUB,
    KEY_COLUMN,
    Killed,
    Wiretap,
    World,
    expected,
    no_sleep,
    order_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

Row = dict[str, Any]

RUNS = 15
"""Runs after which every fault has happened: each one spends one at least."""

LIMIT = {"code": "FIELD_LIMIT_EXCEEDED", "status_code": 429, "retry_in_seconds": 1}

KINDS = [
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.EXECUTE_THEN_DROP),
    Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=bodies.internal_error()),
    Fault(FaultKind.EXECUTE_THEN_ANSWER, status=502, body=bodies.BAD_GATEWAY_PAGE),
    Fault(FaultKind.EXECUTE_THEN_ANSWER, status=503, body=bodies.timeout()),
    Fault(FaultKind.EXECUTE_THEN_ANSWER, status=409, body=bodies.idempotency_conflict()),
    Fault(FaultKind.ANSWER_INSTEAD, status=200, body=bodies.internal_error()),
    Fault(FaultKind.ANSWER_INSTEAD, status=429, body=bodies.minute_limit(1)),
    Fault(FaultKind.ANSWER_INSTEAD, status=200, body=bodies.daily_limit()),
    Fault(FaultKind.ANSWER_INSTEAD, status=401, body=bodies.not_authenticated()),
    Fault(FaultKind.ANSWER_INSTEAD, status=423, body=bodies.locked()),
    Fault(FaultKind.FAIL_ALIAS),
    Fault(FaultKind.FAIL_ALIAS, extensions=LIMIT),
    Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL),
]
CREATES = ["create_item", "create_subitem"]
OPERATIONS = [*CREATES * 3, "create_group", "items_page_by_column_values", "items", "boards"]


@dataclass(frozen=True)
class Crash:
    """The process ends at one request of a kind, before or after it is sent."""

    kind: str
    number: int
    moment: str


def _fault(kind: Fault, operation: str, skip: int, times: int, alias: int) -> Fault:
    return replace(kind, operation=operation, skip=skip, times=times, alias=alias)


faults = st.lists(
    st.builds(
        _fault,
        st.sampled_from(KINDS),
        st.sampled_from(OPERATIONS),
        st.integers(0, 3),
        st.integers(1, 4),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=4,
)
crashes = st.lists(
    st.builds(
        Crash, st.sampled_from(["items", "subitems"]), st.integers(1, 3), st.sampled_from(["before", "after"])
    ),
    max_size=2,
)
setups = st.fixed_dictionaries(
    {
        "aliases": st.sampled_from([1, 2, 20]),
        "lanes": st.sampled_from([1, 2]),
        "key_column": st.sampled_from([KEY_COLUMN, KEY_COLUMN, None]),
    }
)


_places: dict[Path, Path] = {}
"""Where the database of the present world is, by its template."""


@cache
def _engine(template: Path) -> Engine:
    """Make the engine of all small worlds, one after the other: more than half of a run is the compiling of SQL."""
    engine = create_engine(f"sqlite:///{template}")

    @event.listens_for(engine, "do_connect")
    def _connect(_: object, __: object, arguments: list[str], ___: object) -> None:
        arguments[0] = str(_places[template])

    return engine


@contextmanager
def small_world(
    template: Path,
    folder: Path,
    rows: list[Row],
    *,
    sandbox: Sandbox | None = None,
    outside: Outside | None = None,
) -> Iterator[World]:
    path = folder / "orders.db"
    for old in folder.glob("orders.db*"):
        old.unlink()
    shutil.copy(template, path)
    board = sandbox or Sandbox(key_column=KEY_COLUMN)
    engine = _engine(template)
    _places[template] = path
    with SandboxThread(board) as server:

        def settings_for(**changes: Any) -> Settings:
            values: dict[str, Any] = {
                "database_url": f"sqlite:///{path}",
                "monday_url": server.url,
                "monday_token": board.token,
                "recovery_delay": 0,
                "max_attempts": 3,
            }
            return Settings(**values | changes)

        world = World(Database(engine), board, settings_for, outside or Outside(sleep=no_sleep))
        world.add(*rows)
        yield world
    engine.dispose()


def run_until_nothing_is_left(world: World, setup: Row, crashes_: list[Crash]) -> None:
    waiting = list(crashes_)
    for _ in range(RUNS):
        with pytest.MonkeyPatch.context() as patch:
            if waiting:
                crash = waiting.pop()
                Wiretap.killing(crash.moment, crash.number).on(patch, crash.kind)
            try:
                if world.run(settings=setup).run_status == "nothing_to_do" and not waiting:
                    return
            except (DestinationError, Killed):
                continue
    pytest.fail(f"still not done after {RUNS} runs: {world.states()}")


LOST = [_fault(KINDS[1], operation, 0, 2, 0) for operation in (*CREATES, "create_group")]
UNSEEN = [_fault(KINDS[0], "create_item", 0, 4, 0)]
RUNNING = [_fault(KINDS[5], operation, 1, 3, 0) for operation in CREATES]
PLAIN: Row = {"aliases": 2, "lanes": 1, "key_column": KEY_COLUMN}
BY_NAME: Row = PLAIN | {"key_column": None}


@settings(
    max_examples=8,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(faults, crashes, setups)
@example(LOST, [], PLAIN)
@example(LOST, [], BY_NAME)
@example([*LOST, *UNSEEN], [Crash("items", 1, "after")], BY_NAME)
@example(RUNNING, [Crash("subitems", 1, "before")], PLAIN)
def test_in_the_end_everything_is_there_once(
    sqlite_template: Path, tmp_path: Path, faults_: list[Fault], crashes_: list[Crash], setup: Row
) -> None:
    rows = [order_line(1), order_line(2, S=None), order_line(3, **{"AAG SEASON": "2026 FALL"})]
    bad = order_line(4, M=-1)
    with small_world(sqlite_template, tmp_path, [*rows, bad]) as world:
        for fault in faults_:
            world.sandbox.faults.add(fault)
        run_until_nothing_is_left(world, setup, crashes_)
        world.sandbox.faults.clear()
        assert world.landed() == expected(rows)
        assert (len(world.sandbox.items()), len(world.sandbox.subitems())) == (3, 5)
        if setup["key_column"]:
            assert world.on_board() == expected(rows)
        titles = [group.title for group in world.sandbox.groups()]
        assert len(set(titles)) == len(titles)
        assert (world.database.count(ERR), world.database.count(ERR_SUB)) == (1, 0)
        before = world.mutations()
        assert world.run(settings=setup).run_status == "nothing_to_do"
        assert world.mutations() == before
        assert {row["status"] for row in world.database.rows("MON_BatchProcessing")} <= {
            "COMPLETED",
            "COMPLETED_WITH_ERRORS",
        }
