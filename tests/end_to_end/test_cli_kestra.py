"""What every command tells Kestra, read as Kestra reads it: outputs, metrics, and logs that are no errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import Fault, FaultKind, bodies, greyson_4755
from tests.kestra_lines import Heard, heard

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


PAGE = (Path(__file__).parents[2] / "docs" / "kestra.md").read_text()


def tell(commands: CommandLine, *arguments: str, code: int = 0) -> Heard:
    """Run a command for Kestra; standard error would be errors to it."""
    done = commands(*arguments, "--output", "kestra")
    assert (done.code, done.err) == (code, "")
    found = heard(done.out)
    assert found.lines_of_outputs == 1
    return found


def test_each_command_of_a_day_tells_its_outputs_and_metrics(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:3])

    checked = tell(quick, "check")
    assert checked.outputs["state"] == "SUCCESS"
    assert checked.metric("check.findings", severity="ok") > 4

    waiting = tell(quick, "customers")
    assert waiting.outputs["names"] == ["GREYSON CLOTHIERS"]
    assert waiting.metric("customers.new_orders", customer="GREYSON CLOTHIERS") == 3

    ran = tell(quick, "run", "--all")
    assert (ran.outputs["status"], ran.outputs["state"]) == ("completed", "SUCCESS")
    assert ran.metric("command.duration") >= ran.metric("duration") > 0
    assert any('"batch.ended"' in line for line in ran.logs)
    assert tell(quick, "customers").outputs["names"] == []
    assert tell(quick, "customers", "--changes").outputs["names"] == ["GREYSON CLOTHIERS"]
    assert "under way" not in quick("customers", "--changes").out

    database.add([greyson_4755()[5] | {"CUSTOMER STYLE": None}])
    again = tell(quick, "run", "--all")
    assert (again.outputs["status"], again.outputs["state"]) == ("partial", "WARNING")
    assert again.outputs["totals"]["orders"]["invalid"] == 1
    assert again.metric("orders.invalid", customer="GREYSON CLOTHIERS", status="COMPLETED_WITH_ERRORS") == 1

    retried = tell(quick, "retry", "--all")
    assert (retried.outputs["state"], retried.metric("orders.retried")) == ("WARNING", 1)
    assert tell(quick, "resume").outputs["state"] == "SUCCESS"

    for item in sandbox.items()[:2]:
        sandbox.person.rename_item(item.id, "another name")
    differing = tell(quick, "drift", "--all")
    assert (differing.outputs["state"], differing.metric("drift.orders")) == ("WARNING", 3)
    assert differing.metric("drift.findings", kind="differing_name") == 2

    assert tell(quick, "errors").outputs["errors"][0]["error_type"] == "INVALID"
    assert tell(quick, "status").outputs["recorded"]


def test_a_pause_is_a_warning_and_its_code_tells_it_from_a_failure(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:3])
    sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, operation="create_subitem", status=429, body=bodies.daily_limit())
    )
    paused = tell(quick, "run", "--all", code=75)
    assert (paused.outputs["status"], paused.outputs["state"]) == ("paused", "WARNING")


def test_a_pause_before_any_batch_is_a_warning_too(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:3])
    sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, times=9, status=429, body=bodies.daily_limit()))
    outputs = tell(quick, "run", "--all", code=75).outputs
    assert (outputs["status"], outputs["state"]) == ("paused", "WARNING")
    assert quick("run", "--all", "--output", "json").document["status"] == "paused"
    checked = tell(quick, "check", code=75)
    assert (checked.outputs["status"], checked.outputs["state"]) == ("problems", "WARNING")


def test_what_is_wrong_is_told_before_the_task_fails(quick: CommandLine) -> None:
    wrong = tell(quick, "run", "--customer", "nobody", code=2)
    assert (wrong.outputs["status"], wrong.outputs["state"]) == ("failed", "FAILED")
    assert wrong.outputs["error"]["type"] == "UnknownCustomerError"
    assert any(line.startswith("error: ") for line in wrong.logs)


def test_the_page_knows_every_output_and_metric(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:2])
    told = [tell(quick, *words.split()) for words in ("check", "customers", "run --all", "retry --all")]
    sandbox.person.rename_item(sandbox.items()[0].id, "another name")
    told += [tell(quick, *words.split()) for words in ("drift --all", "drift --all --repair")]
    known = set(re.findall(r"`([a-z_.]+\*?)`", PAGE))
    for each in told:
        assert set(each.outputs) <= known
        for metric in each.metrics:
            name = metric["name"]
            assert name in known or f"{name.split('.')[0]}.*" in known, name
