"""The groups of a board: looked up, and created once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from order_staging.errors import OutcomeUnknownError, RequestTooLargeError, TerminalError
from order_staging.monday import documents
from order_staging.monday.board import groups_of
from order_staging.monday.meanings import plain
from order_staging.monday.outcomes import Created, NotExecuted, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.monday.board import BoardGroup
    from order_staging.monday.outcomes import Outcome
    from order_staging.monday.wire import Wire

GROUPS_A_REQUEST = 20


@dataclass(frozen=True)
class Ensured:
    """Groups that are on the board, by title, and titles that monday.com refuses, with its answer."""

    ids: dict[str, str] = field(default_factory=dict)
    refused: dict[str, Rejected] = field(default_factory=dict)


class Groups:
    """The groups of one board, as this client knows them."""

    def __init__(self, wire: Wire, board_id: int) -> None:
        """Take the wire and the board."""
        self.created = 0
        """How many groups this client has created."""
        self._wire = wire
        self._board_id = board_id
        self._ids: dict[str, str] = {}
        self._lock = asyncio.Lock()

    async def ensure(self, titles: Sequence[str]) -> Ensured:
        """Find the groups of these titles, or create them.

        Where several groups have a title, the lowest on the board is used, by every runner: new ones go on top.
        Raises `OutcomeUnknownError` where it remains unclear whether a group was created.
        """
        refused: dict[str, Rejected] = {}
        async with self._lock:
            for attempt in range(1, self._wire.max_attempts + 1):
                if set(titles) <= self._ids.keys() | refused.keys():
                    break
                await self._create_missing(titles, refused, attempt)
            if lacking := [title for title in titles if title not in self._ids.keys() | refused.keys()]:
                raise OutcomeUnknownError(f"the group {lacking[0]!r} could not be created; run again later")
            ids = {title: self._ids[title] for title in titles if title not in refused}
            return Ensured(ids, {title: refused[title] for title in titles if title in refused})

    async def require(self, titles: Sequence[str]) -> dict[str, str]:
        """Do what `ensure` does, and give the ids. Raises `TerminalError` for a title that monday.com refuses."""
        ensured = await self.ensure(titles)
        for title, refusal in ensured.refused.items():
            raise TerminalError(refusal_of(title, refusal), code=refusal.code, status=refusal.status)
        return ensured.ids

    def remember(self, groups: Sequence[BoardGroup]) -> None:
        """Take in the groups that are on the board."""
        self._ids = {group.title: group.id for group in groups}

    def forget(self) -> None:
        """Look the groups up again when they are needed next: people may have deleted some."""
        self._ids = {}

    async def _create_missing(
        self, titles: Sequence[str], refused: dict[str, Rejected], attempt: int
    ) -> None:
        # Groups are told apart by their titles: looking again is enough to know what is there.
        await self._read()
        known = self._ids.keys() | refused.keys()
        waiting = list(dict.fromkeys(title for title in titles if title not in known))
        if not waiting:
            return
        created: dict[str, str] = {}
        size = GROUPS_A_REQUEST
        while waiting:
            size = min(size, self._wire.most_at_once("create_group") or size)
            try:
                created |= await self._create(waiting[:size], refused, attempt)
            except RequestTooLargeError:
                if size == 1:
                    raise
                size = max(1, min(size, len(waiting)) // 2)
            else:
                waiting = waiting[size:]
        await self._read()
        # A board that is read too early does not have them yet, and one that trims has them by another title.
        self._ids = created | self._ids

    async def _create(
        self, titles: Sequence[str], refused: dict[str, Rejected], attempt: int
    ) -> dict[str, str]:
        """Create groups by one request; give the ids of those that surely were, by title."""
        variables = {"board": str(self._board_id)} | {f"title{i}": title for i, title in enumerate(titles)}
        outcomes = await self._wire.mutate(documents.create_groups(len(titles)), variables)
        created: dict[str, str] = {}
        for title, outcome in zip(titles, outcomes, strict=True):
            match outcome:
                case Created(id=group_id):
                    created[title] = group_id
                case NotExecuted(ends_run=error) if error is not None:
                    raise error
                case Rejected():
                    refused[title] = outcome
        self.created += len(created)
        if any(not isinstance(outcome, Created | Rejected) for outcome in outcomes):
            await self._wire.pause(attempt)
        return created

    async def _read(self) -> None:
        data = await self._wire.read(documents.GROUPS, {"board": str(self._board_id)})
        for board in data.get("boards") or ():
            self.remember(groups_of(board))


def refusal_of(title: str, refusal: Rejected) -> str:
    """Say that monday.com refuses a group."""
    return f"monday.com refused the group {title!r}: {refusal.message}"


def means_missing_group(outcome: Outcome) -> bool:
    """Tell whether an item was refused because its group is not on the board (any more)."""
    if not isinstance(outcome, Rejected):
        return False
    code = plain(outcome.code or "")
    return code == "invalidgroupidexception" or (
        code == "resourcenotfoundexception" and "group" in outcome.message.casefold()
    )
