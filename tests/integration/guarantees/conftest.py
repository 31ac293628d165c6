"""The world in which guarantees are tested: its clock stands still until somebody sleeps, so no wait is real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.batch.context import Outside
from order_staging.sandbox import MovingClock, Sandbox
from tests.integration.batch.batch_world import KEY_COLUMN, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from tests.conftest import Database


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


@pytest.fixture
def timed_sandbox(clock: MovingClock) -> Sandbox:
    return Sandbox(key_column=KEY_COLUMN, clock=clock, sleep=clock.sleep)


@pytest.fixture
def timed(
    database: Database, sandbox: Sandbox, settings_for: Callable[..., Settings], clock: MovingClock
) -> World:
    """Give a world on the moving clock, for modules whose `sandbox` is a `timed_sandbox`."""
    return World(database, sandbox, settings_for, Outside(now=clock.naive, sleep=clock.sleep))
