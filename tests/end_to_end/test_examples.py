"""The examples do what they say: each is run as a program, against the sandbox and a SQLite file."""

from __future__ import annotations

import re
import runpy
import sys
from datetime import date, timedelta
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import structlog

from order_staging.sandbox import Sandbox, SandboxThread, greyson_4755
from order_staging.transform import load_mapping
from tests.conftest import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from tests.end_to_end.conftest import CommandLine

PAGE = (Path(__file__).parents[2] / "docs" / "library.md").read_text()
EXPECTED = [
    ["1 rows wait for somebody"],
    [
        "JOO-00509 is INVALID: STYLE: is empty, and is required",
        "GREYSON CLOTHIERS: 2 of 2 items",
        "GREYSON CLOTHIERS: 9 of 9 subitems",
        "GREYSON CLOTHIERS: partial",
    ],
    [],
    ["GREYSON CLOTHIERS COMPLETED_WITH_ERRORS 2"],
]
"""What the page's examples print, in their order."""
FOLDER = Path(__file__).parents[2] / "examples"
NOTES = load_mapping().field_by_title("NOTES").column

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def run(
    quick: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., list[str]]]:
    """Run an example as `python examples/NAME WORDS` does, with the test's settings; give the lines it prints."""
    for name, value in quick.environment().items():
        if name.startswith("ORDER_STAGING_"):
            monkeypatch.setenv(name, value)
    # A library logs as its program says; these say nothing.
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())

    def run_it(name: str, *words: str) -> list[str]:
        monkeypatch.setattr(sys, "argv", [name, *words])
        runpy.run_path(str(FOLDER / name), run_name="__main__")
        return capsys.readouterr().out.splitlines()

    yield run_it
    structlog.reset_defaults()


def test_each_is_in_the_list_of_examples_and_in_a_test() -> None:
    listed = (FOLDER / "README.md").read_text()
    for path in FOLDER.rglob("*.py"):
        name = path.relative_to(FOLDER).as_posix()
        assert f"`{name}`" in listed or f"`{name.split('/')[0]}/`" in listed
        assert f'run("{name}"' in Path(__file__).read_text()


@on_sqlite
def test_a_transformation_of_its_own_marks_what_leaves_soon(
    run: Callable[..., list[str]], database: Database, sandbox: Sandbox
) -> None:
    soon, late = (row | {"NOTES": "by air"} for row in greyson_4755()[:2])
    day = date(2026, 11, 23)
    database.add(
        [soon | {"EX FACTORY DATE": day + timedelta(10)}, late | {"EX FACTORY DATE": day + timedelta(20)}]
    )
    first = run("own_transformation.py", "greyson", str(day))
    assert first == ["GREYSON CLOTHIERS: COMPLETED, 2 new, 0 changed"]
    assert {item.text(NOTES) for item in sandbox.items()} == {"RUSH: by air", "by air"}
    week_later = run("own_transformation.py", "greyson", str(day + timedelta(7)))
    assert week_later == ["GREYSON CLOTHIERS: COMPLETED, 0 new, 1 changed"]
    assert {item.text(NOTES) for item in sandbox.items()} == {"RUSH: by air"}


@on_sqlite
def test_a_report_reads_the_tables_and_nothing_else(
    run: Callable[..., list[str]], quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add([*greyson_4755()[:2], greyson_4755()[5] | {"CUSTOMER STYLE": None}])
    quick("run", "--all")
    asked = len(sandbox.requests)
    landed, batch, refused = run("repositories_alone.py")
    assert landed.startswith("landed: 2 orders, ")
    assert batch == "batch: GREYSON CLOTHIERS COMPLETED_WITH_ERRORS, 2 rows"
    assert refused == "refused: GREYSON CLOTHIERS INVALID, 1 rows"
    assert len(sandbox.requests) == asked


@on_sqlite
def test_customers_are_brought_at_the_same_time_within_a_loop(
    run: Callable[..., list[str]], database: Database, sandbox: Sandbox
) -> None:
    rows = greyson_4755()[:3]
    database.add([rows[0], rows[1], rows[2] | {"CUSTOMER NAME": "RHYTHM (AU)"}])
    lines = run("event_loop.py", "60", "greyson", "rhythm (au)")
    assert lines == ["GREYSON CLOTHIERS: COMPLETED, 2 new", "RHYTHM: COMPLETED, 1 new"]
    assert len(sandbox.items()) == 3


@on_sqlite
def test_a_job_says_how_far_it_is_and_ends_where_too_much_is_refused(
    run: Callable[..., list[str]], database: Database, sandbox: Sandbox
) -> None:
    wrong = greyson_4755()[2] | {"CUSTOMER STYLE": None}
    database.add([*greyson_4755()[:2], wrong])
    why = f"order {wrong['AAG ORDER NUMBER']} is INVALID: STYLE: is empty, and is required"
    stopped = run("progress.py", "0", "greyson")
    assert stopped[:2] == [why, "load: 3 of ?"]
    assert sandbox.items() == []
    done = run("progress.py", "0", "greyson")  # which is known to be wrong by now
    assert not any("INVALID" in line for line in done)
    assert "items: done with 2" in done
    assert done[-1] == "GREYSON CLOTHIERS: COMPLETED_WITH_ERRORS"


@on_sqlite
def test_a_run_that_has_no_time_leaves_its_work_to_the_next(
    run: Callable[..., list[str]], database: Database, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:2])
    run("event_loop.py", "0", "greyson")
    assert sandbox.items() == []
    assert run("event_loop.py", "60", "greyson") == ["GREYSON CLOTHIERS: COMPLETED, 2 new"]


@on_sqlite
def test_a_second_board_has_its_own_columns_names_and_groups(
    run: Callable[..., list[str]],
    sqlite_template: Path,
    tmp_path: Path,
    engine_of: Callable[[str], Engine],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = f"sqlite:///{copy(sqlite_template, tmp_path / 'second.db')}"
    second = Database(engine_of(url))
    second.add(greyson_4755()[:3])
    board = Sandbox(key_column="text_second_key", board=FOLDER / "second_board" / "board.yaml")
    with SandboxThread(board) as server:
        monkeypatch.setenv("SECOND_DATABASE_URL", url)
        monkeypatch.setenv("SECOND_KEY_COLUMN", "text_second_key")
        monkeypatch.setenv("ORDER_STAGING_MONDAY_URL", server.url)
        first = run("second_board/job.py", "greyson")
        again = run("second_board/job.py", "greyson")
        second.execute('DELETE FROM "ORDERS_UNIFIED"')
        second.add([row | {"record_uuid": uuid4()} for row in greyson_4755()[:3]])
        rebuilt = run("second_board/job.py", "greyson")
    assert first == [f"GREYSON CLOTHIERS: COMPLETED, 3 items, {len(board.subitems())} subitems"]
    assert again == ["GREYSON CLOTHIERS: NOTHING_TO_DO, 0 items, 0 subitems"]
    assert rebuilt == ["GREYSON CLOTHIERS: COMPLETED, 0 items, 0 subitems"]
    row = greyson_4755()[0]
    names = {f"{each['AAG ORDER NUMBER']}{each['CUSTOMER STYLE']}" for each in greyson_4755()[:3]}
    assert {item.name for item in board.items()} == names
    assert {item.group_title for item in board.items()} == {f"GREYSON CLOTHIERS {row['AAG SEASON']}"}
    assert {item.text("text_customer") for item in board.items()} == {"GREYSON CLOTHIERS"}
    assert all(subitem.name == subitem.text("text_size") for subitem in board.subitems())


@on_sqlite
@pytest.mark.parametrize("number", range(4))
def test_the_examples_of_the_page_run(
    run: Callable[..., list[str]], database: Database, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """`run` has set the environment; the page's blocks are programs, too."""
    database.add([*greyson_4755()[:2], greyson_4755()[5] | {"CUSTOMER STYLE": None}])
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == len(EXPECTED)
    names: dict[str, Any] = {}
    exec(blocks[number], names)  # noqa: S102 - ours
    if number == 3:
        assert capsys.readouterr().out == ""
        run("event_loop.py", "60", "greyson")
        exec(blocks[number], names)  # noqa: S102 - ours
    assert capsys.readouterr().out.splitlines() == EXPECTED[number]
    if number == 2:
        assert names["changes"]({"DESTINATION": "USA"}) == {"DESTINATION": "US"}
        assert names["service"].process_customer_batch("GREYSON").orders.created == 2
