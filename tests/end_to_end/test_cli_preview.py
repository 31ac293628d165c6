"""`preview` from the command line: what it prints and writes, how it ends, and that it leaves all as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_it_tells_what_the_run_then_does_and_leaves_all_as_it_was(
    quick: CommandLine, database: Database, sandbox: Sandbox, everything: Callable[[], dict[str, int]]
) -> None:
    database.add(greyson_4755()[:5])
    before = everything()
    told = quick("preview", "--customer", "greyson", "--po", "4755", "--output", "json")
    assert told.code == 0
    assert (everything(), len(sandbox.executed), database.count("MON_BatchLease")) == (before, 0, 0)
    (customer,) = told.document["customers"]
    (batch,) = quick("run", "--all", "--output", "json").document["batches"]
    assert customer["items"] == batch["orders"]["created"] == told.document["items"]["total"] == 5
    assert customer["subitems"] == batch["subitems"]["created"]
    again = quick("preview", "--all", "--changes")
    assert (again.code, "a run would send nothing" in again.out) == (0, True)


def test_payloads_a_bound_and_a_page_are_given_as_asked(
    quick: CommandLine, database: Database, tmp_path: Path
) -> None:
    database.add(greyson_4755()[:5])
    page = tmp_path / "preview.html"
    done = quick("preview", "--all", "--rows", "2", "--show", "1", "--out", str(page))
    assert (done.code, done.err) == (0, "")
    assert "New items: 3 more; --rows shows as many as you like" in done.out
    assert done.out.count("Payload of ") == done.out.count('"item": {') == 1
    assert f"The page is {page}." in done.out
    assert page.read_text("utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing was chosen"),
        (("--all", "--customer", "greyson"), "exclude each other"),
        (("--customer", "nobody"), "nobody"),
        (("--all", "--out", "/nowhere/preview.html"), "give --out another place"),
    ],
)
def test_wrong_usage_is_refused(quick: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    done = quick("preview", *arguments)
    assert done.code == 2
    assert words in done.err
