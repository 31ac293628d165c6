"""The sandbox: an account of monday.com in memory, with the Customer Master Schedule board."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import RLock

from order_staging.sandbox import bodies, store
from order_staging.sandbox.answers import Answer
from order_staging.sandbox.board_mutations import BoardMutations
from order_staging.sandbox.budget import Budget
from order_staging.sandbox.context import Context
from order_staging.sandbox.engine import execute
from order_staging.sandbox.faults import Faults
from order_staging.sandbox.gateway import Accepted, Gateway, Request
from order_staging.sandbox.idempotency import IdempotencyKeys
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.pages import Pages
from order_staging.sandbox.person import Person
from order_staging.sandbox.starting_board import key_column_added, starting_account
from order_staging.sandbox.state import Board, Lifecycle
from order_staging.sandbox.views import (
    ExecutedMutation,
    GroupView,
    ItemView,
    RequestRecord,
    group_view,
    item_view,
)


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Sandbox:
    """An account with the Customer Master Schedule board, and what happened to it.

    Takes the token that requests must bear; the id of a text column for the source's UUID to add to the
    board, if any; a file to keep the account in, if any; the clock; the complexity points a mutation costs;
    how many items the board may hold; what sleeps for the seconds of a delay; and the randomness of request
    ids. `faults` are faults on order, `person` edits the board by hand. All of it may be used from another
    thread than the server's.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        *,
        token: str = "sandbox-token",  # noqa: S107 - opens nothing but the sandbox
        key_column: str | None = None,
        path: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        mutation_cost: int = 10_000,
        items_limit: int = 10_000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        self.token = token
        self.key_column = key_column
        self.faults = Faults()
        self._path = path
        self._clock = clock
        self._mutation_cost = mutation_cost
        self._lock = RLock()
        self._account = (store.load(path) if path else None) or starting_account(items_limit)
        key_column_added(self._account, key_column)
        self._items = ItemMutations(self._account, self._moment)
        self._boards = BoardMutations(self._account, self._items)
        self._pages = Pages(self._account, clock)
        self._budget = Budget(clock)
        self._executed: list[ExecutedMutation] = []
        self._requests: list[RequestRecord] = []
        self._begun = 0
        self.person = Person(self._account, self._items, self._boards, self._changing)
        self._gateway = Gateway(
            token=token,
            faults=self.faults,
            keys=IdempotencyKeys(clock),
            run=self._run,
            sleep=sleep,
            random=random or Random(),  # noqa: S311 - request ids are no secrets
        )

    @property
    def board_id(self) -> str:
        """The id of the main board."""
        return self._account.main_board_id

    @property
    def subitem_board_id(self) -> str:
        """The id of the subitem board, which requests find only after the first subitem."""
        return self._account.subitem_board_id

    @property
    def executed(self) -> Sequence[ExecutedMutation]:
        """The mutations that were run, in order; those that a fault or a replay kept from running are not there."""
        with self._lock:
            return tuple(self._executed)

    @property
    def requests(self) -> Sequence[RequestRecord]:
        """The requests that were answered or dropped, in the order they ended."""
        with self._lock:
            return tuple(self._requests)

    def groups(self, *, inactive: bool = False) -> list[GroupView]:
        """The groups of the main board from the top, archived and deleted ones only if asked for."""
        with self._lock:
            groups = self._board.groups if inactive else self._board.active_groups()
            return [group_view(group) for group in groups]

    def items(self, *, inactive: bool = False) -> list[ItemView]:
        """The items of the main board in their order; archived and deleted ones, if asked for, after them."""
        with self._lock:
            return self._views(self._board, inactive=inactive)

    def subitems(self, parent_id: str | None = None, *, inactive: bool = False) -> list[ItemView]:
        """The subitems of one item, or of all, in their order; inactive ones after them if asked for."""
        with self._lock:
            board = self._account.boards[self._account.subitem_board_id]
            views = self._views(board, inactive=inactive)
            return [view for view in views if parent_id is None or view.parent_id == parent_id]

    def labels(self, column_id: str) -> dict[int, str]:
        """The labels of a status or dropdown column of either board, by label id; empty where there are none."""
        with self._lock:
            columns = [board.columns.get(column_id) for board in self._account.boards.values()]
            return {key: name for column in columns if column for key, name in column.labels.items()}

    async def handle(self, request: Request) -> Answer | None:
        """Answer a request, with None where the connection is to be closed without an answer."""
        self._begun += 1
        handled = await self._gateway.handle(request, self._begun)
        answer = handled.answer
        record = RequestRecord(
            number=handled.number,
            operations=handled.operations,
            headers={name: value for name, value in request.headers.items() if name != "authorization"},
            status=None if answer is None else answer.status,
            replayed=answer is not None and "Idempotency-Replayed" in answer.headers,
            time=self._clock(),
        )
        with self._lock:
            self._requests.append(record)
        return answer

    @property
    def _board(self) -> Board:
        return self._account.boards[self._account.main_board_id]

    def _views(self, board: Board, *, inactive: bool) -> list[ItemView]:
        items = self._account.in_order(board)
        if inactive:
            on_board = [item for item in self._account.items.values() if item.board_id == board.id]
            items += [item for item in on_board if item.state is not Lifecycle.ACTIVE]
        return [item_view(self._account, item) for item in items]

    def _run(self, accepted: Accepted) -> bodies.Body:
        operation = accepted.operation
        with self._changing() if operation.is_mutation else self._lock:
            context = Context(
                account=self._account,
                items=self._items,
                boards=self._boards,
                pages=self._pages,
                executed=self._executed,
                clock=self._clock,
                request=accepted.number,
                version=accepted.version,
                complexity=self._budget.charge(operation.cost(self._mutation_cost)),
                faults=accepted.due.aliases,
            )
            return execute(operation, context)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Guard a change of the account; the state file is replaced before anything is answered."""
        with self._lock:
            yield
            if self._path is not None:
                store.save(self._account, self._path)

    def _moment(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
