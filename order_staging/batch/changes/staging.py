"""Staging changes: decisions become rows of the staging tables, on which they travel like new order lines.

A change that an earlier run left on its way is replaced by what is decided now. What was rejected is not sent again
before it differs, and a row that is being created is left alone. What was to be created again, and was not sent or
was refused, gives way to a change where people have restored it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from order_staging.batch import rows
from order_staging.batch.changes.decided import DecidedRows
from order_staging.batch.changes.staged import (
    is_left_over,
    is_open,
    is_uncreated,
    sizes_wanted_again,
    wanted_again,
    was_refused,
)
from order_staging.batch.ledger import change
from order_staging.models import Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.staged_rows import CHANGES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.changes.decisions import Decision
    from order_staging.batch.context import RunContext
    from order_staging.batch.letterboxes import Place
    from order_staging.batch.record import BatchRecord
    from order_staging.repositories import Row
    from order_staging.unit_of_work import UnitOfWork


class ChangeStaging:
    """Writes decisions into staging, each group of them in a transaction of its own."""

    def __init__(
        self, context: RunContext, record: BatchRecord, subitem_board_id: int | None, key_column: str | None
    ) -> None:
        """Take the batch's record, the board of the subitems where it is known, and the key column, if any."""
        self._context = context
        self._record = record
        self._rows = DecidedRows(context, record, subitem_board_id, key_column)

    def stage(self, decisions: Sequence[Decision], uow: UnitOfWork, *, recreate: bool) -> set[Place]:
        """Stage what is to be sent, and what counts as acknowledged without being sent.

        `recreate` says that what people deleted is to be created again; what we took away ourselves always is, and
        what is on its way again already. Gives the rows, and sizes, of which this holds.
        """
        recreated: set[Place] = set()
        uuids = [decision.line.order.source_uuid for decision in decisions]
        known = uow.staging.changes.orders_of(uuids)
        known_sizes = uow.staging.changes.subitems_of(uuids)
        for decision in decisions:
            uuid = decision.line.order.source_uuid
            existing = known.get(uuid)
            sizes = {size: row for (owner, size), row in known_sizes.items() if owner == uuid}
            again = recreate or wanted_again(existing)
            labels = (
                {size.label for size in decision.sizes} if recreate else sizes_wanted_again(existing, sizes)
            )
            recreated |= {(uuid, label) for label in labels} | ({uuid} if again else set())
            if existing is not None and not self._replaceable(existing, again=again or not decision.gone):
                # It is being created, or was refused when it was: that comes first. Or another runner has it.
                continue
            if decision.gone and not again:
                self._take_back(uow, existing, list(sizes.values()))
                continue
            self._stage_one(uow, decision, existing, sizes, again=labels)
        return recreated

    def take_back(self, uuids: Sequence[UUID], uow: UnitOfWork) -> None:
        """Drop what an earlier run left of these delivered rows, whose source rows are gone or invalid by now.

        An archiving that was refused, and retried, waits for the next retry while its row is gone.
        """
        landed = uow.deliveries.acknowledged(uuids, ()).keys()
        gone = uow.deliveries.without_source(uuids)
        refused = {letter.source_uuid for letter in uow.failures.refused_orders(uuids)}
        orders, kept = uow.staging.changes.orders_of(uuids), []
        sizes: defaultdict[UUID, list[StagedSubitem]] = defaultdict(list)
        for (uuid, _), row in uow.staging.changes.subitems_of(uuids).items():
            sizes[uuid].append(row)
        for uuid in uuids:
            order, below = orders.get(uuid), sizes[uuid]
            waits = order is not None and order.update_operation == Operation.ARCHIVE and is_left_over(order)
            if order is not None and waits and uuid in refused & gone:
                words = "refused before, and not sent by the retry; another one sends it"
                kept.append(change(order, StagingStatus.API_FAILED, words))
                order = None
            self._take_back(uow, order, below)
            if uuid in landed:
                waiting = [row for row in below if row.stg_status == StagingStatus.PENDING]
                item = order if order is not None and order.stg_status == StagingStatus.PENDING else None
                self._give_up(uow, item, waiting)
        uow.staging.orders.update(kept)

    def _replaceable(self, row: StagedOrder, *, again: bool) -> bool:
        in_flight = row.stg_status in {StagingStatus.SENDING, StagingStatus.UNKNOWN}
        if in_flight and row.stg_batch_id != self._record.batch_id:
            return False
        if is_uncreated(row):
            return again and row.stg_customer_batch == self._record.result.customer
        return row.update_operation in CHANGES or row.stg_status == StagingStatus.PROMOTED

    def _stage_one(
        self,
        uow: UnitOfWork,
        decision: Decision,
        existing: StagedOrder | None,
        sizes: dict[str, StagedSubitem],
        *,
        again: set[str],
    ) -> None:
        wanted = self._rows.new_item(decision) if decision.gone else self._rows.order(decision)
        subitems = self._rows.sizes(decision, again)
        idle = [row for size, row in sizes.items() if size not in {name for name, _ in subitems}]
        if not decision.gone:
            subitems = [(size, row) for size, row in subitems if is_open(sizes.get(size), row)]
        # People have restored the item that was to be created again.
        restored = not decision.gone and is_uncreated(existing)
        if restored or decision.gone:
            needless = [row for row in idle if is_uncreated(row)]
        else:
            there = {size.label for size in decision.sizes if size.needs_no_creation}
            needless = [row for row in idle if row.size in there and is_uncreated(row)]
        if wanted is None and not subitems:
            self._take_back(uow, existing, idle)
            self._give_up(uow, existing if restored else None, needless)
            return
        if existing is not None and wanted is not None and was_refused(existing, wanted):
            wanted = None
        if existing is None or wanted is not None or restored:
            stg_id = self._write_order(uow, decision, existing, wanted)
        else:
            stg_id = existing.stg_id
            # It is cleaned up with its sizes, by the batch that has them.
            uow.staging.orders.update([{"stg_id": stg_id, "stg_batch_id": self._record.batch_id}])
        self._take_back(uow, None, idle)
        self._give_up(uow, None, needless)
        self._write_sizes(uow, stg_id, subitems, sizes)

    def _write_order(
        self, uow: UnitOfWork, decision: Decision, existing: StagedOrder | None, wanted: Row | None
    ) -> int:
        self._record.begin(uow)
        # Sizes alone need a row that says which item they belong to.
        row = wanted or self._rows.settled(decision)
        if existing is None or existing.stg_status == StagingStatus.PROMOTED:
            self._record.increase(uow, total_records=1)
        if existing is None:
            (stg_id,) = uow.staging.orders.add([row])
            return stg_id
        if row["stg_status"] == StagingStatus.API_SUCCESS:
            self._supersede(uow, existing)
        # Another attempt: an intent like an earlier one must not bear the same idempotency key.
        attempt = {"stg_id": existing.stg_id, "stg_retry_count": (existing.stg_retry_count or 0) + 1}
        uow.staging.orders.update([rows.NEVER_SENT | row | attempt])
        return existing.stg_id

    def _write_sizes(
        self,
        uow: UnitOfWork,
        stg_id: int,
        wanted: Sequence[tuple[str, Row]],
        known: dict[str, StagedSubitem],
    ) -> None:
        new = []
        for size, described in wanted:
            self._record.begin(uow)
            row = described | {"stg_parent_stg_id": stg_id}
            if (found := known.get(size)) is None:
                new.append(row)
                continue
            if row["stg_status"] == StagingStatus.API_SUCCESS:
                self._supersede(uow, found)
            attempt = {"stg_id": found.stg_id, "stg_retry_count": (found.stg_retry_count or 0) + 1}
            uow.staging.subitems.update([rows.NEVER_SENT | row | attempt])
        uow.staging.subitems.insert(new)

    def _take_back(self, uow: UnitOfWork, order: StagedOrder | None, sizes: Sequence[StagedSubitem]) -> None:
        """Drop changes that an earlier run left, or that were refused, and that are none any more."""
        for row in (order, *sizes):
            if row is not None and is_left_over(row):
                self._supersede(uow, row)
        orders = [order.stg_id] if order is not None and is_left_over(order) else []
        uow.staging.changes.settle(orders, [row.stg_id for row in sizes if is_left_over(row)])

    def _give_up(self, uow: UnitOfWork, order: StagedOrder | None, sizes: Sequence[StagedSubitem]) -> None:
        """Drop what was to be created, surely is not on the board, and is needed there no more."""
        needless = [row for row in (order, *sizes) if row is not None and is_uncreated(row)]
        for row in needless:
            self._supersede(uow, row)
        uow.staging.subitems.drop([row.stg_id for row in needless if isinstance(row, StagedSubitem)])
        for row in needless:
            if isinstance(row, StagedOrder):
                uow.staging.changes.drop_or_settle(row.stg_id)

    def _supersede(self, uow: UnitOfWork, row: StagedOrder | StagedSubitem) -> None:
        """Resolve what was said of a change that was refused: it is on the board as it is, or none is wanted.

        One that another change takes the place of keeps its letter until that one is acknowledged.
        """
        if row.source_uuid is not None:
            size = row.size if isinstance(row, StagedSubitem) else None
            now = self._context.outside.now()
            uow.failures.supersede(row.source_uuid, size, by=self._record.runner, now=now)
