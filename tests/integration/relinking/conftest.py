"""The world of the batches, for a source that is rebuilt under them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.batch.batch_world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database


@pytest.fixture
def world(database: Database, sandbox: Sandbox, settings_for: Callable[..., Settings]) -> World:
    return World(database, sandbox, settings_for)
