"""The world in which batches are tested."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.batch import assembly
from tests.integration.batch.batch_world import World, order_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.integration.batch.batch_world import Row


@pytest.fixture(scope="session", autouse=True)
def _files_are_read_once() -> Iterator[None]:
    """Read the mapping and the customers once a session: they are frozen, and take longer than a small batch."""
    patch = pytest.MonkeyPatch()
    for name in ("load_mapping", "load_customers"):
        patch.setattr(assembly, name, cache(getattr(assembly, name)))
    yield
    patch.undo()


@pytest.fixture
def world(database: Database, sandbox: Sandbox, settings_for: Callable[..., Settings]) -> World:
    return World(database, sandbox, settings_for)


@pytest.fixture
def delivered(world: World) -> Callable[..., list[Row]]:
    """Deliver rows, and give them."""

    def deliver(count: int = 1, **values: Any) -> list[Row]:
        rows = order_lines(count, **values)
        world.add(*rows)
        assert world.run().status == "COMPLETED"
        return rows

    return deliver
