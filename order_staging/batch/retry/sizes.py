"""Dead letters of sizes that are retried: staged as the source has them now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from order_staging.batch import rows
from order_staging.batch.limits import subitem_limits
from order_staging.batch.retry.errands import ErrorId
from order_staging.batch.retry.fates import Fate, fate_of_size
from order_staging.batch.retry.orders import obstacle, surely_not_done
from order_staging.batch.retry.rounds import AGAIN, NAMELESS, SETTLED, SIZE_GONE, Round
from order_staging.models import StagingStatus
from order_staging.repositories import Kind
from order_staging.transform import Order, Size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.retry.rounds import Scope
    from order_staging.models import FailedSubitem, StagedSubitem
    from order_staging.repositories import Row
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


class SizeRound(Round):
    """Dead letters of sizes."""

    def __init__(self, scope: Scope, uow: UnitOfWork, uuids: Sequence[UUID]) -> None:
        """Read what the tables know of the sizes of these source rows."""
        super().__init__(scope, uow, uuids)
        self.counts = self.record.result.subitems
        self._sizes = uow.staging.changes.subitems_of(uuids)
        self._orders = uow.staging.changes.orders_of(uuids)
        self._landed = uow.deliveries.acknowledged_sizes(uuids)
        self._limits = subitem_limits()

    def is_refused(self, letter: FailedSubitem) -> bool:
        """Tell whether a letter's size is staged, and refused."""
        if letter.source_uuid is None or letter.size_label is None:
            return False
        staged = self._sizes.get((letter.source_uuid, letter.size_label))
        return staged is not None and staged.stg_status == StagingStatus.API_FAILED

    def retry(self, letter: FailedSubitem) -> None:
        """Do what a letter's size needs."""
        uuid, label = letter.source_uuid, letter.size_label
        if uuid is None or label is None:
            self._update(self.keep(letter, NAMELESS))
            return
        staged, order = self._sizes.get((uuid, label)), self._order(uuid)
        ordered = self._ordered(uuid, order, label)
        fate = fate_of_size(staged, ordered=ordered, landed=(uuid, label) in self._landed)
        match fate:
            case Fate.EXAMINE:
                self.again.look.add(uuid)
                self.with_changes = True
            case Fate.SETTLED:
                self._update(self.resolve(letter, SETTLED))
            case Fate.GONE:
                self._update(self.resolve(letter, SIZE_GONE))
                if staged is not None:
                    self.uow.staging.subitems.drop([staged.stg_id])
                    # Its order may have waited for it alone.
                    self._bring_order(uuid)
            case Fate.STUCK:
                self._update(self.keep(letter, self._obstacle(uuid, ordered)))
            case _ if staged is not None:
                if fate is Fate.DOUBT:
                    self.again.doubted.append(ErrorId(letter.err_id, Kind.SUBITEM))
                self._go_on(fate, staged, order, label)

    def _go_on(self, fate: Fate, staged: StagedSubitem, order: Order | None, label: str) -> None:
        here: Row = {"stg_id": staged.stg_id, "stg_batch_id": self.record.batch_id}
        if fate in {Fate.RESTAGE, Fate.RECREATE} and order is not None:
            parent = {"stg_batch_id": self.record.batch_id, "stg_created_date": self.now}
            size = Size(label, _quantity(order, label))
            (fresh,) = rows.staged_subitems(
                order, parent, staged.stg_parent_stg_id or 0, self._limits, [size]
            )
            fresh |= {"stg_monday_subitem_id": None, "update_fields": None}
            change = rows.NEVER_SENT | fresh | {"stg_retry_count": (staged.stg_retry_count or 0) + 1}
            self.with_changes |= fate is Fate.RECREATE
        elif fate is Fate.DECIDE:
            change = {"stg_status": StagingStatus.PENDING, "stg_error_message": AGAIN}
            change |= surely_not_done(staged)
            self.with_changes = True
        elif fate is Fate.DOUBT:
            change = {"stg_status": StagingStatus.UNKNOWN, "stg_error_message": AGAIN, "stg_key_date": None}
        else:
            return
        self.record.begin(self.uow)
        self.uow.staging.subitems.update([change | here])
        if staged.source_uuid is not None:
            self._bring_order(staged.source_uuid)

    def _bring_order(self, uuid: UUID) -> None:
        """Let an order that only waits for its sizes go along: it is cleaned up by the batch that has them."""
        order = self._orders.get(uuid)
        if order is not None and order.stg_status == StagingStatus.PROMOTED:
            self.record.begin(self.uow)
            self.uow.staging.orders.update([{"stg_id": order.stg_id, "stg_batch_id": self.record.batch_id}])

    def _order(self, uuid: UUID) -> Order | None:
        """Read an order line: None where it is gone or invalid, or where several rows have its UUID."""
        found = self.rows.get(uuid, [])
        order = self.read(found[0]) if len(found) == 1 else None
        return order if isinstance(order, Order) else None

    def _ordered(self, uuid: UUID, order: Order | None, label: str) -> int | None:
        """Tell how many of a size the source orders: 0 where the order line is gone, None where nobody can tell."""
        if order is not None:
            return _quantity(order, label)
        return None if self.rows.get(uuid) else 0

    def _obstacle(self, uuid: UUID, ordered: int | None) -> str:
        found = self.rows.get(uuid, []) if ordered is None else []
        return obstacle(found, self.read(found[0]) if len(found) == 1 else None)

    def _update(self, change: Row) -> None:
        self.uow.failures.subitems.update([change])


def _quantity(order: Order, label: str) -> int:
    return next((size.quantity for size in order.sizes if size.label == label), 0)
