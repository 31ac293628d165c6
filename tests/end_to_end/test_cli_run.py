"""`run` as a process: its documents, its exit codes, and what it leaves behind."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import Fault, FaultKind, bodies, greyson_4755
from order_staging.transform import load_mapping
from tests.processes import RUNNER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MUTATIONS = ("create_group", "create_item", "create_subitem")


def test_the_known_case_lands_and_a_second_run_sends_nothing(
    cli: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755())

    first = cli("run", "--customer", "greyson", "--po", "4755", "--output", "json")

    assert first.code == 0, first.err
    assert first.document["status"] == "completed"
    (batch,) = first.document["batches"]
    assert batch["orders"] == {
        "selected": 69,
        "loaded": 69,
        "invalid": 0,
        "relinked": 0,
        "created": 69,
        "adopted": 0,
        "rejected": 0,
        "unknown": 0,
        "conflict": 0,
        "promoted": 69,
        "warnings": 0,
    }
    assert (batch["subitems"]["created"], batch["subitems"]["promoted"]) == (264, 264)
    assert batch["groups"] == {"created": 1, "used": 1}
    assert {item.group_title for item in sandbox.items()} == {"GREYSON CLOTHIERS 2025 FALL"}
    assert database.count("STG_MON_CustMasterSchedule") == 0
    sent = len(sandbox.executed)

    second = cli("run", "--customer", "greyson", "--po", "4755", "--output", "json")

    assert (second.code, second.document["status"]) == (0, "nothing_to_do")
    assert len(sandbox.executed) == sent
    assert database.count("MON_BatchProcessing") == 1


@on_sqlite
def test_the_document_and_the_logs_never_mix(cli: CommandLine, database: Database) -> None:
    database.add(greyson_4755()[:3])

    done = cli("run", "--all", "--output", "json", "--log-level", "debug")

    assert done.out.count("\n") == 1
    assert done.document["status"] == "completed"
    events = [json.loads(line) for line in done.err.splitlines()]
    assert "batch.ended" in [event["event"] for event in events]


@on_sqlite
def test_text_is_a_table_for_people(quick: CommandLine, database: Database) -> None:
    database.add(greyson_4755()[:3])
    done = quick("run", "--all")
    assert done.code == 0
    assert "GREYSON CLOTHIERS" in done.out
    assert "COMPLETED" in done.out


@on_sqlite
@pytest.mark.parametrize(
    "arguments", [(), ("--all", "--customer", "GREYSON"), ("--limit", "5"), ("--channel", "pigeon")]
)
def test_an_unclear_choice_is_refused(quick: CommandLine, arguments: tuple[str, ...]) -> None:
    done = quick("run", *arguments)
    assert done.code == 2
    assert done.out == ""


@on_sqlite
def test_a_po_alone_is_choice_enough(quick: CommandLine, database: Database) -> None:
    database.add(greyson_4755()[:2])
    done = quick("run", "--po", "4755", "--output", "json")
    assert (done.code, done.document["status"]) == (0, "completed")


@on_sqlite
def test_no_matching_rows_is_no_error(quick: CommandLine) -> None:
    done = quick("run", "--po", "999", "--output", "json")
    assert (done.code, done.document) == (0, {"status": "nothing_to_do", "batches": []})


@on_sqlite
def test_rejects_fail_the_run_only_if_asked_to(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:3])
    sandbox.faults.add(
        Fault(
            FaultKind.FAIL_ALIAS,
            operation="create_item",
            alias=1,
            message="invalid value",
            extensions={"code": "ColumnValueException", "status_code": 200},
        )
    )

    done = quick("run", "--all", "--output", "json")

    assert (done.code, done.document["status"]) == (0, "partial")
    (batch,) = done.document["batches"]
    assert (batch["status"], batch["orders"]["rejected"]) == ("COMPLETED_WITH_ERRORS", 1)
    database.add([greyson_4755()[5] | {"CUSTOMER STYLE": None}])
    assert quick("run", "--all", "--fail-on-rejects").code == 1


@on_sqlite
def test_a_held_customer_exits_4_and_names_the_holder(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:2])
    database.execute(
        'INSERT INTO "MON_BatchLease" (customer_name, holder, fence, expires_date) VALUES (:c, :h, 7, :e)',
        c="GREYSON CLOTHIERS",
        h="other-host:42:abcd",
        e=(datetime.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S.%f"),  # noqa: DTZ005 - far enough
    )

    done = quick("run", "--customer", "GREYSON", "--output", "json")

    assert (done.code, done.document["status"]) == (4, "busy")
    assert "other-host:42:abcd" in done.document["batches"][0]["error"]
    assert sandbox.items() == []
    everyone = quick("run", "--all", "--output", "json")
    assert (everyone.code, everyone.document["status"]) == (0, "busy")


@on_sqlite
def test_a_daily_limit_pauses_and_the_next_run_goes_on(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:5])
    limit = Fault(FaultKind.ANSWER_INSTEAD, operation="create_subitem", status=429, body=bodies.daily_limit())
    sandbox.faults.add(limit)

    paused = quick("run", "--all", "--output", "json")

    assert (paused.code, paused.document["status"]) == (75, "paused")
    assert "UTC; run again then" in paused.document["batches"][0]["error"]
    again = quick("run", "--all", "--output", "json")
    assert (again.code, again.document["status"]) == (0, "completed")
    assert again.document["batches"][0]["batch_id"] == paused.document["batches"][0]["batch_id"]
    assert len(sandbox.items()) == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@on_sqlite
def test_a_signal_ends_a_run_in_order_and_the_next_one_goes_on(
    cli: CommandLine, database: Database, sandbox: Sandbox, number: signal.Signals, code: int
) -> None:
    database.add(greyson_4755()[:10])
    sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", times=50, seconds=0.3))
    process = cli.start("run", "--all", "--output", "json", aliases="1")
    while not sandbox.items():
        assert process.poll() is None, process
        time.sleep(0.02)

    process.send_signal(number)
    stopped = process.wait(timeout=60)

    assert stopped.code == code
    assert stopped.document["status"] == "partial"
    on_board = len(sandbox.items())
    assert 0 < on_board < 10
    states = {row["stg_status"] for row in database.rows("STG_MON_CustMasterSchedule")}
    assert states == {"API_SUCCESS", "PENDING"}
    sandbox.faults.clear()
    again = cli("run", "--all", "--output", "json")
    assert (again.code, again.document["status"]) == (0, "completed")
    assert len(sandbox.items()) == 10


@on_sqlite
def test_a_killed_run_is_taken_up_by_the_next(cli: CommandLine, database: Database, sandbox: Sandbox) -> None:
    database.add(greyson_4755()[:10])
    sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", times=50, seconds=0.2))
    process = cli.start("run", "--all", aliases="2", lease_seconds="1")
    while not sandbox.items():
        assert process.poll() is None, process
        time.sleep(0.02)
    process.kill()
    sandbox.faults.clear()
    time.sleep(1.1)  # the lease of the dead runs out

    # What was in flight is believed to be absent only once it would have timed out.
    done = cli("run", "--all", "--output", "json", request_timeout="3")

    assert (done.code, done.document["status"]) == (0, "completed"), done.err
    assert len(sandbox.items()) == 10
    assert database.count("MON_CustMasterSchedule") == 10
    wanted = sum(bool(row.get(size)) for row in greyson_4755()[:10] for size in _sizes(database))
    assert len(sandbox.subitems()) == database.count("MON_CustMasterSchedule_Subitems") == wanted


def _sizes(database: Database) -> list[str]:
    names = list(database.rows("ORDERS_UNIFIED")[0])
    between = names[names.index("UNIT OF MEASURE") + 1 : names.index("TOTAL QTY")]
    return [name for name in between if name != "INFOR COLOUR CODE"]


@on_sqlite
@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"monday_token": "wrong"}, 2, "ORDER_STAGING_MONDAY_TOKEN"),
        ({"monday_token": ""}, 2, "ORDER_STAGING_MONDAY_TOKEN"),
        ({"monday_url": "http://127.0.0.1:9/v2"}, 1, "monday.com cannot be reached"),
        ({"monday_url": "http://api.monday.com/v2"}, 2, "ORDER_STAGING_MONDAY_URL"),
        ({"board_id": "4711"}, 2, "there is no board 4711"),
        ({"monday_token": "two words"}, 2, "ORDER_STAGING_MONDAY_TOKEN"),
        ({"monday_url": "https://api.monday.com/v2?token=hush"}, 2, "ORDER_STAGING_MONDAY_URL"),
        ({"key_column": "text_nowhere"}, 2, "text_nowhere"),
        ({"aliases": "many"}, 2, "ORDER_STAGING_ALIASES"),
        ({"customers": "nowhere.yaml"}, 2, "nowhere.yaml"),
        ({"database_url": "postgresql+psycopg://u:hush@127.0.0.1:1/x"}, 1, "ORDER_STAGING_DATABASE_URL"),
        ({"database_url": "sqlite:///empty.db"}, 2, "order-staging db upgrade"),
        ({"database_url": "nonsense"}, 2, "ORDER_STAGING_DATABASE_URL"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_and_nothing_is_written(
    quick: CommandLine,
    database: Database,
    everything: Callable[[], dict[str, int]],
    sandbox: Sandbox,
    settings: dict[str, str],
    code: int,
    words: str,
) -> None:
    database.add(greyson_4755()[:2])

    done = quick("run", "--customer", "GREYSON", "--output", "json", "--log-level", "error", **settings)

    assert done.code == code
    assert done.err.count("\n") == 1
    assert words in done.err
    assert done.document["status"] == "failed"
    assert words in done.document["error"]["message"]
    assert "hush" not in done.err + done.out
    assert set(everything().values()) == {0}
    assert sandbox.executed == ()


@on_sqlite
def test_an_unknown_customer_is_met_with_the_nearest_names(quick: CommandLine, database: Database) -> None:
    database.add(greyson_4755()[:1])
    done = quick("run", "--customer", "GRAYSON")
    assert done.code == 2
    assert "did you mean GREYSON CLOTHIERS" in done.err


@on_sqlite
@pytest.mark.parametrize("change", ["removed", "another type"])
def test_a_mapping_that_does_not_fit_the_board_is_found_before_anything_is_written(
    quick: CommandLine,
    database: Database,
    sandbox: Sandbox,
    everything: Callable[[], dict[str, int]],
    change: str,
) -> None:
    database.add(greyson_4755()[:1])
    freight = load_mapping().field_by_title("FREIGHT").column
    if change == "removed":
        sandbox.person.remove_column(freight)
    else:
        sandbox.person.change_column_type(freight, "text")

    done = quick("run", "--all", "--log-level", "error")

    assert done.code == 2
    assert freight in done.err
    assert done.err.count("\n") == 1
    assert set(everything().values()) == {0}


@on_sqlite
def test_a_mistake_in_a_mapping_file_is_named_with_its_line(quick: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "mapping.yaml"
    path.write_text("board_id: many\n")
    done = quick("run", "--all", mapping=str(path))
    assert done.code == 2
    assert f"{path}:1:" in done.err


def test_version_and_help_leave_at_once(alone: CommandLine, quick_alone: CommandLine) -> None:
    fresh = [sys.executable, str(RUNNER), "--version"]
    done = subprocess.run(fresh, env=alone.environment(), capture_output=True, text=True, check=True)
    assert (done.stdout.strip(), done.stderr) == ("0.1.0", "")
    for command in ("run", "customers", "status", "errors", "sandbox", "demo"):
        assert f"Example: order-staging {command}" in " ".join(quick_alone(command, "--help").out.split())
