"""What the command line says of its commands before it has imported them is what they say themselves."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from order_staging.cli import app
from order_staging.cli.commands import COMMANDS, command


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_what_the_command_says_first(name: str) -> None:
    found: Any = command(name)
    assert found.name == name
    assert " ".join(found.help.split("\n\n")[0].split()) == COMMANDS[name].summary


@pytest.mark.parametrize("path", [(), ("board",), ("db",)], ids=" ".join)
def test_no_summary_is_cut_short(path: tuple[str, ...]) -> None:
    helped = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "80"})
    assert helped.exit_code == 0
    assert "..." not in helped.output.replace("COMMAND [ARGS]...", "")


def test_every_command_is_listed_with_its_summary() -> None:
    words = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output.split())
    for name, entry in COMMANDS.items():
        assert f" {name} {entry.summary}" in words


def test_a_command_that_is_not_there_is_refused_with_the_nearest_ones() -> None:
    refused = CliRunner().invoke(app, ["rum"])
    assert (refused.exit_code, "no such command 'rum'; did you mean 'run'" in refused.output) == (2, True)


def test_options_of_a_command_are_completed() -> None:
    asked = {
        "_ORDER_STAGING_COMPLETE": "complete_bash",
        "COMP_WORDS": "order-staging run --cust",
        "COMP_CWORD": "2",
    }
    completed = CliRunner().invoke(app, [], prog_name="order-staging", env=asked)
    assert completed.output.split() == ["--customer", "--customer-season"]
