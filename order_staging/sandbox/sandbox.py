"""The sandbox: an account of monday.com in memory, with the Customer Master Schedule board."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from threading import RLock

from order_staging.sandbox import bodies
from order_staging.sandbox.activity import ActivityLog
from order_staging.sandbox.answers import Answer, RefusedRequestError
from order_staging.sandbox.behaviour import Behaviour
from order_staging.sandbox.board_mutations import BoardMutations
from order_staging.sandbox.bulk import BulkImports
from order_staging.sandbox.bulk_jobs import UploadRecord
from order_staging.sandbox.bulk_rules import BulkRules
from order_staging.sandbox.bulk_storage import BulkStorage
from order_staging.sandbox.clock import utc_now
from order_staging.sandbox.conditions import Conditions
from order_staging.sandbox.context import Context
from order_staging.sandbox.costs import COST_10K, MutationCosts
from order_staging.sandbox.engine import execute
from order_staging.sandbox.faults import Faults
from order_staging.sandbox.gateway import Accepted, Gateway, Request
from order_staging.sandbox.history import History
from order_staging.sandbox.limits import DailyCalls
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.pages import Cursors, Pages
from order_staging.sandbox.person import Person
from order_staging.sandbox.plans import UNLIMITED, Plan
from order_staging.sandbox.request_log import RequestLog
from order_staging.sandbox.revisions import Revisions
from order_staging.sandbox.starting_board import key_column_added, starting_account
from order_staging.sandbox.state import Account, Board, Lifecycle
from order_staging.sandbox.store import StateFile
from order_staging.sandbox.views import (
    ExecutedMutation,
    GroupView,
    ItemView,
    RequestRecord,
    group_view,
    item_view,
)


class Sandbox:
    """An account with the Customer Master Schedule board, and what happened to it.

    Takes the token that requests must bear; the id of a text column for the source's UUID to add to the
    board, if any; a file to keep the account in, if any; a file like `board.yaml` that describes another board
    to start with, if any; the plan of the account, and how the service behaves where that is a choice; the
    complexity points a mutation costs; how many items the board may hold, where it is not as many as the plan
    says; the choices of bulk imports; the clock; what sleeps for seconds; and the randomness of request ids and
    of faults that happen by chance. `faults` are faults on order, `person` edits
    the board by hand, `storage` takes the files of bulk imports; `conditions` are the plan and the behaviour,
    which may be replaced at any time; `log` is that of the requests, and `revisions` tell what has changed. All
    of it may be used from another thread than the server's.
    """

    def __init__(  # noqa: PLR0913 - everything outside is an argument
        self,
        *,
        token: str = "sandbox-token",  # noqa: S107 - opens nothing but the sandbox
        key_column: str | None = None,
        path: Path | None = None,
        board: Path | None = None,
        plan: Plan = UNLIMITED,
        behaviour: Behaviour | None = None,
        mutation_cost: int | MutationCosts = COST_10K,
        items_limit: int | None = None,
        bulk: BulkRules | None = None,
        clock: Callable[[], datetime] = utc_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        random: Random | None = None,
    ) -> None:
        random = random or Random()  # noqa: S311 - request ids are no secrets
        self.token = token
        self.key_column = key_column
        self.faults = Faults(Random(random.getrandbits(64)))  # noqa: S311 - faults are no secrets
        self._file = None if path is None else StateFile(path)
        self._clock = clock
        self.conditions = Conditions(plan, behaviour or Behaviour(), mutation_cost, clock)
        self.log = RequestLog()
        self.revisions = Revisions()
        self._lock = RLock()
        self._account = (self._file.load() if self._file else None) or starting_account(
            plan.items_per_board if items_limit is None else items_limit, board
        )
        key_column_added(self._account, key_column)
        self._history = History(self._account, clock)
        self._items = ItemMutations(
            self._account, self._moment, self._history, lambda: self.conditions.plan.items_per_account
        )
        self._boards = BoardMutations(self._account, self._items)
        self._cursors = Cursors(clock)
        self._executed: list[ExecutedMutation] = []
        self._begun = 0
        self._activity = ActivityLog(clock)
        self.person = Person(self._account, self._items, self._boards, self._changing, self._activity)
        self._bulk = BulkImports(
            account=self._account,
            items=self._items,
            executed=self._executed,
            clock=clock,
            rules=bulk or BulkRules(),
            random=random,
        )
        self.storage = BulkStorage(
            self._bulk, changing=self._changing, faults=self.faults, log=self.log, sleep=sleep, clock=clock
        )
        self._gateway = Gateway(
            token=token,
            conditions=self.conditions,
            faults=self.faults,
            run=self._run,
            serves_bulk=self._serves_bulk,
            sleep=sleep,
            random=random,
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
        with self._looking():
            return tuple(self._executed)

    @property
    def requests(self) -> Sequence[RequestRecord]:
        """The requests that were answered or dropped, in the order they ended."""
        return self.log.records

    @property
    def daily_calls(self) -> DailyCalls:
        """The calls of this day in UTC, and how many there may be."""
        return self.conditions.limits.daily()

    @property
    def complexity(self) -> int:
        """The points that all requests have cost."""
        return self.conditions.limits.points

    @property
    def uploads(self) -> Sequence[UploadRecord]:
        """The files that were sent for bulk imports, in the order they were answered or dropped."""
        return self.storage.uploads

    @property
    def bulk_rules(self) -> BulkRules:
        """The choices of bulk imports; they may be replaced, files that are uploaded keep those of their moment."""
        return self._bulk.rules

    @bulk_rules.setter
    def bulk_rules(self, rules: BulkRules) -> None:
        self._bulk.rules = rules

    def fold(self) -> None:
        """Fold the journal of the state file into it, if there is one: then the file is whole by itself."""
        with self._lock:
            if self._file is not None:
                self._file.fold(self._account)

    def forget(self) -> None:
        """Drop the answers kept for idempotency keys, as a service short of memory does."""
        self.conditions.keys.forget()

    def groups(self, *, inactive: bool = False) -> list[GroupView]:
        """The groups of the main board from the top, archived and deleted ones only if asked for."""
        with self._looking():
            groups = self._board.groups if inactive else self._board.active_groups()
            return [group_view(group) for group in groups]

    def items(self, *, inactive: bool = False) -> list[ItemView]:
        """The items of the main board in their order; archived and deleted ones, if asked for, after them."""
        with self._looking():
            return self._views(self._board, inactive=inactive)

    def subitems(self, parent_id: str | None = None, *, inactive: bool = False) -> list[ItemView]:
        """The subitems of one item, or of all, in their order; inactive ones after them if asked for."""
        with self._looking():
            board = self._account.boards[self._account.subitem_board_id]
            views = self._views(board, inactive=inactive)
            return [view for view in views if parent_id is None or view.parent_id == parent_id]

    def labels(self, column_id: str) -> dict[int, str]:
        """The labels of a status or dropdown column of either board, by label id; empty where there are none."""
        with self._looking():
            columns = [board.columns.get(column_id) for board in self._account.boards.values()]
            return {key: name for column in columns if column for key, name in column.labels.items()}

    async def handle(self, request: Request) -> Answer | None:
        """Answer a request, with None where the connection is to be closed without an answer."""
        self._begun += 1
        began = self._clock()
        handled = await self._gateway.handle(request, self._begun)
        self.log.handled(request, handled, began, self._clock())
        return handled.answer

    @contextmanager
    def looking(self) -> Iterator[Account]:
        """Guard a look at the account, which is not to be changed."""
        with self._looking():
            yield self._account

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
        operation, due = accepted.operation, accepted.due
        lag = max(self.conditions.behaviour.search_lag, due.stale_seconds)
        with self._changing() if operation.is_mutation else self._looking():
            refused = self._bulk.refused_start(operation.fields)
            if refused is not None:
                raise RefusedRequestError(refused)
            context = Context(
                account=self._account,
                activity=self._activity,
                items=self._items,
                boards=self._boards,
                bulk=self._bulk.mutations(accepted.number),
                pages=Pages(self._cursors, self._history.seen(lag), due.cursors_expired),
                executed=self._executed,
                clock=self._clock,
                request=accepted.number,
                version=accepted.version,
                bill=lambda failed: accepted.charge.settle(operation.cost(self.conditions.costs, failed)),
                daily=self.conditions.limits.daily,
                faults=due.aliases,
            )
            if due.groups_deleted:
                self._boards.lose_groups(operation.groups_written())
            body = execute(operation, context)
            context.complexity()
            return body

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Guard a look at the account; what bulk imports have done by now is there before it."""
        with self._lock:
            if self._bulk.advance():
                self._keep()
            yield

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Guard a change of the account; the change is in the state file before anything is answered."""
        with self._looking():
            yield
            self._keep()

    def _keep(self) -> None:
        changed = sorted(self._history.changed)
        if self._file is not None:
            self._file.save(self._account, changed)
        self.revisions.raised(self._account, changed)
        self._history.changed.clear()

    def _serves_bulk(self, version: str) -> bool:
        return self.bulk_rules.served_to(version)

    def _moment(self) -> str:
        return self._clock().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
