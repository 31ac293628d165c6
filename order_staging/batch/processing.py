"""From a customer's name to a finished batch: which rows are meant, the lease, the steps, and how it all ends."""

from __future__ import annotations

from contextlib import asynccontextmanager, nullcontext
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING

import structlog

from order_staging.batch.changes.step import Wanted
from order_staging.batch.drift.findings import Comparison
from order_staging.batch.drift.reading import DriftReader
from order_staging.batch.events import BatchEnded, RunBegan
from order_staging.batch.leases import holding
from order_staging.batch.loading import Source
from order_staging.batch.naming import CustomerNames
from order_staging.batch.options import filter_by, wanted_by
from order_staging.batch.preview.reading import PreviewReader
from order_staging.batch.record import BatchRecord
from order_staging.batch.results import BUSY, BatchResult, LoadResult, RunResult
from order_staging.batch.retry.choosing import batch_to_resume
from order_staging.batch.retry.errands import NEW_ORDERS, Errand
from order_staging.batch.retry.rounds import Scope
from order_staging.batch.retry.staging_again import stage_again
from order_staging.batch.run import BatchRun
from order_staging.errors import (
    AuthenticationError,
    DatabaseUnavailableError,
    DestinationError,
    EndpointError,
    ImportUnfinishedError,
    LeaseHeldError,
    PersistenceError,
    StoppedError,
    TerminalError,
    TransientError,
    UnknownBatchError,
)
from order_staging.models import BatchStatus
from order_staging.monday import Usage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from order_staging.batch.assembly import BoardConnection, OpenContext
    from order_staging.batch.options import Filters, LoadOptions, Options
    from order_staging.batch.preview.findings import PreviewResult
    from order_staging.batch.preview.reading import PreviewOptions
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


class Processing:
    """Works in an open context, one customer after another."""

    def __init__(self, opened: OpenContext) -> None:
        """Take the context."""
        self._opened = opened
        self._context = opened.context
        self._announcer = opened.context.announcer
        self.names = CustomerNames(opened.context)
        """What customers are called."""
        self._wait: float | None = None
        """Seconds after which the batch that was given up may go on."""

    async def process_all(
        self,
        connection: BoardConnection,
        customers: Iterable[str],
        options: Options,
        errands: Mapping[str, Errand] | None = None,
    ) -> RunResult:
        """Process customers one after another, until something would meet all of them.

        `errands` says what for, where it is not for new orders.
        """
        results = []
        customers = tuple(customers)
        self._announcer.tell(RunBegan(customers))
        for customer in customers:
            errand = (errands or {}).get(customer, NEW_ORDERS)
            try:
                result = await self._process(connection, customer, options, errand)
            except LeaseHeldError as error:
                log.warning("batch.busy", customer=customer, holder=error.holder)
                result = _result(customer, errand)
                result.status, result.error = BUSY, str(error)
            except PersistenceError as error:
                # The batch stays as it was recorded last, and the next run goes on from there.
                log.error("batch.broken_off", customer=customer, reason=str(error))  # noqa: TRY400 - one line
                result = _result(customer, errand)
                result.status, result.error = BatchStatus.FAILED, self._context.redact(str(error))
                result.stops_the_run = isinstance(error, DatabaseUnavailableError)
            results.append(result)
            self._tell_end(result)
            if self.stopped or result.stops_the_run:
                break
        return RunResult(tuple(results), stopped=self.stopped and len(results) < len(customers))

    async def process(self, connection: BoardConnection, customer: str, options: Options) -> BatchResult:
        """Take a customer's lease and do all the steps. Raises `LeaseHeldError` and `PersistenceError`."""
        self._announcer.tell(RunBegan((customer,)))
        result = await self._process(connection, customer, options, NEW_ORDERS)
        self._tell_end(result)
        return result

    def _tell_end(self, result: BatchResult) -> None:
        result.end(stopped=self.stopped)
        if self._announcer.listens:
            self._announcer.tell(BatchEnded(deepcopy(result), self._wait))
        self._wait = None

    async def _process(
        self, connection: BoardConnection, customer: str, options: Options, errand: Errand
    ) -> BatchResult:
        result = _result(customer, errand)
        result.with_changes = wanted_by(options).changes
        if errand.letters == ():
            return result
        to_resume = partial(batch_to_resume, customer, errand, subitems=options.get("subitems", True))
        async with self._batch(result, connection.client.usage, to_resume) as (record, run):
            if errand.resumes and not record.resumes:
                return result
            with (
                structlog.contextvars.bound_contextvars(customer=customer, batch=str(record.batch_id)),
                connection.client.asking(partial(self._require_hold, record)),
            ):
                try:
                    await self._steps(connection, record, run, options, errand)
                except StoppedError as error:
                    log.info("batch.stopped", reason=str(error))
                except DestinationError as error:
                    await self._give_up(record, error)
                record.measure()
                if record.begun:
                    log.info("batch.ended", **result.facts())
        return result

    async def _require_hold(self, record: BatchRecord) -> None:
        """Before a request leaves after a wait: the run goes on, and nobody has taken the customer over meanwhile.

        What is under way is dated anew: should this process end now, its requests are in doubt from now on.
        """
        await self._context.require_going_on()
        now = self._context.outside.now()

        def date(uow: UnitOfWork) -> None:
            uow.staging.orders.date_sending(record.batch_id, now)
            uow.staging.subitems.date_sending(record.batch_id, now)

        await self._context.database.run(date, record.hold)

    async def compare(
        self,
        connection: BoardConnection,
        customers: Iterable[str],
        filters: Filters,
        *,
        recreate_deleted: bool,
    ) -> Comparison:
        """Compare source, production and board for everything delivered of these customers; writes nothing."""
        comparison = Comparison()
        customers = tuple(customers)
        self._announcer.tell(RunBegan(customers))
        reader = DriftReader(self._context, connection.client, recreate_deleted=recreate_deleted)
        for customer in customers:
            await reader.compare(customer, await self._source(customer, filters), comparison)
        return comparison

    async def preview(
        self, connection: BoardConnection, customer_names: Sequence[str] | None, options: PreviewOptions
    ) -> PreviewResult:
        """Foresee what a run would do for these customers, or for all (None); writes nothing."""
        if customer_names is None:
            delivered = options.get("changes", False)
            names = [name for name, _ in await self.names.with_something_to_do(options, delivered=delivered)]
        else:
            names = await self.names.resolve_all(customer_names)
        chosen = tuple(names)
        self._announcer.tell(RunBegan(chosen))
        reader = PreviewReader(self._context, connection, **options)
        for customer in chosen:
            await reader.look_at(customer, await self._source(customer, options, options.get("limit")))
        return await reader.result()

    @property
    def stopped(self) -> bool:
        """Whether the run was asked to end."""
        return self._context.stop.is_set()

    async def load(self, customer: str, options: LoadOptions) -> LoadResult:
        """Take a customer's lease and stage its new rows."""
        to_resume = partial(batch_to_resume, customer, NEW_ORDERS, subitems=True)
        async with self._batch(BatchResult(customer), Usage(), to_resume) as (record, run):
            source = await self._source(customer, options, options.get("limit"))
            await run.recover()
            await run.relink(source)
            await run.load(source)
            return LoadResult(record.result.batch_id, record.result.orders, record.result.subitems)

    async def decide_leftovers(self, connection: BoardConnection, run: BatchRun, customer: str) -> None:
        """Before a single step sends anything: decide anew on changes that an earlier run has left."""
        await run.stage_changes(await self._source(customer, {}), connection, Wanted())

    @asynccontextmanager
    async def step(
        self, batch_id: UUID, connection: BoardConnection | None = None
    ) -> AsyncIterator[tuple[BatchRun, BatchResult]]:
        """Take the lease of a batch's customer for one step, with a connection where it needs one.

        Raises `UnknownBatchError` without such a batch.
        """
        batch = await self._context.database.run(lambda uow: uow.batches.get(batch_id))
        if batch is None:
            raise UnknownBatchError(batch_id)
        result = BatchResult(batch.customer_name)
        async with holding(self._context, batch.customer_name) as hold:
            usage = connection.client.usage if connection else Usage()
            record = BatchRecord(self._context, result, hold, usage, batch_id)
            await self._context.database.run(record.begin, hold)
            asking = (
                connection.client.asking(partial(self._require_hold, record)) if connection else nullcontext()
            )
            with asking:
                yield BatchRun(self._context, record), result

    async def _steps(
        self,
        connection: BoardConnection,
        record: BatchRecord,
        run: BatchRun,
        options: Options,
        errand: Errand,
    ) -> None:
        look_first = options.get("look_first", False)
        source = await self._source(
            record.result.customer, options, options.get("limit"), look_first=look_first
        )
        wanted = wanted_by(options)
        await run.recover(look_first=look_first)
        await run.relink(source)
        if errand.letters is not None:
            await stage_again(Scope(self._context, record, source), run, connection, wanted, errand.letters)
        else:
            await run.load(source if errand.loads else None)
            if not self.stopped:
                await run.stage_changes(source, connection, wanted)
        if record.begun:
            await self._bring(connection, run, options)

    async def _bring(self, connection: BoardConnection, run: BatchRun, options: Options) -> None:
        """Bring what is staged to the board, and then to production."""
        steps: list[Callable[[], Awaitable[object]]] = [
            partial(run.create_items, connection),
            *([partial(run.create_subitems, connection)] if options.get("subitems", True) else []),
            run.promote,
            *([] if options.get("keep_staging") else [run.clean_up]),
            run.finish,
        ]
        for step in steps:
            # What is recorded so far stays as it is; the next run goes on from there.
            if self.stopped:
                return
            await step()

    async def _give_up(self, record: BatchRecord, error: DestinationError) -> None:
        """End a batch that monday.com does not let go on: paused by a limit, or failed."""
        words = self._context.redact(str(error))
        of_this_batch = isinstance(error, TerminalError | ImportUnfinishedError)
        record.result.stops_the_run = not of_this_batch or isinstance(
            error, AuthenticationError | EndpointError
        )
        limited = isinstance(error, TransientError) and error.answered
        log.warning("batch.given_up", reason=words, paused=limited)
        self._wait = error.wait if isinstance(error, TransientError) else None
        await record.end(BatchStatus.PAUSED if limited else BatchStatus.FAILED, words)

    @asynccontextmanager
    async def _batch(
        self, result: BatchResult, usage: Usage, to_resume: Callable[[UnitOfWork], UUID | None]
    ) -> AsyncIterator[tuple[BatchRecord, BatchRun]]:
        async with holding(self._context, result.customer) as hold:
            resumed = await self._context.database.run(to_resume)
            record = BatchRecord(self._context, result, hold, usage, resumed)
            yield record, BatchRun(self._context, record)

    async def _source(
        self, customer: str, filters: Filters, limit: int | None = None, *, look_first: bool = False
    ) -> Source:
        chosen = await self.names.of(customer)
        wanted = filter_by(chosen, filters)
        return Source(self._opened.shape, wanted, limit, self._opened.doubled, look_first=look_first)


def _result(customer: str, errand: Errand) -> BatchResult:
    return BatchResult(customer, is_retry=errand.is_retry, passed_over=errand.passed_over)
