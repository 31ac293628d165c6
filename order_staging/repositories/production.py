"""The production tables: what landed, and the step from staging to there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, select, update

from order_staging.failpoints import Failpoint, reach
from order_staging.models import (
    Base,
    Operation,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.repositories.base import Repository, exactly
from order_staging.repositories.conversions import by_name, text_of
from order_staging.repositories.staged_changes import StagedChanges
from order_staging.repositories.staged_rows import spanned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Table
    from sqlalchemy.orm import Session

    from order_staging.repositories.base import Span


@dataclass(frozen=True)
class Landed:
    """How many orders and subitems are in production, and how many orders have a RANGE / COLLECTION."""

    orders: int
    subitems: int
    with_range_collection: int


Staged = type[StagedOrder] | type[StagedSubitem]
Target = type[ProductionOrder] | type[ProductionSubitem]

NOTES_LENGTH = 255
"""Characters that MON_CustMasterSchedule_Subitems has for bookkeeping columns which have more in staging."""
CLIPPED = ("validation_errors", "update_fields", "source_query")
NAMED = ("Title", "Group")
"""Columns of an order that an update writes beside the mapped ones."""
REFRESHED = (
    "Size",
    "ORDER_QTY",
    "Order Qty",
    "AAG_ORDER_NUMBER",
    "STYLE",
    "COLOR",
    "PO_NUMBER",
    "CUSTOMER_ALT_PO",
    "CUSTOMER",
    "UNIT_OF_MEASURE",
    "validation_status",
    "update_operation",
    "update_batch_id",
    "source_table",
)
"""Columns of a subitem that an update writes beside its ids and what was acknowledged."""
KEPT_IF_UNKNOWN = ("parent_item_id", "subitem_id", "subitem_board_id", "Item ID", "board_id")
"""Columns of a subitem that keep what production says where staging does not know it."""

Values = dict[str, ColumnElement[Any]]
"""Columns of a production table, by name, and what comes into them."""


@dataclass(frozen=True)
class _Step:
    """A step from staging to production: which rows are each other's, and which do not stay in production.

    `keys` are columns of the target that identify its rows, with those of staging that they are equal to.
    """

    staged: Staged
    target: Table
    keys: Mapping[str, str]
    removing: Operation

    def alike(self) -> ColumnElement[bool]:
        """Compare the keys. SQL Server uses an index of rows that have one where it is told that they do."""
        source = self.staged.__table__.c
        equal = (self.target.c[theirs] == source[ours] for theirs, ours in self.keys.items())
        return and_(self.target.c.source_uuid.is_not(None), *equal)


ORDERS = _Step(
    StagedOrder,
    Base.metadata.tables[ProductionOrder.__tablename__],
    {"source_uuid": "source_uuid"},
    Operation.ARCHIVE,
)
SUBITEMS = _Step(
    StagedSubitem,
    Base.metadata.tables[ProductionSubitem.__tablename__],
    {"source_uuid": "source_uuid", "size_key": "Size"},
    Operation.DELETE,
)


@dataclass(frozen=True)
class _Portion:
    """Staged rows that wait for promotion: `where` tells which, the numbers what is to be done with them.

    `present` says how many of them production has, `removed` how many are to leave it.
    """

    where: Sequence[ColumnElement[bool]]
    rows: int
    present: int
    removed: int


class ProductionRepository:
    """Queries of `MON_CustMasterSchedule` and `MON_CustMasterSchedule_Subitems`."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def promote_orders(self, batch_id: UUID, span: Span, now: datetime, *, columns: Sequence[str]) -> int:
        """Write a batch's delivered orders within a span to production and mark them; tell how many.

        Columns are matched by name, as the tables have them in different orders. A source row that production has
        already is updated: its name, its group, `columns` (the mapped ones, by name) and what was acknowledged;
        other jobs fill the rest. What was archived leaves production, with its subitems, and staging.
        """
        portion = self._portion(ORDERS, batch_id, span)
        source = StagedOrder.__table__.c
        values: Values = {
            "Item ID": source.stg_monday_item_id,
            "delivered_hash": source.stg_payload_hash,
            "delivered_values": source.stg_api_payload,
            "delivered_date": source.stg_processed_date,
            "delivered_rules": source.stg_rules,
        }
        if portion.removed:
            self._delete_archived(portion)
        if portion.present:
            self._delete_subitems_of_replaced(portion)
        matched = by_name(_table(StagedOrder), ORDERS.target)
        changed = {name: matched[name] for name in (*NAMED, *columns) if name in matched} | values
        promoted = self._promote(ORDERS, portion, matched | values, changed, now)
        if portion.removed:
            StagedChanges(self.session).forget_archived(batch_id, span)
        return promoted

    def promote_subitems(self, batch_id: UUID, span: Span, now: datetime) -> int:
        """Write a batch's delivered subitems within a span to production and mark them; tell how many.

        A size that production has already is updated: its ids, its quantity, what was acknowledged and the notes of
        staging; other jobs fill the rest. What was deleted leaves production.
        """
        portion = self._portion(SUBITEMS, batch_id, span)
        source, target = StagedSubitem.__table__.c, SUBITEMS.target
        values: Values = {
            "parent_item_id": text_of(source.stg_monday_parent_item_id),
            "subitem_id": text_of(source.stg_monday_subitem_id),
            "subitem_board_id": text_of(source.stg_monday_subitem_board_id),
            "Item ID": text_of(source.stg_monday_subitem_id),
            **{name: func.substring(source[name], 1, NOTES_LENGTH) for name in CLIPPED},
            "size_key": source["Size"],
            "delivered_date": source.stg_processed_date,
            "delivered_hash": source.stg_payload_hash,
            "delivered_values": source.stg_api_payload,
        }
        if portion.removed:
            removed = [*portion.where, StagedSubitem.update_operation == Operation.DELETE]
            gone = select(source.stg_id).where(SUBITEMS.alike(), *removed)
            # The first condition finds rows by an index: for the second alone SQLite looks at every size there is.
            of_orders = select(source.source_uuid).where(*removed, source.source_uuid.is_not(None))
            self.session.execute(delete(target).where(target.c.source_uuid.in_(of_orders), gone.exists()))
        matched = by_name(_table(StagedSubitem), target) | values
        changed = {name: matched[name] for name in (*values, *REFRESHED)}
        changed |= {name: func.coalesce(matched[name], target.c[name]) for name in KEPT_IF_UNKNOWN}
        return self._promote(SUBITEMS, portion, matched, changed, now)

    def known_item_ids(self, group: str, title: str) -> set[int]:
        """List the items of a group and name that production has."""
        query = select(ProductionOrder.item_id).where(
            exactly(ProductionOrder.group) == group, exactly(ProductionOrder.title) == title
        )
        return set(self.session.scalars(query))

    def newest_items(self, limit: int) -> list[int]:
        """List the items that were delivered last, as far as their ids tell, which monday.com counts upwards."""
        column = ProductionOrder.item_id
        return list(self.session.scalars(select(column).order_by(column.desc()).limit(limit)))

    def summary(self) -> Landed:
        """Count what is in production."""
        collected = func.count(ProductionOrder.range_collection)
        orders, with_range_collection = self.session.execute(select(func.count(), collected)).one()
        subitems = self.session.scalar(select(func.count()).select_from(ProductionSubitem)) or 0
        return Landed(orders, subitems, with_range_collection)

    def _portion(self, step: _Step, batch_id: UUID, span: Span) -> _Portion:
        """Look at what a span holds, so that what nothing is to be done about costs no statement of its own."""
        staged = step.staged
        where = spanned(staged, span, batch_id, StagingStatus.API_SUCCESS)
        removed = case((staged.update_operation == step.removing, 1))
        query = (
            select(func.count(), func.count(step.target.c.source_uuid), func.count(removed))
            .select_from(staged)
            .outerjoin(step.target, step.alike())
            .where(*where)
        )
        return _Portion(where, *self.session.execute(query).one())

    def _delete_archived(self, portion: _Portion) -> None:
        archived = select(StagedOrder.source_uuid).where(
            *portion.where,
            StagedOrder.update_operation == Operation.ARCHIVE,
            StagedOrder.source_uuid.is_not(None),
        )
        for target in (SUBITEMS.target, ORDERS.target):
            self.session.execute(delete(target).where(target.c.source_uuid.in_(archived)))

    def _delete_subitems_of_replaced(self, portion: _Portion) -> None:
        """Forget the subitems that died with an item in whose place another one was created."""
        target, landed = SUBITEMS.target, ORDERS.target
        replaced = (
            select(StagedOrder.source_uuid)
            .join(landed, ORDERS.alike())
            .where(
                *portion.where,
                func.coalesce(StagedOrder.update_operation, Operation.CREATE) == Operation.CREATE,
                landed.c["Item ID"] != StagedOrder.stg_monday_item_id,
            )
        )
        self.session.execute(delete(target).where(target.c.source_uuid.in_(replaced)))

    def _promote(
        self, step: _Step, portion: _Portion, inserted: Values, changed: Values, now: datetime
    ) -> int:
        """Update what production has and insert what it does not have, each in one statement; mark all of it."""
        staged, target = step.staged, step.target
        alike = step.alike()
        staying = func.coalesce(staged.update_operation, Operation.CREATE) != step.removing
        if portion.present:
            self.session.execute(update(target).where(alike, *portion.where, staying).values(changed))
        if portion.present < portion.rows:
            query = select(*inserted.values()).where(*portion.where, staying)
            if portion.present:
                # Only then: PostgreSQL is very slow to look into a table that its statistics call empty.
                query = query.where(~select(target.c["Item ID"]).where(alike).exists())
            self.session.execute(insert(target).from_select(list(inserted), query))
        reach(Failpoint.PROMOTION_WRITTEN)
        marked: Repository[Any] = Repository(self.session, staged)
        return marked.change(*portion.where, stg_status=StagingStatus.PROMOTED, stg_processed_date=now)


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]
