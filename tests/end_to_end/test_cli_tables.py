"""What commands print is read in 80 columns and fewer; ids are whole, and a pipe has a line a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.cells import cell_len

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

LONG = "THE VERY LONG NAMED CUSTOMER OF LONDON PARIS MILAN AND NEW YORK (WHOLESALE DIVISION)"
NAMES = (LONG, "株式会社アパレル東京大阪名古屋ホールディングス", "WITHOUTANYBLANK" * 5, "BEN'S [red] :cat:")
LINES = 5
ORDERS = '"ORDERS_UNIFIED"'


def nasty_rows() -> list[dict[str, object]]:
    """Give rows of customers with long, wide and odd names: invalid ones, and some with values that do not fit."""
    rows = greyson_4755()[: LINES * len(NAMES)]
    for place, row in enumerate(rows):
        row["CUSTOMER NAME"] = NAMES[place // LINES]
        if place % LINES == 0:
            row["CUSTOMER STYLE"] = None
        if place % LINES == 1:
            row["CUSTOMER COLOUR DESCRIPTION"] = "漢字の色 " * 30
        if place % LINES == 2:
            row["ORDER DATE PO RECEIVED"] = "no date, but a remark that somebody left here on purpose"
    return rows


def with_columns(quick: CommandLine, columns: int | None) -> CommandLine:
    """Give the same command line on a terminal of so many columns; None is a pipe."""
    return replace(quick, variables={"COLUMNS": str(columns or "")})


def test_every_table_is_read_in_80_columns_and_60_and_ids_are_whole(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    database.add(nasty_rows())
    narrow = with_columns(quick, 60)
    printed = {
        (width, command): with_columns(quick, width)(*command.split()).out
        for width in (80,)
        for command in ("customers", "preview --all --rows 3", "check")
    }
    printed[60, "run"] = narrow("run", "--all").out
    database.execute(f"UPDATE {ORDERS} SET \"ORDER TYPE\" = '{'CHANGED ' * 6}' WHERE rowid % 2 = 0")
    sandbox.person.delete_item(sandbox.items()[1].id)
    batches = quick("status", "--output", "json").document["recorded"]
    ids = [batch["batch_id"] for batch in batches]
    errors = [each["error_id"] for each in quick("errors", "--output", "json").document["errors"]]
    assert len(ids) == len(NAMES)
    assert len(errors) == 2 * len(NAMES)
    looks = ("status", f"status {ids[0]}", "errors", "drift --all")
    others = ("preview --all --changes --rows 3", f"report {ids[0]} --out a.html", "db adopt", "db current")
    for width, commands in ((80, looks + others), (60, looks)):
        for command in commands:
            printed[width, command] = with_columns(quick, width)(*command.split()).out
        assert all(each[:8] in printed[width, "status"].split() for each in ids)
        assert ids[0] in printed[width, f"status {ids[0]}"]
        assert all(each in printed[width, "errors"].split() for each in errors)
    too_long = {
        (width, command): line
        for (width, command), out in printed.items()
        for line in out.splitlines()
        # A command, or a place, is never broken: somebody copies it.
        if cell_len(line) > width and "order-staging " not in line and "Wrote " not in line
    }
    assert {place: line for place, line in too_long.items() if place[1] != "db adopt"} == {}
    assert all(out for out in printed.values())


def test_a_pipe_has_a_line_a_row(quick: CommandLine, database: Database) -> None:
    database.add(nasty_rows())
    piped = with_columns(quick, None)
    ran = piped("run", "--all").out.splitlines()
    (of_long,) = (line for line in ran if line.startswith(f"{LONG}  "))
    assert of_long.removeprefix(LONG).split()[:3] == ["COMPLETED_WITH_ERRORS", "5", "3"]
    (batch,) = (line for line in piped("status").out.splitlines() if LONG in line)
    assert "COMPLETED_WITH_ERRORS" in batch
    assert any(
        batch.startswith(each["batch_id"])
        for each in quick("status", "--output", "json").document["recorded"]
    )
    reasons = [line for line in piped("errors").out.splitlines() if line.startswith("order:")]
    assert len(reasons) == 2 * len(NAMES)
    assert all("INVALID: " in line for line in reasons)
