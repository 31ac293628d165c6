"""`report` writes pages of real batches; its page of the manual is true."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755
from tests.unit.reporting.html_pages import Page

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

BOARD = "https://acme.example.com/boards/9200517329"
PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
COMMANDS = [
    shlex.split(line)
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_batch_is_told_whole_on_every_engine(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    rows = greyson_4755()[:6]
    rows[1] |= {"CUSTOMER STYLE": None}
    rows[2] |= {"CUSTOMER PRICE": "n/a; <b>"}
    database.add(rows)
    run = quick("run", "--all", "--output", "json").document["batches"][0]
    database.execute(
        'UPDATE "ERR_MON_CustMasterSchedule" SET error_message = :words', words=f"the token {sandbox.token}"
    )
    done = quick(
        *("report", run["batch_id"][:8], "--out", "batch.html", "--output", "json"), board_url=BOARD
    ).document
    written = (quick.folder / "batch.html").read_bytes()
    assert done == {"report": "batch.html", "bytes": len(written), "batch_id": run["batch_id"]}
    page = Page(written.decode())

    items = {row["Item ID"] for row in database.rows("MON_CustMasterSchedule")}
    assert set(page.values("href")) == {BOARD, *(f"{BOARD}/pulses/{item}" for item in items)}
    assert len(items) == 5
    sizes = run["subitems"]["created"]
    assert f"5 order lines and {sizes} sizes reached the board" in page.text
    assert "Failed: 1 order line (invalid)." in page.text
    assert "'n/a; <b>' is not a number; left out" in page.text
    for step in ("Load", "Items", "Subitems", "Promotion", "Cleanup", "Closing"):
        assert step in page.texts
    assert "the token [" in page.text
    assert sandbox.token not in page.source
    figures = re.findall(r'<td class="number">(\d+)</td><td class="number">(\d+)</td></tr>', page.source)
    assert [sum(int(each[column]) for each in figures) for column in (0, 1)] == [5, sizes]


@on_sqlite
def test_the_commands_of_its_page_write_files_and_change_nothing_else(
    quick: CommandLine, database: Database
) -> None:
    database.add(greyson_4755()[:1])
    batch = quick("run", "--all", "--output", "json").document["batches"][0]["batch_id"]
    before = database.rows("MON_BatchProcessing")
    for words in COMMANDS:
        done = quick(*(batch[:8] if word == "1f0c2a9e" else word for word in words[1:]))
        assert (done.code, done.err) == (0, ""), words
        assert done.out.startswith(f"Wrote {words[-1]}, ")
        assert (quick.folder / words[-1]).stat().st_mode & 0o777 == 0o666 & ~umask()
    files = {path.name for path in quick.folder.iterdir()}
    assert files == {words[-1] for words in COMMANDS} == {"month.html", "batch.html"}
    assert "1 batch of 1 customer brought 1 order line" in (quick.folder / "month.html").read_text()
    assert database.rows("MON_BatchProcessing") == before


def umask() -> int:
    """Read this process's mask of file modes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


@on_sqlite
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--out", "x.html"), "give a batch, or --since"),
        (("1f0c", "--since", "3d", "--out", "x.html"), "give a batch, or --since"),
        (("--since", "0d", "--out", "x.html"), "12h, 30d, 8w"),
        (("--since", "99999w", "--out", "x.html"), "12h, 30d, 8w"),
        (("1f0c", "--out", "x.html"), "no batch begins with '1f0c'"),
        (("12345678-1234-1234-1234-123456789abc", "--out", "x.html"), "there is no batch 12345678-"),
        (("--since", "3d", "--out", "nowhere/x.html"), "nowhere/x.html cannot be written (No such file"),
        (("--since", "3d", "--out", "."), "cannot be written"),
        (("--since", "3d"), "missing option '--out'"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, tuple) else "",
)
def test_what_cannot_be_written_is_said_in_one_line_and_leaves_no_file(
    words: tuple[str, ...], said: str, quick: CommandLine
) -> None:
    done = quick("report", *words)
    assert done.code == 2
    assert said in done.err
    assert list(quick.folder.iterdir()) == []


def test_its_page_knows_every_setting_and_unit() -> None:
    for words in ("ORDER_STAGING_BOARD_URL", "`12h`", "`30d`", "`8w`"):
        assert words in PAGE
