"""The client: monday.com's board as a few methods, with retries where they do no harm."""

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
    TerminalError,
    TransientError,
)
from order_staging.monday import answers, documents
from order_staging.monday.board import Board, BoardGroup, board_of, groups_of
from order_staging.monday.outcomes import Created, NewItem, NewSubitem, Outcome, Rejected, Unknown, Usage
from order_staging.monday.transport import exchange

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from types import TracebackType

    from gql.client import AsyncClientSession

log = structlog.get_logger(__name__)

LONGEST_WAIT = 300.0
"""Seconds that we wait at the server's word within a run; beyond that the run ends and goes on later."""
LONGEST_BACKOFF = 60.0
PAGE = 500
"""Items a page, the most that monday.com gives."""
KEYS_A_QUERY = 100


class MondayClient:
    """An account of monday.com and one of its boards.

    An asynchronous context manager. Requests that surely were not executed are sent again, up to `max_attempts`
    times in all, after the time that the server asks for or a random, growing one; those whose outcome is unknown
    are sent again only where they just read. All methods raise `DestinationError`: `AuthenticationError`,
    `TerminalError`, `TransientError` (`DailyLimitError`) or `OutcomeUnknownError`.
    """

    def __init__(  # noqa: PLR0913 - everything outside is one keyword argument
        self,
        *,
        token: str,
        board_id: int,
        url: str = "https://api.monday.com/v2",
        api_version: str = "2026-10",
        key_column: str | None = None,
        request_timeout: float = 65,
        max_attempts: int = 6,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        """Take the token, the board, and the API's address and version; `request_timeout` is in seconds."""
        self.usage = Usage()
        self.board_id = board_id
        self.key_column = key_column
        self._max_attempts = max_attempts
        self._sleep = sleep
        self._random = random or Random()  # noqa: S311 - spreads retries, keeps no secret
        self._transport = AIOHTTPTransport(
            url,
            headers={"Authorization": token, "API-Version": api_version},
            client_session_args={"timeout": ClientTimeout(total=request_timeout)},
        )
        self._client = Client(transport=self._transport, execute_timeout=None)
        self._session: AsyncClientSession | None = None
        self._groups: dict[str, str] = {}
        self._group_lock = asyncio.Lock()
        self.groups_created = 0

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

    async def board(self, board_id: int | None = None) -> Board:
        """Read the board, or another one. Raises `TerminalError` where there is none that the token may see."""
        wanted = board_id or self.board_id
        data = await self._read(documents.BOARD, {"board": str(wanted)})
        boards = data.get("boards") or ()
        if not boards:
            raise TerminalError(
                f"there is no board {wanted} that the token may see; check ORDER_STAGING_BOARD_ID and the token"
            )
        board = board_of(boards[0])
        if board.id == self.board_id:
            self._remember(board.groups)
        return board

    async def ensure_group(self, title: str) -> str:
        """Find the group of a title, or create it; give its id.

        Where several have the title, the first on the board is used, by every runner.
        """
        async with self._group_lock:
            if title not in self._groups:
                self._groups[title] = await self._find_or_create_group(title)
            return self._groups[title]

    async def create_item_with_retry(self, item: NewItem) -> int:
        """Create an item and give its id. Raises `TerminalError` if refused, `OutcomeUnknownError` if unclear."""
        return _only(await self.create_items_with_retry([item]))

    async def create_subitem_with_retry(self, parent_id: int, subitem: NewSubitem) -> int:
        """Create a subitem and give its id. Raises `TerminalError` or `OutcomeUnknownError` like an item."""
        return _only(await self.create_subitems_with_retry([(parent_id, subitem)]))

    async def create_items_with_retry(
        self, items: Sequence[NewItem], *, idempotency_key: str | None = None
    ) -> list[Outcome]:
        """Create items by one request, and tell the outcome of each, in order.

        The same `idempotency_key` must only ever go with the same items; without one a fresh one is used.
        Raises where the request as a whole was not executed.
        """
        variables: dict[str, Any] = {"board": str(self.board_id)}
        for index, item in enumerate(items):
            variables |= {
                f"name{index}": item.name,
                f"group{index}": item.group_id,
                f"values{index}": item.column_values,
            }
        return await self._mutate(documents.create_items(len(items)), variables, len(items), idempotency_key)

    async def create_subitems_with_retry(
        self, subitems: Sequence[tuple[int, NewSubitem]], *, idempotency_key: str | None = None
    ) -> list[Outcome]:
        """Create subitems, each with its item's id, by one request; as `create_items_with_retry` does."""
        variables: dict[str, Any] = {}
        for index, (parent_id, subitem) in enumerate(subitems):
            variables |= {
                f"parent{index}": str(parent_id),
                f"name{index}": subitem.name,
                f"values{index}": subitem.column_values,
            }
        text = documents.create_subitems(len(subitems))
        return await self._mutate(text, variables, len(subitems), idempotency_key)

    async def find_items_by_key(self, keys: Sequence[str]) -> dict[str, list[int]]:
        """Find the items whose key column holds one of `keys`: ids by key in lower case, absent keys left out."""
        found: dict[str, list[int]] = {}
        for start in range(0, len(keys), KEYS_A_QUERY):
            variables = {
                "board": str(self.board_id),
                "column": self.key_column,
                "shown": [self.key_column],
                "keys": list(keys[start : start + KEYS_A_QUERY]),
                "limit": PAGE,
            }
            data = await self._read(documents.ITEMS_BY_KEY, variables)
            for item in data["page"]["items"]:
                key = str(item["column_values"][0]["text"]).casefold()
                found.setdefault(key, []).append(int(item["id"]))
        return found

    async def items_of_group(self, group_id: str) -> list[tuple[int, str]]:
        """List a group's items: ids and names."""
        variables = {"board": str(self.board_id), "group": group_id, "limit": PAGE}
        data = await self._read(documents.ITEMS_OF_GROUP, variables)
        groups = [group for board in data["boards"] or () for group in board["groups"] or ()]
        page = groups[0]["page"] if groups else {"items": [], "cursor": None}
        items = list(_names(page))
        while page["cursor"]:
            page = (await self._read(documents.NEXT_PAGE, {"cursor": page["cursor"], "limit": PAGE}))["page"]
            items.extend(_names(page))
        return items

    async def subitems_of(self, item_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """List the subitems of items: ids and names by the item's id; items that are gone are left out."""
        found: dict[int, list[tuple[int, str]]] = {}
        for start in range(0, len(item_ids), KEYS_A_QUERY):
            ids = [str(item_id) for item_id in item_ids[start : start + KEYS_A_QUERY]]
            data = await self._read(documents.SUBITEMS, {"ids": ids, "limit": KEYS_A_QUERY})
            for item in data["items"] or ():
                found[int(item["id"])] = list(_names({"items": item["subitems"] or ()}))
        return found

    async def _find_or_create_group(self, title: str) -> str:
        for attempt in range(1, self._max_attempts + 1):
            await self._read_groups()
            if title in self._groups:
                return self._groups[title]
            try:
                variables = {"board": str(self.board_id), "title": title}
                await self._send(documents.CREATE_GROUP, variables, reads=False, key=uuid4().hex)
                self.groups_created += 1
            except OutcomeUnknownError:
                # Groups are told apart by their titles: looking again is enough to be sure.
                await self._sleep(self._backoff(attempt))
        await self._read_groups()
        if title not in self._groups:
            raise OutcomeUnknownError(f"the group {title!r} could not be created; run again later")
        return self._groups[title]

    async def _read_groups(self) -> None:
        data = await self._read(documents.GROUPS, {"board": str(self.board_id)})
        for board in data.get("boards") or ():
            self._remember(groups_of(board))

    def _remember(self, groups: Sequence[BoardGroup]) -> None:
        self._groups = {group.title: group.id for group in reversed(groups)}

    async def _mutate(
        self, text: str, variables: dict[str, Any], count: int, key: str | None
    ) -> list[Outcome]:
        try:
            answer = await self._send(text, variables, reads=False, key=key or uuid4().hex)
        except OutcomeUnknownError as error:
            return [Unknown(str(error), error.status)] * count
        outcomes = [answers.outcome(answer, documents.alias(index)) for index in range(count)]
        self.usage.failures += sum(not isinstance(outcome, Created) for outcome in outcomes)
        return outcomes

    async def _read(self, text: str, variables: dict[str, Any]) -> dict[str, Any]:
        answer = await self._send(text, variables, reads=True)
        return answer.data or {}

    async def _send(
        self, text: str, variables: dict[str, Any], *, reads: bool, key: str | None = None
    ) -> answers.Answer:
        request = GraphQLRequest(documents.document(text), variable_values=variables)
        headers = {"Idempotency-Key": key} if key else {}
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._max_attempts),
            retry=retry_if_exception(_may_read_again if reads else _may_send_again),
            wait=self._wait,
            before_sleep=self._count_retry,
            sleep=self._sleep,
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
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
            error = answers.failure(answer, reply) or (answers.partial(answer, reply) if reads else None)
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
    if not isinstance(error, TransientError) or isinstance(error, DailyLimitError):
        return False
    return error.wait is None or error.wait <= LONGEST_WAIT


def _may_read_again(error: BaseException) -> bool:
    return isinstance(error, OutcomeUnknownError) or _may_send_again(error)


def _names(page: dict[str, Any]) -> Iterator[tuple[int, str]]:
    return ((int(item["id"]), str(item["name"])) for item in page["items"])


def _only(outcomes: list[Outcome]) -> int:
    match outcomes[0]:
        case Created(id=created):
            return created
        case Rejected(message=message, code=code, status=status):
            raise TerminalError(message, code=code, status=status)
        case Unknown(message=message, status=status):
            raise OutcomeUnknownError(message, status=status)
        case other:
            raise TransientError(other.message, wait=other.wait)
