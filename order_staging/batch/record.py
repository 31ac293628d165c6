"""The record of a batch in MON_BatchProcessing, and its result for the caller: the same facts, kept together."""

from __future__ import annotations

import getpass
import json
import socket
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from weakref import WeakKeyDictionary, WeakSet

from order_staging.batch.events import BatchBegan
from order_staging.models import Batch, BatchStatus

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging.batch.context import RunContext
    from order_staging.batch.results import BatchResult
    from order_staging.monday import Usage
    from order_staging.unit_of_work import Hold, UnitOfWork

BATCH_TYPE = "NEW_ORDERS"

COUNTERS = (
    "total_records",
    "successful_records",
    "failed_records",
    "orders_processed",
    "subitems_processed",
    "api_calls_made",
    "api_failures",
    "retries_attempted",
)
"""What a batch counts, each in the transaction of what is counted."""

COMPLETIONS = {
    BatchStatus.STAGING_LOADED: "staging_load_completed",
    BatchStatus.ITEMS_CREATED: "items_creation_completed",
    BatchStatus.SUBITEMS_CREATED: "subitems_creation_completed",
    BatchStatus.PROMOTED: "promotion_completed",
}
"""The column that says when a step was completed."""


class BatchRecord:
    """One batch, as it is recorded. It begins with the first thing worth recording: idle runs leave none."""

    def __init__(
        self, context: RunContext, result: BatchResult, hold: Hold, usage: Usage, resumed: UUID | None
    ) -> None:
        """Take the result to fill, the lease, and the id of the batch to resume (None: a new one).

        `usage` is the client's, which goes on counting while the batch runs.
        """
        self.resumes = resumed is not None
        self.batch_id = resumed or uuid4()
        self.hold = hold
        self.runner = runner()
        self.result = result
        self.started = context.outside.now()
        self._context = context
        self._usage = usage
        self._usage_before = replace(usage)
        self._usage_recorded = replace(usage)
        self._usage_written: WeakKeyDictionary[UnitOfWork, Usage] = WeakKeyDictionary()
        """What units of work that are not committed have written of it."""
        self._beginning: WeakSet[UnitOfWork] = WeakSet()

    def redact(self, text: str) -> str:
        """Hide secrets in a text."""
        return self._context.redact(text)

    @property
    def begun(self) -> bool:
        """Whether the batch is recorded."""
        return self.result.batch_id is not None

    def has_begun(self, uow: UnitOfWork) -> bool:
        """Tell whether the batch is recorded, as a unit of work sees it."""
        return self.begun or uow in self._beginning

    def begin(self, uow: UnitOfWork) -> None:
        """Record that the batch has begun, or goes on; once."""
        if self.has_begun(uow):
            return
        self._beginning.add(uow)
        uow.after_commit(self._begin)
        batch = uow.batches.get(self.batch_id)
        if batch is None:
            batch = Batch(
                batch_id=self.batch_id,
                customer_name=self.result.customer,
                batch_type=BATCH_TYPE,
                start_time=self.started,
                started_by=self.runner,
                **dict.fromkeys(COUNTERS, 0),
                config_snapshot=json.dumps(self._context.settings.snapshot()),
            )
            uow.batches.add(batch)
        batch.status = BatchStatus.STARTED
        batch.end_time = batch.duration_seconds = batch.completed_by = batch.error_summary = None

    def _begin(self) -> None:
        self.result.batch_id = self.batch_id
        self.result.status = BatchStatus.STARTED
        self._context.announcer.tell(BatchBegan(self.batch_id, self.result.customer, self.resumes))

    def increase(self, uow: UnitOfWork, **amounts: int) -> None:
        """Add to the batch's counters, and what the client has used since the last time."""
        usage, last = replace(self._usage), self._usage_written.get(uow, self._usage_recorded)
        uow.batches.increase(
            self.batch_id,
            **amounts,
            api_calls_made=usage.calls - last.calls,
            api_failures=usage.failures - last.failures,
            retries_attempted=usage.retries - last.retries,
        )
        self._usage_written[uow] = usage
        uow.after_commit(partial(self._has_recorded, usage))

    def _has_recorded(self, usage: Usage) -> None:
        self._usage_recorded = usage

    async def reach(self, status: BatchStatus, **facts: Any) -> None:  # noqa: ANN401 - column values
        """Record how far the batch has come."""
        if status in COMPLETIONS:
            facts[COMPLETIONS[status]] = self._context.outside.now()
        await self.note(status=status, **facts)
        if self.begun:
            self.result.status = status

    async def note(self, **facts: Any) -> None:  # noqa: ANN401 - column values
        """Record facts about the batch, and what the client has used; nothing before the batch has begun."""
        if self.begun:
            await self._context.database.run(partial(self._write, facts), self.hold)

    def _write(self, facts: dict[str, Any], uow: UnitOfWork) -> None:
        self.increase(uow)
        uow.batches.change(Batch.batch_id == self.batch_id, **facts)

    async def end(self, status: BatchStatus, error: str | None = None) -> None:
        """Record how the batch ended, and why if it failed or paused."""
        now = self._context.outside.now()
        self.result.error = error
        # Also of a batch that never began: nobody must take it for one that had nothing to do.
        self.result.status = status
        self.measure()
        await self.reach(
            status,
            end_time=now,
            duration_seconds=round(self.result.seconds),
            completed_by=self.runner,
            error_summary=error or self._summary(),
        )

    def measure(self) -> None:
        """Fill in how long the run took and what it used, however it ended."""
        result, usage, before = self.result, self._usage, self._usage_before
        result.seconds = (self._context.outside.now() - self.started).total_seconds()
        result.api.calls = usage.calls - before.calls
        result.api.retries = usage.retries - before.retries
        result.api.refusals = usage.refusals - before.refusals
        result.api.complexity = usage.complexity - before.complexity

    def _summary(self) -> str | None:
        orders, subitems = self.result.orders, self.result.subitems
        facts = {
            "invalid": orders.invalid,
            "rejected": orders.rejected + subitems.rejected,
            "unknown": orders.unknown + subitems.unknown,
            "conflict": orders.conflict + subitems.conflict,
        }
        return ", ".join(f"{count} {word}" for word, count in facts.items() if count) or None


def runner() -> str:
    """Name who runs: user and host, 100 characters at most."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"[:100]
