"""`retry` and `resume`, and what `errors` tells for them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from order_staging.batch.context import utc_now
from order_staging.sandbox import fault_presets, greyson_4755, refusals

if TYPE_CHECKING:
    from pathlib import Path

    from order_staging.sandbox import Sandbox
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite

JSON = ("--output", "json")
ORDER_KEYS = [
    "selected",
    "loaded",
    "invalid",
    "relinked",
    "created",
    "adopted",
    "rejected",
    "unknown",
    "conflict",
]


def refuse(sandbox: Sandbox, operation: str = "create_item", times: int = 1) -> None:
    refusal = refusals.data_validation("numeric_mkr5cact")
    sandbox.faults.add(fault_presets.fail_alias(refusal, operation=operation, times=times))


def held(database: Database) -> None:
    """Give the only customer to another runner."""
    database.execute(
        'UPDATE "MON_BatchLease" SET holder = :holder, expires_date = :until',
        holder="elsewhere:1:a",
        until=utc_now() + timedelta(minutes=2),
    )


@pytest.fixture
def refused(quick: CommandLine, database: Database, sandbox: Sandbox) -> str:
    """Run two order lines of which the first is refused; give the error's id, as `errors` lists it."""
    database.add(greyson_4755()[:2])
    refuse(sandbox)
    assert quick("run", "--all").code == 0
    (error,) = quick("errors", *JSON).document["errors"]
    assert (error["retry_count"], error["max_retries_reached"], error["last_retry"]) == (0, False, None)
    return str(error["error_id"])


def test_errors_shows_what_retry_takes_and_retry_ends_it(quick: CommandLine, refused: str) -> None:
    assert refused == "order:1"
    assert refused in quick("errors").out
    done = quick("retry", "--error-id", refused, *JSON)
    assert (done.code, done.document["status"]) == (0, "completed")
    (batch,) = done.document["batches"]
    assert (batch["orders"]["retried"], batch["orders"]["created"], batch["passed_over"]) == (1, 1, 0)
    assert list(batch["orders"])[: len(ORDER_KEYS)] == ORDER_KEYS
    assert quick("errors", *JSON).document["errors"] == []
    assert "Nothing to retry" in quick("retry", "--all").out
    again = quick("retry", "--error-id", refused)
    assert (again.code, "is resolved already" in again.err) == (2, True)


def test_retry_as_text_tells_what_was_retried_and_what_was_passed_over(
    quick: CommandLine, sandbox: Sandbox, refused: str
) -> None:
    assert refused
    refuse(sandbox, times=2)
    done = quick("retry", "--customer", "greyson", "--fail-on-rejects")
    assert (done.code, "1 retried" in done.out, "1 failed" in done.out) == (1, True, True)
    assert "retried once" in " ".join(quick("errors").out.split())
    quick("retry", "--all")
    # The command line of the tests allows two attempts.
    passed = quick("retry", "--all")
    assert (passed.code, "1 passed over" in passed.out) == (0, True)
    assert quick("retry", "--error-id", "1", "--output", "kestra").code == 0
    assert quick("errors", *JSON).document["errors"] == []


def test_a_batch_is_named_by_how_its_id_begins_as_status_shows_it(quick: CommandLine, refused: str) -> None:
    (batch,) = quick("status", *JSON).document["recorded"]
    short = batch["batch_id"][:8]
    (error,) = quick("errors", "--batch", short, *JSON).document["errors"]
    assert error["error_id"] == refused
    nowhere = quick("errors", "--batch", "zzz")
    assert (nowhere.code, "no batch begins with 'zzz'" in nowhere.err) == (2, True)
    done = quick("retry", "--batch", short)
    assert (done.code, "Retry completed" in done.out, "Retried" in done.out) == (0, True, True)
    assert quick("errors", *JSON).document["errors"] == []


def test_errors_of_a_customer_that_was_renamed_are_listed_by_both_names(
    quick: CommandLine, refused: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "customers.yaml"
    path.write_text('customers: [{name: "GC INC", aliases: ["GREYSON CLOTHIERS"]}]', encoding="utf-8")
    monkeypatch.setenv("ORDER_STAGING_CUSTOMERS", str(path))
    for name in ("gc inc", "greyson clothiers"):
        (error,) = quick("errors", "--customer", name, *JSON).document["errors"]
        assert error["error_id"] == refused
    assert quick("errors", "--customer", "greyson", *JSON).document["errors"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            (),
            "nothing was chosen; give --batch BATCH, --customer NAME, --error-id ERROR (repeatable), or --all",
        ),
        (("--all", "--error-id", "1"), "exclude each other"),
        (("--error-id", "twelve"), "'twelve' is no error id"),
        (("--error-id", "12"), "there is no error 12"),
        (("--batch", "12345678-1234-1234-1234-123456789abc"), "there is no batch"),
        (("--batch", "zzz"), "no batch begins with 'zzz'"),
    ],
)
def test_a_choice_that_means_nothing_is_wrong_usage(
    quick: CommandLine, options: tuple[str, ...], words: str
) -> None:
    done = quick("retry", *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_a_customer_that_is_held_ends_retry_and_resume_with_4_unless_all_are_meant(
    quick: CommandLine, database: Database, sandbox: Sandbox, refused: str
) -> None:
    database.add(greyson_4755()[2:3])
    sandbox.faults.add(fault_presets.daily_limit(operation="create_item"))
    assert quick("run", "--all").code == 75
    batch_id = next(
        batch["batch_id"]
        for batch in quick("status", *JSON).document["recorded"]
        if batch["status"] == "PAUSED"
    )
    held(database)
    for words, code in (
        (("retry", "--error-id", refused), 4),
        (("retry", "--all"), 0),
        (("resume", batch_id[:8]), 4),
        (("resume",), 0),
    ):
        done = quick(*words, *JSON)
        assert (done.code, done.document["status"]) == (code, "busy"), words


def test_resume_goes_on_and_says_when_nothing_is_left(
    quick: CommandLine, database: Database, sandbox: Sandbox
) -> None:
    assert "Nothing to resume: nothing is left." in quick("resume").out
    database.add(greyson_4755()[:2])
    sandbox.faults.add(fault_presets.daily_limit(operation="create_item"))
    paused = quick("run", "--all", *JSON)
    assert paused.code == 75
    database.add(greyson_4755()[2:3])
    done = quick("resume", *JSON)
    (batch,) = done.document["batches"]
    assert (done.code, done.document["status"]) == (0, "completed")
    assert batch["batch_id"] == paused.document["batches"][0]["batch_id"]
    assert (batch["orders"]["created"], batch["orders"]["loaded"]) == (2, 0)
    assert "retried" not in batch["orders"]
    rest = quick("resume", batch["batch_id"][:8])
    assert (rest.code, f"of batch {batch['batch_id'][:8]} nothing is left" in rest.out) == (0, True)
    nowhere = quick("resume", "zzz")
    assert (nowhere.code, "no batch begins with 'zzz'" in nowhere.err) == (2, True)
