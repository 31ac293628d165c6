"""Relinking: rows of staging and production whose source row has come back under another UUID.

ORDERS_UNIFIED is sometimes rebuilt with fresh UUIDs, and rows from before this library have none. Source rows are
paired one for one, in a stable order, with rows of the same business key: first with staged orders, which may be
anywhere on their way, then with production rows. What is paired is not loaded and created again.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVarTuple

from sqlalchemy import and_, bindparam, func, or_, select, update

from order_staging.models import (
    Base,
    FailedOrder,
    FailedSubitem,
    OrdersUnified,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.repositories.base import chunks, update_many, without_nested_loops
from order_staging.repositories.keys import complete, labelled, row_texts, source_texts
from order_staging.repositories.source import SourceFilter, matching, undelivered
from order_staging.repositories.source_uuids import doubled_uuids, identified
from order_staging.repositories.staging import StagedOrders

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, CompoundSelect, Row, Select, Subquery
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from order_staging.repositories.keys import BusinessKey, KeyTexts

Columns = TypeVarTuple("Columns")

PAIRS_A_STATEMENT = 500
MAPPINGS = 8
"""Business keys of which statements are kept, as making them costs more than using them: a job has one or two."""


class LandedPair(NamedTuple):
    """A source row's UUID, the item that production knows its business key under, and that one's UUID, if any."""

    uuid: UUID
    item_id: int
    old: UUID | None


class StagedPair(NamedTuple):
    """A source row's UUID, the one that a staged order of its business key bears, and that order's item, if any."""

    uuid: UUID
    old: UUID
    item_id: int | None


class Relinked(NamedTuple):
    """How many rows have taken over a UUID, and whether there may be more of them."""

    rows: int
    more: bool


class Relinking:
    """Queries that find staged and production rows again by their business key."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def relink(self, key: BusinessKey, names: Sequence[str | None], limit: int, *, doubled: bool) -> Relinked:
        """Let rows of staging and production take over the UUIDs of these customers' new rows; tell how many did.

        At most `limit` rows of each do: those that are left are found by the next call, and paired as they would
        have been by this one. `doubled` says that a UUID stands on several source rows: these are invalid, and
        nothing takes them over. Production has no primary key: rows whose item or subitem stands there twice cannot
        be told apart, and are passed over unless they bear the UUID of a staged order.
        """
        new = _new_rows(key, names, doubled=doubled)
        orphans = _staged_orphans(key)
        query = _paired(new, orphans, orphans.c.old, orphans.c.item_id).limit(limit)
        staged = [StagedPair._make(row) for row in self._pairs(query)]
        self._take_over_staged(list({pair.uuid: pair for pair in staged}.values()))
        # What staged orders have taken over is not new any more.
        orphans = _landed_orphans(key)
        query = _paired(new, orphans, orphans.c.item_id, orphans.c.old).limit(limit)
        landed = [LandedPair._make(row) for row in self._pairs(query)]
        self._take_over_landed(list({pair.uuid: pair for pair in landed}.values()))
        return Relinked(len(staged) + len(landed), more=limit in {len(staged), len(landed)})

    def _pairs(self, query: Select[Any]) -> Sequence[Row[Any]]:
        with without_nested_loops(self.session):
            return self.session.execute(query).all()

    def _take_over_staged(self, pairs: Sequence[StagedPair]) -> None:
        """Give staged orders, and all that bears their old UUIDs, the new ones.

        What was sent stays recorded as it was: the board's item bears the UUID that it was created with.
        """
        if not pairs:
            return
        # An earlier script may have staged the row under its new UUID as invalid, which stages nothing.
        StagedOrders(self.session).drop_invalid([pair.uuid for pair in pairs])
        for model in (StagedOrder, StagedSubitem, ProductionOrder, ProductionSubitem):
            self._hand_over(model, pairs)
        self._hand_over_letters(pairs)
        self._take_over_landed(self._still_orphaned(pairs))

    def _hand_over_letters(self, pairs: Sequence[StagedPair]) -> None:
        """Let what waits for somebody wait under the new UUIDs; what is resolved stays as it was written."""
        for letters in (FailedOrder, FailedSubitem):
            uuid, is_open = letters.source_uuid, letters.resolved_date.is_(None)
            waiting = set(self.session.scalars(select(uuid).where(is_open, uuid.is_not(None)).distinct()))
            if some := [pair for pair in pairs if pair.old in waiting]:
                self._hand_over(letters, some, is_open)

    def _hand_over(self, model: type[Base], pairs: Sequence[StagedPair], *where: ColumnElement[bool]) -> None:
        """Replace the old UUIDs in a table: a unique index over them holds as it did before."""
        table = Base.metadata.tables[model.__tablename__]
        uuid = table.c.source_uuid
        statement = (
            update(table).where(uuid == bindparam("old"), *where).values(source_uuid=bindparam("uuid"))
        )
        self.session.execute(statement, [{"old": pair.old, "uuid": pair.uuid} for pair in pairs])

    def _still_orphaned(self, pairs: Sequence[StagedPair]) -> list[LandedPair]:
        """Find production rows that staged orders' items have without their UUIDs."""
        uuids = {pair.item_id: pair.uuid for pair in pairs if pair.item_id is not None}
        row = ProductionOrder
        found: list[Any] = []
        doubled = self._doubled(row.item_id) if uuids else frozenset()
        for some in chunks(list(uuids), PAIRS_A_STATEMENT):
            query = _without_source(select(row.item_id, row.source_uuid), row.source_uuid)
            found += self.session.execute(query.where(row.item_id.in_(some))).all()
        return [LandedPair(uuids[item], item, old) for item, old in found if item not in doubled]

    def _take_over_landed(self, pairs: Sequence[LandedPair]) -> None:
        """Give production rows, their subitems and letters, the UUIDs of the rows that they are paired with."""
        if known := [StagedPair(pair.uuid, pair.old, pair.item_id) for pair in pairs if pair.old is not None]:
            self._hand_over_letters(known)
        doubled = self._doubled(ProductionSubitem.subitem_id) if pairs else frozenset()
        for some in chunks(pairs, PAIRS_A_STATEMENT):
            orders = [{"item_id": pair.item_id, "source_uuid": pair.uuid} for pair in some]
            update_many(self.session, ProductionOrder.item_id, orders)
            uuids = {str(pair.item_id): pair.uuid for pair in some}
            subitems = self._first_of_each_size(uuids, doubled)
            update_many(self.session, ProductionSubitem.subitem_id, subitems)

    def _doubled(self, column: InstrumentedAttribute[Any]) -> frozenset[Any]:
        """Find once for many rows the values, hardly any, that are doubled in a column."""
        return frozenset(self.session.scalars(_doubled(column)))

    def _first_of_each_size(self, uuids: dict[str, UUID], doubled: frozenset[str]) -> list[dict[str, Any]]:
        """Choose a subitem a size of these items: earlier scripts sometimes made several. None that is `doubled`.

        Sizes that the UUID has already stay with the subitem that they have.
        """
        row = ProductionSubitem
        query = select(row.parent_item_id, row.size, row.subitem_id).where(
            row.parent_item_id.in_(list(uuids))
        )
        chosen: dict[tuple[str, str], str] = {}
        for parent, size, subitem_id in self.session.execute(query):
            if parent and size and subitem_id and subitem_id not in doubled:
                known = chosen.get((parent, size), subitem_id)
                chosen[parent, size] = min(known, subitem_id, key=lambda text: (len(text), text))
        having = select(row.source_uuid, row.size_key).where(row.source_uuid.in_(list(uuids.values())))
        taken = {(uuid, size) for uuid, size in self.session.execute(having)}
        return [
            {"subitem_id": subitem_id, "source_uuid": uuids[parent], "size_key": size}
            for (parent, size), subitem_id in chosen.items()
            if (uuids[parent], size) not in taken
        ]


def recognised(key: BusinessKey, names: Sequence[str | None], *, doubled: bool) -> CompoundSelect[UUID]:
    """Select the new rows (their UUIDs) of these customers that `Relinking.relink` would recognise."""
    staged, rest, landed = _foreseen(key, names, doubled=doubled)
    return select(staged.c.uuid).union_all(_paired(rest, landed).order_by(None))


def items_recognised(
    key: BusinessKey, names: Sequence[str | None], *, doubled: bool
) -> CompoundSelect[int | None]:
    """Select the items of the rows that would be recognised, NULL where a staged order has none yet."""
    staged, rest, landed = _foreseen(key, names, doubled=doubled)
    pairs = _paired(rest, landed, landed.c.item_id).order_by(None).subquery("pairs")
    return select(staged.c.item_id).union_all(select(pairs.c.item_id))


def _foreseen(
    key: BusinessKey, names: Sequence[str | None], *, doubled: bool
) -> tuple[Subquery, Subquery, Subquery]:
    """Give the pairs of staged orders, the rows that are new then, and what production has left for them.

    Production's rows come second, as in relinking: what staged orders have taken over is neither new nor orphaned.
    """
    new, orphans = _new_rows(key, names, doubled=doubled), _staged_orphans(key)
    staged = _paired(new, orphans, orphans.c.old, orphans.c.item_id).order_by(None).subquery("staged")
    rest = _new_rows(key, names, select(staged.c.uuid), doubled=doubled)
    row, old, item_id = ProductionOrder, staged.c.old, staged.c.item_id
    landed = _landed_orphans(
        key,
        or_(row.source_uuid.is_(None), row.source_uuid.not_in(select(old))),
        row.item_id.not_in(select(item_id).where(item_id.is_not(None))),
    )
    return staged, rest, landed


def _paired(source: Subquery, orphans: Subquery, *columns: ColumnElement[Any]) -> Select[Any]:
    """Pair the first new row of a business key with the first orphan of that key, the second with the second."""
    keys = [name for name in source.c.keys() if name.startswith("key")]  # noqa: SIM118 - not a dict
    alike = and_(*(source.c[name] == orphans.c[name] for name in [*keys, "position"]))
    return select(source.c.uuid, *columns).join(orphans, alike).order_by(orphans.c.place)


def _new_rows(
    key: BusinessKey, names: Sequence[str | None], without: Select[Any] | None = None, *, doubled: bool
) -> Subquery:
    row, keys = OrdersUnified, source_texts(key)
    query = select(row.record_uuid.label("uuid"), _position(keys, row.record_uuid), *labelled(keys)).where(
        *complete(key), *matching(SourceFilter(names)), *undelivered(), identified()
    )
    if doubled:
        query = query.where(row.record_uuid.not_in(doubled_uuids()))
    if without is not None:
        query = query.where(row.record_uuid.not_in(without))
    return query.subquery("new_rows")


@lru_cache(MAPPINGS)
def _staged_orphans(key: BusinessKey) -> Subquery:
    """Select staged orders whose UUID is gone from the source, at whatever state of their way.

    Those whose item production has already under a UUID that the source knows are left out: it is that row's.
    """
    row, keys = StagedOrder, row_texts(key, StagedOrder)
    owned = (
        select(ProductionOrder.item_id.label("item_id"))
        .join(OrdersUnified, OrdersUnified.record_uuid == ProductionOrder.source_uuid)
        .subquery("owned")
    )
    columns = (
        row.source_uuid.label("old"),
        row.stg_monday_item_id.label("item_id"),
        row.stg_id.label("place"),
    )
    query = _without_source(select(*columns, _position(keys, row.stg_id), *labelled(keys)), row.source_uuid)
    return (
        query.outerjoin(owned, owned.c.item_id == row.stg_monday_item_id)
        .where(
            row.source_uuid.is_not(None),
            row.stg_status != StagingStatus.VALIDATION_FAILED,
            owned.c.item_id.is_(None),
        )
        .subquery("orphans")
    )


def _landed_orphans(key: BusinessKey, *where: ColumnElement[bool]) -> Subquery:
    row, keys = ProductionOrder, row_texts(key, ProductionOrder)
    columns = (
        row.item_id.label("item_id"),
        row.source_uuid.label("old"),
        row.item_id.label("place"),
    )
    query = _without_source(select(*columns, _position(keys, row.item_id), *labelled(keys)), row.source_uuid)
    return query.where(row.item_id.not_in(_doubled(row.item_id)), *where).subquery("orphans")


def _without_source(query: Select[*Columns], uuid: InstrumentedAttribute[Any]) -> Select[*Columns]:
    """Keep the rows whose UUID, if they have one, the source does not know.

    By a join, which every engine does in one go over both tables: for NOT EXISTS SQLite goes through the source
    again for each row, and PostgreSQL does so where the condition is one of several.
    """
    source = OrdersUnified.__table__.alias("known")
    return query.outerjoin(source, source.c.record_uuid == uuid).where(source.c.record_uuid.is_(None))


@cache
def _doubled(column: InstrumentedAttribute[Any]) -> Select[Any]:
    """Select the values that a column of a table without a primary key has twice."""
    found = column.table.alias().c[column.name]
    return select(found).where(found.is_not(None)).group_by(found).having(func.count() > 1)


def _position(keys: KeyTexts, order: InstrumentedAttribute[Any]) -> ColumnElement[int]:
    """Number the rows of each business key."""
    return func.row_number().over(partition_by=list(keys.values()), order_by=order).label("position")
