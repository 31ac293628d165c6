"""Staged changes: what is on its way to things that are on the board already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from order_staging.models import (
    Operation,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.repositories.base import chunks
from order_staging.repositories.staged_rows import AWAITING, CHANGES, OPEN, VALUES_A_STATEMENT, to_be_created
from order_staging.repositories.staging import StagedOrders, StagedSubitems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from order_staging.repositories.base import Span


class StagedChanges:
    """Queries of both staging tables about changes."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def orders_of(self, uuids: Sequence[UUID]) -> dict[UUID, StagedOrder]:
        """Read the staged orders of these source rows."""
        found: dict[UUID, StagedOrder] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            rows = self.session.scalars(select(StagedOrder).where(StagedOrder.source_uuid.in_(some)))
            found |= {row.source_uuid: row for row in rows if row.source_uuid is not None}
        return found

    def subitems_of(self, uuids: Sequence[UUID]) -> dict[tuple[UUID, str], StagedSubitem]:
        """Read the staged subitems of these source rows, by UUID and size."""
        found: dict[tuple[UUID, str], StagedSubitem] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            rows = self.session.scalars(select(StagedSubitem).where(StagedSubitem.source_uuid.in_(some)))
            found |= {(row.source_uuid, row.size): row for row in rows if row.source_uuid is not None}
        return found

    def left_over(self, batch_id: UUID) -> list[UUID]:
        """List the source rows of a batch whose changes, sizes included, an earlier run has left on their way.

        Among them what is to be created again of rows that production has: people may have restored it meanwhile.
        """
        return self._left_over(StagedOrder.stg_batch_id == batch_id, StagedSubitem.stg_batch_id == batch_id)

    def left_over_of(self, customer: str) -> list[UUID]:
        """List what `left_over` will once everything of a customer is gathered into one batch."""
        of_customer = StagedOrder.stg_customer_batch == customer
        parents = select(StagedOrder.stg_id).where(of_customer)
        return self._left_over(of_customer, StagedSubitem.stg_parent_stg_id.in_(parents))

    def _left_over(self, orders: ColumnElement[bool], sizes: ColumnElement[bool]) -> list[UUID]:
        uuids: set[UUID] = set()
        for model, chosen, again in (
            (StagedOrder, orders, _order_again()),
            (StagedSubitem, sizes, _size_again()),
        ):
            changed = and_(model.update_operation.in_(CHANGES), model.stg_status.in_(AWAITING))
            uncreated = and_(model.stg_status == StagingStatus.PENDING, again)
            for waits in (changed, uncreated):
                query = select(model.source_uuid).where(chosen, waits, model.source_uuid.is_not(None))
                uuids |= {uuid for uuid in self.session.scalars(query.distinct()) if uuid is not None}
        return sorted(uuids)

    def last_sent(self, batch_id: UUID) -> datetime | None:
        """Tell when a change of a batch whose outcome is not known was sent last (UTC); None without any."""
        times = [
            self.session.scalar(
                select(func.max(model.stg_sent_date)).where(
                    model.stg_batch_id == batch_id,
                    model.update_operation.in_(CHANGES),
                    model.stg_status.in_((StagingStatus.SENDING, StagingStatus.UNKNOWN)),
                )
            )
            for model in (StagedOrder, StagedSubitem)
        ]
        return max((time for time in times if time is not None), default=None)

    def gather_sizes(self, batch_id: UUID) -> None:
        """Bring sizes into this batch that wait in another one: a change has brought their order here."""
        here = select(StagedOrder.stg_id).where(StagedOrder.stg_batch_id == batch_id)
        StagedSubitems(self.session).change(
            StagedSubitem.stg_batch_id != batch_id,
            StagedSubitem.stg_status.in_(OPEN),
            StagedSubitem.stg_parent_stg_id.in_(here),
            stg_batch_id=batch_id,
        )

    def refused(self, customer: str) -> frozenset[UUID]:
        """List the source rows of a customer of which a change was refused, sizes included.

        An item that was to be created again is one: people may have restored it meanwhile.
        """
        order, subitem = StagedOrder, StagedSubitem
        refused = [
            order.stg_status == StagingStatus.API_FAILED,
            or_(order.update_operation.in_(CHANGES), _order_again()),
        ]
        of_orders = select(order.source_uuid).where(order.stg_customer_batch == customer, *refused)
        of_sizes = (
            select(subitem.source_uuid)
            .join(order, order.stg_id == subitem.stg_parent_stg_id)
            .where(
                order.stg_customer_batch == customer,
                subitem.update_operation.in_(CHANGES),
                subitem.stg_status == StagingStatus.API_FAILED,
            )
        )
        found = (uuid for query in (of_orders, of_sizes) for uuid in self.session.scalars(query))
        return frozenset(uuid for uuid in found if uuid is not None)

    def drop_sizes(self, uuids: Sequence[UUID]) -> None:
        """Delete the staged sizes of source rows whose items are to be archived."""
        for some in chunks(uuids, VALUES_A_STATEMENT):
            StagedSubitems(self.session).delete(StagedSubitem.source_uuid.in_(some))

    def forget_archived(self, batch_id: UUID, span: Span | None = None) -> None:
        """Delete the orders of a batch that were archived: if their source rows come back, they are new.

        Within a span, where one is given.
        """
        bounds = [StagedOrder.stg_id >= span.first, StagedOrder.stg_id <= span.last] if span else []
        done = (
            *bounds,
            StagedOrder.stg_batch_id == batch_id,
            StagedOrder.update_operation == Operation.ARCHIVE,
            StagedOrder.stg_status == StagingStatus.PROMOTED,
        )
        parents = select(StagedOrder.stg_id).where(*done)
        StagedSubitems(self.session).delete(StagedSubitem.stg_parent_stg_id.in_(parents))
        StagedOrders(self.session).delete(*done)

    def drop_or_settle(self, stg_id: int) -> None:
        """Delete an order of which nothing is left to send; while any of its sizes is staged, settle it."""
        waiting = select(StagedSubitem.stg_id).where(StagedSubitem.stg_parent_stg_id == stg_id).limit(1)
        if self.session.scalar(waiting) is None:
            StagedOrders(self.session).drop([stg_id])
        else:
            self.settle([stg_id], [])

    def settle(self, orders: Sequence[int], subitems: Sequence[int]) -> None:
        """Take changes (`stg_id`) back that are none any more: nothing of them is left to send or to promote."""
        for ids in chunks(orders, VALUES_A_STATEMENT):
            StagedOrders(self.session).change(StagedOrder.stg_id.in_(ids), stg_status=StagingStatus.PROMOTED)
        for ids in chunks(subitems, VALUES_A_STATEMENT):
            StagedSubitems(self.session).change(
                StagedSubitem.stg_id.in_(ids), stg_status=StagingStatus.PROMOTED
            )


def _order_again() -> ColumnElement[bool]:
    """Tell of which staged orders the item is to be created though production has one."""
    landed = select(ProductionOrder.item_id).where(ProductionOrder.source_uuid == StagedOrder.source_uuid)
    return and_(to_be_created(StagedOrder), landed.exists())


def _size_again() -> ColumnElement[bool]:
    """Tell of which staged sizes the subitem is to be created though production has one."""
    order, size = ProductionOrder, ProductionSubitem
    landed = (
        select(size.subitem_id)
        .join(order, order.source_uuid == size.source_uuid)
        .where(size.source_uuid == StagedSubitem.source_uuid, size.size_key == StagedSubitem.size)
    )
    return and_(to_be_created(StagedSubitem), landed.exists())
