"""What was done, looked at afterwards: rows acknowledged over time, and batches and failures counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, select

from order_staging.models import (
    Batch,
    FailedOrder,
    FailedSubitem,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.repositories.deliveries import one_of_customers
from order_staging.repositories.failures import ERR_TABLES, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

WORDS = 2_000
"""Characters of an error's message that are read."""
AT_A_TIME = 1_000
"""Rows that a long result is read by."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Rows that monday.com acknowledged at one moment (UTC): those of a request, or of a page of an import."""

    when: datetime
    rows: int


@dataclass(frozen=True, slots=True)
class LandedOrder:
    """An order line that is an item of the board, and when it was acknowledged (UTC)."""

    title: str | None
    group: str | None
    item_id: int
    when: datetime | None


@dataclass(frozen=True, slots=True)
class FailureCount:
    """How many dead letters of one kind there are, of whom, and whether they are mended."""

    kind: Kind
    error_type: str | None
    customer: str | None
    resolved: bool
    rows: int


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A dead letter as a report shows it; `message` has at most `WORDS` characters, `when` is UTC."""

    kind: Kind
    err_id: int
    name: str | None
    """Of an order line without one: the order's number."""
    place: str | None
    """The group of an order line; the order's number of a size."""
    message: str | None
    http_status: int | None
    when: datetime | None
    resolved: datetime | None
    parent_item_id: int | None
    """Of a size: the item that it belongs to."""


@dataclass(frozen=True, slots=True)
class PastBatch:
    """A batch as reports over many count it: times are UTC, counts are order lines or sizes."""

    batch_id: UUID
    customer: str
    status: str | None
    started: datetime
    ended: datetime | None
    orders: int
    subitems: int
    failed: int


class HistoryRepository:
    """Queries over MON, ERR, STG and the batches that only count and read what happened."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def acknowledged(
        self, kind: Kind, customer: str, first: datetime, last: datetime
    ) -> Iterator[Acknowledged]:
        """Count what production has of a customer by the moment of its acknowledgement, both ends included.

        A customer has one batch at a time: a batch's time tells its rows from those of others, unless a later one
        delivered them again.
        """
        row = ProductionOrder if kind is Kind.ORDER else ProductionSubitem
        query = (
            select(row.delivered_date, func.count())
            .where(
                row.delivered_date.between(first, last),
                one_of_customers(ProductionOrder.customer, [customer]),
            )
            .group_by(row.delivered_date)
        )
        if kind is Kind.SUBITEM:
            query = query.join(ProductionOrder, ProductionOrder.source_uuid == ProductionSubitem.source_uuid)
        yield from self._moments(query)

    def acknowledged_in_staging(self, kind: Kind, batch_id: UUID) -> Iterator[Acknowledged]:
        """Count a batch's rows that are on the board and wait for promotion, by moment."""
        row = StagedOrder if kind is Kind.ORDER else StagedSubitem
        query = (
            select(row.stg_processed_date, func.count())
            .where(row.stg_batch_id == batch_id, row.stg_status == StagingStatus.API_SUCCESS)
            .where(row.stg_processed_date.is_not(None))
            .group_by(row.stg_processed_date)
        )
        yield from self._moments(query)

    def landed(self, customer: str, first: datetime, last: datetime, limit: int) -> list[LandedOrder]:
        """Read a customer's order lines that were acknowledged within a time, the first ones first."""
        row = ProductionOrder
        query = (
            select(row.title, row.group, row.item_id, row.delivered_date)
            .where(one_of_customers(row.customer, [customer]), row.delivered_date.between(first, last))
            .order_by(row.delivered_date, row.item_id)
            .limit(limit)
        )
        return [LandedOrder(*found) for found in self.session.execute(query)]

    def failures_of_batch(self, batch_id: UUID) -> list[FailureCount]:
        """Count the dead letters that name a batch."""
        return [
            found
            for kind, model in ERR_TABLES.items()
            for found in self._counted(kind, model.batch_id == batch_id)
        ]

    def failures_since(self, since: datetime) -> list[FailureCount]:
        """Count the dead letters that were written since then (UTC)."""
        return [
            found
            for kind, model in ERR_TABLES.items()
            for found in self._counted(kind, model.created_date >= since)
        ]

    def failed_rows(self, batch_id: UUID, kind: Kind, error_type: str | None, limit: int) -> list[FailedRow]:
        """Read some dead letters of a batch and a kind: those that nobody has mended first."""
        model = ERR_TABLES[kind]
        of_type = model.error_type.is_(None) if error_type is None else model.error_type == error_type
        name: Any
        parent: Any = None
        if issubclass(model, FailedOrder):
            name, place = func.coalesce(model.item_name, model.order_number), model.group_name
        else:
            name, place, parent = model.subitem_name, model.order_number, model.parent_item_id
        columns: Sequence[Any] = (
            model.err_id,
            name,
            place,
            func.substring(model.error_message, 1, WORDS),
            model.http_status_code,
            model.created_date,
            model.resolved_date,
            *(() if parent is None else (parent,)),
        )
        query = (
            select(*columns)
            .where(model.batch_id == batch_id, of_type)
            .order_by(_is_resolved(model), model.err_id)
            .limit(limit)
        )
        nothing = (None,) if parent is None else ()
        return [FailedRow(kind, *found, *nothing) for found in self.session.execute(query)]

    def batches_since(self, since: datetime) -> Iterator[PastBatch]:
        """Read the batches that started since then (UTC), the newest first, some at a time."""
        columns: Sequence[Any] = (
            Batch.batch_id,
            Batch.customer_name,
            Batch.status,
            Batch.start_time,
            Batch.end_time,
            func.coalesce(Batch.orders_processed, 0),
            func.coalesce(Batch.subitems_processed, 0),
            func.coalesce(Batch.failed_records, 0),
        )
        query = (
            select(*columns)
            .where(Batch.start_time >= since)
            .order_by(Batch.start_time.desc(), Batch.batch_id)
        )
        yield from (PastBatch(*found) for found in self._streamed(query))

    def _counted(self, kind: Kind, where: ColumnElement[bool]) -> Iterator[FailureCount]:
        model = ERR_TABLES[kind]
        resolved = _is_resolved(model)
        # Grouped by a subquery's columns: SQL Server takes the parameters of a CASE that is repeated for others.
        letters = (
            select(model.error_type, model.customer_batch, resolved.label("resolved")).where(where).subquery()
        )
        grouped = letters.c.error_type, letters.c.customer_batch, letters.c.resolved
        for error_type, customer, is_resolved, rows in self.session.execute(
            select(*grouped, func.count()).group_by(*grouped)
        ):
            named = None if error_type is None else str(error_type)
            yield FailureCount(kind, named, customer, bool(is_resolved), rows)

    def _moments(self, query: Select[*tuple[Any, ...]]) -> Iterator[Acknowledged]:
        yield from (Acknowledged(*found) for found in self._streamed(query))

    def _streamed(self, query: Select[Any]) -> Iterator[Any]:
        return iter(self.session.execute(query, execution_options={"yield_per": AT_A_TIME}))


def _is_resolved(model: type[FailedOrder | FailedSubitem]) -> ColumnElement[int]:
    return case((model.resolved_date.is_(None), 0), else_=1)
