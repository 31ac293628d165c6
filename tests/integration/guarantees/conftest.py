"""The world in which guarantees are tested: its clock stands still until somebody sleeps, so no wait is real."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from order_staging.batch import assembly
from order_staging.batch.workshop import Outside
from order_staging.sandbox import MovingClock, Sandbox
from tests.integration.batch.batch_world import KEY_COLUMN, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging import Settings
    from tests.conftest import Database


@pytest.fixture(scope="session", autouse=True)
def _files_are_read_once() -> Iterator[None]:
    """Read the mapping and the customers once a session: they are frozen, and take longer than a small batch."""
    patch = pytest.MonkeyPatch()
    for name in ("load_mapping", "load_customers"):
        patch.setattr(assembly, name, cache(getattr(assembly, name)))
    yield
    patch.undo()


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
