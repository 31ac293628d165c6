"""Colours are there where they are wanted, in what commands print and in their logs, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

ESCAPE = "\x1b["
LOGS = ("--log-level", "info", "--log-format", "console")


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
    ids=str,
)
def test_tables_logs_and_errors_have_colours_where_they_are_asked_for(
    quick: CommandLine, database: Database, variables: dict[str, str], coloured: bool
) -> None:
    database.add([greyson_4755()[0] | {"CUSTOMER STYLE": None}])
    asked = replace(quick, variables={"NO_COLOR": "", "FORCE_COLOR": ""} | variables)
    run = asked("run", "--all", *LOGS)
    assert "batch.ended" in run.err
    wrong = asked("status", "ffffffff")
    assert (wrong.code, "ffffffff" in wrong.err) == (2, True)
    assert [ESCAPE in words for words in (run.out, run.err, wrong.err)] == [coloured] * 3


def test_help_and_wrong_usage_are_plain_text(quick: CommandLine) -> None:
    asked = replace(quick, variables={"FORCE_COLOR": "1"})
    for words in (("--help",), ("status", "--help"), ("status", "--nothing"), ("stauts",)):
        done = asked(*words)
        assert ESCAPE not in done.out + done.err


def test_documents_for_programs_are_never_coloured(quick: CommandLine) -> None:
    asked = replace(quick, variables={"FORCE_COLOR": "1"})
    assert asked("status", "--output", "json").document == {"recorded": [], "total": 0}
    assert ESCAPE not in asked("status", "--output", "kestra").out
