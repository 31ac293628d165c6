"""What stands between HTTP and the schema: tokens, versions, faults on order and idempotency keys."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random

from order_staging.sandbox import bodies
from order_staging.sandbox.answers import Answer, RefusedRequestError
from order_staging.sandbox.budget import Charge
from order_staging.sandbox.conditions import Conditions
from order_staging.sandbox.engine import Operation
from order_staging.sandbox.faults import Due, Fault, FaultKind, Faults
from order_staging.sandbox.incoming import read, version_used
from order_staging.sandbox.limits import Exceeded
from order_staging.sandbox.refused_by_limits import answer_to

OK = 200


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came: headers by lower-case name, and the body."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that is to be executed: number, operation, API version, the faults it meets, and its charge."""

    number: int
    operation: Operation
    version: str
    due: Due
    charge: Charge


@dataclass(slots=True)
class Handled:
    """What became of a request: its number, root fields and answer, None where the connection is to be closed.

    Further the operation where it could be read, the faults that it met, and the points that it cost.
    """

    number: int
    operations: tuple[str, ...] = ()
    answer: Answer | None = None
    operation: Operation | None = None
    faults: tuple[Fault, ...] = ()
    charge: Charge | None = None

    @property
    def points(self) -> int:
        """What it cost in complexity points."""
        return 0 if self.charge is None else self.charge.points


class Gateway:
    """Handles requests; latency and DELAY faults alone let one overtake another.

    Takes the token, the conditions (plan, behaviour, costs), the faults on order, what runs a request (it may
    raise a RefusedRequestError), which API versions have bulk imports, what sleeps for seconds, and randomness
    for request ids.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        *,
        token: str,
        conditions: Conditions,
        faults: Faults,
        run: Callable[[Accepted], bodies.Body],
        serves_bulk: Callable[[str], bool],
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
    ) -> None:
        self._token = token
        self._conditions = conditions
        self._limits = conditions.limits
        self._keys = conditions.keys
        self._faults = faults
        self._run = run
        self._serves_bulk = serves_bulk
        self._sleep = sleep
        self._random = random

    async def handle(self, request: Request, number: int) -> Handled:
        """Answer one request, or say that its connection is to be closed; takes the request's number."""
        handled = Handled(number)
        handled.answer = await self._admitted(request, handled)
        return handled

    async def _admitted(self, request: Request, handled: Handled) -> Answer | None:
        requested = request.headers.get("api-version")
        version = version_used(requested)
        exceeded = self._limits.knock()
        if exceeded is not None:
            return self._refused(exceeded, version)
        if request.headers.get("authorization") != self._token:
            return self._finished(Answer(401, bodies.not_authenticated()), version)
        read_ = read(request.body, requested, bulk=self._serves_bulk(version))
        handled.operations = read_.fields
        handled.operation = read_ if isinstance(read_, Operation) else None
        free_reading = isinstance(read_, Operation) and read_.asks_complexity_alone
        exceeded = self._limits.enter(free_reading=free_reading)
        if exceeded is not None:
            return self._refused(exceeded, version)
        try:
            if isinstance(read_, Operation):
                return await self._answer(read_, request, handled, version)
            return self._finished(read_.answer, version if read_.tells_version else None)
        finally:
            self._limits.leave()

    async def _answer(
        self, operation: Operation, request: Request, handled: Handled, version: str
    ) -> Answer | None:
        key = self._key(operation, request)
        if key is not None and not self._keys.claim(key, request.body):
            due = self._faults.take(operation.fields)
            handled.faults = due.met
            return await self._again(due, request, version, key)
        charge = self._charge(operation)
        if isinstance(charge, Exceeded):
            self._release(key)
            return self._refused(charge, version)
        due = self._faults.take(operation.fields)
        handled.charge, handled.faults = charge, due.met
        if due.prevents:
            charge.settle(0)
            self._release(key)
            await self._wait(due.seconds)
            return self._given(_instead(due, None), version)
        try:
            given = await self._once(Accepted(handled.number, operation, version, due, charge), key)
        except RefusedRequestError as refused:
            charge.settle(0)
            given = _instead(due, refused.answer)
        return self._given(given, version)

    def _key(self, operation: Operation, request: Request) -> str | None:
        """The idempotency key that counts: mutations alone have one, and only where keys are honoured."""
        honoured = self._conditions.behaviour.idempotency.honoured and operation.is_mutation
        return (request.headers.get("idempotency-key") or None) if honoured else None

    def _charge(self, operation: Operation) -> Charge | Exceeded:
        costs = self._conditions.costs
        cost = operation.cost(costs)
        return self._limits.charge(cost, costs.estimate(cost))

    async def _once(self, accepted: Accepted, key: str | None) -> Answer | None:
        kept: Answer | None = None
        try:
            fields = accepted.operation.fields
            # Time passes before anything has an effect: a client that gives up has no effect on the board yet.
            await self._wait(accepted.due.seconds + self._conditions.behaviour.latency.of(fields))
            result = self._stamped(Answer(OK, self._run(accepted)))
            failure = _instead(accepted.due, None)
            given = _instead(accepted.due, result) if failure is None else self._stamped(failure)
            kept = self._keys.kept_answer(result, None if failure is None else given)
        finally:
            if key is not None:
                self._keys.settle(key, kept)
        return given

    async def _again(self, due: Due, request: Request, version: str, key: str) -> Answer | None:
        await self._wait(due.seconds + self._conditions.behaviour.latency.of(()))
        answer = None if due.prevents else self._keys.again(key, request.body)
        return self._given(_instead(due, answer), version)

    def _release(self, key: str | None) -> None:
        if key is not None:
            self._keys.settle(key, None)

    def _given(self, answer: Answer | None, version: str) -> Answer | None:
        return None if answer is None else self._finished(answer, version)

    async def _wait(self, seconds: float) -> None:
        if seconds:
            await self._sleep(seconds)

    def _refused(self, exceeded: Exceeded, version: str) -> Answer:
        answer = answer_to(exceeded, self._conditions.behaviour.refusals)
        return self._finished(answer, version, self._limits.headers(exceeded))

    def _finished(
        self, answer: Answer, version: str | None = None, limits: Mapping[str, str] | None = None
    ) -> Answer:
        body = self._stamped(answer).body
        told = self._limits.headers() if limits is None else limits
        shown = told if self._conditions.behaviour.rate_limit_headers else {}
        headers = {"x-request-id": self._request_id(), **shown, **answer.headers}
        if not isinstance(body, str):
            extensions = body["extensions"]
            if isinstance(extensions, Mapping):
                headers["x-request-id"] = str(extensions["request_id"])
        if version is not None:
            headers.setdefault("api-version", version)
        return Answer(answer.status, body, headers)

    def _stamped(self, answer: Answer) -> Answer:
        """The answer with a request id of its own, which it keeps where it is replayed."""
        if isinstance(answer.body, str):
            return answer
        return Answer(answer.status, self._with_request_id(answer.body), answer.headers)

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
