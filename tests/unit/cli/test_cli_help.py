"""`--help` of every command is read in 80 columns, and has an example that can be typed as it is."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from order_staging.cli import app
from tests.command_line import Command, commands, parse

COMMANDS = list(commands())


def helped(words: tuple[str, ...]) -> list[str]:
    done = CliRunner().invoke(app, [*words, "--help"], prog_name="order-staging", env={"COLUMNS": "80"})
    assert done.exit_code == 0
    return done.output.splitlines()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_help_fits_80_columns_and_has_an_example_that_is_not_broken(command: Command) -> None:
    lines = helped(command.words)
    assert max(map(len, lines)) <= 80
    assert command.examples
    for example in command.examples:
        assert f"  Example: order-staging {' '.join(example)}" in lines


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_an_example_is_of_its_command_and_can_be_typed(command: Command) -> None:
    for example in command.examples:
        assert tuple(example[: len(command.words)]) == command.words
        parse(example)


def test_an_example_with_an_option_that_is_not_there_would_be_found() -> None:
    with pytest.raises(Exception, match="--nothing"):
        parse(["run", "--customer", "GREYSON", "--nothing"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_option_and_argument_says_what_it_is_for(command: Command) -> None:
    assert [param.name for param in command.made.params if not param.help] == []
