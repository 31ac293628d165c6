"""The steps of a comparison: compare, and with a repair process with changes and compare once more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from order_staging.batch.drift.findings import DriftResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.batch.assembly import BoardConnection
    from order_staging.batch.drift.findings import Comparison
    from order_staging.batch.options import Filters, Options
    from order_staging.batch.processing import Processing


class DriftRun:
    """Goes through the customers that are meant, once or, where they are repaired, twice."""

    def __init__(
        self, processing: Processing, connection: BoardConnection, filters: Filters, *, recreate_deleted: bool
    ) -> None:
        """Take which rows are meant, and whether a repair creates again what people deleted."""
        self._processing = processing
        self._connection = connection
        self._filters = filters
        self._recreate_deleted = recreate_deleted

    async def run(self, customer_names: Sequence[str] | None, *, repair: bool) -> DriftResult:
        """Compare these customers, or all (None); and repair them."""
        processing, filters = self._processing, self._filters
        if customer_names is None:
            names = [name for name, _ in await processing.names.with_something_to_do(filters, delivered=True)]
        else:
            names = await processing.names.resolve_all(customer_names)
        before = await self._compare(names)
        listed = tuple(before.customers if customer_names is None else names)
        result = DriftResult(listed, before.orders, before.subitems, tuple(before.findings))
        if not repair:
            return result
        options: Options = {
            "po": filters.get("po"),
            "aag_season": filters.get("aag_season"),
            "customer_season": filters.get("customer_season"),
            "everything": True,
            "recreate_deleted": self._recreate_deleted,
        }
        repaired = await processing.process_all(self._connection, listed, options)
        if processing.stopped or any(batch.stops_the_run for batch in repaired.batches):
            return replace(result, repaired=repaired)
        return replace(result, repaired=repaired, left=tuple((await self._compare(names)).findings))

    async def _compare(self, names: Sequence[str]) -> Comparison:
        return await self._processing.compare(
            self._connection, names, self._filters, recreate_deleted=self._recreate_deleted
        )
