"""The command line as a process; and, where a process of its own would tell nothing more, in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from typer.testing import CliRunner

from order_staging.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.sandbox import Sandbox

REPOSITORY = Path(__file__).parents[2]
RUNNER = REPOSITORY / "runner.py"
KEY_COLUMN = "text_source_uuid"


@dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output; fails where there is anything else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class CommandLine:
    """Runs `runner.py` in a folder of its own, with nothing of this machine's settings."""

    folder: Path
    settings: dict[str, str]

    def environment(self, **settings: str) -> dict[str, str]:
        """Give the process's environment; keywords are settings without their prefix, in lower case."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_STAGING_")}
        chosen = self.settings | settings
        named = {f"ORDER_STAGING_{name.upper()}": value for name, value in chosen.items()}
        return clean | named | {"COLUMNS": "120", "PYTHONWARNINGS": "error"}

    def __call__(self, *arguments: str, **settings: str) -> Finished:
        done = subprocess.run(
            [sys.executable, str(RUNNER), *arguments],
            cwd=self.folder,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return subprocess.Popen(
            [sys.executable, str(RUNNER), *arguments],
            cwd=self.folder,
            env=self.environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


class InThisProcess(CommandLine):
    """Runs the same application without starting a process: a tenth of the time, and the same words and codes."""

    def __call__(self, *arguments: str, **settings: str) -> Finished:
        with chdir(self.folder):
            result = CliRunner().invoke(app, list(arguments), env=self.environment(**settings))
        structlog.reset_defaults()  # what the command has configured writes to streams that are closed now
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Finished(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def alone(tmp_path: Path) -> CommandLine:
    """Give a command line with no settings but the defaults."""
    folder = tmp_path / "alone"
    folder.mkdir()
    return CommandLine(folder, {})


@pytest.fixture
def cli(tmp_path: Path, database_url: str, sandbox: Sandbox, sandbox_url: str) -> CommandLine:
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
    return CommandLine(folder, settings)


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
