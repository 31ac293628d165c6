"""How batches are summed up."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from itertools import permutations
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from order_staging.batch.results import BUSY, BatchResult, Counts, RunResult, RunStatus, overall
from order_staging.models import BatchStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

COMPLETED, PARTIAL, FAILED = RunStatus.COMPLETED, RunStatus.PARTIAL, RunStatus.FAILED
PAUSED, NOTHING, BUSY_RUN = RunStatus.PAUSED, RunStatus.NOTHING_TO_DO, RunStatus.BUSY


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], NOTHING),
        ([NOTHING, NOTHING], NOTHING),
        ([NOTHING, COMPLETED], COMPLETED),
        ([COMPLETED, PARTIAL], PARTIAL),
        ([COMPLETED, BUSY_RUN], PARTIAL),
        ([NOTHING, BUSY_RUN], BUSY_RUN),
        ([PARTIAL, BUSY_RUN], PARTIAL),
        ([COMPLETED, PARTIAL, PAUSED], PAUSED),
        ([PAUSED, COMPLETED, FAILED], FAILED),
    ],
)
def test_a_run_is_as_good_as_its_worst_batch(statuses: Sequence[RunStatus], expected: RunStatus) -> None:
    assert {overall(order) for order in permutations(statuses)} == {expected}


@pytest.mark.parametrize(
    ("status", "expected"),
    [("COMPLETED", PARTIAL), ("NOTHING_TO_DO", PARTIAL), ("PAUSED", PAUSED), ("FAILED", FAILED)],
)
def test_a_run_that_was_stopped_with_customers_left_is_partial_at_best(
    status: str, expected: RunStatus
) -> None:
    assert RunResult((BatchResult("A", status=status),), stopped=True).status is expected


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "BUSY", "NOTHING_TO_DO"])
def test_a_stop_is_told_of_a_batch_that_has_come_to_nothing_alone(status: str) -> None:
    batch = BatchResult("A", status=status)
    batch.end(stopped=False)
    assert batch.status == status
    batch.end(stopped=True)
    assert batch.status == ("STOPPED" if status == "NOTHING_TO_DO" else status)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (BatchStatus.COMPLETED, COMPLETED),
        (BatchStatus.COMPLETED_WITH_ERRORS, PARTIAL),
        (BatchStatus.PAUSED, PAUSED),
        (BatchStatus.FAILED, FAILED),
        (BatchStatus.STARTED, PARTIAL),
        (BatchStatus.ITEMS_CREATED, PARTIAL),
        (BUSY, BUSY_RUN),
    ],
)
def test_a_batchs_status_has_a_word_for_the_run(status: str, expected: RunStatus) -> None:
    assert BatchResult("X", status=status).run_status is expected


def test_a_batch_that_never_began_had_nothing_to_do() -> None:
    assert BatchResult("X").run_status is NOTHING


def test_a_retry_in_vain_is_partial_where_no_batch_began_and_a_run_has_nothing_to_do() -> None:
    failed = Counts(invalid=1)
    assert BatchResult("X", orders=failed, is_retry=True).run_status is PARTIAL
    assert BatchResult("X", subitems=Counts(rejected=1), is_retry=True).run_status is PARTIAL
    assert BatchResult("X", is_retry=True).run_status is NOTHING
    assert BatchResult("X", orders=failed).run_status is NOTHING


def test_failed_rows_are_the_invalid_rejected_unknown_and_conflicting_ones_of_both_kinds() -> None:
    counts = Counts(
        selected=99, loaded=99, invalid=1, created=99, rejected=2, unknown=4, conflict=8, warnings=99
    )
    assert BatchResult("X", orders=counts, subitems=Counts(rejected=16)).failed_rows == 31


def test_what_landed_is_what_was_created_and_what_was_found() -> None:
    assert Counts(created=3, adopted=4, rejected=9).on_board == 7


def test_the_json_has_the_keys_that_programs_rely_on() -> None:
    batch = BatchResult("X", UUID(int=1), BatchStatus.COMPLETED, seconds=1.23456)
    document = json.loads(json.dumps(RunResult((batch,)).to_dict()))
    assert document["status"] == "completed"
    (only,) = document["batches"]
    assert list(only) == ["batch_id", "customer", "status", "orders", "subitems", "groups", "api", "seconds"]
    assert (only["batch_id"], only["seconds"]) == (str(UUID(int=1)), 1.235)
    assert list(only["orders"]) == [
        *(
            "selected",
            "loaded",
            "invalid",
            "relinked",
            "created",
            "adopted",
            "rejected",
            "unknown",
            "conflict",
        ),
        *("promoted", "warnings"),
    ]
    assert set(only["subitems"]) < set(only["orders"])
    assert (set(only["groups"]), set(only["api"])) == (
        {"created", "used"},
        {"calls", "retries", "refusals", "complexity", "bulk_jobs"},
    )


def test_why_a_batch_failed_is_told_where_it_did() -> None:
    assert BatchResult("X", error="no").to_dict()["error"] == "no"
    assert "error" not in BatchResult("X").to_dict()


def test_each_count_is_added_to_its_own() -> None:
    names = [each.name for each in fields(Counts)]
    counts = Counts(**{name: place for place, name in enumerate(names)})
    counts.add(Counts(**{name: 100 * place for place, name in enumerate(names, 1)}))
    assert list(asdict(counts).values()) == [101 * place + 100 for place in range(len(names))]
