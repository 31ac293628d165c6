"""The wire: requests that are sent, judged, and sent again where that does no harm."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

import structlog
from aiohttp import ClientTimeout
from gql import Client, GraphQLRequest
from gql.transport.aiohttp import AIOHTTPTransport
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from order_staging.errors import (
    DailyLimitError,
    DestinationError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTooLargeError,
    StoppedError,
    TransientError,
)
from order_staging.monday import answers, documents
from order_staging.monday.limits import Limit, Refusal
from order_staging.monday.outcomes import Created, Outcome, Unknown, Usage
from order_staging.monday.pacing import LONGEST_WAIT, Gate, utc_now
from order_staging.monday.patience import Patience, backoff
from order_staging.monday.quotas import Shortage, quotas, spent
from order_staging.monday.transport import exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from types import TracebackType

    from gql.client import AsyncClientSession

    from order_staging.monday.costs import Request
    from order_staging.monday.limits import Quotas
    from order_staging.monday.pacing import Turn

log = structlog.get_logger(__name__)


class Wire:
    """A connection to monday.com's API, and what was used of it. An asynchronous context manager."""

    def __init__(  # noqa: PLR0913 - everything outside is one keyword argument
        self,
        *,
        token: str,
        url: str,
        api_version: str,
        request_timeout: float,
        max_attempts: int,
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        """Take the token, the address and version, the seconds a request may take, and how often to try.

        `now` tells the time in UTC, without a time zone; `on_wait` is told of each wait before it.
        """
        self.usage = Usage()
        self.max_attempts = max_attempts
        self.before_resend: Callable[[], Awaitable[None]] | None = None
        self._now = now
        self._random = random or Random()  # noqa: S311 - spreads retries, keeps no secret
        self._on_wait = on_wait
        self._gate = Gate(self.usage, now=now, sleep=sleep, random=self._random, on_wait=on_wait)
        transport = AIOHTTPTransport(
            url,
            headers={"Authorization": token, "API-Version": api_version},
            client_session_args={"timeout": ClientTimeout(total=request_timeout)},
        )
        self._client = Client(transport=transport, execute_timeout=None)
        self._session: AsyncClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        self._session = await self._client.connect_async()  # type: ignore[no-untyped-call] # gql's
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        self._session = None
        await self._client.close_async()  # type: ignore[no-untyped-call] # gql's

    async def read(self, text: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Send a query and give its data; whatever passes by itself is tried again."""
        answer = await self._send(text, variables, reads=True)
        return answer.data or {}

    async def repeat(self, text: str, variables: dict[str, Any], key: str) -> dict[str, Any]:
        """Send a mutation that does no harm when it is executed twice, and give its data.

        It is sent again like a query, but does not wait for a limit of its own: there is another way.
        """
        answer = await self._send(text, variables, reads=True, key=key, waits=False)
        return answer.data or {}

    async def mutate(self, text: str, variables: dict[str, Any], key: str | None = None) -> list[Outcome]:
        """Send aliased mutations under an idempotency key, and tell the outcome of each, in their order.

        Raises `DestinationError` where the request as a whole was not executed.
        """
        aliases = documents.aliases(text)
        try:
            answer = await self._send(text, variables, reads=False, key=key or uuid4().hex)
        except OutcomeUnknownError as error:
            return [Unknown(str(error), error.status, error.sent)] * len(aliases)
        except TransientError as error:
            if not answers.may_be_running(error):
                raise
            return [Unknown(str(error), error.status)] * len(aliases)
        outcomes = [answers.outcome(answer, alias) for alias in aliases]
        self.usage.failures += sum(not isinstance(outcome, Created) for outcome in outcomes)
        return outcomes

    async def pause(self, attempt: int) -> None:
        """Wait before the next of several attempts, longer each time."""
        await self._gate.sleep(backoff(attempt, self._random))

    def most_at_once(self, kind: str) -> int | None:
        """Tell how many mutations of a kind (`create_item`) fit into one request; None: not known yet."""
        return self._gate.most_at_once(kind)

    @property
    def quotas(self) -> Quotas:
        """Tell what the account may use a minute."""
        return self._gate.quotas

    async def _send(
        self,
        text: str,
        variables: dict[str, Any],
        *,
        reads: bool,
        key: str | None = None,
        waits: bool = True,
    ) -> answers.Answer:
        request = GraphQLRequest(documents.document(text), variable_values=variables)
        headers = {"Idempotency-Key": key} if key else {}
        asked = documents.asked(text)
        patience = Patience(asked, self._gate, self.max_attempts, self._random)
        retrying = AsyncRetrying(
            stop=patience.is_over,
            retry=retry_if_exception(_judge(reads=reads, waits=waits)),
            wait=patience.wait,
            before_sleep=self._count_retry,
            sleep=self._gate.sleep,
            reraise=True,
        )
        try:
            async for attempt in retrying:
                with attempt:
                    if self.before_resend is not None and attempt.retry_state.attempt_number > 1:
                        await self.before_resend()
                    return await self._send_once(request, headers, asked, reads=reads)
        except RateLimitError as error:
            if patience.too_large:
                raise RequestTooLargeError(str(error), status=error.status, code=error.code) from error
            raise
        raise AssertionError("tenacity ends by returning or raising")  # pragma: no cover

    async def _send_once(
        self, request: GraphQLRequest, headers: dict[str, str], asked: Request, *, reads: bool
    ) -> answers.Answer:
        if self._session is None:
            raise RuntimeError("the client is used inside its `async with` block")
        async with self._gate.turn(asked, self.before_resend) as turn:
            self.usage.calls += 1
            left = self._now()
            try:
                try:
                    reply = await exchange(self._session, request, headers, self._now)
                except OutcomeUnknownError:
                    turn.unanswered()
                    raise
                answer = self._judged(reply, turn, reads=reads)
            except DestinationError as error:
                self.usage.failures += 1
                if isinstance(error, OutcomeUnknownError):
                    error.sent = left
                raise
        self._count_complexity(answer)
        return answer

    def _judged(self, reply: answers.Reply, turn: Turn, *, reads: bool) -> answers.Answer:
        """Read an answer, and tell the gate what it says of the limits. Raises what is wrong with the whole."""
        told, answer = quotas(reply.headers), None
        try:
            answer = answers.read(reply)
            error = (answers.partial(answer, reply) if reads else None) or answers.failure(answer, reply)
            if error is not None:
                raise error
        except RateLimitError as error:
            self.usage.refusals += 1
            short = answers.shortage_of(answer) if answer else None
            if turn.refused(Refusal(Limit(error.limit), error.wait, told, short)):
                words = f"{error}; it is more than a whole minute's points"
                raise RequestTooLargeError(words, status=error.status, code=error.code) from error
            raise
        except DestinationError as error:
            turn.failed(told)
            if isinstance(error, RequestTooLargeError):
                turn.too_complex((answers.shortage_of(answer) if answer else None) or Shortage())
            raise
        turn.answered(told, spent(answer.data))
        self.usage.refusals += answers.limited(answer)
        return answer

    def _count_retry(self, state: RetryCallState) -> None:
        self.usage.retries += 1
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, RateLimitError):
            self.usage.waited += state.upcoming_sleep
        log.warning(
            "monday.retry",
            attempt=state.attempt_number,
            wait=round(state.upcoming_sleep, 1),
            reason=str(error),
        )
        if self._on_wait is not None:
            self._on_wait(state.upcoming_sleep, str(error))

    def _count_complexity(self, answer: answers.Answer) -> None:
        told = spent(answer.data)
        if told is not None:
            self.usage.complexity += int(told.query or 0)


def _judge(*, reads: bool, waits: bool) -> Callable[[BaseException], bool]:
    """Choose what tells after which errors a request is sent again."""
    if not reads:
        return _may_send_again
    return _may_read_again if waits else _may_repeat


def _may_send_again(error: BaseException) -> bool:
    """Whether a mutation surely was not executed, and the wait is one for a run."""
    if not isinstance(error, TransientError) or isinstance(error, DailyLimitError | StoppedError):
        return False
    return error.wait is None or error.wait <= LONGEST_WAIT


def _may_read_again(error: BaseException) -> bool:
    return isinstance(error, OutcomeUnknownError) or _may_send_again(error)


def _may_repeat(error: BaseException) -> bool:
    # The hourly limits of imports have a code of their own; others pass soon.
    hourly = isinstance(error, RateLimitError) and error.code is not None and error.limit == Limit.OTHER
    return _may_read_again(error) and not hourly
