"""`check` and `board prepare` from the command line: what they print, and how they end."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import Fault, FaultKind, Sandbox, sample_orders

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

KEY_COLUMN = "text_source_uuid"
FREIGHT = "numeric_mksfr0r2"
NOWHERE = "http://127.0.0.1:9/v2"


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Give a monday.com whose board has the key column, unless a parameter says otherwise."""
    return Sandbox(key_column=getattr(request, "param", KEY_COLUMN))


def test_check_ends_well_on_a_clean_board_and_writes_nothing(
    quick: CommandLine, database: Database, sandbox: Sandbox, everything: Callable[[], dict[str, int]]
) -> None:
    database.add(sample_orders())
    before = everything()
    done = quick("check", "--output", "json")
    assert done.code == 0, done.out
    assert done.document["status"] == "warnings"  # a sample order has a unit of measure that is too long
    assert all(
        set(each) == {"severity", "subject", "message", "advice"} for each in done.document["findings"]
    )
    assert (everything(), sandbox.executed) == (before, ())


def test_check_says_what_is_wrong_and_the_next_step(quick: CommandLine, sandbox: Sandbox) -> None:
    sandbox.person.remove_column(FREIGHT)
    done = quick("check")
    assert done.code == 2
    assert "PROBLEM" in done.out
    assert "→ correct the mapping" in done.out
    assert "1 problem and 0 warnings" in done.out


def test_check_warns_without_failing(quick: CommandLine) -> None:
    done = quick("check", monday_api_version="2026-07")
    assert done.code == 0
    assert "No problem, and 1 warning" in done.out


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"monday_token": "wrong"}, 2),
        ({"monday_url": NOWHERE, "max_attempts": "1"}, 1),
        ({"database_url": "postgresql+psycopg://a:b@127.0.0.1:9/c?connect_timeout=2"}, 1),
        ({"monday_api_version": "2031-01"}, 2),
        ({"board_id": "77"}, 2),
        ({"key_column": "text_gone"}, 2),
    ],
)
def test_check_ends_as_other_commands_do_and_still_tells_the_rest(
    quick: CommandLine, settings: dict[str, str], code: int
) -> None:
    done = quick("check", "--output", "json", **settings)
    assert done.code == code
    assert done.document["status"] == "problems"
    found = [each for each in done.document["findings"] if each["severity"] == "problem"]
    assert len(found) == 1
    assert found[0]["advice"]
    assert len(done.document["findings"]) > 4


def test_check_is_told_to_come_back_when_the_day_has_no_calls_left(
    quick: CommandLine, sandbox: Sandbox
) -> None:
    body = {"errors": [{"message": "Daily limit exceeded", "extensions": {"code": "DAILY_LIMIT_EXCEEDED"}}]}
    sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, status=429, body=body))
    assert quick("check").code == 75


@pytest.mark.parametrize("sandbox", [None], indirect=True)
def test_board_prepare_creates_the_key_column_once_and_prints_the_setting(
    quick: CommandLine, sandbox: Sandbox
) -> None:
    del quick.settings["key_column"]
    first = quick("board", "prepare")
    assert (first.code, first.err) == (0, "")
    assert f"export ORDER_STAGING_KEY_COLUMN={KEY_COLUMN}" in first.out.splitlines()
    assert "created" in first.out
    assert "subitems' board does not exist yet" in first.out
    second = quick("board", "prepare", "--output", "json", key_column=KEY_COLUMN)
    assert second.document == {"key_column": KEY_COLUMN, "created": False, "subitem_board_id": None}
    assert [each.operation for each in sandbox.executed] == ["create_column"]
    assert quick("check", key_column=KEY_COLUMN).code == 0


@pytest.mark.parametrize("sandbox", [None], indirect=True)
@pytest.mark.parametrize("columns", ["20", "80"])
def test_what_board_prepare_prints_can_be_sourced_and_kept_in_a_file_of_settings(
    cli: CommandLine, columns: str
) -> None:
    del cli.settings["key_column"]
    printed = replace(cli, variables={"COLUMNS": columns})("board", "prepare").out
    assert all(line.startswith(("# ", "export ")) for line in printed.splitlines())
    (cli.folder / ".env").write_text(printed)
    shell = ["/bin/sh", "-euc", '. ./.env; printf %s "$ORDER_STAGING_KEY_COLUMN"']
    sourced = subprocess.run(shell, cwd=cli.folder, capture_output=True, text=True, check=True)
    assert (sourced.stdout, sourced.stderr) == (KEY_COLUMN, "")
    findings = cli("check", "--output", "json").document["findings"]
    assert [each["severity"] for each in findings if each["subject"] == "key column"] == ["ok"]


def test_check_says_what_was_not_counted_as_the_database_is_not_migrated(quick: CommandLine) -> None:
    done = quick("check", "--output", "json", database_url="sqlite:///new.db")
    assert done.code == 2
    (items,) = (each for each in done.document["findings"] if each["subject"] == "items")
    assert (items["severity"], items["message"]) == (
        "note",
        "0 of 10,000 items, and what would come was not counted",
    )


@pytest.mark.parametrize("sandbox", [None], indirect=True)
def test_board_prepare_without_permission_ends_with_one_line(quick: CommandLine, sandbox: Sandbox) -> None:
    extensions = {"code": "USER_UNAUTHORIZED", "status_code": 403}
    sandbox.faults.add(
        Fault(FaultKind.FAIL_ALIAS, "create_column", message="unauthorized", extensions=extensions)
    )
    done = quick("board", "prepare")
    assert (done.code, done.out) == (2, "")
    (line,) = done.said
    assert "may not create columns on this board" in line
