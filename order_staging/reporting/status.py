"""Batches as they are recorded, for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from order_staging.repositories.batches import UNFINISHED

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from order_staging.models import Batch, BulkImport
    from order_staging.unit_of_work import UnitOfWork

STEPS = (
    "staging_load_completed",
    "items_creation_completed",
    "subitems_creation_completed",
    "promotion_completed",
    "cleanup_completed",
)

UNKNOWN = "unknown"
"""The status of a batch that has none: earlier scripts wrote some."""


@dataclass(frozen=True)
class BatchView:
    """One batch: its state, its counters (rows, requests), and its times (UTC)."""

    batch_id: str
    customer: str
    status: str
    started: datetime | None
    ended: datetime | None
    seconds: int | None
    total_records: int
    successful_records: int
    failed_records: int
    orders_processed: int
    subitems_processed: int
    api_calls_made: int
    api_failures: int
    retries_attempted: int
    started_by: str | None
    error_summary: str | None

    @property
    def has_ended(self) -> bool:
        """Whether its run is over; an ended batch may be gone on with, as one of its own."""
        return self.status not in UNFINISHED

    @property
    def elapsed(self) -> float | None:
        """Tell the seconds from its start to its end; None where it has none, or one before its start.

        `seconds` are those of its last run: a batch that was resumed has had others.
        """
        return elapsed(self.started, self.ended)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values."""
        return _as_json(asdict(self))


@dataclass(frozen=True)
class Recorded:
    """The batches that started last, the newest first, and how many there are in all."""

    views: tuple[BatchView, ...]
    total: int

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values."""
        return {"recorded": [view.to_dict() for view in self.views], "total": self.total}


@dataclass(frozen=True)
class ImportView:
    """One bulk import: monday's id of the job, how far it has come, its rows, and how it ended."""

    job_id: str | None
    status: str
    rows: int
    result: str | None


@dataclass(frozen=True)
class BatchDetail:
    """A batch, when its steps were completed, what is left of it in staging by state, imports and failures."""

    batch: BatchView
    steps: dict[str, datetime | None]
    staged_orders: dict[str, int]
    staged_subitems: dict[str, int]
    failures: int
    warnings: list[str] = field(default_factory=list)
    """What was left out of order lines, or changed, a line each."""
    imports: list[ImportView] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values."""
        return self.batch.to_dict() | {
            "steps": _as_json(self.steps),
            "staged": {"orders": self.staged_orders, "subitems": self.staged_subitems},
            "failures": self.failures,
            "warnings": self.warnings,
            "imports": [asdict(one) for one in self.imports],
        }


def elapsed(started: datetime | None, ended: datetime | None) -> float | None:
    """Tell the seconds between two times; None where one is missing, or they are the wrong way round."""
    if started is None or ended is None or ended < started:
        return None
    return (ended - started).total_seconds()


def newest(uow: UnitOfWork, limit: int, customer: str | None = None) -> list[BatchView]:
    """Read the batches that started last, of one customer where given."""
    return [_view(batch) for batch in uow.batches.newest(limit, customer)]


def recorded(uow: UnitOfWork, limit: int, customer: str | None = None) -> Recorded:
    """Read the batches that started last, `limit` at most, of one customer where given, and count all of these."""
    views = tuple(newest(uow, limit, customer))
    # Where they are all, there is nothing to count.
    return Recorded(views, len(views) if len(views) < limit else uow.batches.count_recorded(customer))


def detail(uow: UnitOfWork, batch_id: UUID) -> BatchDetail | None:
    """Read all there is to tell of one batch; None where there is none of this id."""
    batch = uow.batches.get(batch_id)
    if batch is None:
        return None
    return BatchDetail(
        batch=_view(batch),
        steps={name: getattr(batch, name) for name in STEPS},
        staged_orders=uow.staging.orders.counts(batch_id),
        staged_subitems=uow.staging.subitems.counts(batch_id),
        failures=uow.failures.count_of_batch(batch_id),
        warnings=(batch.processing_notes or "").splitlines(),
        imports=[_import(one) for one in uow.imports.of_batch(batch_id)],
    )


def _import(found: BulkImport) -> ImportView:
    return ImportView(found.job_id, str(found.status), found.row_count, found.result)


def _view(batch: Batch) -> BatchView:
    return BatchView(
        batch_id=str(batch.batch_id),
        customer=batch.customer_name,
        status=str(batch.status or UNKNOWN),
        started=batch.start_time,
        ended=batch.end_time,
        seconds=batch.duration_seconds,
        total_records=batch.total_records or 0,
        successful_records=batch.successful_records or 0,
        failed_records=batch.failed_records or 0,
        orders_processed=batch.orders_processed or 0,
        subitems_processed=batch.subitems_processed or 0,
        api_calls_made=batch.api_calls_made or 0,
        api_failures=batch.api_failures or 0,
        retries_attempted=batch.retries_attempted or 0,
        started_by=batch.started_by,
        error_summary=batch.error_summary,
    )


def _as_json(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") + "Z" if hasattr(value, "isoformat") else value
        for name, value in values.items()
    }
