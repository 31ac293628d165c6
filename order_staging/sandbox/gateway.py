"""What stands between HTTP and the schema: tokens, versions, faults on order and idempotency keys."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.engine import (
    MalformedBodyError,
    Operation,
    RefusedDocumentError,
    read_operation,
)
from order_staging.sandbox.faults import Due, FaultKind, Faults
from order_staging.sandbox.idempotency import IdempotencyKeys

CURRENT_VERSION = "2026-10"
OLDEST_VERSION = "2025-04"
VERSIONS = frozenset(
    {"2025-04", "2025-07", "2025-10", "2026-01", "2026-04", "2026-07", "2026-10", "2027-01", "dev"}
)
DEPRECATED_VERSIONS = frozenset({"2024-10", "2025-01"})
OK = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: headers by lower-case name, and the body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that is to be executed: its number, operation, API version and the faults it meets."""

    number: int
    operation: Operation
    version: str
    due: Due


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a request: its number, root fields and answer, None where the connection is to be closed."""

    number: int
    operations: tuple[str, ...]
    answer: Answer | None


class Gateway:
    """Handles requests; DELAY faults alone let one overtake another.

    Takes the token, the faults on order, the idempotency keys, what runs a request, what sleeps for seconds,
    and randomness for request ids.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        *,
        token: str,
        faults: Faults,
        keys: IdempotencyKeys,
        run: Callable[[Accepted], bodies.Body],
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
    ) -> None:
        self._token = token
        self._faults = faults
        self._keys = keys
        self._run = run
        self._sleep = sleep
        self._random = random

    async def handle(self, request: Request, number: int) -> Handled:
        """Answer one request, or say that its connection is to be closed; takes the request's number."""
        version = _version(request.headers.get("api-version"))
        said = version or CURRENT_VERSION
        if request.headers.get("authorization") != self._token:
            return Handled(number, (), self._finished(Answer(401, bodies.not_authenticated()), said))
        try:
            operation = read_operation(request.body)
        except MalformedBodyError as error:
            return Handled(number, (), self._finished(Answer(400, bodies.malformed_body(str(error))), said))
        except RefusedDocumentError as refused:
            return Handled(number, (), self._finished(Answer(OK, {"errors": refused.errors})))
        if version is None:
            wrong = bodies.invalid_version(request.headers["api-version"])
            return Handled(number, operation.fields, self._finished(Answer(OK, wrong), said))
        accepted = Accepted(number, operation, version, self._faults.take(operation.fields))
        answer = await self._answer(accepted, request.headers.get("idempotency-key"))
        return Handled(number, operation.fields, None if answer is None else self._finished(answer, version))

    async def _answer(self, accepted: Accepted, key: str | None) -> Answer | None:
        due = accepted.due
        executed: Answer | None = None
        if due.prevents:
            await self._wait(due)
        elif key and accepted.operation.is_mutation:
            executed = await self._once(accepted, key)
        else:
            await self._wait(due)
            executed = Answer(OK, self._run(accepted))
        return _instead(due, executed)

    async def _once(self, accepted: Accepted, key: str) -> Answer:
        first = self._keys.claim(key)
        if not first:
            await self._wait(accepted.due)
            return self._again(key)
        answer: Answer | None = None
        try:
            await self._wait(accepted.due)
            answer = Answer(OK, self._with_request_id(self._run(accepted)))
        finally:
            self._keys.settle(key, answer)
        return answer

    async def _wait(self, due: Due) -> None:
        if due.seconds:
            await self._sleep(due.seconds)

    def _again(self, key: str) -> Answer:
        kept = self._keys.answer(key)
        if kept is None:
            return Answer(409, bodies.idempotency_conflict(), {"Retry-After": "1"})
        return Answer(kept.status, kept.body, {**kept.headers, "Idempotency-Replayed": "true"})

    def _finished(self, answer: Answer, version: str | None = None) -> Answer:
        body = answer.body if isinstance(answer.body, str) else self._with_request_id(answer.body)
        headers = {"x-request-id": self._request_id(), **answer.headers}
        if not isinstance(body, str):
            extensions = body["extensions"]
            if isinstance(extensions, Mapping):
                headers["x-request-id"] = str(extensions["request_id"])
        if version is not None:
            headers.setdefault("api-version", version)
        return Answer(answer.status, body, headers)

    def _with_request_id(self, body: Mapping[str, object]) -> bodies.Body:
        extensions = body.get("extensions")
        known = extensions if isinstance(extensions, Mapping) else {}
        return {**body, "extensions": {"request_id": self._request_id(), **known}}

    def _request_id(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


def _instead(due: Due, executed: Answer | None) -> Answer | None:
    fault = due.whole
    if fault is None:
        return executed
    if fault.kind in {FaultKind.DROP_BEFORE, FaultKind.EXECUTE_THEN_DROP}:
        return None
    return Answer(fault.status, fault.body, dict(fault.headers))


def _version(requested: str | None) -> str | None:
    if requested is None:
        return CURRENT_VERSION
    if requested in DEPRECATED_VERSIONS:
        return OLDEST_VERSION
    if requested in VERSIONS:
        return requested
    return CURRENT_VERSION if re.fullmatch(r"\d{4}-\d{2}", requested) else None
