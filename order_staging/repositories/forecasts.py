"""What a run would meet: rows that are recognised, rows that wait, and rows that look alike. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal, or_, select

from order_staging.models import OrdersUnified, ProductionOrder, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.base import avoid_nested_loops, exactly, without_nested_loops
from order_staging.repositories.keys import complete, labelled, names_of, row_texts, source_texts
from order_staging.repositories.relinking import items_recognised, recognised
from order_staging.repositories.source import SourceFilter, matching, undelivered
from order_staging.repositories.source_uuids import doubled_uuids, identified
from order_staging.repositories.staged_rows import AWAITING, brings_sizes, to_be_created

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Select, Subquery
    from sqlalchemy.orm import Session

    from order_staging.repositories.keys import BusinessKey
    from order_staging.repositories.source import Selection


@dataclass(frozen=True)
class Waiting:
    """What earlier runs staged and have not settled, of one group: orders and sizes that are to be created."""

    group: str
    orders: int
    subitems: int


@dataclass(frozen=True)
class Alike:
    """New rows of one business key; `item_id` and `delivered` tell of the row that has it under another UUID.

    `rows` counts the new ones. `delivered` is True for a row of production, False for a staged one, and None where
    only new rows, several, share the key.
    """

    key: tuple[str, ...]
    """What they have of each part of the key."""
    rows: int
    delivered: bool | None = None
    item_id: int | None = None


class Forecasts:
    """Queries that tell what a run would do."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def count_recognised(self, key: BusinessKey, names: Sequence[str | None], *, doubled: bool) -> int:
        """Count the new rows of these customers that a run would recognise by their business key."""
        found = recognised(key, names, doubled=doubled).subquery("recognised")
        with without_nested_loops(self.session):
            return self.session.scalar(select(func.count()).select_from(found)) or 0

    def items_recognised(
        self, key: BusinessKey, names: Sequence[str | None], *, doubled: bool
    ) -> frozenset[int]:
        """List the items of these customers' new rows that a run would recognise: their old rows are not gone."""
        query = items_recognised(key, names, doubled=doubled)
        with without_nested_loops(self.session):
            found = self.session.scalars(query).all()
        return frozenset(item_id for item_id in found if item_id is not None)

    def waiting(self, customer: str) -> list[Waiting]:
        """Count what waits of a customer to be created, by group; sizes of refused orders wait for a retry."""
        group, of_customer = exactly(StagedOrder.group), StagedOrder.stg_customer_batch == customer
        orders = select(group, func.count()).where(of_customer, *_created(StagedOrder)).group_by(group)
        sizes = (
            select(group, func.count())
            .join(StagedSubitem, StagedSubitem.stg_parent_stg_id == StagedOrder.stg_id)
            .where(of_customer, *_created(StagedSubitem), brings_sizes())
            .group_by(group)
        )
        return _gathered(self.session.execute(orders).all(), self.session.execute(sizes).all())

    def values_waiting(self, customer: str, attributes: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Go through the different texts that a customer's orders which wait to be created have in attributes."""
        for attribute in attributes:
            column = getattr(StagedOrder, attribute)
            query = select(column).where(
                StagedOrder.stg_customer_batch == customer, *_created(StagedOrder), column.is_not(None)
            )
            yield from ((attribute, text) for text in self.session.scalars(query.distinct()))

    def sizes_waiting(self, customer: str) -> list[str]:
        """List the different sizes of a customer that wait to be created."""
        query = (
            select(StagedSubitem.size)
            .join(StagedOrder, StagedSubitem.stg_parent_stg_id == StagedOrder.stg_id)
            .where(StagedOrder.stg_customer_batch == customer, *_created(StagedSubitem), brings_sizes())
        )
        return [size for size in self.session.scalars(query.distinct()) if size is not None]

    def alike(
        self,
        key: BusinessKey,
        wanted: SourceFilter,
        left_out: Selection | None,
        *,
        doubled: bool,
        limit: int,
    ) -> tuple[int, list[Alike]]:
        """Find the business keys of new rows that are there several times; count them, and read the first `limit`.

        Several new rows have them, or production or staging has under another UUID. `left_out` selects UUIDs that
        do not count.
        """
        avoid_nested_loops(self.session)
        new = _new(key, wanted, left_out, doubled=doubled)
        query = _several(key, new)
        ordered = query.order_by(*(new.c[name] for name in names_of(key))).limit(limit)
        rows = [_alike(row) for row in self.session.execute(ordered)] if limit else []
        if limit and len(rows) < limit:
            return len(rows), rows
        return self.session.scalar(select(func.count()).select_from(query.subquery("counted"))) or 0, rows


def _alike(row: Sequence[Any]) -> Alike:
    *key, rows, delivered, item_id = row
    return Alike(tuple(key), rows, None if delivered is None else bool(delivered), item_id)


def _new(key: BusinessKey, wanted: SourceFilter, left_out: Selection | None, *, doubled: bool) -> Subquery:
    uuid = OrdersUnified.record_uuid
    query = select(uuid.label("uuid"), *labelled(source_texts(key))).where(
        *complete(key), *matching(wanted), *undelivered(), identified()
    )
    if doubled:
        query = query.where(uuid.not_in(doubled_uuids()))
    if left_out is not None:
        query = query.where(uuid.not_in(left_out))
    return query.subquery("new")


def _several(key: BusinessKey, new: Subquery) -> Select[Any]:
    settled = StagedOrder.stg_status.in_((StagingStatus.PROMOTED, StagingStatus.VALIDATION_FAILED))
    known = (
        _keyed(key, ProductionOrder, delivered=1)
        .union_all(_keyed(key, StagedOrder, ~settled, delivered=0))
        .subquery("known")
    )
    keys = [new.c[name] for name in names_of(key)]
    alike = and_(*(each == known.c[each.key] for each in keys))
    rows, delivered = func.count(new.c.uuid.distinct()), func.max(known.c.delivered)
    query = select(*keys, rows, delivered, func.max(known.c.item_id)).select_from(new)
    return query.outerjoin(known, alike).group_by(*keys).having(or_(rows > 1, delivered.is_not(None)))


def _keyed(
    key: BusinessKey,
    row: type[StagedOrder | ProductionOrder],
    *where: ColumnElement[bool],
    delivered: int,
) -> Select[Any]:
    item_id: Any = StagedOrder.stg_monday_item_id if row is StagedOrder else ProductionOrder.item_id
    columns = [*labelled(row_texts(key, row)), item_id.label("item_id")]
    return select(*columns, literal(delivered).label("delivered")).where(*where)


def _created(model: type[StagedOrder | StagedSubitem]) -> tuple[ColumnElement[bool], ...]:
    """Tell which staged rows wait to be created; about changes a run decides anew."""
    return model.stg_status.in_(AWAITING), to_be_created(model)


def _gathered(orders: Sequence[Any], sizes: Sequence[Any]) -> list[Waiting]:
    counts: dict[str, list[int]] = {}
    for place, found in enumerate((orders, sizes)):
        for group, count in found:
            counts.setdefault(group or "", [0, 0])[place] += count
    return [Waiting(group, *counted) for group, counted in sorted(counts.items())]
