"""docs/command-line.md has every command with every option and default, as the application has them."""

from __future__ import annotations

import re

import pytest

from order_staging.cli import program
from order_staging.cli.options import LogFormat, Output
from tests.command_line import Command, commands
from tests.command_reference import EVERYWHERE, PAGE, default_of, in_page, reference

TEXT = PAGE.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (order-staging.*)\n((?:(?!^### ).*\n)*)", TEXT, re.MULTILINE))
COMMANDS = list(commands())


def test_the_page_is_as_the_application_says() -> None:
    assert in_page(TEXT).strip() == reference().strip(), "run: make reference"


def test_it_has_a_section_for_each_command_and_no_other() -> None:
    assert list(SECTIONS) == [command.name for command in COMMANDS]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_there_with_its_options_arguments_defaults_and_examples(command: Command) -> None:
    section = SECTIONS[command.name]
    for parameter in command.made.params:
        if parameter.param_type_name == "argument":
            (row,) = re.findall(rf"^\| `{parameter.name.upper()}` .*", section, re.MULTILINE)
        elif parameter.name in EVERYWHERE:
            (row,) = (line for line in section.splitlines() if line.startswith("Also `--output`"))
        else:
            (row,) = re.findall(rf"^\| `{parameter.opts[0]}[ `].*", section, re.MULTILINE)
        assert all(
            f"`{flag}" in row for flag in (*parameter.opts, *parameter.secondary_opts) if flag[0] == "-"
        )
        assert default_of(parameter) in row
        assert parameter.name in EVERYWHERE or parameter.help in row
    for example in command.examples:
        assert f"`order-staging {' '.join(example)}`" in section


def test_exit_codes_outputs_and_variables_are_told() -> None:
    codes = (program.DONE, program.FAILED, program.USAGE, program.BUSY, program.PAUSED, 130)
    assert all(re.search(rf"^\| {code}[ ,]", TEXT, re.MULTILINE) for code in codes)
    assert "143" in TEXT
    assert all(f"`{each}`" in TEXT or f"**{each}**" in TEXT for each in (*Output, *LogFormat, "-h"))
    assert all(f"`{name}`" in TEXT for name in ("NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"))
