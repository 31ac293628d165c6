"""`customers`, `status`, `errors` and `db` as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging import schema
from order_staging.sandbox import greyson_4755, sample_orders

if TYPE_CHECKING:
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@on_sqlite
def test_customers_counts_new_orders_by_canonical_name(quick: CommandLine, database: Database) -> None:
    database.add(sample_orders())
    found = quick("customers", "--output", "json").document["customers"]
    by_name = {row["customer"]: row["new_orders"] for row in found}
    assert sum(by_name.values()) == 400
    assert by_name["GREYSON CLOTHIERS"] == 100
    assert "RHYTHM (AU)" not in by_name
    assert "GREYSON CLOTHIERS" in quick("customers").out


@on_sqlite
def test_status_and_errors_tell_what_a_run_left(quick: CommandLine, database: Database) -> None:
    rows = greyson_4755()[:4]
    rows[1] |= {"CUSTOMER STYLE": None}
    database.add(rows)
    assert quick("run", "--all", "--output", "json").document["status"] == "partial"

    (batch,) = quick("status", "--output", "json").document["recorded"]
    assert (batch["status"], batch["total_records"], batch["failed_records"]) == (
        "COMPLETED_WITH_ERRORS",
        4,
        1,
    )
    one = quick("status", batch["batch_id"][:8], "--output", "json").document
    assert one["batch_id"] == batch["batch_id"]
    assert all(one["steps"].values())
    assert one["staged"] == {"orders": {}, "subitems": {}}
    assert "COMPLETED_WITH_ERRORS" in quick("status", batch["batch_id"]).out

    (error,) = quick("errors", "--customer", "greyson", "--output", "json").document["errors"]
    assert (error["kind"], error["error_type"]) == ("order", "INVALID")
    assert error["message"] == "STYLE: is empty, and is required"
    assert quick("errors", "--batch", batch["batch_id"], "--output", "json").document["errors"] == [error]
    assert "STYLE" in quick("errors").out
    assert quick("status", "--customer", "title 9").out.startswith("No batch of TITLE NINE is recorded yet; ")


@on_sqlite
def test_errors_say_how_many_are_not_shown(quick: CommandLine, database: Database) -> None:
    database.add([row | {"CUSTOMER STYLE": None} for row in greyson_4755()[:3]])
    assert quick("run", "--all").code == 0
    shown = quick("errors", "--limit", "1", "--output", "json").document
    assert (len(shown["errors"]), shown["total"]) == (1, 3)
    *_, told, step = quick("errors", "--limit", "1").out.splitlines()
    assert told == "2 older ones are not shown; --limit shows more."
    assert step == "Next: correct the source; the next run looks at it again by itself"
    assert "not shown" not in quick("errors").out


@on_sqlite
def test_status_says_how_many_batches_are_not_shown(quick: CommandLine, database: Database) -> None:
    rows = greyson_4755()[:3]
    for row, name in zip(rows, ("AAA", "BBB", "CCC"), strict=True):
        row["CUSTOMER NAME"] = name
    database.add(rows)
    assert quick("run", "--all").code == 0
    for words, told in (([], (1, 3)), (["--customer", "bbb"], (1, 1))):
        shown = quick("status", "--limit", "1", "--output", "json", *words).document
        assert (len(shown["recorded"]), shown["total"]) == told
    assert "2 older ones are not shown; --limit shows more." in quick("status", "--limit", "1").out
    assert "1 older one is not shown; --limit shows more." in quick("status", "--limit", "2").out
    assert "not shown" not in quick("status").out


@on_sqlite
def test_status_tells_of_bulk_imports(quick: CommandLine, database: Database, sandbox: Sandbox) -> None:
    database.add(greyson_4755())
    options = ("--channel", "bulk", "--no-subitems", "--output", "json")
    run = quick("run", "--po", "4755", *options).document
    assert run["batches"][0]["api"]["bulk_jobs"] == 1
    (upload,) = sandbox.uploads
    batch = run["batches"][0]["batch_id"]
    (one,) = quick("status", batch, "--output", "json").document["imports"]
    assert (one["job_id"], one["status"]) == (upload.job_id, "SETTLED")
    assert one["result"].startswith("COMPLETED: ")
    assert f"SETTLED, {one['rows']} rows: COMPLETED" in quick("status", batch).out


@on_sqlite
def test_a_batch_that_is_nowhere_is_an_error(quick: CommandLine) -> None:
    for text in ("12345678", "12345678-1234-1234-1234-123456789abc"):
        done = quick("status", text)
        assert done.code == 2
        assert text in done.err


@on_sqlite
def test_looking_at_nothing_says_so(quick: CommandLine) -> None:
    assert "No customer" in quick("customers").out
    assert "No batch" in quick("status").out
    assert "Nothing" in quick("errors").out


def test_db_upgrade_brings_a_new_database_to_head(quick_alone: CommandLine) -> None:
    before = quick_alone("db", "current", "--output", "json").document
    assert before == {"current": None, "head": schema.head(), "at_head": False}
    assert not (quick_alone.folder / "order_staging.db").exists()
    assert quick_alone("db", "upgrade", "0001", "--output", "json").document["current"] == "0001"
    assert quick_alone("run", "--all").code == 2
    assert quick_alone("db", "upgrade").code == 0
    assert quick_alone("db", "current", "--output", "json").document["at_head"]


@on_sqlite
def test_what_looks_like_markup_is_shown_as_it_is(quick: CommandLine, database: Database) -> None:
    database.add([greyson_4755()[0] | {"CUSTOMER NAME": "[bold]A[/x] :cat:", "CUSTOMER STYLE": None}])
    assert quick("run", "--all").code == 0
    assert "[BOLD]A[/X] :CAT:" in quick("errors").out
