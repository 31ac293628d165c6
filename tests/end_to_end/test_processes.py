"""Forked commands are processes as any other: what the tests that kill them rely on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from order_staging.failpoints import Failpoint
from order_staging.sandbox import greyson_4755
from tests.processes import REPOSITORY, RUNNER, TIMEOUT, Runner, _server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from order_staging.sandbox import Sandbox
    from tests.conftest import Database

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def runner(tmp_path: Path, database_url: str, sandbox: Sandbox, sandbox_url: str) -> Iterator[Runner]:
    folder = tmp_path / "runs"
    folder.mkdir()
    settings = {
        "database_url": database_url,
        "monday_url": sandbox_url,
        "monday_token": sandbox.token,
        "key_column": "text_source_uuid",
        "recovery_delay": "0",
    }
    with Runner(folder, settings) as started:
        yield started


@on_sqlite
@pytest.mark.parametrize("arguments", [("run", "--po", "1", "--output", "json"), ("nonsense",)])
def test_a_forked_command_says_and_returns_what_a_fresh_interpreter_does(
    runner: Runner, arguments: tuple[str, ...]
) -> None:
    fresh = subprocess.run(
        [sys.executable, str(RUNNER), *arguments],
        cwd=runner.folder,
        env=runner.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    forked = runner(*arguments)
    assert (forked.code, forked.out, forked.err) == (fresh.returncode, fresh.stdout, fresh.stderr)


IMPORTED_BY_COMMANDS = """
import sys
from pathlib import Path
before = set(sys.modules)
from order_staging.cli.commands import COMMANDS, command
for name in COMMANDS:
    command(name)
Path(told).write_text(" ".join(set(sys.modules) - before))
"""


def test_a_forked_command_has_nothing_left_to_import(tmp_path: Path) -> None:
    told = tmp_path / "imported"
    process = _server().Process(target=exec, args=(IMPORTED_BY_COMMANDS, {"told": str(told)}))
    process.start()
    process.join(TIMEOUT)
    assert (process.exitcode, told.read_text()) == (0, "")


@on_sqlite
def test_a_process_ends_itself_at_the_nth_passing_of_a_place(
    runner: Runner, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:4])

    killed = runner("run", "--all", failpoint=Failpoint.ANSWER_READ, at=2, report_reached=True, aliases="2")

    assert killed.code == -signal.SIGKILL
    assert killed.reached[Failpoint.ANSWER_READ] == 2
    assert killed.reached[Failpoint.OUTCOMES_RECORDED] == 1
    assert Failpoint.BATCH_ENDED not in killed.reached
    assert len(sandbox.items()) == 4


@on_sqlite
def test_a_whole_run_tells_the_places_that_it_has_passed(runner: Runner, database: Database) -> None:
    database.add(greyson_4755()[:2])
    done = runner("run", "--all", "--output", "json", report_reached=True)
    assert (done.code, done.document["status"]) == (0, "completed")
    assert done.reached[Failpoint.BATCH_ENDED] == 1
    assert done.reached[Failpoint.COMMIT_DONE] > 1


@on_sqlite
def test_a_killed_process_is_gone_and_nobody_waits_for_it(runner: Runner) -> None:
    process = runner.start("sandbox", "--port", "0")
    process.line()
    os.kill(process.pid, 0)

    assert process.kill().code == -signal.SIGKILL

    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


@on_sqlite
def test_a_process_that_takes_too_long_is_killed(runner: Runner) -> None:
    with pytest.raises(TimeoutError):
        runner("sandbox", "--port", "0", timeout=0.1)
    assert all(process.finished for process in runner.running)


@on_sqlite
def test_nothing_of_this_process_reaches_a_command(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDER_STAGING_ALIASES", "many")
    monkeypatch.chdir(REPOSITORY)
    assert runner("run", "--po", "1").code == 0
    assert runner("run", "--po", "1", aliases="many").code == 2
