"""What a job and its report say of rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday.import_reports import JobCounts, JobState, JobStatus, job_status, outcomes
from order_staging.monday.outcomes import Created, Rejected, Unknown

RECORDED = b"\r\n".join(
    [
        b"serialNo,status,itemId,error,color1,date1",
        b"1,success,12559470820,,,",
        b'2,validation_error,,"[color1]: Label ""NotALabel"" is invalid for column ""color1""","invalid",',
        b"",
    ]
)


def test_the_recorded_report_is_read() -> None:
    assert outcomes(RECORDED) == {
        1: Created("12559470820"),
        2: Rejected(
            '[color1]: Label "NotALabel" is invalid for column "color1"', code="validation_error", status=None
        ),
    }


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"7,skipped,,,", "the import reports skipped"),
        (b"7,skipped,12559470820,,", "the import reports skipped"),
        (b"7,failed,,server busy,", "the import reports failed (server busy)"),
        (b"7,success,,,", "the import reports success"),
        (b"7,,,,", "the import reports nothing"),
        (b"7", "the import reports nothing"),
        (b"7,validation_error,12559470820,no,", "the import reports validation_error (no)"),
    ],
)
def test_what_is_not_clear_is_unknown_and_never_guessed(line: bytes, words: str) -> None:
    assert outcomes(b"serialNo,status,itemId,error,color1\n" + line) == {7: Unknown(words)}


def test_an_id_that_several_rows_are_given_is_believed_for_none() -> None:
    report = b"serialNo,status,itemId\n1,success,5\n2,success,6\n3,success,5\n"
    words = "the import reports item 5 for several rows"
    assert outcomes(report) == {1: Unknown(words), 2: Created("6"), 3: Unknown(words)}


def test_errors_of_single_columns_stand_in_for_a_missing_sentence() -> None:
    report = b"serialNo,status,itemId,error,color1,date1\n3,validation_error,,,no label,no date\n"
    assert outcomes(report) == {3: Rejected("[color1]: no label; [date1]: no date", code="validation_error")}


@pytest.mark.parametrize(
    "report",
    [b"", b"\n\n", b"<html>gone</html>", b"serialNo,status\nx,success\n-1,success\n", b"\xff\xfe\x00", b'"'],
)
def test_a_report_that_makes_no_sense_speaks_of_no_row(report: bytes) -> None:
    assert outcomes(report) == {}


def test_a_field_that_is_too_long_to_be_read_ends_the_report_there() -> None:
    report = b"serialNo,status,itemId\n1,success,5\n2,success," + b"9" * 200_000
    assert outcomes(report) == {1: Created("5")}


@given(st.binary(max_size=300))
def test_no_report_is_taken_for_more_than_it_says(report: bytes) -> None:
    for outcome in outcomes(b"serialNo,status,itemId,error\n" + report).values():
        assert isinstance(outcome, Created | Rejected | Unknown)


FACTS: dict[str, Any] = {
    "status": "COMPLETED",
    "counts": {"submitted": 3, "invalid": 1, "skipped": 0, "created": 2, "updated": 0, "failed": 0},
    "progress_percentage": 100,
    "failure_reason": None,
    "failure_message": None,
    "fully_imported": True,
    "report_created": True,
    "report_url": "https://reports.example/1?signature=secret",
}


def test_a_job_that_is_fully_imported_may_have_invalid_rows_so_the_counts_are_kept() -> None:
    status = job_status(FACTS)
    assert status.state is JobState.COMPLETED
    assert status.counts == JobCounts(3, 1, 0, 2, 0, 0)
    assert status.sentence() == (
        "COMPLETED: 3 submitted, 1 invalid, 0 skipped, 2 created, 0 updated, 0 failed"
    )


def test_the_address_of_a_report_is_never_shown() -> None:
    assert "secret" not in repr(job_status(FACTS)) + str(job_status(FACTS))


def test_a_state_that_is_not_known_may_change_yet() -> None:
    assert not job_status({"status": "QUEUED_AGAIN"}).state.is_final


@pytest.mark.parametrize(
    ("facts", "nothing"),
    [
        ({"status": "REJECTED", "counts": None}, False),
        ({"status": "REJECTED", "counts": {"created": 0}}, True),
        ({"status": "REJECTED", "counts": {"created": 0, "updated": 3}}, False),
        ({"status": "REJECTED", "counts": {"created": 0, "updated": 0}}, True),
        ({"status": "REJECTED", "counts": {"created": 4}}, False),
        ({"status": "FAILED", "counts": {"created": 0}}, False),
        ({"status": "COMPLETED", "counts": None}, False),
    ],
)
def test_only_a_rejected_job_that_wrote_nothing_has_touched_nothing(
    facts: dict[str, Any], nothing: bool
) -> None:
    assert job_status(facts).touched_nothing is nothing


def test_reasons_are_told() -> None:
    facts = {"status": "REJECTED", "failure_reason": "INVALID_UPLOAD", "failure_message": "bad header"}
    assert job_status(facts) == JobStatus(JobState.REJECTED, reason="INVALID_UPLOAD, bad header")
    assert job_status(facts).sentence() == "REJECTED: INVALID_UPLOAD, bad header"


@pytest.mark.parametrize(
    ("facts", "read"),
    [
        ({}, 0),
        ({"progress_percentage": 25}, 50),
        ({"progress_percentage": 100}, 200),
        ({"progress_percentage": 250}, 200),
        ({"counts": {"submitted": 200, "created": 60, "failed": 3, "skipped": 2}}, 65),
        ({"progress_percentage": 10, "counts": {"created": 60}}, 60),
    ],
)
def test_how_far_a_job_is_comes_from_whichever_says_more(facts: dict[str, Any], read: int) -> None:
    assert job_status({"status": "PROCESSING"} | facts).read_of(200) == read
