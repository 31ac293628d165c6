"""The pages in docs/api name every public name, so that its docstring is on the site."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

PAGES = sorted((Path(__file__).parents[3] / "docs" / "api").glob("*.rst"))
DIRECTIVE = re.compile(r"^\.\. auto(module|class|function|data):: (\S+)\n((?: +:.*\n?)*)", re.MULTILINE)


def documented() -> list[object]:
    """Import everything that the pages name: classes and functions, and what modules have in `__all__`."""
    found: list[object] = []
    for page in PAGES:
        for kind, name, options in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            if kind == "module":
                module = import_module(name)
                (left_out,) = re.findall(r":exclude-members: (.*)", options) or [""]
                found += [getattr(module, each) for each in module_names(module) if each != left_out]
            else:
                home, _, attribute = name.rpartition(".")
                found.append(getattr(import_module(home), attribute))
    return found


def module_names(module: object) -> list[str]:
    return list(getattr(module, "__all__", ()))


ROOMS = ("batch", "models", "monday", "repositories", "sandbox", "transform")


@pytest.mark.parametrize("name", ["order_staging", *(f"order_staging.{room}" for room in ROOMS)])
def test_every_public_name_is_on_a_page(name: str) -> None:
    module = import_module(name)
    errors = import_module("order_staging.errors")
    there = documented()
    for each in module_names(module):
        value = getattr(module, each)
        if isinstance(value, type) or callable(value):
            assert value in there or getattr(errors, each, None) is value, each


def test_no_name_is_on_two_pages() -> None:
    there = [thing for thing in documented() if isinstance(thing, type)]
    assert [thing for thing in there if there.count(thing) > 1] == []
