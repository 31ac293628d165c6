"""docs/monday.md has the headings that the code cites, and names what there is in the code and in the sandbox."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import order_staging
from order_staging import sandbox

HOUSE = Path(order_staging.__file__).parent
DOCS = HOUSE.parent / "docs"
PAGE = (DOCS / "monday.md").read_text(encoding="utf-8")
CITATION = re.compile(r'docs/monday\.md(?:, "([^"]+)")?')


def cited() -> list[str]:
    """Find the headings that the code cites; one that is cited without its heading is empty text."""
    sources = [" ".join(path.read_text(encoding="utf-8").split()) for path in HOUSE.rglob("*.py")]
    return [heading for source in sources for heading in CITATION.findall(source)]


def named(pattern: str) -> list[tuple[str, str]]:
    """Find the two groups of a pattern in what stands in backquotes; one without a match is empty text."""
    found = {re.fullmatch(pattern, code) for code in re.findall(r"`([^`]+)`", PAGE)}
    return sorted({(match[1], match[2] or "") for match in found if match})


def test_the_headings_that_the_code_cites_are_there() -> None:
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    assert cited()
    assert set(cited()) <= set(headings)


MODULES = {path.stem for path in (HOUSE / "monday").glob("*.py")}
PLACES = [
    *(place for place in named(r"(\w+)\.(\w+)") if place[0] in MODULES),
    *named(r"((?:batch|transform)/[a-z_/]+)(?:\.(\w+))?"),
]


def test_the_page_names_places_in_the_code() -> None:
    assert ("answers", "outcome") in PLACES
    assert ("batch/bulk", "") in PLACES


@pytest.mark.parametrize(("module", "name"), PLACES)
def test_a_place_in_the_code_is_there(module: str, name: str) -> None:
    path = HOUSE / f"{module}.py" if "/" in module else HOUSE / "monday" / f"{module}.py"
    assert path.is_file()
    defined = rf"^{name} =|^ *(?:async )?def {name}\("
    assert not name or re.search(defined, path.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("kind", "choices"), named(r"([A-Z]\w+)\((.+)\)"))
def test_a_choice_of_the_sandbox_is_there(kind: str, choices: str) -> None:
    chosen = set(re.findall(r"(\w+)=", choices))
    assert chosen
    assert chosen <= {each.name for each in fields(getattr(sandbox, kind))}


def test_the_options_and_faults_of_the_sandbox_are_there() -> None:
    page = (DOCS / "sandbox.md").read_text(encoding="utf-8")
    switches = re.findall(r"`(--[a-z-]+)|`([a-z]+(?:-[a-z0-9]+)+)`", PAGE)
    wanted = {option or fault for option, fault in switches}
    assert {"--search-lag", "expired-cursor"} <= wanted
    assert [each for each in sorted(wanted) if f"`{each}" not in page] == []
