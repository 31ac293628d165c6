"""What a bulk import says at its end: the job's state, and the report that speaks of each row. Pure."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import structlog

from order_staging.monday.outcomes import Created, Outcome, Rejected, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
log = structlog.get_logger(__name__)


class JobState(StrEnum):
    """How far a job is, in monday's words."""

    UPLOAD_PENDING = "UPLOAD_PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"

    @property
    def is_final(self) -> bool:
        """Whether it will not change any more."""
        return self in {JobState.COMPLETED, JobState.FAILED, JobState.REJECTED}


@dataclass(frozen=True, slots=True)
class JobCounts:
    """Rows by what became of them; None where monday.com says nothing."""

    submitted: int | None = None
    invalid: int | None = None
    skipped: int | None = None
    created: int | None = None
    updated: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job as monday.com describes it; `report_url` is a secret for ten minutes, and stays out of its `repr`."""

    state: JobState
    counts: JobCounts = JobCounts()
    progress: int | None = None
    reason: str | None = None
    """Why it failed or was rejected: monday's code, and its sentence."""
    report_url: str | None = None

    def __repr__(self) -> str:
        """Show the facts without the report's address."""
        return f"JobStatus({self.sentence()})"

    @property
    def touched_nothing(self) -> bool:
        """Whether it ended without a row on the board: it was rejected, and says that nothing was written."""
        return self.state is JobState.REJECTED and self.counts.created == 0 and not self.counts.updated

    def read_of(self, rows: int) -> int:
        """Tell how many of a file's rows the job has gone through, as far as it says."""
        counts = self.counts
        ended = (counts.invalid, counts.skipped, counts.created, counts.updated, counts.failed)
        share = rows * (self.progress or 0) // 100
        return min(rows, max(share, sum(count or 0 for count in ended)))

    def sentence(self) -> str:
        """Sum it up in a line."""
        counts = {name: count for name, count in asdict(self.counts).items() if count is not None}
        numbers = ", ".join(f"{count} {name}" for name, count in counts.items())
        return ": ".join(part for part in (str(self.state), self.reason, numbers) if part)


def job_status(data: Mapping[str, Any]) -> JobStatus:
    """Read a job's status from an answer's data. A state that we do not know is one that may change."""
    try:
        state = JobState(str(data.get("status")))
    except ValueError:
        state = JobState.PROCESSING
    counts = data.get("counts") or {}
    words = [str(data[key]) for key in ("failure_reason", "failure_message") if data.get(key)]
    return JobStatus(
        state=state,
        counts=JobCounts(**{name: counts.get(name) for name in JobCounts.__dataclass_fields__}),
        progress=data.get("progress_percentage"),
        reason=", ".join(words) or None,
        report_url=data.get("report_url") or None,
    )


SUCCESS = "success"
INVALID = "validation_error"
"""The words for a row that are recorded; whatever other word there is, the board is asked."""

OUR_COLUMNS = frozenset({"serialNo", "status", "itemId", "error"})
"""Headers of a report that are not errors of one column."""


def outcomes(report: bytes) -> dict[int, Outcome]:
    """Read a report: the outcome of each row by its place in the file, from 1.

    Rows that it does not name are left out; a line that makes no sense is passed over, and what comes after one
    that cannot be read at all. An id that it gives to several rows is believed for none.
    """
    found = dict(_outcomes(io.StringIO(report.decode("utf-8-sig", "replace"), newline="")))
    ids = Counter(outcome.id for outcome in found.values() if isinstance(outcome, Created))
    return {
        place: Unknown(f"the import reports item {outcome.id} for several rows")
        if isinstance(outcome, Created) and ids[outcome.id] > 1
        else outcome
        for place, outcome in found.items()
    }


def _outcomes(report: io.StringIO) -> Iterator[tuple[int, Outcome]]:
    try:
        for line in csv.DictReader(report):
            place = _digits(line.get("serialNo"))
            if place is not None:
                yield place, _outcome(line)
    except csv.Error as error:
        log.warning("bulk.report_unreadable", reason=str(error))


def _outcome(line: Mapping[str, Any]) -> Outcome:
    status, item_id = line.get("status"), _digits(line.get("itemId"))
    if status == SUCCESS and item_id is not None:
        return Created(str(item_id))
    words = _error(line)
    if status == INVALID and item_id is None:
        return Rejected(words or "monday.com found the row invalid", code=INVALID)
    return Unknown(f"the import reports {status or 'nothing'}{f' ({words})' if words else ''}")


def _error(line: Mapping[str, Any]) -> str:
    if line.get("error"):
        return str(line["error"])
    each = (f"[{name}]: {text}" for name, text in line.items() if name and name not in OUR_COLUMNS and text)
    return "; ".join(each)


def _digits(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else None
