"""What every step of a batch works with: rules, database, clock, and a thread for the database."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random
from threading import Event
from typing import TYPE_CHECKING, TypeVar

import structlog
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt

from order_staging.batch.keys import business_key
from order_staging.errors import CommitInDoubtError, StoppedError, TransientDatabaseError
from order_staging.reading import SourceReading
from order_staging.unit_of_work import Hold, UnitOfWork

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from sqlalchemy.orm import Session, sessionmaker

    from order_staging.batch.announcing import Announcer
    from order_staging.reading import Start
    from order_staging.repositories import Rows
    from order_staging.repositories.keys import BusinessKey
    from order_staging.settings import Settings
    from order_staging.transform import BoardMapping, Customers, OrderRules

log = structlog.get_logger(__name__)

T = TypeVar("T")

LONGEST_DATABASE_WAIT = 10.0
"""Seconds between two attempts at a unit of work."""


def utc_now() -> datetime:
    """Tell the time in UTC, without a time zone, as the database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Outside:
    """What comes from outside and tests replace.

    `now` tells the time (UTC, naive), `sleep` waits so many seconds, and `random` chooses.
    """

    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Random = field(default_factory=Random)


class StopSign:
    """Says that no new request is to leave: as the caller asked for it, or for a reason of this run's own."""

    NAP = 0.2
    """Seconds after which a stop is noticed at the latest while a run waits."""

    def __init__(self, asked: Event) -> None:
        """Take the caller's wish, which outlives the run."""
        self._asked = asked
        self._own = Event()

    def set(self) -> None:
        """End this run, and no other."""
        self._own.set()

    def is_set(self) -> bool:
        """Tell whether the run is to end; once it was, it stays so, whatever becomes of the caller's wish."""
        if self._asked.is_set():
            self._own.set()
        return self._own.is_set()

    async def or_sleep(self, seconds: float, sleep: Callable[[float], Awaitable[None]]) -> None:
        """Sleep, but no longer than until the run is to end."""
        sleeping = asyncio.ensure_future(sleep(seconds))
        try:
            while not sleeping.done() and not self.is_set():
                await asyncio.wait({sleeping}, timeout=self.NAP)
        finally:
            sleeping.cancel()


class _Lane:
    """A thread, and whose turn it is there.

    One after another, waits included: so nothing comes between a commit in doubt and the look at its mark.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="order-staging-database")

    def close(self) -> None:
        """End the thread after its last work."""
        self.executor.shutdown(wait=True)


class DatabaseThread:
    """Runs database work in a thread of its own, so that a slow commit never stalls requests in flight.

    Faults that pass by themselves (a deadlock, a lost connection) have the whole unit of work done again, at most
    `attempts` times. What a unit of work changes outside the database it has to leave to `after_commit`.
    """

    def __init__(
        self,
        session_factory: sessionmaker[Session],
        outside: Outside | None = None,
        attempts: int = 1,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        """Take what makes sessions, the outside world for waits, how often to try, and whom to tell of waits."""
        self._session_factory = session_factory
        self._outside = outside or Outside()
        self._attempts = attempts
        self._on_wait = on_wait
        self._lane = _Lane()

    async def run(self, work: Callable[[UnitOfWork], T], hold: Hold | None = None) -> T:
        """Do `work` in a unit of work, under a hold where given, and commit it. Raises `PersistenceError`.

        A commit whose answer was lost is not repeated blindly: under a hold the lease's row says whether it took
        place. Without one nothing is written but the lease itself, which may be written twice.
        """
        in_doubt: list[tuple[UnitOfWork, T]] = []

        def do() -> T:
            uow = UnitOfWork(self._session_factory, hold)
            with uow:
                # First, so that rows of which another runner has disposed are not even looked for; and so that a
                # commit that the server is still at has come to its end.
                uow.prove_hold()
                if in_doubt and uow.was_committed(in_doubt[-1][0]):
                    before, result = in_doubt[-1]
                    before.tell()
                    return result
                in_doubt.clear()
                result = work(uow)
                try:
                    uow.commit()
                except CommitInDoubtError:
                    in_doubt.append((uow, result))
                    raise
                return result

        return await self._repeat(self._lane, do)

    @asynccontextmanager
    async def reading(self, start: Start) -> AsyncIterator[Callable[[], Awaitable[Rows]]]:
        """Read source rows, a chunk a call and none at the end, while `run` writes what becomes of them.

        After a fault that passes by itself `start` is called again: it goes on after what was dealt with by then.
        It has a thread of its own: the first chunk of a large table takes its time, and a lease has to be renewed.
        """
        reading = SourceReading(self._session_factory, start)
        lane = _Lane()
        try:
            yield partial(self._repeat, lane, reading.next)
        finally:
            try:
                await self._repeat(lane, reading.close)
            finally:
                lane.close()

    async def _repeat(self, lane: _Lane, do: Callable[[], T]) -> T:
        """Do something in a thread, in its turn, and again after faults that pass by themselves."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._attempts),
            retry=retry_if_exception_type(TransientDatabaseError),
            wait=self._wait,
            before_sleep=self._tell_fault,
            sleep=self._outside.sleep,
            reraise=True,
        )
        async with lane.turn:
            async for attempt in retrying:
                with attempt:
                    # What is bound to the log (batch, customer) goes along.
                    loop = asyncio.get_running_loop()
                    return await loop.run_in_executor(lane.executor, copy_context().run, do)
        raise AssertionError("tenacity ends by returning or raising")  # pragma: no cover

    def _wait(self, state: RetryCallState) -> float:
        """Choose the seconds before the work is done again, random and longer each time."""
        return self._outside.random.uniform(0, min(LONGEST_DATABASE_WAIT, 2.0 ** (state.attempt_number - 1)))

    def _tell_fault(self, state: RetryCallState) -> None:
        reason = str(state.outcome.exception() if state.outcome else None)
        log.warning("database.retry", attempt=state.attempt_number, reason=reason)
        if self._on_wait is not None:
            self._on_wait(state.upcoming_sleep, reason)

    @contextmanager
    def open(self) -> Iterator[DatabaseThread]:
        """Keep the thread for a `with` block, and end it after its last work."""
        try:
            yield self
        finally:
            self._lane.close()


@dataclass(frozen=True)
class RunContext:
    """What the steps share during a run."""

    settings: Settings
    mapping: BoardMapping
    customers: Customers
    rules: OrderRules
    database: DatabaseThread
    outside: Outside
    stop: StopSign
    """Set when no new request is to leave."""
    board_id: int
    rules_hash: str
    """Fingerprint of the mapping, the customers and the rules, under which payloads are made."""
    announcer: Announcer

    @property
    def business_key(self) -> BusinessKey:
        """By what order lines are found again whose UUID has changed."""
        return business_key(self.mapping)

    def redact(self, text: str) -> str:
        """Hide secrets in what is written to the database, or told."""
        return self.announcer.redact(text)

    async def require_going_on(self) -> None:
        """Raise `StoppedError` where the run is to end."""
        if self.stop.is_set():
            raise StoppedError("not sent again: the run was asked to end")

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than until the run is to end."""
        await self.stop.or_sleep(seconds, self.outside.sleep)

    async def wait(self, seconds: float, reason: str) -> None:
        """Do so, and tell why."""
        self.announcer.wait(seconds, reason)
        await self.sleep(seconds)
