"""The world in which batches are tested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.batch.batch_world import World, order_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.integration.batch.batch_world import Row


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
