"""Docstrings are complete: what is public has one that says what is raised, and what attributes are."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

import pytest

import order_staging
from order_staging import batch, errors
from tests.unit.house import docstring_rules as rules

HOUSE = Path(order_staging.__file__).parent
MODULES = {
    path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(HOUSE.rglob("*.py"))
}
OF_COMMANDS = "cli/"
"""What a command's docstring says is its help; its errors end as exit codes, which the README has."""
FAMILIES = {
    name: {base.__name__ for base in kind.__mro__ if base.__module__ == errors.__name__}
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, Exception)
}
RESULTS = {name for name in batch.__all__ if isinstance(getattr(batch, name), type)}
READ_BY_CALLERS = RESULTS | {"Settings", "Channel", "Transformation", "Board", "BoardColumn", "BoardGroup"}
OBVIOUS = {
    *(
        "customer",
        "customers",
        "name",
        "uuid",
        "title",
        "status",
        "batch_id",
        "item_id",
        "subitem_id",
        "board_id",
    ),
    *("group", "groups", "items", "orders", "subitems", "order_number"),
    *("ok", "completed", "failed", "model_config"),
}
"""Attributes that say all that there is to say by their names."""


def test_ruff_wants_a_docstring_of_everything_public() -> None:
    lint = tomllib.loads((HOUSE.parent / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    assert lint["select"] == ["ALL"]
    presence = {f"D{number}" for number in range(100, 108)}
    assert presence & set(lint["ignore"]) == {"D105", "D107"}
    without = [path for path, ignored in lint["per-file-ignores"].items() if {"D", "D1"} & set(ignored)]
    assert without == ["tests/**"]


@pytest.mark.parametrize("path", [path for path in MODULES if not path.startswith(OF_COMMANDS)])
def test_what_is_raised_is_said(path: str) -> None:
    assert list(rules.unnamed_errors(MODULES[path], FAMILIES)) == []


def test_what_callers_read_of_results_is_explained() -> None:
    found = [
        f"{path}: {offence}"
        for path, tree in MODULES.items()
        if path.startswith(("batch/", "settings.py", "transform/transformation.py", "monday/board.py"))
        for offence in rules.unexplained_attributes(tree, READ_BY_CALLERS - _elsewhere(path), OBVIOUS)
    ]
    assert found == []


def _elsewhere(path: str) -> set[str]:
    """Name what a class of the same name in another module is not taken for."""
    return {"Estimate"} if path == "batch/checks/demand.py" else set()


RAISING = """
def load(path):
    \"\"\"Read it. Raises `{said}`.\"\"\"
    def inner():
        raise KeyError
    if path:
        raise {raised}(path)
"""


@pytest.mark.parametrize(
    ("said", "raised", "offences"),
    [
        ("DataFileError", "DataFileError", 0),
        ("ConfigurationError", "DataFileError", 0),
        ("DataFileError", "SettingError", 1),
        ("nothing", "errors.SettingError", 1),
        ("nothing", "ValueError", 1),
        ("ValueError", "ValueError", 0),
        ("nothing", "RuntimeError", 0),
        ("nothing", "StopRun", 0),
    ],
)
def test_the_rule_about_errors_finds_what_is_not_said(said: str, raised: str, offences: int) -> None:
    tree = ast.parse(RAISING.format(said=said, raised=raised))
    assert len(list(rules.unnamed_errors(tree, FAMILIES))) == offences


def test_the_rule_about_errors_takes_the_words_of_the_class() -> None:
    source = 'class Door:\n    """Raises `SettingError`."""\n    def open(self):\n        raise SettingError'
    assert list(rules.unnamed_errors(ast.parse(source), FAMILIES)) == []
    assert len(list(rules.unnamed_errors(ast.parse(source.replace("SettingError`", "`")), FAMILIES))) == 1


def test_the_rule_about_attributes_finds_those_without_a_word() -> None:
    source = (
        'class Result:\n    """Calls."""\n    calls: int\n    name: str\n    mood: int\n    x: int\n    "Why"'
    )
    found = list(rules.unexplained_attributes(ast.parse(source), {"Result"}, {"name"}))
    assert found == ["Result.mood (line 1) is explained nowhere"]
    assert list(rules.unexplained_attributes(ast.parse(source), {"Other"}, set())) == []
