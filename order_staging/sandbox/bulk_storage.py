"""The file storage of bulk imports: it takes files and hands out reports under signed URLs, to nobody in person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from order_staging.sandbox.answers import Answer
from order_staging.sandbox.bulk import REPORT_PATH, UPLOAD_PATH, BulkImports
from order_staging.sandbox.bulk_answers import storage_error
from order_staging.sandbox.bulk_jobs import UploadRecord
from order_staging.sandbox.bulk_rules import SecondUpload
from order_staging.sandbox.bulk_urls import UrlRefusedError
from order_staging.sandbox.faults import Due, FaultKind, Faults
from order_staging.sandbox.request_log import RequestLog

UPLOAD_FAULTS = frozenset({"bulk_upload"})
REPORT_FAULTS = frozenset({"bulk_report"})
CSV_TYPE = "text/csv"
SIGNED_HEADERS_PREFIX = "x-amz-"


@dataclass(frozen=True, slots=True)
class StorageRequest:
    """A request to the storage: path and parameters unquoted, headers by lower-case name, and the body.

    `size` is that of the body in bytes; a body larger than a job takes is None.
    """

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes | None = b""
    size: int = 0


class BulkStorage:
    """Answers to uploads and downloads, with None where the connection is to be closed without an answer.

    Takes the jobs, the guard within which they may be changed, the faults on order (`bulk_upload` and
    `bulk_report` are the operations), the log of requests, what sleeps for seconds, and the clock.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        imports: BulkImports,
        *,
        changing: Callable[[], AbstractContextManager[None]],
        faults: Faults,
        log: RequestLog,
        sleep: Callable[[float], Awaitable[None]],
        clock: Callable[[], datetime],
    ) -> None:
        self._imports = imports
        self._changing = changing
        self._faults = faults
        self._log = log
        self._sleep = sleep
        self._clock = clock
        self._uploads: list[UploadRecord] = []
        self._downloads = 0

    @property
    def uploads(self) -> Sequence[UploadRecord]:
        """The uploads that were answered or dropped, in the order they ended."""
        return tuple(self._uploads)

    @property
    def downloads(self) -> int:
        """How often a report was asked for."""
        return self._downloads

    @property
    def file_bytes(self) -> int:
        """How many bytes of a file are worth keeping."""
        return self._imports.rules.file_bytes

    @property
    def base_url(self) -> str:
        """Where URLs lead to."""
        return self._imports.base_url

    def serve_at(self, base_url: str) -> None:
        """Let URLs lead to a server, by its scheme, host and port."""
        self._imports.base_url = base_url

    async def put(self, request: StorageRequest) -> Answer | None:
        """Take the file of a job."""
        began = self._clock()
        due = await self._due(UPLOAD_FAULTS)
        stored, answer = (False, None) if due.prevents else self._take(request)
        told = _told(due, answer)
        job_id = request.path.removeprefix(UPLOAD_PATH)
        status = None if told is None else told.status
        with self._changing():
            self._uploads.append(UploadRecord(job_id, request.size, stored, status, self._clock()))
        self._log.file("upload", told, due.met, began, self._clock())
        return told

    async def get(self, request: StorageRequest) -> Answer | None:
        """Hand out the report of a job."""
        self._downloads += 1
        began = self._clock()
        due = await self._due(REPORT_FAULTS)
        told = _told(due, None if due.prevents else self._report(request))
        self._log.file("report", told, due.met, began, self._clock())
        return told

    async def _due(self, operations: frozenset[str]) -> Due:
        due = self._faults.take(operations)
        if due.seconds:
            await self._sleep(due.seconds)
        return due

    def _take(self, request: StorageRequest) -> tuple[bool, Answer]:
        refused = _unmeasured(request) or self._not_signed(request) or _unsigned_headers(request)
        if refused is not None:
            return False, refused
        with self._changing():
            met = self._imports.upload(request.path.removeprefix(UPLOAD_PATH), request.body)
        if met is SecondUpload.REFUSED:
            return False, storage_error(403, "AccessDenied", "There is a file already")
        return met is SecondUpload.PROCESSED, Answer(200, "", {"Content-Type": "application/xml"})

    def _report(self, request: StorageRequest) -> Answer:
        refused = self._not_signed(request)
        if refused is not None:
            return refused
        with self._changing():
            report = self._imports.report(request.path.removeprefix(REPORT_PATH))
        if report is None:
            return storage_error(404, "NoSuchKey", "There is no such file")
        return Answer(200, report, {"Content-Type": CSV_TYPE})

    def _not_signed(self, request: StorageRequest) -> Answer | None:
        if "authorization" in request.headers:
            return storage_error(403, "AccessDenied", "Only one way to be authorized is allowed")
        try:
            self._imports.urls.check(request.path, request.query)
        except UrlRefusedError as error:
            return storage_error(403, "AccessDenied", str(error))
        return None


def _unmeasured(request: StorageRequest) -> Answer | None:
    if "transfer-encoding" in request.headers:
        return storage_error(501, "NotImplemented", "A header asks for what is not there: Transfer-Encoding")
    if "content-length" not in request.headers:
        return storage_error(411, "MissingContentLength", "The header Content-Length is missing")
    return None


def _unsigned_headers(request: StorageRequest) -> Answer | None:
    if request.headers.get("content-type") != CSV_TYPE:
        return storage_error(403, "SignatureDoesNotMatch", f"Content-Type was signed as {CSV_TYPE}")
    unsigned = [name for name in request.headers if name.startswith(SIGNED_HEADERS_PREFIX)]
    if unsigned:
        return storage_error(403, "AccessDenied", f"Headers were not signed: {', '.join(unsigned)}")
    return None


def _told(due: Due, answer: Answer | None) -> Answer | None:
    fault = due.whole
    if fault is None:
        return answer
    if fault.kind in {FaultKind.DROP_BEFORE, FaultKind.EXECUTE_THEN_DROP}:
        return None
    return Answer(fault.status, fault.body, dict(fault.headers))
