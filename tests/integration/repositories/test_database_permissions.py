"""What a process may do with a file of SQLite: asked of the system, and not tried."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork
from order_staging.batch import CheckStatus, Severity
from order_staging.database import create_engine
from tests.integration.batch.batch_world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_file_itself_and_then_its_folder_must_be_writable(uow: UnitOfWork, database_url: str) -> None:
    file = database_url.removeprefix("sqlite:///")
    folder = str(Path(file).parent)
    with uow:
        assert uow.permissions.missing() == []
        assert uow.permissions.unwritable_file() is None
        assert uow.permissions.unwritable_file(lambda path, _: path != file) == file
        assert uow.permissions.unwritable_file(lambda path, _: path != folder) == folder


def test_a_database_in_memory_has_no_file(database_url: str) -> None:
    assert database_url
    with UnitOfWork(sessionmaker(create_engine("sqlite://"))) as uow:
        assert uow.permissions.unwritable_file(lambda *_: False) is None


def test_a_check_says_that_a_file_is_opened_for_reading_alone(
    database: Database,
    database_url: str,
    sandbox: Sandbox,
    settings_for: Callable[..., Settings],
) -> None:
    file = database_url.removeprefix("sqlite:///")
    read_only = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    world = World(database, sandbox, settings_for)
    checked = world.service().check()
    assert checked.status is CheckStatus.OK
    world.database.engine = read_only
    checked = world.service().check()
    (found,) = (each for each in checked.findings if each.severity is Severity.PROBLEM)
    assert found.subject == "permissions of the database"
    assert found.message == f"{file} cannot be written by this user, and a run would be refused"
    assert "mode=ro" in found.advice
    read_only.dispose()
