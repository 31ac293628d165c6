"""The command line as a process; and, where a process of its own would tell nothing more, in this one."""

from __future__ import annotations

from contextlib import chdir
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from typer.testing import CliRunner

from order_staging.cli import app
from tests.end_to_end.killing import frozen_worlds  # noqa: F401 - a fixture
from tests.processes import Finished, Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from order_staging.sandbox import Sandbox
    from tests.processes import RunningProcess

KEY_COLUMN = "text_source_uuid"


@dataclass
class CommandLine:
    """Runs `runner.py` in a folder of its own, with nothing of this machine's settings."""

    folder: Path
    settings: dict[str, str]
    variables: dict[str, str] = field(default_factory=dict)
    """Further variables of the environment, by their whole names."""
    started: list[RunningProcess] = field(default_factory=list)

    def environment(self, **settings: str) -> dict[str, str]:
        """Give the process's environment; keywords are settings without their prefix, in lower case."""
        return self._runner(settings).environment()

    def __call__(self, *arguments: str, **settings: str) -> Finished:
        return self._runner(settings)(*arguments)

    def start(self, *arguments: str, **settings: str) -> RunningProcess:
        """Start a command and leave it running; what still runs when the test ends is killed."""
        self.started.append(self._runner(settings).start(*arguments))
        return self.started[-1]

    def _runner(self, settings: dict[str, str]) -> Runner:
        return Runner(self.folder, self.settings | settings, self.variables)


class InThisProcess(CommandLine):
    """Runs the same application without starting a process: the same words and codes, in less time."""

    def __call__(self, *arguments: str, **settings: str) -> Finished:
        with chdir(self.folder):
            result = CliRunner().invoke(app, list(arguments), env=self.environment(**settings))
        structlog.reset_defaults()  # what the command has configured writes to streams that are closed now
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Finished(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[CommandLine]:
    """Give a command line with no settings but the defaults."""
    folder = tmp_path / "alone"
    folder.mkdir()
    yield from _until_the_end(CommandLine(folder, {}))


@pytest.fixture
def cli(tmp_path: Path, database_url: str, sandbox: Sandbox, sandbox_url: str) -> Iterator[CommandLine]:
    """Give a command line that points to the test's database and sandbox."""
    folder = tmp_path / "cli"
    folder.mkdir()
    settings = {
        "database_url": database_url,
        "monday_url": sandbox_url,
        "monday_token": sandbox.token,
        "key_column": KEY_COLUMN,
        "recovery_delay": "0",
        "max_attempts": "2",
    }
    yield from _until_the_end(CommandLine(folder, settings))


def _until_the_end(commands: CommandLine) -> Iterator[CommandLine]:
    yield commands
    for process in commands.started:
        process.kill()


@pytest.fixture
def quick_alone(alone: CommandLine) -> CommandLine:
    """Give a command line with no settings but the defaults, without a process."""
    return InThisProcess(alone.folder, alone.settings)


@pytest.fixture
def quick(cli: CommandLine) -> CommandLine:
    """Give the same command line without a process."""
    return InThisProcess(cli.folder, cli.settings)


@pytest.fixture
def everything(database: Any) -> Callable[[], dict[str, int]]:
    """Count the rows of every table that a run may write."""

    def count() -> dict[str, int]:
        tables = (
            "STG_MON_CustMasterSchedule",
            "STG_MON_CustMasterSchedule_Subitems",
            "MON_CustMasterSchedule",
            "MON_CustMasterSchedule_Subitems",
            "ERR_MON_CustMasterSchedule",
            "ERR_MON_CustMasterSchedule_Subitems",
            "MON_BatchProcessing",
        )
        return {table: database.count(table) for table in tables}

    return count
