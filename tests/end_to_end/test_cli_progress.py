"""Progress of the command line: lines where nobody draws, a bar on a terminal, and documents that stay whole."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from order_staging.cli import progress_lines
from order_staging.sandbox import greyson_4755
from order_staging.sandbox.fault_presets import delay
from tests.kestra_lines import heard
from tests.processes import RUNNER

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STAGED = "STG_MON_CustMasterSchedule"
SHOW, HIDE = b"\x1b[?25h", b"\x1b[?25l"


@pytest.fixture
def orders(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put orders into the source, and have every step's end be told, however short it was."""
    monkeypatch.setattr(progress_lines, "SHORT", 0.0)
    database.add(greyson_4755()[:3])


def progress(lines: str) -> list[str]:
    """List what is said of progress, without the times and rates."""
    return [line.partition(" in ")[0] for line in lines.splitlines() if line.startswith("progress: GREYSON")]


@pytest.mark.usefixtures("orders")
def test_without_a_terminal_each_step_ends_with_a_plain_line_and_the_document_stays_alone(
    quick: CommandLine,
) -> None:
    before = quick("preview", "--all")
    assert progress(before.err) == ["progress: GREYSON CLOTHIERS: reading: 3 done"]
    done = quick("run", "--all")
    assert "progress:" not in done.out
    assert progress(done.err) == [
        "progress: GREYSON CLOTHIERS: staging: 3 done",
        "progress: GREYSON CLOTHIERS: items: 3 done",
        "progress: GREYSON CLOTHIERS: subitems: 12 done",
        "progress: GREYSON CLOTHIERS: promoting: 15 done",
        "progress: GREYSON CLOTHIERS: cleaning up: 15 done",
    ]
    text = quick("drift", "--all")
    assert "progress:" not in text.out
    assert progress(text.err) == [
        "progress: GREYSON CLOTHIERS: comparing: 3 done",
        "progress: GREYSON CLOTHIERS: searching groups: 1 done",
    ]
    assert "\x1b" not in text.err


@pytest.mark.usefixtures("orders")
def test_progress_may_be_off_or_be_a_log_line_like_the_others(quick: CommandLine) -> None:
    assert "progress" not in quick("preview", "--all", "--progress", "off").err
    for told in (
        quick("run", "--all", "--log-format", "json", "--limit", "1"),
        quick("run", "--all", "--output", "json", "--limit", "1"),
    ):
        lines = [json.loads(line) for line in told.err.splitlines()]
        said = [line["text"] for line in lines if line["event"] == "progress"]
        assert said[1].startswith("GREYSON CLOTHIERS: items: 1 done in ")
    quiet = quick("preview", "--all", "--output", "json").err.splitlines()
    assert [json.loads(line)["event"] for line in quiet] == ["progress"]
    assert quick("check", "--progress", "much").code == 2


@pytest.mark.usefixtures("orders")
def test_to_kestra_progress_is_lines_of_its_log(quick: CommandLine) -> None:
    done = quick("run", "--all", "--output", "kestra")
    assert done.err == ""
    found = heard(done.out)
    assert found.outputs["status"] == "completed"
    assert len(progress("\n".join(found.logs))) == 5


@pytest.mark.usefixtures("orders")
def test_a_terminal_shows_a_bar_and_is_left_as_it_was_even_at_once(
    cli: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    sandbox.faults.add(delay(600, operation="create_item"))
    ours, theirs = pty.openpty()
    shown = b""
    environment = cli.environment() | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    command = [sys.executable, str(RUNNER), "run", "--all", "--log-level", "error"]
    with subprocess.Popen(
        command, env=environment, cwd=cli.folder, stdin=theirs, stdout=theirs, stderr=theirs
    ) as running:
        os.close(theirs)
        try:
            while not any(row["stg_status"] == "SENDING" for row in database.rows(STAGED)):
                shown += os.read(ours, 4096)
            running.send_signal(signal.SIGINT)
            while b"Ctrl-C again" not in shown:
                shown += os.read(ours, 4096)
            running.send_signal(signal.SIGINT)
            while block := _read(ours):
                shown += block
            assert running.wait() == 130
        finally:
            running.kill()
            os.close(ours)
    assert b"GREYSON CLOTHIERS" in shown
    assert b"0/3" in shown
    assert shown.rfind(SHOW) > shown.rfind(HIDE) > -1


def _read(terminal: int) -> bytes:
    """Read what is left; on Linux a terminal that nobody writes to any more is an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
