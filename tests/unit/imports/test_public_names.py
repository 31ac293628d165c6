"""What is imported on demand is there all the same: for programs, for type checkers, for people who look."""

from __future__ import annotations

import ast
import pickle
from importlib import import_module
from pathlib import Path

import pytest

import order_staging

SOURCE = ast.parse(Path(order_staging.__file__).read_text(encoding="utf-8"))


def imported() -> dict[str, str]:
    """Read where a type checker finds the package's names: each name, and the module that it comes from."""
    return {
        alias.asname or alias.name: str(node.module)
        for node in ast.walk(SOURCE)
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("order_staging.")
        for alias in node.names
    }


def test_programs_find_every_name_where_a_type_checker_does() -> None:
    seen = imported() | {"__version__": "order_staging.version"}
    del seen["VERSION"]
    assert set(seen) == set(order_staging.__all__)
    for name, module in seen.items():
        its_name = "VERSION" if name == "__version__" else name
        assert getattr(order_staging, name) is getattr(import_module(module), its_name)


def test_a_name_that_is_not_imported_yet_is_imported_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(order_staging), "BatchService", raising=False)
    assert order_staging.BatchService is import_module("order_staging.batch").BatchService
    assert "BatchService" in vars(order_staging)


def test_dir_lists_what_is_not_imported_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vars(order_staging), "BatchService", raising=False)
    assert set(order_staging.__all__) <= set(dir(order_staging))
    assert "BatchService" not in vars(order_staging)


def test_a_star_imports_all_of_them() -> None:
    names: dict[str, object] = {}
    exec("from order_staging import *", names)  # noqa: S102 - a function may not hold it
    assert set(order_staging.__all__) <= set(names)


def test_no_other_name_is_there() -> None:
    with pytest.raises(AttributeError, match="module 'order_staging' has no attribute 'BatchServices'"):
        getattr(order_staging, "BatchServices")  # noqa: B009 - a type checker knows, too
    with pytest.raises(ImportError, match="cannot import name 'BatchServices'"):
        exec("from order_staging import BatchServices")  # noqa: S102 - a type checker knows, too


@pytest.mark.parametrize("name", sorted(set(order_staging.__all__) - {"__version__"}))
def test_a_public_class_can_be_pickled(name: str) -> None:
    public = getattr(order_staging, name)
    # A class is itself again, and a type made of several is made anew.
    assert pickle.loads(pickle.dumps(public)) == public  # noqa: S301 - our own
