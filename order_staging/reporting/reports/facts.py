"""What the tables say of a batch, read for a report; the only part of it that asks the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.reporting.reports.scales import Scale, scale
from order_staging.reporting.status import BatchDetail, detail
from order_staging.repositories import FailureCount, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from uuid import UUID

    from order_staging.repositories import Acknowledged, FailedRow, LandedOrder
    from order_staging.unit_of_work import UnitOfWork

LANDED_SHOWN = 500
FAILED_SHOWN = 100
"""Rows that are shown of each kind of failure."""
KINDS_SHOWN = 20
"""Kinds of failures whose rows are shown."""


@dataclass(frozen=True)
class Throughput:
    """Order lines and sizes that monday.com acknowledged, by step of a scale."""

    scale: Scale
    orders: list[int]
    subitems: list[int]


@dataclass(frozen=True)
class FailureKind:
    """Dead letters of one kind: how many there are and how many of them are mended, and the first ones."""

    kind: Kind
    error_type: str | None
    rows: int
    resolved: int
    shown: list[FailedRow]


@dataclass(frozen=True)
class BatchFacts:
    """A batch with its rows, of which only so many are read as a page shows; times are UTC."""

    detail: BatchDetail
    last: datetime
    """When it ended, or was looked at."""
    throughput: Throughput | None
    """None where no row of the batch says when it was acknowledged."""
    landed: list[LandedOrder]
    landed_in_all: int
    failures: list[FailureKind]


def batch_facts(uow: UnitOfWork, batch_id: UUID, now: datetime) -> BatchFacts | None:
    """Read what a report tells of a batch; None where there is none of this id. `now` is UTC."""
    found = detail(uow, batch_id)
    if found is None:
        return None
    first, last = found.batch.started, found.batch.ended or now
    failures = _failures(uow, batch_id)
    if first is None:
        return BatchFacts(found, last, None, [], 0, failures)
    customer, steps, history = found.batch.customer, scale(first, last), uow.history
    in_production = _counted(steps, history.acknowledged(Kind.ORDER, customer, first, last))
    orders = _counted(steps, history.acknowledged_in_staging(Kind.ORDER, batch_id), in_production)
    subitems = _counted(steps, history.acknowledged(Kind.SUBITEM, customer, first, last))
    subitems = _counted(steps, history.acknowledged_in_staging(Kind.SUBITEM, batch_id), subitems)
    throughput = Throughput(steps, orders, subitems) if any(orders) or any(subitems) else None
    landed = history.landed(customer, first, last, LANDED_SHOWN)
    return BatchFacts(found, last, throughput, landed, sum(in_production), failures)


def _counted(steps: Scale, rows: Iterable[Acknowledged], before: list[int] | None = None) -> list[int]:
    counts = list(before or [0] * steps.steps)
    for each in rows:
        if (place := steps.place(each.when)) is not None:
            counts[place] += each.rows
    return counts


def _failures(uow: UnitOfWork, batch_id: UUID) -> list[FailureKind]:
    by_kind: dict[tuple[Kind, str | None], list[FailureCount]] = {}
    for count in uow.history.failures_of_batch(batch_id):
        by_kind.setdefault((count.kind, count.error_type), []).append(count)
    sums = [
        (
            kind,
            error_type,
            sum(each.rows for each in counts),
            sum(each.rows for each in counts if each.resolved),
        )
        for (kind, error_type), counts in by_kind.items()
    ]
    sums.sort(key=lambda found: (-found[2], found[0], found[1] or ""))
    return [
        FailureKind(
            kind,
            error_type,
            rows,
            resolved,
            uow.history.failed_rows(batch_id, kind, error_type, FAILED_SHOWN) if place < KINDS_SHOWN else [],
        )
        for place, (kind, error_type, rows, resolved) in enumerate(sums)
    ]
