"""One request over HTTP: what left, and what came back, before anybody judges it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import ClientConnectionError, ClientConnectorError, ClientSSLError, ConnectionTimeoutError
from gql.transport.exceptions import TransportError

from order_staging.errors import DestinationError, OutcomeUnknownError, TransientError
from order_staging.monday.answers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
    from gql import GraphQLRequest
    from gql.client import AsyncClientSession
    from multidict import MultiMapping

NEVER_SENT = (ClientConnectorError, ClientSSLError, ConnectionTimeoutError)
"""What aiohttp raises while it connects: not a byte of the request has left."""

# gql logs variables and answers in full, order lines and signed addresses among them.
logging.getLogger("gql.transport").setLevel(logging.WARNING)

LISTS = {"ratelimit", "ratelimit-policy"}
"""Headers that are lists, and may come in several lines."""


class Exchange:
    """Records an answer's status, headers and body, which gql leaves behind when it reads the GraphQL in it."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.reply: Reply | None = None
        self._now = now

    async def record(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Pass the request on, as aiohttp's client middleware, and keep what comes back."""
        response = await handler(request)
        body = await response.read()
        self.reply = Reply(response.status, headers_of(response.headers), body, self._now())
        return response


async def exchange(
    session: AsyncClientSession,
    request: GraphQLRequest,
    headers: Mapping[str, str],
    now: Callable[[], datetime],
) -> Reply:
    """Send a request and give the answer, whatever it says; `now` tells when it came (naive UTC).

    Raises `TransientError` where it surely never left, `OutcomeUnknownError` where it may have.
    """
    record = Exchange(now)
    try:
        await session.execute(
            request,
            get_execution_result=True,
            extra_args={"headers": dict(headers), "middlewares": (record.record,)},
        )
    except TransportError as error:
        # An answer that gql cannot use (errors, HTML, a status) is an answer all the same.
        if record.reply is None:
            raise _unanswered(error) from error
    if record.reply is None:
        raise OutcomeUnknownError("the request ended without an answer")
    return record.reply


def headers_of(fields: MultiMapping[str]) -> dict[str, str]:
    """Give header fields by lower-case name; a list that comes in several lines is one list."""
    headers = {name.lower(): value for name, value in fields.items()}
    for name in LISTS & headers.keys():
        headers[name] = ", ".join(fields.getall(name))
    return headers


def _unanswered(error: BaseException) -> DestinationError:
    cause = error.__cause__ or error
    words = str(cause) or type(cause).__name__
    if isinstance(cause, NEVER_SENT):
        return TransientError(f"monday.com cannot be reached: {words}; check ORDER_STAGING_MONDAY_URL")
    if isinstance(cause, asyncio.TimeoutError):
        return OutcomeUnknownError("monday.com did not answer in time")
    if isinstance(cause, ClientConnectionError):
        return OutcomeUnknownError(f"the connection was lost before an answer came: {words}")
    return OutcomeUnknownError(f"the request failed: {words}")
