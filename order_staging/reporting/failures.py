"""Dead letters that nobody has mended yet, orders and subitems in one list."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.models import FailedOrder, FailedSubitem
    from order_staging.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class FailureView:
    """One row that was refused: what it is, why, and since when (UTC)."""

    kind: str
    """`order` or `subitem`."""
    err_id: int
    batch_id: str | None
    customer: str | None
    order_number: str | None
    name: str | None
    error_type: str | None
    message: str | None
    http_status: int | None
    created: datetime | None
    retry_count: int
    """How often it was retried in vain."""
    max_retries_reached: bool
    """Whether a retry passes it over unless its id is named."""
    last_retry: datetime | None

    @property
    def error_id(self) -> str:
        """What names it for a retry: each of the two tables counts its own."""
        return f"{self.kind}:{self.err_id}"

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values."""
        times = {name: getattr(self, name) for name in ("created", "last_retry")}
        written = {
            name: time.isoformat(timespec="seconds") + "Z" if time else None for name, time in times.items()
        }
        return {"error_id": self.error_id} | asdict(self) | written


@dataclass(frozen=True)
class Unresolved:
    """The newest rows that were refused and not mended, the newest first, and how many there are in all."""

    views: tuple[FailureView, ...]
    total: int

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values."""
        return {"errors": [view.to_dict() for view in self.views], "total": self.total}


def unresolved(
    uow: UnitOfWork, *, batch_id: UUID | None = None, customers: Sequence[str] | None = None, limit: int = 100
) -> Unresolved:
    """Read the newest unresolved dead letters, `limit` at most, of a batch or of customers where given."""
    orders = uow.failures.unresolved_orders(batch_id=batch_id, customers=customers, limit=limit)
    subitems = uow.failures.unresolved_subitems(batch_id=batch_id, customers=customers, limit=limit)
    views = [_view("order", row, row.item_name) for row in orders]
    views += [_view("subitem", row, row.subitem_name) for row in subitems]
    # Each kind comes newest first and stays so among what is as old.
    views.sort(key=lambda view: view.created or datetime.min, reverse=True)  # noqa: DTZ901 - UTC, as they are
    total = uow.failures.count_unresolved(batch_id=batch_id, customers=customers)
    return Unresolved(tuple(views[:limit]), total)


def _view(kind: str, row: FailedOrder | FailedSubitem, name: str | None) -> FailureView:
    return FailureView(
        kind=kind,
        err_id=row.err_id,
        batch_id=str(row.batch_id) if row.batch_id else None,
        customer=row.customer_batch,
        order_number=row.order_number,
        name=name,
        error_type=str(row.error_type) if row.error_type else None,
        message=row.error_message,
        http_status=row.http_status_code,
        created=row.created_date,
        retry_count=row.retry_count or 0,
        max_retries_reached=bool(row.max_retries_reached),
        last_retry=row.last_retry_date,
    )
