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
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from order_staging.errors import (
    DailyLimitError,
    DestinationError,
    OutcomeUnknownError,
    StoppedError,
    TransientError,
)
from order_staging.monday import answers, documents
from order_staging.monday.outcomes import Created, Outcome, Unknown, Usage
from order_staging.monday.transport import exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    from gql.client import AsyncClientSession

log = structlog.get_logger(__name__)

LONGEST_WAIT = 300.0
"""Seconds that we wait at the server's word within a run; beyond that the run ends and goes on later."""
LONGEST_BACKOFF = 60.0
"""Seconds; where the server names none."""


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
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        """Take the token, the address and version, the seconds a request may take, and how often to try."""
        self.usage = Usage()
        self.max_attempts = max_attempts
        self.before_resend: Callable[[], Awaitable[None]] | None = None
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - spreads retries, keeps no secret
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

    async def mutate(
        self, text: str, variables: dict[str, Any], count: int, key: str | None = None
    ) -> list[Outcome]:
        """Send `count` aliased mutations under an idempotency key, and tell the outcome of each.

        Raises `DestinationError` where the request as a whole was not executed.
        """
        try:
            answer = await self._send(text, variables, reads=False, key=key or uuid4().hex)
        except OutcomeUnknownError as error:
            return [Unknown(str(error), error.status)] * count
        except TransientError as error:
            if not answers.may_be_running(error):
                raise
            return [Unknown(str(error), error.status)] * count
        outcomes = [answers.outcome(answer, documents.alias(index)) for index in range(count)]
        self.usage.failures += sum(not isinstance(outcome, Created) for outcome in outcomes)
        return outcomes

    async def pause(self, attempt: int) -> None:
        """Wait before the next of several attempts, longer each time."""
        await self._sleep(self._backoff(attempt))

    async def _send(
        self, text: str, variables: dict[str, Any], *, reads: bool, key: str | None = None
    ) -> answers.Answer:
        request = GraphQLRequest(documents.document(text), variable_values=variables)
        headers = {"Idempotency-Key": key} if key else {}
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self.max_attempts),
            retry=retry_if_exception(_may_read_again if reads else _may_send_again),
            wait=self._wait,
            before_sleep=self._count_retry,
            sleep=self._sleep,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                if self.before_resend is not None and attempt.retry_state.attempt_number > 1:
                    await self.before_resend()
                return await self._send_once(request, headers, reads=reads)
        raise AssertionError("tenacity ends by returning or raising")  # pragma: no cover

    async def _send_once(
        self, request: GraphQLRequest, headers: dict[str, str], *, reads: bool
    ) -> answers.Answer:
        if self._session is None:
            raise RuntimeError("the client is used inside its `async with` block")
        self.usage.calls += 1
        try:
            reply = await exchange(self._session, request, headers)
            answer = answers.read(reply)
            error = (answers.partial(answer, reply) if reads else None) or answers.failure(answer, reply)
            if error is not None:
                raise error
        except DestinationError:
            self.usage.failures += 1
            raise
        self._count_complexity(answer)
        return answer

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.wait if isinstance(error, TransientError) else None
        if asked is None:
            return self._backoff(state.attempt_number)
        # A little later than asked, and not all runners at the same moment.
        return asked + self._random.uniform(0, 1)

    def _backoff(self, attempt: int) -> float:
        return self._random.uniform(0, min(LONGEST_BACKOFF, 2.0**attempt))

    def _count_retry(self, state: RetryCallState) -> None:
        self.usage.retries += 1
        error = state.outcome.exception() if state.outcome else None
        log.warning(
            "monday.retry",
            attempt=state.attempt_number,
            wait=round(state.upcoming_sleep, 1),
            reason=str(error),
        )

    def _count_complexity(self, answer: answers.Answer) -> None:
        spent = (answer.data or {}).get("complexity")
        if isinstance(spent, dict):
            self.usage.complexity += int(spent.get("query") or 0)


def _may_send_again(error: BaseException) -> bool:
    """Whether a mutation surely was not executed, and the wait is one for a run."""
    if not isinstance(error, TransientError) or isinstance(error, DailyLimitError | StoppedError):
        return False
    return error.wait is None or error.wait <= LONGEST_WAIT


def _may_read_again(error: BaseException) -> bool:
    return isinstance(error, OutcomeUnknownError) or _may_send_again(error)
