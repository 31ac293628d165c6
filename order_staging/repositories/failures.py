"""The ERR tables: dead letters that wait for somebody to mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from order_staging.models import ErrorType, FailedOrder, FailedSubitem
from order_staging.repositories.base import Repository, chunks
from order_staging.repositories.staging import VALUES_A_STATEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


class FailureRepository:
    """Queries of both ERR tables."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session
        self.orders = Repository(session, FailedOrder)
        self.subitems = Repository(session, FailedSubitem)

    def open_invalid(self, customer: str) -> list[FailedOrder]:
        """Read a customer's invalid rows that nobody has mended yet."""
        query = select(FailedOrder).where(
            FailedOrder.customer_batch == customer,
            FailedOrder.error_type == ErrorType.INVALID,
            FailedOrder.resolved_date.is_(None),
        )
        return list(self.session.scalars(query))

    def resolve(self, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark dead letters as mended."""
        for ids in chunks(err_ids, VALUES_A_STATEMENT):
            self.orders.change(FailedOrder.err_id.in_(ids), resolved_date=now, resolved_by=by)

    def unresolved_orders(
        self, *, batch_id: UUID | None = None, customer: str | None = None, limit: int = 100
    ) -> list[FailedOrder]:
        """Read the newest unresolved order lines, of a batch or a customer where given."""
        return list(self.session.scalars(_newest(FailedOrder, batch_id, customer, limit)))

    def unresolved_subitems(
        self, *, batch_id: UUID | None = None, customer: str | None = None, limit: int = 100
    ) -> list[FailedSubitem]:
        """Read the newest unresolved sizes, of a batch or a customer where given."""
        return list(self.session.scalars(_newest(FailedSubitem, batch_id, customer, limit)))

    def count_of_batch(self, batch_id: UUID) -> int:
        """Count what failed in a batch, orders and subitems."""
        return sum(
            self.session.scalar(select(func.count()).where(model.batch_id == batch_id)) or 0
            for model in (FailedOrder, FailedSubitem)
        )


def _newest(model: Any, batch_id: UUID | None, customer: str | None, limit: int) -> Select[Any]:  # noqa: ANN401 - either
    query = select(model).where(model.resolved_date.is_(None)).order_by(model.err_id.desc()).limit(limit)
    if batch_id is not None:
        query = query.where(model.batch_id == batch_id)
    return query if customer is None else query.where(model.customer_batch == customer)
