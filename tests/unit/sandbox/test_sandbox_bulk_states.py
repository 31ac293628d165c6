from datetime import timedelta

import pytest

from order_staging.sandbox import BulkState, FailureReason, SecondUpload
from tests.unit.sandbox.sandbox_asking import Clock
from tests.unit.sandbox.sandbox_bulk_asking import BulkAsker, counts_of, csv_of

FOUR = csv_of(["name"], ["A"], ["B"], ["C"], ["D"])


def _names(bulk: BulkAsker) -> list[str]:
    return [item.name for item in bulk.sandbox.items()]


async def test_word_of_a_file_may_come_late_and_work_begins_only_then(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(pending_seconds=30, seconds_per_job=10, seconds_per_row=5)
    job = await bulk.uploaded(FOUR)
    assert bulk.sandbox.uploads[0].stored
    seen = []
    for seconds in (29, 1, 10, 5, 15, 0):
        status = await bulk.status(job)
        seen.append((status["status"], status["progress_percentage"], len(_names(bulk))))
        clock.wait(seconds=seconds)
    assert seen == [
        ("UPLOAD_PENDING", 0, 0),
        ("UPLOAD_PENDING", 0, 0),
        ("PROCESSING", 0, 0),
        ("PROCESSING", 0, 0),
        ("PROCESSING", 25, 1),
        ("COMPLETED", 100, 4),
    ]
    assert [entry.time for entry in bulk.sandbox.executed[1:]] == [
        bulk.sandbox.uploads[0].time + timedelta(seconds=seconds) for seconds in (45, 50, 55, 60)
    ]


async def test_a_job_that_waits_for_word_of_its_file_has_nothing_to_show(bulk: BulkAsker) -> None:
    before = await bulk.status((await bulk.start()).data["job"]["job_id"])
    bulk.choose(pending_seconds=1, reject_with=FailureReason.INVALID_UPLOAD)
    assert await bulk.run(FOUR) == before


async def test_a_second_file_is_not_shown_before_word_of_it_came(bulk: BulkAsker, clock: Clock) -> None:
    bulk.choose(second_upload=SecondUpload.PROCESSED)
    job = (await bulk.start()).data["job"]
    await bulk.put(job["upload_url"], FOUR)
    bulk.choose(pending_seconds=60)
    await bulk.put(job["upload_url"], csv_of(["name"], ["E"]))
    assert counts_of(await bulk.status(job["job_id"])) == {"submitted": 4, "created": 4}
    clock.wait(minutes=1)
    assert counts_of(await bulk.status(job["job_id"])) == {"submitted": 1, "created": 1}


@pytest.mark.parametrize("rows", [0, 1, 4])
async def test_a_job_may_be_stuck_for_ever_while_others_go_on(
    bulk: BulkAsker, clock: Clock, rows: int
) -> None:
    bulk.choose(stuck_after_rows=rows)
    stuck = await bulk.uploaded(FOUR)
    bulk.choose(stuck_after_rows=None)
    assert (await bulk.run(csv_of(["name"], ["E"])))["status"] == "COMPLETED"
    clock.wait(days=365)
    status = await bulk.status(stuck)
    assert (status["status"], status["failure_reason"]) == ("PROCESSING", None)
    assert (status["counts"]["submitted"], status["counts"]["created"]) == (4, rows)
    assert (status["fully_imported"], status["report_created"]) == (False, False)
    assert _names(bulk) == [*["A", "B", "C", "D"][:rows], "E"]


async def test_a_file_with_fewer_rows_is_not_stuck(bulk: BulkAsker) -> None:
    bulk.choose(stuck_after_rows=5)
    assert (await bulk.run(FOUR))["status"] == "COMPLETED"


async def test_a_state_may_be_called_what_no_version_has_called_it_yet(bulk: BulkAsker) -> None:
    bulk.choose(state_words={BulkState.COMPLETED: "ARCHIVED", BulkState.UPLOAD_PENDING: "QUEUED"})
    job = (await bulk.start()).data["job"]
    assert (await bulk.status(job["job_id"]))["status"] == "QUEUED"
    await bulk.put(job["upload_url"], FOUR)
    status = await bulk.status(job["job_id"])
    assert (status["status"], status["fully_imported"]) == ("ARCHIVED", True)
    assert len(await bulk.report(status["report_url"])) == 4
