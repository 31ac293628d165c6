"""Bulk import: a job is started, a CSV file uploaded, the job followed to its end, and its report read.

What is known of it: docs/monday.md, "Bulk import". Nothing here is done twice where doubt remains: a file whose
upload ended without an answer is not uploaded again, as the job would tell us soon enough that it has it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import structlog
from aiohttp import ClientConnectionError, ClientError, ClientSession, ClientTimeout
from yarl import URL

from order_staging.errors import (
    ImportUnfinishedError,
    OutcomeUnknownError,
    TerminalError,
    TransientError,
)
from order_staging.monday import documents
from order_staging.monday.import_reports import JobState, JobStatus, job_status, outcomes
from order_staging.monday.meanings import plain
from order_staging.monday.outcomes import NotExecuted, Outcome, Unknown
from order_staging.monday.transport import NEVER_SENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from types import TracebackType

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

    from order_staging.errors import DestinationError
    from order_staging.monday.import_file import ImportFile
    from order_staging.monday.wire import Wire

log = structlog.get_logger(__name__)

FIRST_VERSION = "2026-07"
"""The API version that brought bulk import."""
URL_LIFE = 600.0
"""Seconds that an address for an upload or a report works."""
UPLOAD_DOUBT = URL_LIFE + 60.0
"""Seconds after the start of a job until which its file may still arrive."""
DOUBTFUL = frozenset({408, 409})
"""Answers of the storage that do not surely say that it has nothing: timed out, and another one is at work."""
UPLOAD_LOOK = 5.0
"""Seconds between two looks, during an upload, at whether the run still goes on."""
FIRST_POLL, LONGEST_POLL, POLL_GROWTH = 1.0, 10.0, 1.5
"""Seconds between two looks at a job: monday advises 10, a small job is done sooner."""
PATIENCE = 900.0
"""Seconds without any progress after which a run stops looking; a later one goes on."""
REPORT_ATTEMPTS = 3


@dataclass(frozen=True)
class Imported:
    """What became of a job: outcomes by place in the file, from 1; rows without one have `otherwise`."""

    otherwise: Outcome
    outcomes: Mapping[int, Outcome] = field(default_factory=dict)
    sentence: str = ""
    """The job's end in monday's words."""

    def outcome(self, place: int) -> Outcome:
        """Tell the outcome of a row."""
        return self.outcomes.get(place, self.otherwise)


@dataclass(frozen=True)
class _Job:
    id: str
    upload_url: str = field(repr=False)


class Once:
    """Lets a request leave once: aiohttp by itself sends a PUT again whose connection was lost."""

    def __init__(self) -> None:
        self._left = False

    async def send(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Pass the request on, as aiohttp's client middleware. Raises `ClientConnectionError` the second time."""
        if self._left:
            raise ClientConnectionError("the connection was lost")
        self._left = True
        return await handler(request)


class BulkImports:
    """Bulk imports into one board, matched by a column. An asynchronous context manager beside its `Wire`."""

    def __init__(
        self,
        wire: Wire,
        *,
        board_id: int,
        url: str,
        request_timeout: float,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        """Take the wire, the board and the API's address; `request_timeout` is in seconds."""
        self._wire = wire
        self._board_id = board_id
        self._api_url = url
        self._request_timeout = request_timeout
        self._sleep = sleep
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open a pool of connections of its own: the addresses are another service's, and see no token."""
        timeout = ClientTimeout(total=URL_LIFE, sock_connect=30, sock_read=self._request_timeout)
        self._session = ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ingest(  # noqa: PLR0913 - three of them only listen
        self,
        group_id: str,
        file: ImportFile,
        *,
        match_column: str,
        idempotency_key: str,
        started: Callable[[str], Awaitable[None]] | None = None,
        uploaded: Callable[[], Awaitable[None]] | None = None,
        seen: Callable[[JobStatus], None] | None = None,
    ) -> Imported:
        """Import a file into a group; rows whose key is on the board already are passed over.

        `started` is awaited with the job's id before a byte is uploaded, so that whoever keeps it can `follow`
        the job later, and `uploaded` when the storage says that it has the file; `seen` is told what each look at
        the job shows. Raises `DestinationError` where the job could not be started (then nothing was executed), and
        where it could not be followed to its end.
        """
        job = await self._start(group_id, match_column, idempotency_key)
        if started is not None:
            await started(job.id)
        refusal, doubt = await self._upload(job, file)
        if refusal is not None:
            return Imported(NotExecuted(refusal))
        if doubt is None and uploaded is not None:
            await uploaded()
        return await self.follow(job.id, doubt, seen=seen)

    async def follow(
        self,
        job_id: str,
        doubt: float | None,
        patience: float = PATIENCE,
        seen: Callable[[JobStatus], None] | None = None,
    ) -> Imported:
        """Follow a job to its end and read its report; give up after `patience` seconds without any progress.

        `doubt` is after how many seconds a job that still waits for its file is believed never to get it; None
        where the file is known to be there. Raises `DestinationError` where monday.com does not tell, as where it
        does not know the job, and `ImportUnfinishedError` where it makes no progress: it is to be followed later.
        """
        status = await self._final_status(job_id, doubt, patience, seen)
        if status is None:
            return Imported(NotExecuted("the file of the import never arrived"))
        sentence = status.sentence()
        log.info("bulk.ended", job=job_id, result=sentence)
        if status.touched_nothing:
            return Imported(NotExecuted(f"the import was rejected: {sentence}"), sentence=sentence)
        found = outcomes(await self._report(job_id, status))
        otherwise = Unknown(f"the report of the import does not tell: {sentence}")
        return Imported(otherwise, found, sentence)

    async def _start(self, group_id: str, match_column: str, key: str) -> _Job:
        variables = {"board": str(self._board_id), "group": group_id, "column": match_column}
        try:
            # A job without a file imports nothing: starting one again does no harm.
            data = await self._wire.repeat(documents.START_IMPORT, variables, key)
        except OutcomeUnknownError as error:
            raise TransientError(f"no import could be started: {error}", status=error.status) from error
        job = data.get("job") or {}
        if not job.get("job_id") or not job.get("upload_url"):
            raise TerminalError("monday.com started an import without a name or an address for it")
        return _Job(str(job["job_id"]), self._checked(str(job["upload_url"])))

    async def _upload(self, job: _Job, file: ImportFile) -> tuple[str | None, float | None]:
        """Upload a file; give why it surely did not arrive, and the seconds of doubt where nobody can tell.

        It is broken off where the run is to end or its lease is lost.
        """
        sending = asyncio.ensure_future(self._put(job, file))
        try:
            while not sending.done():
                await asyncio.wait({sending}, timeout=UPLOAD_LOOK)
                if not sending.done() and self._wire.before_resend is not None:
                    await self._wire.before_resend()
            return sending.result()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _put(self, job: _Job, file: ImportFile) -> tuple[str | None, float | None]:
        headers = {"Content-Type": "text/csv", "Content-Length": str(file.size)}
        try:
            body = file.reader()
            async with self._http.put(
                URL(job.upload_url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,
                middlewares=(Once().send,),
            ) as response:
                status = response.status
        except NEVER_SENT as error:
            return f"the storage of the import cannot be reached ({type(error).__name__})", None
        except (TimeoutError, ClientError) as error:
            log.warning("bulk.upload_unclear", job=job.id, reason=type(error).__name__)
            return None, UPLOAD_DOUBT
        log.info("bulk.uploaded", job=job.id, rows=file.rows, bytes=file.size, status=status)
        if status < 300:  # noqa: PLR2004 - HTTP's successes
            return None, None
        if status < 500 and status not in DOUBTFUL:  # noqa: PLR2004 - HTTP's client errors
            return f"the storage of the import refused the file (HTTP {status})", None
        return None, UPLOAD_DOUBT

    async def _final_status(
        self, job_id: str, doubt: float | None, patience: float, seen: Callable[[JobStatus], None] | None
    ) -> JobStatus | None:
        """Look at a job until it has ended; None where its file is believed never to come."""
        waited = idle = 0.0
        last: object = None
        for pause in _pauses():
            status = job_status(
                (await self._wire.read(documents.IMPORT_STATUS, {"job": job_id})).get("job") or {}
            )
            if seen is not None:
                seen(status)
            if status.state.is_final:
                return status
            if status.state is JobState.UPLOAD_PENDING and doubt is not None and waited >= doubt:
                return None
            now = (status.state, status.progress, status.counts)
            idle = idle if now == last else 0.0
            waits_for_its_file = status.state is JobState.UPLOAD_PENDING and doubt is not None
            if idle >= patience and not waits_for_its_file:
                break
            last = now
            await self._sleep(pause)
            if self._wire.before_resend is not None:
                await self._wire.before_resend()
            waited, idle = waited + pause, idle + pause
        raise ImportUnfinishedError(
            f"the import {job_id} makes no progress; run again later, and it is followed further",
            code="BULK_IMPORT_UNFINISHED",
        )

    async def _report(self, job_id: str, status: JobStatus) -> bytes:
        """Download a job's report; empty where there is none."""
        for attempt in range(1, REPORT_ATTEMPTS + 1):
            if status.report_url is None:
                break
            try:
                async with self._http.get(
                    URL(self._checked(status.report_url), encoded=True), allow_redirects=False
                ) as response:
                    if response.status == 200:  # noqa: PLR2004 - HTTP's OK
                        return await response.read()
                    reason = f"HTTP {response.status}"
            except (TimeoutError, ClientError) as error:
                reason = type(error).__name__
            log.warning("bulk.report_failed", job=job_id, attempt=attempt, reason=reason)
            await self._sleep(POLL_GROWTH**attempt)
            # Each look gives a fresh address: the old one works for ten minutes only.
            data = await self._wire.read(documents.IMPORT_STATUS, {"job": job_id})
            status = job_status(data.get("job") or {})
        return b""

    @property
    def _http(self) -> ClientSession:
        if self._session is None:
            raise RuntimeError("the client is used inside its `async with` block")
        return self._session

    def _checked(self, url: str) -> str:
        """Let order lines travel unencrypted only where the API itself is on this machine."""
        parts, api = urlsplit(url), urlsplit(self._api_url)
        if parts.scheme == "https" or (api.scheme == "http" and parts.hostname == api.hostname):
            return url
        raise TerminalError(f"monday.com names an address at {parts.hostname} that is not https")


def _pauses() -> Iterator[float]:
    """Give the seconds between two looks at a job, without an end."""
    pause = FIRST_POLL
    while True:
        yield pause
        pause = min(LONGEST_POLL, pause * POLL_GROWTH)


def means_unknown_job(error: DestinationError) -> bool:
    """Tell whether a look at a job was refused because there is no such job."""
    code = plain(error.code or "")
    return code == "resourcenotfoundexception" or (code.startswith("job") and code.endswith("notfound"))
