"""Bulk imports of an account: jobs are started, given their files, worked on and asked about."""

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from order_staging.sandbox.answers import Answer
from order_staging.sandbox.bulk_answers import not_an_admin, rate_limit_exceeded, unknown_job
from order_staging.sandbox.bulk_jobs import FileRun, ItemsJobStatus, Job, UploadJobInit
from order_staging.sandbox.bulk_limits import HourlyUse
from order_staging.sandbox.bulk_matching import OnMatch, checked_on_match
from order_staging.sandbox.bulk_report import has_report, report
from order_staging.sandbox.bulk_rules import BulkRules, BulkState, RowOutcome, SecondUpload
from order_staging.sandbox.bulk_urls import SignedUrls
from order_staging.sandbox.bulk_worker import BulkWorker
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.refusals import bad_argument
from order_staging.sandbox.state import Account, Board
from order_staging.sandbox.views import ExecutedMutation

BULK_MUTATIONS = ("ingest_items", "backfill_items")
UPLOAD_PATH = "/bulk-upload/"
REPORT_PATH = "/bulk-report/"
NOT_SERVED = "http://sandbox.invalid"


class BulkImports:
    """The jobs of an account; the caller guards it, and advances it before it looks at anything.

    Takes the account, the mutations on its items, the log of mutations, the clock, the rules and randomness.
    `rules` may be replaced at any time; a file is worked on under the rules of the moment it was uploaded.
    `base_url` is where URLs lead to, which a server sets. A sandbox that is started again has no jobs.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        *,
        account: Account,
        items: ItemMutations,
        executed: MutableSequence[ExecutedMutation],
        clock: Callable[[], datetime],
        rules: BulkRules,
        random: Random,
    ) -> None:
        self.rules = rules
        self.base_url = NOT_SERVED
        self.urls = SignedUrls(random.randbytes(32), clock)
        self._items = items
        self._clock = clock
        self._random = random
        self._jobs: dict[str, Job] = {}
        self._jobs_used = HourlyUse()
        self._rows_used = HourlyUse()
        self._worker = BulkWorker(account, items, executed, self._rows_used)

    def advance(self) -> bool:
        """Do the work that is due by now; says whether there was any."""
        return self._worker.advance(self._jobs.values(), self._clock())

    def refused_start(self, fields: Sequence[str]) -> Answer | None:
        """The answer to a request with these root fields where the hour's jobs or rows do not allow it."""
        starts = sum(field in BULK_MUTATIONS for field in fields)
        if not starts:
            return None
        now = self._clock()
        wait = self._jobs_used.wait(starts, self.rules.jobs_per_hour, now)
        if "ingest_items" in fields:
            wait = max(wait, self._rows_used.wait(1, self.rules.rows_per_hour, now))
        return rate_limit_exceeded(wait) if wait > timedelta() else None

    def mutations(self, request: int) -> "BulkMutations":
        """The mutations of bulk imports for the request with that number."""
        return BulkMutations(self, request)

    def start(
        self, job: Mapping[str, str], on_match: Mapping[str, str] | None, request: int
    ) -> UploadJobInit:
        """Start a job; takes its operation, board and group by these names, and raises a Refusal."""
        operation = job["operation"]
        if operation == "backfill_items" and not self.rules.admin:
            raise not_an_admin()
        board = self._items.board(job["board_id"])
        if board.type != "board":
            raise bad_argument("The sandbox imports no subitems", board_id=board.id)
        group = self._items.group(board, job["group_id"])
        started = self._new_job(operation, board, group.id, checked_on_match(board, on_match), request)
        url = self.urls.make(self.base_url, UPLOAD_PATH + started.id, self.rules.url_seconds)
        return UploadJobInit(started.id, url)

    def upload(self, job_id: str, content: bytes | None) -> SecondUpload:
        """Give a job its file, None for one that was too large; says what the file met."""
        job = self._jobs[job_id]
        if job.runs and self.rules.second_upload is not SecondUpload.PROCESSED:
            return self.rules.second_upload
        job.runs.append(FileRun(content, self._clock(), self.rules))
        return SecondUpload.PROCESSED

    def status(self, job_id: str) -> ItemsJobStatus:
        """How far a job is, with a new URL of its report; raises a Refusal where there is no such job."""
        job = self._jobs.get(job_id)
        if job is None:
            raise unknown_job(job_id)
        run = job.shown_run(self._clock())
        if run is None:
            return ItemsJobStatus(
                status=self.rules.state_word(BulkState.UPLOAD_PENDING),
                counts=None,
                progress_percentage=0,
                failure_reason=None,
                failure_message=None,
                fully_imported=False,
                report_created=False,
                report_url=None,
            )
        return self._status_of(job, run)

    def report(self, job_id: str) -> str | None:
        """The report of a job, None where it has none."""
        run = self._jobs[job_id].shown_run(self._clock())
        return report(run) if run is not None and has_report(run) else None

    def _status_of(self, job: Job, run: FileRun) -> ItemsJobStatus:
        reported = has_report(run)
        path = REPORT_PATH + job.id
        counts = run.counts
        return ItemsJobStatus(
            status=run.rules.state_word(run.state),
            counts=counts,
            progress_percentage=run.progress,
            failure_reason=run.reason,
            failure_message=run.message,
            # As the service does it: invalid rows leave it true.
            fully_imported=run.state is BulkState.COMPLETED
            and counts is not None
            and not counts[RowOutcome.FAILED],
            report_created=reported,
            report_url=self.urls.make(self.base_url, path, self.rules.url_seconds) if reported else None,
        )

    def _new_job(
        self, operation: str, board: Board, group_id: str, on_match: OnMatch | None, request: int
    ) -> Job:
        job = Job(
            id=str(UUID(int=self._random.getrandbits(128), version=4)),
            operation=operation,
            request=request,
            board_id=board.id,
            group_id=group_id,
            on_match=on_match,
            row_limit=self.rules.ingest_rows if operation == "ingest_items" else self.rules.backfill_rows,
        )
        self._jobs[job.id] = job
        self._jobs_used.add(1, self._clock())
        return job


@dataclass(frozen=True, slots=True)
class BulkMutations:
    """The mutations of bulk imports, named as their fields, for one request."""

    imports: BulkImports
    request: int

    def ingest_items(
        self, *, board_id: str, group_id: str, on_match: Mapping[str, str] | None = None
    ) -> UploadJobInit:
        """A job that creates items, or updates or skips those that match; raises a Refusal."""
        job = {"operation": "ingest_items", "board_id": board_id, "group_id": group_id}
        return self.imports.start(job, on_match, self.request)

    def backfill_items(self, *, board_id: str, group_id: str) -> UploadJobInit:
        """A job that creates items; raises a Refusal."""
        job = {"operation": "backfill_items", "board_id": board_id, "group_id": group_id}
        return self.imports.start(job, None, self.request)
