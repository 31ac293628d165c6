"""Staging changes: decisions become rows of the staging tables, on which they travel like new order lines.

A change that an earlier run left on its way is replaced by what is decided now. What was rejected is not sent again
before it differs, and a row that is being created is left alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from order_staging.batch import rows
from order_staging.batch.limits import subitem_limits
from order_staging.batch.mutations import GOING, KEY
from order_staging.batch.payloads import size_payload
from order_staging.models import Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.staged_rows import AWAITING, CHANGES
from order_staging.transform import Size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.changes.decisions import Decision, SizeDecision
    from order_staging.batch.record import BatchRecord
    from order_staging.batch.workshop import Workshop
    from order_staging.unit_of_work import UnitOfWork

Row = dict[str, Any]


class ChangeStaging:
    """Writes decisions into staging, each group of them in a transaction of its own."""

    def __init__(
        self, workshop: Workshop, record: BatchRecord, subitem_board_id: int | None, key_column: str | None
    ) -> None:
        """Take the batch's record, the board of the subitems where it is known, and the key column, if any."""
        self._workshop = workshop
        self._record = record
        self._subitem_board_id = subitem_board_id
        self._key_column = key_column
        self._limits = subitem_limits()

    def stage(self, decisions: Sequence[Decision], uow: UnitOfWork, *, recreate: bool) -> set[UUID]:
        """Stage what is to be sent, and what counts as acknowledged without being sent.

        `recreate` says that what people deleted is to be created again; what we took away ourselves always is.
        Gives the rows of which what is gone is created again.
        """
        recreated = set()
        uuids = [decision.line.order.source_uuid for decision in decisions]
        known = uow.staging.changes.orders_of(uuids)
        known_sizes = uow.staging.changes.subitems_of(uuids)
        for decision in decisions:
            uuid = decision.line.order.source_uuid
            existing = known.get(uuid)
            sizes = {size: row for (owner, size), row in known_sizes.items() if owner == uuid}
            again = recreate or any(map(_took_away, [existing, *sizes.values()]))
            if again:
                recreated.add(uuid)
            if existing is not None and not self._replaceable(existing, again=again and decision.gone):
                # It is being created, or was refused when it was: that comes first. Or another runner has it.
                continue
            if decision.gone and not again:
                self._take_back(uow, existing, list(sizes.values()))
                continue
            self._stage_one(uow, decision, existing, sizes, recreate=again)
        return recreated

    def take_back(self, uuids: Sequence[UUID], uow: UnitOfWork) -> None:
        """Drop changes that an earlier run left of these rows."""
        for row in uow.staging.changes.orders_of(uuids).values():
            self._take_back(uow, row, [])
        self._take_back(uow, None, list(uow.staging.changes.subitems_of(uuids).values()))

    def _replaceable(self, row: StagedOrder, *, again: bool) -> bool:
        in_flight = row.stg_status in {StagingStatus.SENDING, StagingStatus.UNKNOWN}
        if in_flight and row.stg_batch_id != self._record.batch_id:
            return False
        if again and row.stg_status == StagingStatus.API_FAILED:
            return True
        return row.update_operation in CHANGES or row.stg_status == StagingStatus.PROMOTED

    def _stage_one(
        self,
        uow: UnitOfWork,
        decision: Decision,
        existing: StagedOrder | None,
        sizes: dict[str, StagedSubitem],
        *,
        recreate: bool,
    ) -> None:
        wanted = self._new_item(decision) if decision.gone else self._order(decision)
        subitems = self._sizes(decision, recreate=recreate)
        idle = [row for size, row in sizes.items() if size not in {name for name, _ in subitems}]
        if not decision.gone:
            subitems = [(size, row) for size, row in subitems if _is_open(sizes.get(size), row)]
        if wanted is None and not subitems:
            self._take_back(uow, existing, idle)
            return
        if existing is not None and wanted is not None and _was_refused(existing, wanted):
            wanted = None
        if existing is None or wanted is not None:
            stg_id = self._write_order(uow, decision, existing, wanted)
        else:
            stg_id = existing.stg_id
            # It is cleaned up with its sizes, by the batch that has them.
            uow.staging.orders.update([{"stg_id": stg_id, "stg_batch_id": self._record.batch_id}])
        self._take_back(uow, None, idle)
        self._write_sizes(uow, stg_id, subitems, sizes)

    def _write_order(
        self, uow: UnitOfWork, decision: Decision, existing: StagedOrder | None, wanted: Row | None
    ) -> int:
        self._record.begin(uow)
        # Sizes alone need a row that says which item they belong to.
        row = wanted or self._settled(decision)
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
            if row is not None and _is_left_over(row):
                self._supersede(uow, row)
        orders = [order.stg_id] if order is not None and _is_left_over(order) else []
        uow.staging.changes.settle(orders, [row.stg_id for row in sizes if _is_left_over(row)])

    def _supersede(self, uow: UnitOfWork, row: StagedOrder | StagedSubitem) -> None:
        """Resolve what was said of a change that was refused: it is on the board as it is, or none is wanted.

        One that another change takes the place of keeps its letter until that one is acknowledged.
        """
        if row.source_uuid is not None:
            size = row.size if isinstance(row, StagedSubitem) else None
            now = self._workshop.outside.now()
            uow.failures.supersede(row.source_uuid, size, by=self._record.runner, now=now)

    def _base_row(self, decision: Decision) -> Row:
        order, now = decision.line.order, self._workshop.outside.now()
        staged = rows.staged_order(order, self._record.batch_id, self._workshop.board_id, now)
        return staged | {
            "stg_customer_batch": self._record.result.customer,
            "stg_rules": self._workshop.rules_hash,
            "stg_monday_item_id": decision.line.item_id,
            "stg_group_id": None,
            "stg_import_row": None,
            "update_fields": None,
        }

    def _new_item(self, decision: Decision) -> Row:
        """Create again what people deleted."""
        return self._base_row(decision) | {"stg_monday_item_id": None}

    def _order(self, decision: Decision) -> Row | None:
        """Make the row of an order that is changed on the board, or settled; None where there is nothing of it."""
        sent = decision.sent
        if not (sent or decision.wrong_key):
            return self._settled(decision) if decision.settles else None
        key = self._key(decision)
        values, _ = decision.acknowledged(self._workshop.mapping, {})
        unsent = self._key_column and decision.line.key != key.get(self._key_column)
        named = [*sent, KEY] if unsent or decision.wrong_key else sent
        return (
            self._base_row(decision)
            | _attributes(values)
            | {
                "update_operation": decision.operation,
                "update_fields": json.dumps(named, ensure_ascii=False),
            }
        )

    def _settled(self, decision: Decision) -> Row:
        """Make the row of an order of which nothing is sent: it goes on to production as it is."""
        line = decision.line
        key = {self._key_column: line.key} if self._key_column and line.key else {}
        values, payload = decision.acknowledged(self._workshop.mapping, key)
        return (
            self._base_row(decision)
            | _attributes(values)
            | {
                "update_operation": Operation.UPDATE,
                "update_fields": "[]",
                "stg_status": StagingStatus.API_SUCCESS,
                "stg_api_payload": payload.recorded,
                "stg_payload_hash": payload.hash,
                "stg_processed_date": self._workshop.outside.now(),
            }
        )

    def _key(self, decision: Decision) -> dict[str, object]:
        return {self._key_column: str(decision.line.order.source_uuid)} if self._key_column else {}

    def _sizes(self, decision: Decision, *, recreate: bool) -> list[tuple[str, Row]]:
        if decision.gone:
            return [(size.label, self._size(decision, size, None)) for size in decision.line.order.sizes]
        found = []
        for size in decision.sizes:
            operation = Operation.CREATE if size.gone and recreate else size.operation
            if operation is not None:
                found.append(
                    (size.label, self._size(decision, Size(size.label, size.quantity), size, operation))
                )
        return found

    def _size(
        self,
        decision: Decision,
        size: Size,
        decided: SizeDecision | None,
        operation: Operation = Operation.CREATE,
    ) -> Row:
        parent = {"stg_batch_id": self._record.batch_id, "stg_created_date": self._workshop.outside.now()}
        (row,) = rows.staged_subitems(decision.line.order, parent, 0, self._limits, [size])
        row |= {"update_operation": operation, "update_fields": None, "stg_monday_subitem_id": None}
        row["stg_monday_parent_item_id"] = None if decision.gone else decision.line.item_id
        if decided is None or operation is Operation.CREATE:
            return row
        row |= {
            "update_fields": json.dumps(decided.sent),
            "stg_monday_subitem_id": decided.subitem_id,
            "stg_monday_subitem_board_id": self._subitem_board_id,
            "board_id": self._subitem_board_id,
        }
        if decided.is_settled:
            payload = size_payload(self._workshop.mapping, size)
            row |= {
                "stg_status": StagingStatus.API_SUCCESS,
                "stg_api_payload": payload.recorded,
                "stg_payload_hash": payload.hash,
                "stg_processed_date": self._workshop.outside.now(),
            }
        return row


def _attributes(values: Row) -> Row:
    names = rows.attributes(StagedOrder)
    return {names[title]: value for title, value in values.items()}


def _is_left_over(row: StagedOrder | StagedSubitem) -> bool:
    return row.update_operation in CHANGES and row.stg_status in {*AWAITING, StagingStatus.API_FAILED}


def _took_away(row: StagedOrder | StagedSubitem | None) -> bool:
    """Whether we asked for the item to be archived, or the subitem deleted, and never heard what came of it."""
    if row is None or row.update_operation not in GOING or row.stg_sent_date is None:
        return False
    return row.stg_status in AWAITING


def _is_open(row: StagedSubitem | None, wanted: Row) -> bool:
    """Tell whether a size may be staged: what is being created, or was refused as it is, stays."""
    if row is None or row.stg_status == StagingStatus.PROMOTED:
        return True
    if row.update_operation not in CHANGES:
        return row.stg_status == StagingStatus.PENDING and row.stg_sent_date is None
    refused = row.stg_status in {StagingStatus.API_FAILED, StagingStatus.CONFLICT}
    return not (
        refused and row.order_qty == wanted["order_qty"] and row.update_fields == wanted["update_fields"]
    )


def _was_refused(row: StagedOrder, wanted: Row) -> bool:
    """Tell whether this very change was refused before: it waits to be mended."""
    if row.stg_status not in {StagingStatus.API_FAILED, StagingStatus.CONFLICT}:
        return False
    if wanted["stg_status"] != StagingStatus.PENDING or row.update_operation != wanted["update_operation"]:
        return False
    return all(getattr(row, name) == value for name, value in wanted.items() if name in _CONTENT)


_CONTENT = frozenset(
    name for name in rows.attributes(StagedOrder).values() if not name.startswith(("stg_", "validation_"))
)
"""What a staged order says of its order line and of what is sent."""
