"""What a test may choose about bulk imports, because nobody knows how monday.com does it or because it varies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

FIRST_VERSION = "2026-07"
ASSUMED_SECONDS_PER_JOB = 5.0
ASSUMED_SECONDS_PER_ROW = 0.02
"""How long an import may take; nobody has recorded it."""


class BulkState(StrEnum):
    """How far a job is."""

    UPLOAD_PENDING = "UPLOAD_PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    REJECTED = "REJECTED"


class FailureReason(StrEnum):
    """Why a job failed or was rejected."""

    INVALID_UPLOAD = "INVALID_UPLOAD"
    AUTHORIZATION_FAILED = "AUTHORIZATION_FAILED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    BOARD_CAPACITY_EXCEEDED = "BOARD_CAPACITY_EXCEEDED"
    ACCOUNT_CAPACITY_EXCEEDED = "ACCOUNT_CAPACITY_EXCEEDED"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"


class RowOutcome(StrEnum):
    """What became of a row; the names are those of the counts."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    INVALID = "invalid"
    FAILED = "failed"


class SecondUpload(StrEnum):
    """What a second file for the same job meets."""

    IGNORED = "ignored"
    "Accepted with 200, and nothing happens."
    REFUSED = "refused"
    "Answered with 403."
    PROCESSED = "processed"
    "Processed like the first: a hazard where nothing matches."


REPORT_WORDS: Mapping[RowOutcome, str] = {
    RowOutcome.CREATED: "success",
    RowOutcome.UPDATED: "updated",
    RowOutcome.SKIPPED: "skipped",
    RowOutcome.INVALID: "validation_error",
    RowOutcome.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class BulkRules:
    """The choices of bulk imports.

    The start: `served` is false where the server knows no bulk imports at all, `admin` where the token's owner
    may not backfill; `jobs_per_hour` (both mutations) and `rows_per_hour` (ingested ones) are the account's,
    and `rejects_over_budget` says whether a file that does not fit into the rows left is rejected or let through.

    The upload: the most rows of either kind of file, the most bytes, how many seconds URLs are good for, what a
    second file for a job meets, and whether a byte order mark is tolerated.

    The work: a job still says UPLOAD_PENDING for `pending_seconds` after its file was stored, as word of the file
    comes late, and nothing is done before. `reject_with` rejects every file for a reason; `checks_capacity_first`
    rejects a file whose new items do not fit on the board before any is made, otherwise the job fails when the
    board is full. A file is read `seconds_per_job` after word of it came, then every row takes `seconds_per_row`.
    `fail_after_rows` ends the job with an internal error after so many rows, if the file has as many; after
    `stuck_after_rows` nothing more happens, and the job is PROCESSING for ever. `failing_rows` are serial numbers
    of rows that fail although they are valid.

    The status: `state_words` has the words for states where they are not the usual ones, such as those of a later
    version.

    The report: whether there is one, and one of a failed job; a column of errors for every column of the file
    instead of the failed ones alone; the words for outcomes where they are not the usual ones; and outcomes
    whose rows have no item id.
    """

    served: bool = True
    admin: bool = True
    jobs_per_hour: int = 100
    rows_per_hour: int = 19_000
    rejects_over_budget: bool = True

    ingest_rows: int = 10_000
    backfill_rows: int = 20_000
    file_bytes: int = 150 * 1024**2
    url_seconds: int = 600
    second_upload: SecondUpload = SecondUpload.IGNORED
    tolerates_bom: bool = False

    reject_with: FailureReason | None = None
    checks_capacity_first: bool = True
    pending_seconds: float = 0.0
    seconds_per_job: float = 0.0
    seconds_per_row: float = 0.0
    fail_after_rows: int | None = None
    stuck_after_rows: int | None = None
    failing_rows: frozenset[int] = frozenset()

    state_words: Mapping[BulkState, str] = field(default_factory=dict)

    report: bool = True
    report_after_failure: bool = False
    report_all_columns: bool = False
    report_words: Mapping[RowOutcome, str] = field(default_factory=dict)
    blank_item_ids: frozenset[RowOutcome] = frozenset()

    def word(self, outcome: RowOutcome) -> str:
        """What the report calls an outcome."""
        return self.report_words.get(outcome, REPORT_WORDS[outcome])

    def state_word(self, state: BulkState) -> str:
        """What the status calls a state."""
        return self.state_words.get(state, state)

    def served_to(self, version: str) -> bool:
        """Whether a request with that API version finds bulk imports."""
        return self.served and (version == "dev" or version >= FIRST_VERSION)
