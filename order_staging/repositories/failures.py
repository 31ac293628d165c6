"""The ERR tables: dead letters that wait for somebody to mend them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from order_staging.models import ErrorType, FailedOrder, FailedSubitem
from order_staging.repositories.base import Repository, chunks
from order_staging.repositories.staged_rows import VALUES_A_STATEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.orm import Session


_OPEN_INVALID = (FailedOrder.error_type == ErrorType.INVALID, FailedOrder.resolved_date.is_(None))


class FailureRepository:
    """Queries of both ERR tables."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session
        self.orders = Repository(session, FailedOrder)
        self.subitems = Repository(session, FailedSubitem)

    def any_invalid(self) -> bool:
        """Tell whether any invalid row waits to be mended."""
        return self.session.scalar(select(FailedOrder.err_id).where(*_OPEN_INVALID).limit(1)) is not None

    def invalid_like(self, uuids: Sequence[UUID], fingerprints: Sequence[str]) -> list[FailedOrder]:
        """Read the invalid rows, whoever's they were, that have one of these UUIDs or say one of these things."""
        found: dict[int, FailedOrder] = {}
        for column, values in (
            (FailedOrder.source_uuid, uuids),
            (FailedOrder.source_fingerprint, fingerprints),
        ):
            for some in chunks(values, VALUES_A_STATEMENT):
                query = select(FailedOrder).where(*_OPEN_INVALID, column.in_(some))
                found |= {row.err_id: row for row in self.session.scalars(query)}
        return list(found.values())

    def open_of(
        self, uuids: Sequence[UUID], kinds: Sequence[ErrorType]
    ) -> dict[tuple[UUID, str], FailedOrder]:
        """Read the unresolved order lines of these kinds, by UUID and kind; of several the newest."""
        found: dict[tuple[UUID, str], FailedOrder] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            query = (
                select(FailedOrder)
                .where(
                    FailedOrder.resolved_date.is_(None),
                    FailedOrder.source_uuid.in_(some),
                    FailedOrder.error_type.in_(kinds),
                )
                .order_by(FailedOrder.err_id)
            )
            for row in self.session.scalars(query):
                if row.source_uuid is not None and row.error_type is not None:
                    found[row.source_uuid, row.error_type] = row
        return found

    def waiting(self, kinds: Sequence[ErrorType]) -> frozenset[UUID]:
        """List the source rows that have an unresolved letter of one of these kinds."""
        query = select(FailedOrder.source_uuid).where(
            FailedOrder.resolved_date.is_(None),
            FailedOrder.error_type.in_(kinds),
            FailedOrder.source_uuid.is_not(None),
        )
        return frozenset(uuid for uuid in self.session.scalars(query) if uuid is not None)

    def resolve(self, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark dead letters as mended."""
        for ids in chunks(err_ids, VALUES_A_STATEMENT):
            self.orders.change(FailedOrder.err_id.in_(ids), resolved_date=now, resolved_by=by)

    def supersede(self, uuid: UUID, size: str | None, *, by: str, now: datetime) -> None:
        """Resolve what monday.com refused of a source row, or of one of its sizes where given."""
        done = {"resolved_date": now, "resolved_by": by}
        model = FailedOrder if size is None else FailedSubitem
        refused = [
            model.source_uuid == uuid,
            model.error_type == ErrorType.REJECTED,
            model.resolved_date.is_(None),
        ]
        if size is None:
            self.orders.change(*refused, **done)
        else:
            self.subitems.change(*refused, FailedSubitem.size_label == size, **done)

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
