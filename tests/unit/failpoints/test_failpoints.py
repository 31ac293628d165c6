"""The list of failpoints is complete: each stands in the code once, and what commits or sends stands between two.

What is read here is the code itself: a new place that commits, or sends a mutation, makes a test fail until it has
its failpoints.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import order_staging
from order_staging import failpoints
from order_staging.failpoints import Failpoint, armed, reach

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUSE = Path(order_staging.__file__).parent
OWN = "failpoints.py"

CLIENT_SENDS = {
    "carry_out",
    "ingest",
    "ensure",
    "ensure_group",
    "ensure_groups",
    "create_text_column",
    "create_item_with_retry",
    "create_items_with_retry",
    "create_subitem_with_retry",
    "create_subitems_with_retry",
}
"""The methods of the client that send mutations."""

SENDERS = {
    # Rows, by `_send_request` and `_send` below.
    "batch/cargo.py": {
        "Orders.send": "carry_out",
        "Subitems.send": "carry_out",
        "Orders.prepare": "ensure_groups",
    },
    "batch/imports.py": {"Imports._ingest": "ingest"},
    # A group is found by its title, and a column by its id: made twice they are there once.
    "batch/run.py": {"BatchRun._ensure_groups": "ensure"},
    "batch/preparing.py": {"prepare": "create_text_column"},
}
"""Who calls them in `batch`."""

SENT_BETWEEN = {
    ("batch/delivery.py", "Delivery._send_request"): (Failpoint.INTENT_RECORDED, Failpoint.ANSWER_READ),
    ("batch/resending.py", "Resending._send"): (Failpoint.RESEND_RECORDED, Failpoint.RESEND_ANSWERED),
    ("batch/imports.py", "Imports.send"): (Failpoint.IMPORT_INTENDED, Failpoint.IMPORT_REPORTED),
    ("batch/run.py", "BatchRun.create_items"): (Failpoint.INTERRUPTED_DOUBTED, Failpoint.GROUPS_ENSURED),
}
"""Between which places each request with mutations leaves."""


@dataclass(frozen=True)
class Function:
    """A function of a module, by its name below the module."""

    path: str
    name: str
    node: ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules() -> dict[str, ast.Module]:
    found = (path for path in HOUSE.rglob("*.py") if "__pycache__" not in path.parts)
    return {path.relative_to(HOUSE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in found}


def functions(path: str) -> Iterator[Function]:
    """Go through the functions of a module and the methods of its classes."""
    for node in modules()[path].body:
        inner = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for one in inner:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Function(path, f"{prefix}{one.name}", one)


def called(node: ast.AST) -> str:
    """Name the function or method that a node calls; empty for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def member(node: ast.AST) -> Failpoint | None:
    """Read `Failpoint.NAME`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Failpoint":
        return Failpoint[node.attr]
    return None


def reached(node: ast.AST) -> Failpoint | None:
    """Tell which place a call passes."""
    return member(node.args[0]) if isinstance(node, ast.Call) and called(node) == "reach" else None


def events(function: Function, sends: set[str], inside: tuple[str, ...] = ()) -> Iterator[Failpoint | str]:
    """List the places and the sendings of a function in their order, with those of methods of its own object."""
    own = {one.name: one for one in functions(function.path)}
    prefix = function.name.rpartition(".")[0]

    def walk(node: ast.AST) -> Iterator[Failpoint | str]:
        for child in ast.iter_child_nodes(node):
            yield from walk(child)
        if (place := reached(node)) is not None:
            yield place
        elif called(node) in sends:
            yield called(node)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            method = own.get(f"{prefix}.{node.attr}")
            if method is not None and method.name not in (*inside, function.name):
                yield from events(method, sends, (*inside, function.name))

    yield from walk(function.node)


def test_every_failpoint_stands_in_the_code_once() -> None:
    mentioned = Counter(
        point
        for path, tree in modules().items()
        if path != OWN
        for node in ast.walk(tree)
        if (point := member(node)) is not None
    )
    assert mentioned == dict.fromkeys(Failpoint, 1)


def test_only_members_are_reached_and_nothing_is_armed() -> None:
    calls = [
        (f"{path}:{node.lineno}", node)
        for path, tree in modules().items()
        if path != OWN
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    assert not [place for place, node in calls if called(node) == "armed"]
    passed = [(place, node) for place, node in calls if called(node) == "reach"]
    assert not [place for place, node in passed if len(node.args) != 1 or reached(node) is None]
    assert len(passed) == len(Failpoint)


def test_only_the_unit_of_work_commits_and_does_so_between_two_failpoints() -> None:
    commits = [
        (path, function.name)
        for path in modules()
        for function in functions(path)
        for node in ast.walk(function.node)
        if isinstance(node, ast.Call) and called(node) == "commit" and ast.unparse(node.func) != "uow.commit"
    ]
    assert commits == [("unit_of_work.py", "UnitOfWork._send_commit")]
    sending = [
        (path, function.name)
        for path in modules()
        for function in functions(path)
        if any(called(node) == "_send_commit" for node in ast.walk(function.node))
    ]
    assert sending == [("unit_of_work.py", "UnitOfWork.commit")]
    (commit,) = (one for one in functions("unit_of_work.py") if one.name == "UnitOfWork.commit")
    assert list(events(commit, {"commit"})) == [Failpoint.COMMIT_COMING, "commit", Failpoint.COMMIT_DONE]


def test_all_work_on_the_database_goes_through_one_place_that_commits() -> None:
    makers = {
        path for path, tree in modules().items() for node in ast.walk(tree) if called(node) == "UnitOfWork"
    }
    assert {path for path in makers if path.startswith("batch/")} == {"batch/context.py"}
    (run,) = (one for one in functions("batch/context.py") if one.name == "DatabaseThread.run")
    assert sum(called(node) == "commit" for node in ast.walk(run.node)) == 1


def test_nobody_sends_mutations_but_those_who_are_known() -> None:
    found: dict[str, dict[str, str]] = {}
    for path in modules():
        if not path.startswith("batch/"):
            continue
        for function in functions(path):
            for node in ast.walk(function.node):
                if called(node) in CLIENT_SENDS:
                    found.setdefault(path, {})[function.name] = called(node)
    assert found == SENDERS


@pytest.mark.parametrize(("path", "name"), SENT_BETWEEN)
def test_mutations_are_sent_between_two_failpoints(path: str, name: str) -> None:
    (function,) = (one for one in functions(path) if one.name == name)
    sends = {"send", "ingest", "ensure"}
    passed = list(events(function, sends))
    places = [number for number, one in enumerate(passed) if not isinstance(one, Failpoint)]
    assert places
    before, after = SENT_BETWEEN[path, name]
    for place in places:
        assert before in passed[:place], passed
        assert after in passed[place:], passed


def test_every_sending_of_cargo_is_one_of_those_between_two_failpoints() -> None:
    """Requests for rows leave through a cargo's `send`, which only these call."""
    callers = {
        (path, function.name)
        for path in modules()
        if path.startswith("batch/")
        for function in functions(path)
        for node in ast.walk(function.node)
        if called(node) == "send" and isinstance(node, ast.Call) and "cargo" in ast.unparse(node.func)
    }
    assert callers == {
        ("batch/delivery.py", "Delivery._send_request"),
        ("batch/resending.py", "Resending._send"),
    }


def test_nothing_is_armed_by_itself() -> None:
    assert not failpoints._armed
    for point in Failpoint:
        reach(point)


def test_an_armed_failpoint_acts_at_its_time_and_is_as_before_afterwards() -> None:
    acted: list[str] = []
    with armed(Failpoint.LEASE_TAKEN, lambda: acted.append("outer")) as outer:
        with armed(Failpoint.LEASE_TAKEN, lambda: acted.append("inner"), at=2) as inner:
            for _ in range(3):
                reach(Failpoint.LEASE_TAKEN)
                reach(Failpoint.PAGE_LOADED)
        reach(Failpoint.LEASE_TAKEN)
    reach(Failpoint.LEASE_TAKEN)
    assert acted == ["inner", "outer"]
    assert (inner, outer) == ([3], [1])
    assert not failpoints._armed


def test_what_an_armed_failpoint_raises_goes_through() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), armed(Failpoint.BATCH_ENDED, fail):
        reach(Failpoint.BATCH_ENDED)
    assert not failpoints._armed
