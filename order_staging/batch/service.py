"""The use cases: the public methods of the library."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Unpack

from order_staging.batch.assembly import connect, open_context
from order_staging.batch.checks.checking import check_assembly
from order_staging.batch.drift.run import DriftRun
from order_staging.batch.options import Filters, Options, batch_id_of, require_options
from order_staging.batch.preparing import prepare
from order_staging.batch.preview.reading import PreviewOptions
from order_staging.batch.processing import Processing
from order_staging.batch.results import BatchResult, RunResult
from order_staging.batch.retry.choosing import Choice, resumptions, retries
from order_staging.batch.single_steps import SingleSteps
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from uuid import UUID

    from order_staging.batch.assembly import OpenContext
    from order_staging.batch.checks.findings import CheckResult
    from order_staging.batch.drift.findings import DriftResult
    from order_staging.batch.preparing import PreparedBoard
    from order_staging.batch.preview.findings import PreviewResult
    from order_staging.batch.retry.errands import Errand, ErrorId


class BatchService(SingleSteps):
    """Carries order lines from ORDERS_UNIFIED to the board and back, batch by batch.

    Every method is synchronous and has a coroutine twin whose name ends in `_async`, for callers that already run
    an event loop. Methods raise `ConfigurationError`, `PersistenceError`, `DestinationError` or `LeaseHeldError`;
    rows that are invalid or rejected are recorded and counted, never raised. Ctrl-C during a synchronous call ends
    the run in order, with `KeyboardInterrupt` once what is in flight is recorded; a second one ends it at once.
    """

    def process_customer_batch(self, customer_name: str, **options: Unpack[Options]) -> BatchResult:
        """Do the whole job for one customer, named by any alias in any case, and tell how it went.

        Raises `UnknownCustomerError` for a name that is nowhere, `LeaseHeldError` where another runner has it.
        """
        return self._now(
            "process_customer_batch", lambda: self.process_customer_batch_async(customer_name, **options)
        )

    async def process_customer_batch_async(
        self, customer_name: str, **options: Unpack[Options]
    ) -> BatchResult:
        """Do what `process_customer_batch` does, within a running event loop."""
        require_options(options, Options)
        async with open_context(self._assembly, self._stop) as opened:
            processing = Processing(opened)
            customer = await processing.names.resolve(customer_name)
            async with connect(self._assembly, opened) as connection:
                return await processing.process(connection, customer, options)

    def process_customers(
        self, customer_names: Sequence[str] | None = None, **options: Unpack[Options]
    ) -> RunResult:
        """Do the whole job for several customers, or for all that have something to do (None), one after another.

        A customer that another runner has is skipped, and its result says so. After a pause or a failure that would
        meet every customer, the rest is left for the next run.
        """
        return self._now("process_customers", lambda: self.process_customers_async(customer_names, **options))

    async def process_customers_async(
        self, customer_names: Sequence[str] | None = None, **options: Unpack[Options]
    ) -> RunResult:
        """Do what `process_customers` does, within a running event loop."""
        require_options(options, Options)
        async with open_context(self._assembly, self._stop) as opened:
            processing = Processing(opened)
            if customer_names is None:
                found = await processing.names.with_something_to_do(
                    options, delivered=options.get("changes", False)
                )
                customers = [customer for customer, _ in found]
            else:
                customers = await processing.names.resolve_all(customer_names)
            async with connect(self._assembly, opened) as connection:
                return await processing.process_all(connection, customers, options)

    def retry_failed(
        self,
        *,
        batch_id: UUID | str | None = None,
        customer_name: str | None = None,
        error_ids: Sequence[ErrorId | str] = (),
        everything: bool = False,
    ) -> RunResult:
        """Put what failed on its way again, as the source has it now: of a batch, a customer, some errors, or all.

        What is acknowledged resolves its error. What was retried as often as `max_attempts` says is passed over,
        unless its error is named. Raises `ConfigurationError` where nothing is chosen, and for errors that are
        nowhere, or resolved.
        """
        make = partial(self.retry_failed_async, batch_id=batch_id, customer_name=customer_name)
        return self._now("retry_failed", lambda: make(error_ids=error_ids, everything=everything))

    async def retry_failed_async(
        self,
        *,
        batch_id: UUID | str | None = None,
        customer_name: str | None = None,
        error_ids: Sequence[ErrorId | str] = (),
        everything: bool = False,
    ) -> RunResult:
        """Do what `retry_failed` does, within a running event loop."""
        if isinstance(error_ids, str):
            # A text is a sequence, too, of ids of one digit.
            raise ConfigurationError(f"error_ids={error_ids!r} is no list of ids; give [{error_ids!r}]")
        of = None if batch_id is None else batch_id_of(batch_id)
        choice = Choice(of, customer_name, tuple(error_ids), everything)
        async with open_context(self._assembly, self._stop) as opened:
            processing = Processing(opened)
            return await self._go(opened, processing, await retries(opened, processing, choice))

    def resume(self, batch_id: UUID | str | None = None) -> RunResult:
        """Go on with what is unfinished, and load nothing new: of a batch, or of every customer that has any.

        A batch of which nothing is left does nothing. Raises `UnknownBatchError` where there is no such batch.
        """
        return self._now("resume", lambda: self.resume_async(batch_id))

    async def resume_async(self, batch_id: UUID | str | None = None) -> RunResult:
        """Do what `resume` does, within a running event loop."""
        of = None if batch_id is None else batch_id_of(batch_id)
        async with open_context(self._assembly, self._stop) as opened:
            return await self._go(opened, Processing(opened), await resumptions(opened, of))

    async def _go(
        self, opened: OpenContext, processing: Processing, errands: Mapping[str, Errand]
    ) -> RunResult:
        if not errands:
            return RunResult()
        async with connect(self._assembly, opened) as connection:
            return await processing.process_all(connection, errands, {}, errands)

    def drift(
        self,
        customer_names: Sequence[str] | None = None,
        *,
        repair: bool = False,
        recreate_deleted: bool = False,
        **filters: Unpack[Filters],
    ) -> DriftResult:
        """Compare source, production and board for everything delivered of these customers, or of all (None).

        Nothing is written, anywhere, and no lease is taken. With `repair` these customers are then processed with
        changes, each delivered row compared with the board (`recreate_deleted`: what people deleted is created
        again), and all is compared once more, unless the repair was broken off. Raises `StoppedError` where the
        service is asked to stop while it compares.
        """
        make = partial(self.drift_async, customer_names, repair=repair, recreate_deleted=recreate_deleted)
        return self._now("drift", lambda: make(**filters))

    async def drift_async(
        self,
        customer_names: Sequence[str] | None = None,
        *,
        repair: bool = False,
        recreate_deleted: bool = False,
        **filters: Unpack[Filters],
    ) -> DriftResult:
        """Do what `drift` does, within a running event loop."""
        require_options(filters, Filters)
        if recreate_deleted and not repair:
            raise ConfigurationError("recreate_deleted goes with repair alone; ask for it, too")
        assembly = self._assembly if repair else self._assembly.reading()
        async with open_context(assembly, self._stop) as opened, connect(assembly, opened) as connection:
            progress = DriftRun(Processing(opened), connection, filters, recreate_deleted=recreate_deleted)
            return await progress.run(customer_names, repair=repair)

    def preview(
        self, customer_names: Sequence[str] | None = None, **options: Unpack[PreviewOptions]
    ) -> PreviewResult:
        """Tell what a run would do for these customers, or for all that have something to do (None).

        Nothing is written, anywhere: the database is only read, no lease is taken, no batch is begun, and
        monday.com is only asked. Raises `StoppedError` where the service is asked to stop meanwhile.
        """
        return self._now("preview", lambda: self.preview_async(customer_names, **options))

    async def preview_async(
        self, customer_names: Sequence[str] | None = None, **options: Unpack[PreviewOptions]
    ) -> PreviewResult:
        """Do what `preview` does, within a running event loop."""
        require_options(options, PreviewOptions)
        reading = self._assembly.reading()
        async with open_context(reading, self._stop) as opened, connect(reading, opened) as connection:
            return await Processing(opened).preview(connection, customer_names, options)

    def customers_with_new_orders(
        self, *, changes: bool = False, **filters: Unpack[Filters]
    ) -> list[tuple[str, int]]:
        """List customers by canonical name with the number of their new rows; those with rows under way count 0.

        Rows that were refused as INVALID count until they are mended: whether they are, each run finds out. With
        `changes` those customers are listed, too, and count 0, for whom only a run with changes has anything to do.
        """
        make = partial(self.customers_with_new_orders_async, changes=changes)
        return self._now("customers_with_new_orders", lambda: make(**filters))

    async def customers_with_new_orders_async(
        self, *, changes: bool = False, **filters: Unpack[Filters]
    ) -> list[tuple[str, int]]:
        """Do what `customers_with_new_orders` does, within a running event loop."""
        require_options(filters, Filters)
        async with open_context(self._assembly.reading(), self._stop) as opened:
            return await Processing(opened).names.with_something_to_do(filters, delivered=changes)

    def check(self) -> CheckResult:
        """Look at everything that a run relies on, and change nothing; what is wrong is found, never raised."""
        return self._now("check", self.check_async, records=False)

    async def check_async(self) -> CheckResult:
        """Do what `check` does, within a running event loop."""
        return await check_assembly(self._assembly)

    def prepare_board(self) -> PreparedBoard:
        """Find the board's key column, or create it; doing it again, or several at once, makes no second one."""
        return self._now("prepare_board", self.prepare_board_async, records=False)

    async def prepare_board_async(self) -> PreparedBoard:
        """Do what `prepare_board` does, within a running event loop."""
        sleep = self._assembly.outside.sleep
        async with self._assembly.client(sleep) as client:
            return await prepare(client, self._assembly.settings, sleep)
