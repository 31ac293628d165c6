"""The composition root: settings become the things that a run works with, each replaceable by one argument."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session, sessionmaker

from order_staging import schema
from order_staging.batch.announcing import Announcer
from order_staging.batch.context import DatabaseThread, Outside, RunContext, StopSign
from order_staging.batch.limits import order_limits
from order_staging.batch.preflight import require_columns, require_comparable, require_fitting
from order_staging.database import create_engine, reading_only
from order_staging.logs import Redactor
from order_staging.monday import MondayClient
from order_staging.transform import OrderRules, load_customers, load_mapping, rules_fingerprint
from order_staging.version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from threading import Event

    from sqlalchemy import Engine

    from order_staging.batch.events import EventHook
    from order_staging.monday import Board
    from order_staging.repositories import SourceShape
    from order_staging.settings import Settings
    from order_staging.transform import BoardMapping, Customers, Transformation
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Assembly:
    """What outlives a run: rules from files, and the database's engine."""

    settings: Settings
    mapping: BoardMapping
    customers: Customers
    engine: Engine
    owns_engine: bool
    """Whether the engine is ours to dispose of when a run has ended."""
    outside: Outside
    transformation: Transformation | None = None
    on_event: EventHook | None = None

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        engine: Engine | None = None,
        outside: Outside | None = None,
        transformation: Transformation | None = None,
        on_event: EventHook | None = None,
    ) -> Assembly:
        """Put it together. Raises `ConfigurationError` for settings or files that cannot be used."""
        mapping = load_mapping(settings.mapping)
        require_columns(mapping)
        return cls(
            settings=settings,
            mapping=mapping,
            customers=load_customers(settings.customers),
            engine=engine or create_engine(settings.database_url.get_secret_value()),
            owns_engine=engine is None,
            outside=outside or Outside(),
            transformation=transformation,
            on_event=on_event,
        )

    @property
    def rules(self) -> OrderRules:
        """The rules that rows go through."""
        return OrderRules(self.mapping, self.customers, order_limits(), self.transformation)

    @property
    def rules_hash(self) -> str:
        """What names these rules: it changes with the files, the library's version, and the transformation's."""
        own = "" if self.transformation is None else f" and {self.transformation.version}"
        return rules_fingerprint(self.mapping, self.customers, f"{VERSION}{own}")

    @property
    def board_id(self) -> int:
        """The board to deliver to."""
        return self.settings.board_id or self.mapping.board_id

    def reading(self) -> Assembly:
        """Give the same with an engine whose connections only read."""
        return replace(self, engine=reading_only(self.engine))

    def session_factory(self) -> sessionmaker[Session]:
        """Make what makes sessions; rows stay readable after their session has ended."""
        return sessionmaker(self.engine, expire_on_commit=False)

    @contextmanager
    def announcer(self) -> Iterator[Announcer]:
        """Keep what tells a run's events for a `with` block, in a running event loop."""
        announcer = Announcer(self.on_event, Redactor(self.settings.secrets()).text)
        try:
            yield announcer
        finally:
            announcer.close()

    def client(
        self, sleep: Callable[[float], Awaitable[None]], announcer: Announcer | None = None
    ) -> MondayClient:
        """Make a client that waits by `sleep`; it connects when entered. Raises `SettingError` without a token."""
        return client_of(self.settings, self.board_id, sleep, self.outside, announcer)


def client_of(
    settings: Settings,
    board_id: int,
    sleep: Callable[[float], Awaitable[None]],
    outside: Outside,
    announcer: Announcer | None = None,
) -> MondayClient:
    """Make a client for a board as the settings say. Raises `SettingError` without a token."""
    return MondayClient(
        token=settings.token(),
        board_id=board_id,
        url=settings.monday_url,
        api_version=settings.monday_api_version,
        key_column=settings.key_column,
        request_timeout=settings.request_timeout,
        max_attempts=settings.max_attempts,
        now=outside.now,
        sleep=sleep,
        random=outside.random,
        on_wait=announcer.wait if announcer else None,
    )


@dataclass(frozen=True)
class OpenContext:
    """A run's context that is open: the database checked, the source looked at."""

    context: RunContext
    shape: SourceShape
    doubled: bool
    """Whether a UUID stands on several rows of the source."""


@dataclass(frozen=True)
class BoardConnection:
    """A connected client whose board fits the mapping; `subitem_board_id` is None before the first subitem.

    `board` and `subitems` are what both were like when it was made.
    """

    client: MondayClient
    subitem_board_id: int | None
    board: Board
    subitems: Board | None


@asynccontextmanager
async def open_context(assembly: Assembly, stop: Event) -> AsyncIterator[OpenContext]:
    """Check the database before anything is written, and keep a thread for it while the block runs.

    Raises `ConfigurationError` or `PersistenceError`.
    """
    with assembly.announcer() as announcer, _disposed_of(assembly):
        thread = DatabaseThread(
            assembly.session_factory(),
            assembly.outside,
            attempts=assembly.settings.max_attempts,
            on_wait=announcer.wait,
        )
        with thread.open():
            shape, doubled = await thread.run(partial(_look_at_source, assembly))
            context = RunContext(
                settings=assembly.settings,
                mapping=assembly.mapping,
                customers=assembly.customers,
                rules=assembly.rules,
                database=thread,
                outside=assembly.outside,
                stop=StopSign(stop),
                board_id=assembly.board_id,
                rules_hash=assembly.rules_hash,
                announcer=announcer,
            )
            yield OpenContext(context, shape, doubled)


@asynccontextmanager
async def connect(assembly: Assembly, opened: OpenContext) -> AsyncIterator[BoardConnection]:
    """Connect to monday.com and compare the mapping with the board as it is today.

    Raises `ConfigurationError` or `DestinationError`.
    """
    context = opened.context
    async with assembly.client(context.sleep, context.announcer) as client:
        with client.asking(context.require_going_on):
            yield await _checked(assembly, client)


async def _checked(assembly: Assembly, client: MondayClient) -> BoardConnection:
    settings = assembly.settings
    board = await client.board()
    subitem_board_id = settings.subitem_board_id or board.subitem_board_id
    subitems = None if subitem_board_id is None else await client.board(subitem_board_id)
    require_fitting(assembly.mapping, board, subitems, settings.key_column)
    return BoardConnection(client, subitem_board_id, board, subitems)


@contextmanager
def _disposed_of(assembly: Assembly) -> Iterator[None]:
    try:
        yield
    finally:
        if assembly.owns_engine:
            assembly.engine.dispose()


def _look_at_source(assembly: Assembly, uow: UnitOfWork) -> tuple[SourceShape, bool]:
    schema.require_head(assembly.engine)
    shape = uow.source.shape()
    shape.require(assembly.mapping.source_columns)
    require_comparable(assembly.mapping, shape)
    for column in shape.strays:
        # ALTER TABLE puts a new size behind the last column, where it is no size by the rule.
        log.warning("source.integer_column_is_no_size", column=column)
    return shape, uow.source.has_doubled_uuids()
