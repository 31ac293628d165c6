"""The check: everything that a run relies on is looked at, as far as it can be, and nothing is changed anywhere."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.orm import sessionmaker

from order_staging.batch.announcing import Announcer
from order_staging.batch.assembly import client_of
from order_staging.batch.checks.account import account_findings
from order_staging.batch.checks.board import LiveBoard, board_findings, delivered_finding
from order_staging.batch.checks.database import (
    demand_findings,
    look_at_database,
    look_at_permissions,
    look_at_source,
)
from order_staging.batch.checks.demand import Demand, Estimate
from order_staging.batch.checks.findings import CheckResult, Finding, note, ok, problem
from order_staging.batch.context import DatabaseThread, Outside
from order_staging.batch.limits import order_limits
from order_staging.batch.preflight import unstorable
from order_staging.database import create_engine, reading_only
from order_staging.errors import (
    AuthenticationError,
    ConfigurationError,
    DestinationError,
    OrderStagingError,
    TerminalError,
)
from order_staging.logs import Redactor
from order_staging.transform import OrderRules, load_customers, load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from order_staging.batch.assembly import Assembly
    from order_staging.batch.events import EventHook
    from order_staging.monday import MondayClient
    from order_staging.settings import Settings
    from order_staging.transform import BoardMapping, Customers, Transformation


async def check(
    settings: Settings,
    *,
    engine: Engine | None = None,
    outside: Outside | None = None,
    transformation: Transformation | None = None,
    on_event: EventHook | None = None,
) -> CheckResult:
    """Look at files, database, source, board and account; what cannot be looked at is a finding itself.

    `on_event` is called with each event meanwhile.
    """
    announcer = Announcer(on_event, Redactor(settings.secrets()).text)
    try:
        return await _Check(settings, outside or Outside(), transformation, announcer).run(engine)
    finally:
        announcer.close()


async def check_assembly(assembly: Assembly) -> CheckResult:
    """Look at all that, with what a service works with."""
    return await check(
        assembly.settings,
        engine=None if assembly.owns_engine else assembly.engine,
        outside=assembly.outside,
        transformation=assembly.transformation,
        on_event=assembly.on_event,
    )


DELIVERED = 100
"""Items of production that are looked for on the board: as many as one query may name."""


class _Check:
    """One check: its parts do not hide each other."""

    def __init__(
        self,
        settings: Settings,
        outside: Outside,
        transformation: Transformation | None,
        announcer: Announcer,
    ) -> None:
        self._settings = settings
        self._announcer = announcer
        self._transformation = transformation
        self._outside = outside
        self._known = Redactor(settings.secrets()).known
        self._findings: list[Finding] = []
        self._errors: list[OrderStagingError] = []
        self._mapping: BoardMapping | None = None
        self._customers: Customers | None = None
        self._delivered: list[int] = []
        """The newest items that production has."""

    async def run(self, engine: Engine | None) -> CheckResult:
        """Do all parts, one after another."""
        self._read_files()
        demand = None
        with self._part("database", "check ORDER_STAGING_DATABASE_URL"):
            ours = engine or create_engine(self._settings.database_url.get_secret_value())
            try:
                demand = await self._look_at_database(reading_only(ours))
            finally:
                if engine is None:
                    ours.dispose()
        with self._part("monday.com", "check ORDER_STAGING_MONDAY_URL and the network"):
            await self._look_at_monday(demand)
        outages = (each for each in self._errors if not isinstance(each, ConfigurationError | TerminalError))
        return CheckResult(tuple(self._findings), next(outages, None))

    @contextmanager
    def _part(self, subject: str, advice: str) -> Iterator[None]:
        """Make a finding of what ends a part; `advice` is for errors that do not end with the next step."""
        try:
            yield
        except OrderStagingError as error:
            self._errors.append(error)
            message, _, next_step = self._known(str(error)).rpartition("; ")
            if not message:
                message, next_step = next_step, advice
            self._findings.append(problem(subject, message, next_step))

    def _read_files(self) -> None:
        settings = self._settings
        api = f"{settings.monday_url}, API version {settings.monday_api_version}, channel {settings.channel}"
        self._findings.append(ok("settings", f"they can be used: {api}"))
        with self._part("mapping", "correct the file"):
            self._mapping = load_mapping(self._settings.mapping)
            fields = f"{len(self._mapping.fields)} fields"
            self._findings += unstorable(self._mapping) or [
                ok("mapping", f"{fields}, each with its columns in the STG and MON tables")
            ]
        with self._part("customers", "correct the file"):
            self._customers = load_customers(self._settings.customers)
            self._findings.append(
                ok("customers", f"{len(self._customers.customers)} customers with their names")
            )

    async def _look_at_database(self, engine: Engine) -> Demand | None:
        thread = DatabaseThread(sessionmaker(engine, expire_on_commit=False))
        with thread.open():
            view = await thread.run(lambda _: look_at_database(engine))
            self._findings += view.findings
            if view.at_head:
                self._findings.append(await thread.run(look_at_permissions))
                self._delivered = await thread.run(lambda uow: uow.production.newest_items(DELIVERED))
            if not view.exists or self._mapping is None:
                return None
            with self._part("ORDERS_UNIFIED", "correct the table"):
                return await self._look_at_source(thread, self._mapping, countable=view.at_head)
        return None

    async def _look_at_source(
        self, thread: DatabaseThread, mapping: BoardMapping, *, countable: bool
    ) -> Demand | None:
        source = await thread.run(partial(look_at_source, mapping))
        self._findings += source.findings
        if not (countable and source.complete and self._customers and not unstorable(mapping)):
            return None
        rules = OrderRules(mapping, self._customers, order_limits(), self._transformation)
        estimate = Estimate(mapping, rules, source.shape, source.doubled, self._settings.chunk_rows)
        demand = await estimate.of(thread, self._announcer)
        self._findings += demand_findings(demand)
        return demand

    async def _look_at_monday(self, demand: Demand | None) -> None:
        mapping, settings = self._mapping, self._settings
        if mapping is None:
            self._findings.append(
                note("board", "was not looked at, as the mapping cannot be read", "correct the mapping")
            )
            return
        board_id = settings.board_id or mapping.board_id
        outside = self._outside
        async with client_of(settings, board_id, outside.sleep, outside, self._announcer) as client:
            with self._part("board", "check ORDER_STAGING_BOARD_ID and the token"):
                await self._look_at_board(client, mapping, demand)
            if any(_silences(error) for error in self._errors):
                return
            account = await client.account(outside.now().date())
            self._findings += account_findings(account, settings, demand)

    async def _look_at_board(
        self, client: MondayClient, mapping: BoardMapping, demand: Demand | None
    ) -> None:
        board = await client.board()
        subitems, hidden = None, False
        subitem_board_id = self._settings.subitem_board_id or board.subitem_board_id
        if subitem_board_id is not None:
            hidden = True
            with self._part("subitems", "check ORDER_STAGING_SUBITEM_BOARD_ID"):
                subitems, hidden = await client.board(subitem_board_id), False
        live = LiveBoard(mapping, self._settings, board, subitems, hidden=hidden)
        self._findings += board_findings(live, demand)
        if self._delivered:
            boards = await client.boards_of(self._delivered)
            self._findings.append(delivered_finding(board, len(self._delivered), boards))


def _silences(error: OrderStagingError) -> bool:
    """Tell whether monday.com would answer the next question in the same way, or not at all."""
    if isinstance(error, TerminalError):
        return isinstance(error, AuthenticationError)
    return isinstance(error, DestinationError)
