"""What is decided, as rows of the staging tables."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from order_staging.batch import rows
from order_staging.batch.limits import subitem_limits
from order_staging.batch.mutations import KEY
from order_staging.batch.payloads import size_payload
from order_staging.models import Operation, StagedOrder, StagingStatus
from order_staging.transform import Size

if TYPE_CHECKING:
    from collections.abc import Collection

    from order_staging.batch.changes.decisions import Decision, SizeDecision
    from order_staging.batch.context import RunContext
    from order_staging.batch.record import BatchRecord
    from order_staging.repositories import Row


class DecidedRows:
    """Makes the staging rows of decisions, and writes none of them."""

    def __init__(
        self, context: RunContext, record: BatchRecord, subitem_board_id: int | None, key_column: str | None
    ) -> None:
        """Take the batch's record, the board of the subitems where it is known, and the key column, if any."""
        self._context = context
        self._record = record
        self._subitem_board_id = subitem_board_id
        self._key_column = key_column
        self._limits = subitem_limits()

    def _base_row(self, decision: Decision) -> Row:
        order, now = decision.line.order, self._context.outside.now()
        staged = rows.staged_order(order, self._record.batch_id, self._context.board_id, now)
        return staged | {
            "stg_customer_batch": self._record.result.customer,
            "stg_rules": self._context.rules_hash,
            "stg_monday_item_id": decision.line.item_id,
            "stg_group_id": None,
            "stg_import_row": None,
            "update_fields": None,
        }

    def new_item(self, decision: Decision) -> Row:
        """Create again what people deleted."""
        return self._base_row(decision) | {"stg_monday_item_id": None}

    def order(self, decision: Decision) -> Row | None:
        """Make the row of an order that is changed on the board, or settled; None where there is nothing of it."""
        sent = decision.sent
        if not (sent or decision.wrong_key):
            return self.settled(decision) if decision.settles else None
        key = self._key(decision)
        values, _ = decision.acknowledged(self._context.mapping, {})
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

    def settled(self, decision: Decision) -> Row:
        """Make the row of an order of which nothing is sent: it goes on to production as it is."""
        line = decision.line
        key = {self._key_column: line.key} if self._key_column and line.key else {}
        values, payload = decision.acknowledged(self._context.mapping, key)
        return (
            self._base_row(decision)
            | _attributes(values)
            | {
                "update_operation": Operation.UPDATE,
                "update_fields": "[]",
                "stg_status": StagingStatus.API_SUCCESS,
                "stg_api_payload": payload.recorded,
                "stg_payload_hash": payload.hash,
                "stg_processed_date": self._context.outside.now(),
            }
        )

    def _key(self, decision: Decision) -> dict[str, object]:
        return {self._key_column: str(decision.line.order.source_uuid)} if self._key_column else {}

    def sizes(self, decision: Decision, again: Collection[str]) -> list[tuple[str, Row]]:
        """Make the rows of the sizes that something is to be done about; those of `again` are created if gone."""
        if decision.gone:
            return [(size.label, self._size(decision, size, None)) for size in decision.line.order.sizes]
        found = []
        for size in decision.sizes:
            operation = Operation.CREATE if size.gone and size.label in again else size.operation
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
        parent = {"stg_batch_id": self._record.batch_id, "stg_created_date": self._context.outside.now()}
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
            payload = size_payload(self._context.mapping, size)
            row |= {
                "stg_status": StagingStatus.API_SUCCESS,
                "stg_api_payload": payload.recorded,
                "stg_payload_hash": payload.hash,
                "stg_processed_date": self._context.outside.now(),
            }
        return row


def _attributes(values: Row) -> Row:
    names = rows.attributes(StagedOrder)
    return {names[title]: value for title, value in values.items()}
