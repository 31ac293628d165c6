"""docs/troubleshooting.md has every code that the program has, and no other."""

from __future__ import annotations

import ast
import re
from http import HTTPStatus
from pathlib import Path

import pytest

import order_staging
from order_staging import errors
from order_staging.batch import CheckStatus, DriftKind, RunStatus, Severity
from order_staging.cli import program
from order_staging.database_faults import DatabaseFault
from order_staging.models import BatchStatus, ErrorType, StagingStatus, ValidationStatus
from order_staging.monday.meanings import DOUBTFUL, MEANINGS, STATUSES, Meaning, plain

HOUSE = Path(order_staging.__file__).parent
PAGE = (HOUSE.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
LOGGED = {"warning", "error", "exception"}


def tables(heading: str) -> list[list[list[str]]]:
    """Read the tables below a heading: of each its rows, of each row its cells; the heads are left out."""
    (section,) = re.findall(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    found = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    return [
        [[cell.strip() for cell in row[1:-1].split("|")] for row in table.splitlines()[2:]] for table in found
    ]


def codes(heading: str, table: int = 0) -> list[str]:
    """Read what stands in backquotes at the beginning of each row."""
    return [re.findall(r"`([^`]+)`", row[0])[0] for row in tables(heading)[table] if "`" in row[0]]


def of_enum(*enums: type) -> list[str]:
    return [str(member.value) for enum in enums for member in enum]  # type: ignore[attr-defined] # of a type of enums


def own_errors() -> list[str]:
    classes = [
        name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)
    ]
    return [*classes, *told_kinds()]


def told_kinds() -> set[str]:
    """Find the kinds of errors that are no classes: what `fail` of the command line is given as a name."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (HOUSE / "cli").glob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    kinds = [call.args[2] for call in calls if _name(call.func) == "fail" and len(call.args) > 2]
    constants = {str(kind.value) for kind in kinds if isinstance(kind, ast.Constant)}
    return constants | {str(getattr(program, kind.id)) for kind in kinds if isinstance(kind, ast.Name)}


def logged() -> set[str]:
    """Find the events that are logged as warnings or worse."""
    nodes = [
        node for path in HOUSE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    return {
        str(node.args[0].value)
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LOGGED
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "log"
        and isinstance(node.args[0], ast.Constant)
    }


def subjects() -> set[str]:
    """Find what the findings of a check are about, as far as it stands in the code: constants of any form."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8")) for path in (HOUSE / "batch" / "checks").glob("*.py")
    ]
    return {subject for tree in trees for subject in _subjects(tree)}


def _subjects(tree: ast.Module) -> set[str]:
    named: dict[str, ast.expr] = {"SOURCE": ast.Constant("ORDERS_UNIFIED")}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Tuple):
            named |= dict(_assigned(node.targets[0], node.value))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    firsts = [
        call.args[0]
        for call in calls
        if _name(call.func) in {"ok", "note", "warning", "problem", "_part", "_capacity"}
    ]
    found = [named.get(first.id, first) if isinstance(first, ast.Name) else first for first in firsts]
    return {_beginning(each) for each in found} - {""}


def _assigned(target: ast.Name | ast.Tuple, value: ast.expr) -> list[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        return [(target.id, value)]
    values = value.elts if isinstance(value, ast.Tuple) else []
    return [
        (name.id, each) for name, each in zip(target.elts, values, strict=False) if isinstance(name, ast.Name)
    ]


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def _beginning(subject: ast.expr) -> str:
    """Give a text, or the words with which a composed one begins."""
    if isinstance(subject, ast.JoinedStr):
        subject = subject.values[0]
    return str(subject.value).strip() if isinstance(subject, ast.Constant) else ""


def test_every_exit_code() -> None:
    ours = (program.DONE, program.FAILED, program.USAGE, program.BUSY, program.PAUSED, 130, 143)
    assert codes("Exit codes") == [str(code) for code in ours]


@pytest.mark.parametrize(
    ("heading", "table", "wanted"),
    [
        ("Kinds of errors", 0, own_errors()),
        ("Rows in the ERR tables", 0, of_enum(ErrorType)),
        ("States of a row in staging", 0, of_enum(StagingStatus)),
        ("States of a batch", 0, of_enum(BatchStatus)),
        ("States of a batch", 1, of_enum(RunStatus)),
        ("What drift finds", 0, of_enum(DriftKind)),
        ("Faults of the database", 0, of_enum(DatabaseFault)),
        ("Findings of check", 0, sorted(subjects())),
        ("Warnings in the log", 0, sorted(logged())),
    ],
)
def test_every_code_and_no_other(heading: str, table: int, wanted: list[str]) -> None:
    assert wanted
    assert sorted(codes(heading, table)) == sorted(wanted)


def test_the_words_of_checks_and_of_validation() -> None:
    for word in (*of_enum(Severity), *of_enum(ValidationStatus)):
        assert f"`{word}`" in PAGE
    assert {*of_enum(CheckStatus)} == {"ok", "warnings", "problems"}


def test_every_code_of_monday_with_its_meaning() -> None:
    rows = {row[0]: re.findall(r"`([^`]+)`", row[1]) for row in tables("Codes of monday.com")[0]}
    assert set(rows) == {meaning.name.lower().replace("_", " ") for meaning in Meaning}
    for meaning in Meaning:
        written = [plain(code) for code in rows[meaning.name.lower().replace("_", " ")]]
        assert sorted(written) == sorted(code for code, means in MEANINGS.items() if means is meaning)


def test_every_status_that_decides_by_itself() -> None:
    written = {
        number for row in tables("Codes of monday.com")[1] for number in re.findall(r"`(\d+)`", row[0])
    }
    assert written == {str(int(HTTPStatus(status))) for status in {*STATUSES, *DOUBTFUL}}
    for row in tables("Codes of monday.com")[1]:
        for number in re.findall(r"`(\d+)`", row[0]):
            assert STATUSES.get(int(number), Meaning.UNKNOWN).name.lower() == row[1]
