"""The client: monday.com's board as a few methods."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from order_staging.errors import (
    OutcomeUnknownError,
    TerminalError,
    TransientError,
)
from order_staging.monday import csv_rows, documents
from order_staging.monday.account import Account, read_account, read_daily_calls
from order_staging.monday.activity import last_editors
from order_staging.monday.board import Board, board_of
from order_staging.monday.bulk import BulkImports
from order_staging.monday.groups import Groups
from order_staging.monday.import_file import ImportFile
from order_staging.monday.mutations import NewSubitemOf
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
from order_staging.monday.pacing import utc_now
from order_staging.monday.row_documents import rows_request
from order_staging.monday.searches import Searches
from order_staging.monday.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from datetime import date, datetime
    from random import Random
    from types import TracebackType

    from order_staging.monday.account import DailyCalls
    from order_staging.monday.activity import Place
    from order_staging.monday.board_items import BoardItem
    from order_staging.monday.limits import Quotas
    from order_staging.monday.mutations import Mutation


class MondayClient:
    """An account of monday.com and one of its boards.

    An asynchronous context manager. Every request waits until what is known of the account's limits lets it
    through. Requests that surely were not executed are sent again, up to `max_attempts` times in all, after the
    time that the server asks for or a random, growing one; those that a limit refused for a time that it names are
    sent again for half an hour of waits. Those whose outcome is unknown are sent again only where they just read.
    All methods raise `DestinationError`: `AuthenticationError`, `TerminalError` (`RequestTooLargeError`),
    `TransientError` (`RateLimitError`, `DailyLimitError`) or `OutcomeUnknownError`.
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
        now: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        """Take the token, the board, and the API's address and version; `request_timeout` is in seconds.

        `now` tells the time in UTC, without a time zone; `on_wait` is told of each wait before it, the seconds and
        why.
        """
        self.board_id = board_id
        self.key_column = key_column
        self._wire = Wire(
            token=token,
            url=url,
            api_version=api_version,
            request_timeout=request_timeout,
            max_attempts=max_attempts,
            now=now,
            sleep=sleep,
            random=random,
            on_wait=on_wait,
        )
        self.groups = Groups(self._wire, board_id)
        """The board's groups, as this client knows them."""
        self._searches = Searches(self._wire, board_id)
        self.bulk = BulkImports(
            self._wire, board_id=board_id, url=url, request_timeout=request_timeout, sleep=sleep
        )
        """Bulk imports into the board, by CSV files."""

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

    def most_at_once(self, kind: str) -> int | None:
        """Tell how many mutations of a kind (`create_item`) fit into one request; None: not known yet."""
        return self._wire.most_at_once(kind)

    @property
    def quotas(self) -> Quotas:
        """What the account may use a minute, as far as an answer has said it."""
        return self._wire.quotas

    async def __aenter__(self) -> Self:
        """Open the connection pool."""
        await self._wire.__aenter__()
        await self.bulk.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection pool."""
        await self.bulk.__aexit__(kind, error, traceback)
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
            self.groups.remember(board.groups)
        return board

    async def account(self, today: date) -> Account:
        """Read what the API tells about itself, the token's user and their access; `today` is in UTC."""
        return await read_account(self._wire, self.board_id, today)

    async def daily_calls(self, today: date) -> DailyCalls | None:
        """Read the calls of the day, `today` in UTC; None where monday.com does not tell."""
        return await read_daily_calls(self._wire, today)

    async def last_editors(self, item_ids: Sequence[int], columns: Sequence[str]) -> dict[Place, str]:
        """Read who last wrote columns of items, at most 100: names by the ids of both, where monday.com tells."""
        return await last_editors(self._wire, self.board_id, item_ids, columns)

    async def create_text_column(self, column_id: str, title: str) -> Outcome:
        """Create a text column on the board under an id of our own, and tell the outcome.

        Raises where the request was not executed.
        """
        variables = {"board": str(self.board_id), "title": title, "id": column_id}
        return (await self._wire.mutate(documents.CREATE_TEXT_COLUMN, variables))[0]

    async def ensure_group(self, title: str) -> str:
        """Find the group of a title, or create it; give its id."""
        return (await self.ensure_groups([title]))[title]

    async def ensure_groups(self, titles: Sequence[str]) -> dict[str, str]:
        """Find the groups of these titles, or create them; give their ids by title.

        Where several groups have a title, the lowest on the board is used, by every runner: new ones go on top.
        Raises `TerminalError` for a title that monday.com refuses.
        """
        return await self.groups.require(titles)

    async def create_item_with_retry(self, item: NewItem) -> int:
        """Create an item and give its id. Raises `TerminalError` if refused, `OutcomeUnknownError` if unclear."""
        return _only(await self.create_items_with_retry([item]))

    async def create_subitem_with_retry(self, parent_id: int, subitem: NewSubitem) -> int:
        """Create a subitem and give its id. Raises `TerminalError` or `OutcomeUnknownError` like an item."""
        return _only(await self.create_subitems_with_retry([(parent_id, subitem)]))

    async def create_items_with_retry(
        self, items: Sequence[NewItem], *, idempotency_key: str | None = None
    ) -> list[Outcome]:
        """Create items by one request, and tell the outcome of each, in order; as `carry_out` does."""
        rows = await self.carry_out([[item] for item in items], idempotency_key=idempotency_key)
        return [outcome for row in rows for outcome in row]

    async def create_subitems_with_retry(
        self, subitems: Sequence[tuple[int, NewSubitem]], *, idempotency_key: str | None = None
    ) -> list[Outcome]:
        """Create subitems, each with its item's id, by one request; as `carry_out` does."""
        mutations = [[NewSubitemOf(parent_id, subitem)] for parent_id, subitem in subitems]
        rows = await self.carry_out(mutations, idempotency_key=idempotency_key)
        return [outcome for row in rows for outcome in row]

    async def carry_out(
        self, rows: Sequence[Sequence[Mutation]], *, idempotency_key: str | None = None
    ) -> list[list[Outcome]]:
        """Carry out the mutations of rows by one request, and tell the outcome of each, row by row.

        The mutations of a row are of different kinds, and are executed in their order, each whatever became of
        those before it. Items are created on the client's board. The same `idempotency_key` must only ever go with
        the same mutations; without one a fresh one is used. Raises where the request as a whole was not executed.
        """
        if not any(rows):
            return [[] for _ in rows]
        request = rows_request(rows, self.board_id)
        outcomes = iter(await self._wire.mutate(request.text, request.variables, idempotency_key))
        return [list(islice(outcomes, size)) for size in request.sizes]

    async def ingest(
        self, group_id: str, items: Sequence[NewItem], *, idempotency_key: str | None = None
    ) -> list[Outcome]:
        """Create items in a group by bulk import, and tell the outcome of each, in order.

        An item whose key column holds what an item of the board holds already is not created, and `Unknown` as its
        report speaks of no id: `find_items_by_key` has it. Labels must exist, and `csv_rows.obstacle` tells what a
        file cannot carry. The same `idempotency_key` must only ever go with the same items. Raises `TerminalError`
        without a key column or where monday.com has no bulk import, and `DestinationError` like other requests.
        """
        if self.key_column is None:
            raise TerminalError("bulk import needs a key column; create one: order-staging board prepare")
        key = idempotency_key or uuid4().hex
        columns = sorted({column for item in items for column in csv_rows.cells(item)} - {csv_rows.NAME})
        outcomes: list[Outcome] = []
        while len(outcomes) < len(items):
            with ImportFile(columns) as file:
                for item in items[len(outcomes) :]:
                    file.add(item)
                    if file.is_full:
                        break
                imported = await self.bulk.ingest(
                    group_id,
                    file,
                    match_column=self.key_column,
                    idempotency_key=f"{key}-{len(outcomes)}",
                )
                outcomes.extend(imported.outcome(place) for place in range(1, file.rows + 1))
        return outcomes

    async def find_items_by_key(self, keys: Sequence[str]) -> dict[str, list[int]]:
        """Find the items whose key column holds one of `keys`: ids by key in lower case, absent keys left out."""
        return await self._searches.by_key(self.key_column or "", keys)

    async def items_of_group(self, group_id: str) -> list[tuple[int, str]]:
        """List a group's items: ids and names."""
        return await self._searches.of_group(group_id)

    async def items_now(
        self, item_ids: Sequence[int], *, columns: Sequence[str], subitem_columns: Sequence[str] | None = None
    ) -> dict[int, BoardItem]:
        """Read items as they are now, by id, with these columns; ids that monday.com does not know are left out.

        Archived and deleted items come with their state. The active subitems are read where `subitem_columns`
        is given, with those columns.
        """
        return await self._searches.items_now(item_ids, columns, subitem_columns)

    async def boards_of(self, item_ids: Sequence[int]) -> dict[int, int]:
        """Tell on which boards items are (100 at most), by id, whatever their state; unknown ones are left out."""
        return await self._searches.boards_of(item_ids)

    async def items_in_group(self, group_id: str, *, columns: Sequence[str]) -> list[BoardItem]:
        """Read a group's active items with these columns, without their subitems; none for a group that is gone."""
        return await self._searches.in_group(group_id, columns)

    async def subitems_of(self, item_ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
        """List the subitems of items: ids and names by the item's id; items that are gone are left out."""
        return await self._searches.subitems_of(item_ids)


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
