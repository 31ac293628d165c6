"""The client: monday.com's board as a few methods."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from order_staging.errors import OutcomeUnknownError, TerminalError, TransientError
from order_staging.monday import documents
from order_staging.monday.board import Board, BoardGroup, board_of, groups_of
from order_staging.monday.outcomes import (
    Created,
    NewItem,
    NewSubitem,
    NotExecuted,
    Outcome,
    Rejected,
    Unknown,
    Usage,
)
from order_staging.monday.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from random import Random
    from types import TracebackType

PAGE = 500
"""Items a page, the most that monday.com gives."""
KEYS_A_QUERY = 100
GROUPS_A_REQUEST = 20


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
        self.board_id = board_id
        self.key_column = key_column
        self.groups_created = 0
        self._wire = Wire(
            token=token,
            url=url,
            api_version=api_version,
            request_timeout=request_timeout,
            max_attempts=max_attempts,
            sleep=sleep,
            random=random,
        )
        self._groups: dict[str, str] = {}
        self._group_lock = asyncio.Lock()

    @contextmanager
    def asking(self, before_resend: Callable[[], Awaitable[None]]) -> Iterator[None]:
        """Await `before_resend` before any request is sent again while the block runs; what it raises ends it."""
        self._wire.before_resend, before = before_resend, self._wire.before_resend
        try:
            yield
        finally:
            self._wire.before_resend = before

    @property
    def usage(self) -> Usage:
        """What has been used so far."""
        return self._wire.usage

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        await self._wire.__aexit__(kind, error, traceback)

    async def board(self, board_id: int | None = None) -> Board:
        """Read the board, or another one. Raises `TerminalError` where there is none that the token may see."""
        wanted = board_id or self.board_id
        data = await self._wire.read(documents.BOARD, {"board": str(wanted)})
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
        """Find the group of a title, or create it; give its id."""
        return (await self.ensure_groups([title]))[title]

    async def ensure_groups(self, titles: Sequence[str]) -> dict[str, str]:
        """Find the groups of these titles, or create them; give their ids by title.

        Where several groups have a title, the lowest on the board is used, by every runner: new ones go on top.
        Raises `TerminalError` for a title that monday.com refuses.
        """
        async with self._group_lock:
            for attempt in range(1, self._wire.max_attempts + 1):
                if set(titles) <= self._groups.keys():
                    break
                await self._create_missing_groups(titles, attempt)
            if lacking := [title for title in titles if title not in self._groups]:
                raise OutcomeUnknownError(f"the group {lacking[0]!r} could not be created; run again later")
            return {title: self._groups[title] for title in titles}

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
        return await self._wire.mutate(
            documents.create_items(len(items)), variables, len(items), idempotency_key
        )

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
        return await self._wire.mutate(text, variables, len(subitems), idempotency_key)

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
            page = (await self._wire.read(documents.ITEMS_BY_KEY, variables))["page"]
            items = list(page["items"])
            while page["cursor"]:
                variables = {"cursor": page["cursor"], "shown": [self.key_column], "limit": PAGE}
                page = (await self._wire.read(documents.NEXT_ITEMS_BY_KEY, variables))["page"]
                items.extend(page["items"])
            for item in items:
                key = str(item["column_values"][0]["text"]).casefold()
                found.setdefault(key, []).append(int(item["id"]))
        return found

    async def items_of_group(self, group_id: str) -> list[tuple[int, str]]:
        """List a group's items: ids and names."""
        variables = {"board": str(self.board_id), "group": group_id, "limit": PAGE}
        data = await self._wire.read(documents.ITEMS_OF_GROUP, variables)
        groups = [group for board in data["boards"] or () for group in board["groups"] or ()]
        page = groups[0]["page"] if groups else {"items": [], "cursor": None}
        items = list(_names(page))
        while page["cursor"]:
            page = (await self._wire.read(documents.NEXT_PAGE, {"cursor": page["cursor"], "limit": PAGE}))[
                "page"
            ]
            items.extend(_names(page))
        return items

    async def subitems_of(self, item_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """List the subitems of items: ids and names by the item's id; items that are gone are left out."""
        found: dict[int, list[tuple[int, str]]] = {}
        for start in range(0, len(item_ids), KEYS_A_QUERY):
            ids = [str(item_id) for item_id in item_ids[start : start + KEYS_A_QUERY]]
            data = await self._wire.read(documents.SUBITEMS, {"ids": ids, "limit": KEYS_A_QUERY})
            for item in data["items"] or ():
                found[int(item["id"])] = list(_names({"items": item["subitems"] or ()}))
        return found

    async def _create_missing_groups(self, titles: Sequence[str], attempt: int) -> None:
        # Groups are told apart by their titles: looking again is enough to know what is there.
        await self._read_groups()
        missing = list(dict.fromkeys(title for title in titles if title not in self._groups))
        created: dict[str, str] = {}
        for start in range(0, len(missing), GROUPS_A_REQUEST):
            some = missing[start : start + GROUPS_A_REQUEST]
            variables = {"board": str(self.board_id)} | {f"title{i}": title for i, title in enumerate(some)}
            outcomes = await self._wire.mutate(documents.create_groups(len(some)), variables, len(some))
            self.groups_created += sum(isinstance(outcome, Created) for outcome in outcomes)
            for title, outcome in zip(some, outcomes, strict=True):
                if isinstance(outcome, Created):
                    created[title] = outcome.id
                if isinstance(outcome, NotExecuted) and outcome.ends_run is not None:
                    raise outcome.ends_run
                if isinstance(outcome, Rejected):
                    raise TerminalError(
                        f"monday.com refused the group {title!r}: {outcome.message}",
                        code=outcome.code,
                        status=outcome.status,
                    )
            if not all(isinstance(outcome, Created) for outcome in outcomes):
                await self._wire.pause(attempt)
        if missing:
            await self._read_groups()
        # A board that is read too early does not have them yet, and one that trims has them by another title.
        self._groups = created | self._groups

    async def _read_groups(self) -> None:
        data = await self._wire.read(documents.GROUPS, {"board": str(self.board_id)})
        for board in data.get("boards") or ():
            self._remember(groups_of(board))

    def _remember(self, groups: Sequence[BoardGroup]) -> None:
        self._groups = {group.title: group.id for group in groups}


def _names(page: dict[str, Any]) -> Iterator[tuple[int, str]]:
    return ((int(item["id"]), str(item["name"])) for item in page["items"])


def _only(outcomes: list[Outcome]) -> int:
    match outcomes[0]:
        case Created(id=created):
            return int(created)
        case Rejected(message=message, code=code, status=status):
            raise TerminalError(message, code=code, status=status)
        case Unknown(message=message, status=status):
            raise OutcomeUnknownError(message, status=status)
        case NotExecuted(message=message, wait=wait, ends_run=ends_run):
            raise ends_run or TransientError(message, wait=wait)
