"""The log of requests: all of them in short, and the last ones with what they asked and were answered."""

import json
from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from order_staging.sandbox.answers import Answer
from order_staging.sandbox.faults import Fault
from order_staging.sandbox.gateway import Handled, Request
from order_staging.sandbox.views import RequestRecord

ENTRIES = 1_000
BODY_BYTES = 16 * 1024**2
"""What the bodies of requests may take together; those of the oldest are forgotten first."""
ERRORS = 20
MESSAGE_LENGTH = 500
SHOWN_HEADERS = ("api-version", "idempotency-key", "user-agent")
"""No other header of a request is kept in an entry, least of all the token."""


@dataclass(frozen=True, slots=True)
class AnsweredError:
    """One error of an answer: its message, and its code where it has one."""

    message: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One request: `number` from 1, when it came, the seconds it took, and what kind of request it was.

    `kind` is query, mutation, upload, report, or other where it could not be read. `name` is that of its operation,
    `operations` its root fields, `status` None where the connection was closed without an answer. `faults` are the
    names of those that it met, `points` what it cost.
    """

    number: int
    time: datetime
    seconds: float
    kind: str
    name: str | None
    operations: tuple[str, ...]
    status: int | None
    errors: tuple[AnsweredError, ...]
    points: int
    faults: tuple[str, ...]
    replayed: bool
    headers: Mapping[str, str]


class RequestLog:
    """The requests that were answered or dropped, in the order they ended; safe to use from several threads.

    Takes how many entries and bytes of bodies are kept.
    """

    def __init__(self, entries: int = ENTRIES, body_bytes: int = BODY_BYTES) -> None:
        self._records: list[RequestRecord] = []
        self._entries: deque[Entry] = deque(maxlen=entries)
        self._bodies: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0
        self._body_bytes = body_bytes
        self._ended = 0
        self._lock = Lock()

    @property
    def records(self) -> Sequence[RequestRecord]:
        """All requests to the API, in short."""
        with self._lock:
            return tuple(self._records)

    @property
    def ended(self) -> int:
        """How many requests have ended, those for files included: the number of the last entry."""
        return self._ended

    def entries(self, after: int = 0) -> list[Entry]:
        """The last requests from the newest on; takes the number of the entry after which to begin."""
        with self._lock:
            return [entry for entry in reversed(self._entries) if entry.number > after]

    def body(self, number: int) -> bytes | None:
        """What the request with that number came with, None where it is not kept any more."""
        with self._lock:
            return self._bodies.get(number)

    def handled(self, request: Request, handled: Handled, began: datetime, ended: datetime) -> None:
        """Note a request to the API, and what became of it."""
        answer, operation = handled.answer, handled.operation
        status = None if answer is None else answer.status
        replayed = answer is not None and "Idempotency-Replayed" in answer.headers
        headers = {name: value for name, value in request.headers.items() if name != "authorization"}
        record = RequestRecord(handled.number, handled.operations, headers, status, replayed, ended)
        definition = None if operation is None else operation.definition
        with self._lock:
            self._records.append(record)
            self._add(
                Entry(
                    number=self._ended + 1,
                    time=began,
                    seconds=(ended - began).total_seconds(),
                    kind="other" if definition is None else definition.operation.value,
                    name=None if definition is None or definition.name is None else definition.name.value,
                    operations=handled.operations,
                    status=status,
                    errors=errors_of(answer),
                    points=handled.points,
                    faults=tuple(fault.shown_name for fault in handled.faults),
                    replayed=replayed,
                    headers={name: headers[name] for name in SHOWN_HEADERS if name in headers},
                ),
                request.body,
            )

    def file(
        self, kind: str, answer: Answer | None, faults: Iterable[Fault], began: datetime, ended: datetime
    ) -> None:
        """Note a request for a file: `kind` is upload or report."""
        with self._lock:
            self._add(
                Entry(
                    number=self._ended + 1,
                    time=began,
                    seconds=(ended - began).total_seconds(),
                    kind=kind,
                    name=None,
                    operations=(f"bulk_{kind}",),
                    status=None if answer is None else answer.status,
                    errors=errors_of(answer),
                    points=0,
                    faults=tuple(fault.shown_name for fault in faults),
                    replayed=False,
                    headers={},
                ),
                b"",
            )

    def _add(self, entry: Entry, body: bytes) -> None:
        self._ended = entry.number
        self._entries.append(entry)
        self._bodies[entry.number] = body
        self._bytes += len(body)
        while self._bodies and (self._bytes > self._body_bytes or next(iter(self._bodies)) < self._oldest):
            _, forgotten = self._bodies.popitem(last=False)
            self._bytes -= len(forgotten)

    @property
    def _oldest(self) -> int:
        return self._entries[0].number


def errors_of(answer: Answer | None) -> tuple[AnsweredError, ...]:
    """The first errors of an answer, shortened; a failure told by a page or by nothing is one with its words."""
    if answer is None:
        return ()
    if isinstance(answer.body, str):
        failed = answer.status >= 400  # noqa: PLR2004 - where HTTP's failures begin
        return (AnsweredError(_short(answer.body) or "an empty answer"),) if failed else ()
    errors = answer.body.get("errors")
    if isinstance(errors, list):
        return tuple(_error(error) for error in errors[:ERRORS])
    message = answer.body.get("error_message")
    return () if message is None else (_error({"message": message, **answer.body}),)


def _error(error: object) -> AnsweredError:
    facts = error if isinstance(error, Mapping) else {"message": error}
    extensions = facts.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else facts.get("error_code")
    message = facts.get("message")
    words = message if isinstance(message, str) else json.dumps(message, default=str)
    return AnsweredError(_short(words), None if code is None else str(code))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MESSAGE_LENGTH else f"{words[:MESSAGE_LENGTH]}…"
