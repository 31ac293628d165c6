"""The jobs of bulk imports, and the files they were given."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from order_staging.sandbox.bulk_matching import OnMatch
from order_staging.sandbox.bulk_rules import BulkRules, BulkState, FailureReason, RowOutcome
from order_staging.sandbox.bulk_values import CheckedRow

FULL = 100
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ReachedRow:
    """A row that was worked on: what became of it, the item it is about and its error, where there are any."""

    row: CheckedRow
    outcome: RowOutcome
    item_id: str | None = None
    error: str = ""


@dataclass(slots=True)
class FileRun:
    """A file on its way onto the board, under the rules of the moment it was uploaded.

    `content` is None where the file was too large to be kept, and empty once it was read; `header` and `rows`
    are empty until then; `superseded` are serial numbers of rows that stand again further down.
    """

    content: bytes | None
    uploaded: datetime
    rules: BulkRules
    state: BulkState = BulkState.PROCESSING
    reason: FailureReason | None = None
    message: str | None = None
    header: Sequence[str] = ()
    rows: Sequence[CheckedRow] = ()
    superseded: frozenset[int] = frozenset()
    reached: list[ReachedRow] = field(default_factory=list)

    @property
    def noticed(self) -> datetime:
        """When word of the file has come, and the work on it begins."""
        return self.uploaded + timedelta(seconds=self.rules.pending_seconds)

    @property
    def stuck(self) -> bool:
        """Whether nothing more happens to the file."""
        return bool(self.rows) and len(self.reached) == self.rules.stuck_after_rows

    @property
    def due(self) -> datetime:
        """When the next step is done: reading the file, or the next row; never, once it is stuck."""
        if self.stuck:
            return NEVER
        seconds = self.rules.seconds_per_job
        if self.rows:
            seconds += self.rules.seconds_per_row * (len(self.reached) + 1)
        return self.noticed + timedelta(seconds=seconds)

    @property
    def progress(self) -> int:
        """How much of the rows was reached, in percent; a job that is done has reached all."""
        if self.state is BulkState.COMPLETED:
            return FULL
        return FULL * len(self.reached) // len(self.rows) if self.rows else 0

    @property
    def counts(self) -> Mapping[str, int] | None:
        """How many rows there are, and how many had which outcome; None before the file is read."""
        if not self.rows:
            return None
        outcomes = Counter(reached.outcome for reached in self.reached)
        return {"submitted": len(self.rows), **{outcome: outcomes[outcome] for outcome in RowOutcome}}

    def end(self, state: BulkState, reason: FailureReason, message: str) -> None:
        """End the work on the file before all of it is done."""
        self.state, self.reason, self.message = state, reason, message


@dataclass(slots=True)
class Job:
    """A job: the mutation and the request that started it, where its rows go, and its files in order."""

    id: str
    operation: str
    request: int
    board_id: str
    group_id: str
    on_match: OnMatch | None
    row_limit: int
    runs: list[FileRun] = field(default_factory=list)

    @property
    def ingests(self) -> bool:
        """Whether its rows count towards those of the hour."""
        return self.operation == "ingest_items"

    @property
    def open_run(self) -> FileRun | None:
        """The file that is worked on, if there is one."""
        return next((run for run in self.runs if run.state is BulkState.PROCESSING), None)

    def shown_run(self, now: datetime) -> FileRun | None:
        """The file that the status is about: of those that were noticed the one that is worked on, or the last."""
        noticed = [run for run in self.runs if run.noticed <= now]
        worked_on = (run for run in noticed if run.state is BulkState.PROCESSING)
        return next(worked_on, noticed[-1] if noticed else None)


@dataclass(frozen=True, slots=True)
class UploadJobInit:
    """A job that waits for its file, as the mutation answers it."""

    job_id: str
    upload_url: str

    @property
    def id(self) -> str:
        """The id of the job, for the log of mutations."""
        return self.job_id


@dataclass(frozen=True, slots=True)
class ItemsJobStatus:
    """The status of a job, as the query answers it."""

    status: str
    counts: Mapping[str, int] | None
    progress_percentage: int
    failure_reason: FailureReason | None
    failure_message: str | None
    fully_imported: bool
    report_created: bool
    report_url: str | None


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A file that was sent: for which job, in bytes, and the status answered.

    `stored` says whether the job got it; `status` is None where the connection was closed without an answer.
    """

    job_id: str
    size: int
    stored: bool
    status: int | None
    time: datetime
