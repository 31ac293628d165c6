"""The ERR tables: dead letters that wait for somebody to mend them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, or_, select

from order_staging.models import (
    ErrorType,
    FailedOrder,
    FailedSubitem,
    OrdersUnified,
    StagedOrder,
    StagedSubitem,
)
from order_staging.repositories.base import Repository, chunks
from order_staging.repositories.staged_rows import VALUES_A_STATEMENT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session


REFUSALS = (ErrorType.REJECTED, ErrorType.CONFLICT)
"""Kinds of dead letters whose rows are in staging, and that end when these are acknowledged."""

UNSTAGED = (ErrorType.INVALID, ErrorType.EDITED, ErrorType.DELETED)
"""Kinds of dead letters whose rows need not be in staging: the source row itself is looked at again."""


class Kind(StrEnum):
    """Which of the two ERR tables a dead letter is in; each counts its own."""

    ORDER = "order"
    SUBITEM = "subitem"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as it is chosen for a retry."""

    kind: Kind
    err_id: int
    customer: str | None
    error_type: str | None
    resolved: bool
    exhausted: bool
    """Whether it was retried as often as it may be unless somebody names it."""


_OPEN_INVALID = (FailedOrder.error_type == ErrorType.INVALID, FailedOrder.resolved_date.is_(None))


ERR_TABLES: dict[Kind, type[FailedOrder | FailedSubitem]] = {
    Kind.ORDER: FailedOrder,
    Kind.SUBITEM: FailedSubitem,
}
"""The tables themselves."""

Failed = TypeVar("Failed", FailedOrder, FailedSubitem)


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
        """Mark dead letters of order lines as mended."""
        for ids in chunks(err_ids, VALUES_A_STATEMENT):
            self.orders.change(FailedOrder.err_id.in_(ids), resolved_date=now, resolved_by=by)

    def resolve_subitems(self, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark dead letters of sizes as mended."""
        for ids in chunks(err_ids, VALUES_A_STATEMENT):
            self.subitems.change(FailedSubitem.err_id.in_(ids), resolved_date=now, resolved_by=by)

    def refused_places(self, customer: str, batch_id: UUID) -> set[UUID | tuple[UUID, str]]:
        """List what of a customer, or of a batch, has an unresolved refusal: source rows, and sizes of them.

        What is staged in the batch counts whatever name its letter has: the customer may have had another then.
        """
        places: set[UUID | tuple[UUID, str]] = set()
        orders = select(FailedOrder.source_uuid).where(
            *_refusals(FailedOrder), _concerns(FailedOrder, customer, batch_id)
        )
        places |= {uuid for uuid in self.session.scalars(orders) if uuid is not None}
        sizes = select(FailedSubitem.source_uuid, FailedSubitem.size_label).where(
            *_refusals(FailedSubitem), _concerns(FailedSubitem, customer, batch_id)
        )
        for uuid, size in self.session.execute(sizes):
            if uuid is not None and size is not None:
                places.add((uuid, size))
        return places

    def refused_orders(self, uuids: Sequence[UUID]) -> list[FailedOrder]:
        """Read the unresolved refusals of source rows, the oldest first."""
        return self._refused(FailedOrder, uuids)

    def refused_subitems(self, uuids: Sequence[UUID]) -> list[FailedSubitem]:
        """Read the unresolved refusals of sizes of source rows, the oldest first."""
        return self._refused(FailedSubitem, uuids)

    def _refused(self, model: type[Failed], uuids: Sequence[UUID]) -> list[Failed]:
        found: list[Failed] = []
        for some in chunks(uuids, VALUES_A_STATEMENT):
            where = (model.source_uuid.in_(some), *_refusals(model))
            found.extend(self.session.scalars(select(model).where(*where).order_by(model.err_id)))
        return found

    def open_orders(self, err_ids: Sequence[int]) -> list[FailedOrder]:
        """Read those of these dead letters of order lines that are not resolved, at most 1,000."""
        model = FailedOrder
        query = select(model).where(model.err_id.in_(err_ids), model.resolved_date.is_(None))
        return list(self.session.scalars(query.order_by(model.err_id)))

    def open_subitems(self, err_ids: Sequence[int]) -> list[FailedSubitem]:
        """Read those of these dead letters of sizes that are not resolved, at most 1,000."""
        model = FailedSubitem
        query = select(model).where(model.err_id.in_(err_ids), model.resolved_date.is_(None))
        return list(self.session.scalars(query.order_by(model.err_id)))

    def unresolved(self, *, batch_id: UUID | None = None) -> list[Letter]:
        """List what may be retried, of a batch where given, the oldest first."""
        letters: list[Letter] = []
        for kind, model in ERR_TABLES.items():
            query = _chosen(model).where(model.resolved_date.is_(None)).order_by(model.err_id)
            if batch_id is not None:
                query = query.where(model.batch_id == batch_id)
            letters += (_letter(kind, found) for found in self.session.execute(query))
        return letters

    def numbered(self, err_id: int) -> list[Letter]:
        """List the dead letters that have a number, resolved or not: two at most, one of each table."""
        return [
            _letter(kind, found)
            for kind, model in ERR_TABLES.items()
            for found in self.session.execute(_chosen(model).where(model.err_id == err_id))
        ]

    def source_customers(self) -> dict[int, str | None]:
        """Tell of unresolved order lines that are not in staging which CUSTOMER NAME their source rows have now.

        By `err_id`; without those whose UUID no source row has, or several.
        """
        query = (
            select(FailedOrder.err_id, func.min(OrdersUnified.customer_name))
            .join(OrdersUnified, OrdersUnified.record_uuid == FailedOrder.source_uuid)
            .where(FailedOrder.resolved_date.is_(None), FailedOrder.error_type.in_(UNSTAGED))
            .group_by(FailedOrder.err_id)
            .having(func.count() == 1)
        )
        return {err_id: name for err_id, name in self.session.execute(query)}  # noqa: C416 - rows are no pairs

    def customers(self) -> list[str]:
        """List the customers that have anything unresolved, as their batches name them."""
        names: set[str] = set()
        for model in ERR_TABLES.values():
            query = select(model.customer_batch).where(model.resolved_date.is_(None)).distinct()
            names |= {name for name in self.session.scalars(query) if name is not None}
        return sorted(names)

    def supersede(self, uuid: UUID, size: str | None, *, by: str, now: datetime) -> None:
        """Resolve what monday.com refused of a source row, or of one of its sizes where given."""
        done = {"resolved_date": now, "resolved_by": by}
        model = FailedOrder if size is None else FailedSubitem
        refused = [
            model.source_uuid == uuid,
            model.error_type.in_(REFUSALS),
            model.resolved_date.is_(None),
        ]
        if size is None:
            self.orders.change(*refused, **done)
        else:
            self.subitems.change(*refused, FailedSubitem.size_label == size, **done)

    def unresolved_orders(
        self, *, batch_id: UUID | None = None, customers: Sequence[str] | None = None, limit: int = 100
    ) -> list[FailedOrder]:
        """Read the newest unresolved order lines, of a batch or of customers where given."""
        return list(self.session.scalars(_newest(FailedOrder, batch_id, customers, limit)))

    def unresolved_subitems(
        self, *, batch_id: UUID | None = None, customers: Sequence[str] | None = None, limit: int = 100
    ) -> list[FailedSubitem]:
        """Read the newest unresolved sizes, of a batch or of customers where given."""
        return list(self.session.scalars(_newest(FailedSubitem, batch_id, customers, limit)))

    def count_unresolved(
        self, *, batch_id: UUID | None = None, customers: Sequence[str] | None = None
    ) -> int:
        """Count what is unresolved, of a batch or of customers where given."""
        return sum(
            self.session.scalar(_open(select(func.count()).select_from(model), model, batch_id, customers))
            or 0
            for model in ERR_TABLES.values()
        )

    def count_of_batch(self, batch_id: UUID) -> int:
        """Count the dead letters that name a batch, of orders and subitems, resolved since or not.

        A row that is refused again has the letter that it had, which names the batch of the last time from then on.
        """
        return sum(
            self.session.scalar(select(func.count()).where(model.batch_id == batch_id)) or 0
            for model in ERR_TABLES.values()
        )

    def any_open_of_batch(self, batch_id: UUID) -> bool:
        """Tell whether anything that failed in a batch waits to be mended."""
        queries = (
            select(model.err_id).where(model.batch_id == batch_id, model.resolved_date.is_(None)).limit(1)
            for model in ERR_TABLES.values()
        )
        return any(self.session.scalar(query) is not None for query in queries)


def _refusals(model: type[Failed]) -> list[ColumnElement[bool]]:
    return [model.resolved_date.is_(None), model.error_type.in_(REFUSALS)]


def _concerns(model: type[FailedOrder | FailedSubitem], customer: str, batch_id: UUID) -> ColumnElement[bool]:
    staged = (
        select(each.source_uuid).where(each.stg_batch_id == batch_id, each.source_uuid.is_not(None))
        for each in (StagedOrder, StagedSubitem)
    )
    return or_(model.customer_batch == customer, *(model.source_uuid.in_(query) for query in staged))


def _chosen(model: type[FailedOrder | FailedSubitem]) -> Select[Any]:
    columns: tuple[Any, ...] = (
        model.err_id,
        model.customer_batch,
        model.error_type,
        model.resolved_date,
        model.max_retries_reached,
    )
    return select(*columns)


def _letter(kind: Kind, found: Any) -> Letter:  # noqa: ANN401 - a row of _chosen
    err_id, customer, error_type, resolved, exhausted = found
    named = None if error_type is None else str(error_type)
    return Letter(kind, err_id, customer, named, resolved is not None, bool(exhausted))


def _newest(
    model: type[Failed], batch_id: UUID | None, customers: Sequence[str] | None, limit: int
) -> Select[Any]:
    query = select(model).order_by(model.err_id.desc()).limit(limit)
    return _open(query, model, batch_id, customers)


def _open(
    query: Select[Any],
    model: type[FailedOrder | FailedSubitem],
    batch_id: UUID | None,
    customers: Sequence[str] | None,
) -> Select[Any]:
    query = query.where(model.resolved_date.is_(None))
    if batch_id is not None:
        query = query.where(model.batch_id == batch_id)
    return query if customers is None else query.where(model.customer_batch.in_(customers))
