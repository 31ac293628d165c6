"""The single steps of a batch as public methods, for whoever does one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from order_staging.batch.assembly import connect, open_context
from order_staging.batch.calls import Calls
from order_staging.batch.options import LoadOptions, batch_id_of, require_options
from order_staging.batch.processing import Processing
from order_staging.batch.results import LoadResult, StepResult

if TYPE_CHECKING:
    from uuid import UUID


class SingleSteps(Calls):
    """Loading, items, subitems, promotion and cleanup, each by itself; each may be done again."""

    def load_new_orders_to_staging(self, customer_name: str, **options: Unpack[LoadOptions]) -> LoadResult:
        """Stage a customer's new orders, in a batch of their own or the one that is still open."""
        return self._now(
            "load_new_orders_to_staging",
            lambda: self.load_new_orders_to_staging_async(customer_name, **options),
        )

    async def load_new_orders_to_staging_async(
        self, customer_name: str, **options: Unpack[LoadOptions]
    ) -> LoadResult:
        """Do what `load_new_orders_to_staging` does, within a running event loop."""
        require_options(options, LoadOptions)
        async with open_context(self._assembly, self._stop) as opened:
            processing = Processing(opened)
            return await processing.load(await processing.names.resolve(customer_name), options)

    def create_monday_items_from_staging(self, batch_id: UUID | str) -> StepResult:
        """Create the items of a batch's staged orders; tell how many are on the board by this step."""
        return self._now(
            "create_monday_items_from_staging", lambda: self.create_monday_items_from_staging_async(batch_id)
        )

    async def create_monday_items_from_staging_async(self, batch_id: UUID | str) -> StepResult:
        """Do what `create_monday_items_from_staging` does, within a running event loop."""
        of = batch_id_of(batch_id)
        async with (
            open_context(self._assembly, self._stop) as opened,
            connect(self._assembly, opened) as connection,
        ):
            processing = Processing(opened)
            async with processing.step(of, connection) as (run, result):
                await processing.decide_leftovers(connection, run, result.customer)
                await run.create_items(connection)
                run.require_no_trouble()
            return StepResult(of, orders=result.orders.on_board)

    def create_monday_subitems_from_staging(self, batch_id: UUID | str) -> StepResult:
        """Create the subitems of a batch's orders that are on the board; tell how many by this step."""
        return self._now(
            "create_monday_subitems_from_staging",
            lambda: self.create_monday_subitems_from_staging_async(batch_id),
        )

    async def create_monday_subitems_from_staging_async(self, batch_id: UUID | str) -> StepResult:
        """Do what `create_monday_subitems_from_staging` does, within a running event loop."""
        of = batch_id_of(batch_id)
        async with (
            open_context(self._assembly, self._stop) as opened,
            connect(self._assembly, opened) as connection,
        ):
            processing = Processing(opened)
            async with processing.step(of, connection) as (run, result):
                await processing.decide_leftovers(connection, run, result.customer)
                await run.create_subitems(connection)
                run.require_no_trouble()
            return StepResult(of, subitems=result.subitems.on_board)

    def promote_successful_records(self, batch_id: UUID | str) -> StepResult:
        """Write what landed to the production tables; tell how many orders and subitems."""
        return self._now(
            "promote_successful_records", lambda: self.promote_successful_records_async(batch_id)
        )

    async def promote_successful_records_async(self, batch_id: UUID | str) -> StepResult:
        """Do what `promote_successful_records` does, within a running event loop."""
        of = batch_id_of(batch_id)
        async with open_context(self._assembly, self._stop) as opened:
            async with Processing(opened).step(of) as (run, result):
                await run.promote()
            return StepResult(of, result.orders.promoted, result.subitems.promoted)

    def cleanup_staging_for_customer(self, batch_id: UUID | str) -> StepResult:
        """Delete from staging what a batch has brought to production, nothing else, and end the batch.

        Tells how many orders and subitems were deleted.
        """
        return self._now(
            "cleanup_staging_for_customer", lambda: self.cleanup_staging_for_customer_async(batch_id)
        )

    async def cleanup_staging_for_customer_async(self, batch_id: UUID | str) -> StepResult:
        """Do what `cleanup_staging_for_customer` does, within a running event loop."""
        of = batch_id_of(batch_id)
        async with open_context(self._assembly, self._stop) as opened:
            async with Processing(opened).step(of) as (run, _):
                orders, subitems = await run.clean_up()
                await run.finish()
            return StepResult(of, orders, subitems)
