"""A world whose clock stands still until somebody sleeps: batches and the board live by the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.batch.context import Outside
from order_staging.sandbox import UNLIMITED, Behaviour, MovingClock, Plan, Sandbox
from tests.integration.batch.batch_world import KEY_COLUMN, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from tests.conftest import Database


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def plan() -> Plan:
    return UNLIMITED


@pytest.fixture
def behaviour() -> Behaviour:
    return Behaviour()


@pytest.fixture
def cost() -> int:
    return 10_000


@pytest.fixture
def sandbox(clock: MovingClock, plan: Plan, behaviour: Behaviour, cost: int) -> Sandbox:
    return Sandbox(
        key_column=KEY_COLUMN,
        clock=clock,
        sleep=clock.sleep,
        plan=plan,
        behaviour=behaviour,
        mutation_cost=cost,
    )


@pytest.fixture
def world(
    database: Database, sandbox: Sandbox, settings_for: Callable[..., Settings], clock: MovingClock
) -> World:
    return World(database, sandbox, settings_for, Outside(now=clock.naive, sleep=clock.sleep))
