"""The production tables: what landed, and the step from staging to there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Numeric,
    Unicode,
    and_,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

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
from order_staging.models.types import ExactDecimal
from order_staging.repositories.base import Repository, exactly

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Table
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.compiler import SQLCompiler


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
class Promotion:
    """A step from staging to production: `where` bounds the staged rows, `alike` tells which row is theirs.

    Rows with the operation `removing` do not stay in production.
    """

    staged: Staged
    target: Table
    alike: ColumnElement[bool]
    where: Sequence[ColumnElement[bool]]
    removing: Operation


class Rescaled(FunctionElement[Any]):
    """A decimal brought to another scale, halves away from zero, on every engine."""

    inherit_cache = False  # the scale is no part of the key under which statements are cached

    def __init__(self, column: ColumnElement[Any], type_: ExactDecimal) -> None:
        """Take the decimal column and the type to bring it to."""
        self.type = type_
        self.precision, self.scale = type_.precision, type_.scale
        super().__init__(column)


@compiles(Rescaled)
def _cast(element: Rescaled, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    (column,) = element.clauses
    return compiler.process(cast(column, Numeric(element.precision, element.scale)), **options)


@compiles(Rescaled, "sqlite")
def _round_text(element: Rescaled, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"decimal_round({compiler.process(element.clauses, **options)}, {element.scale})"


class ProductionRepository:
    """Queries of `MON_CustMasterSchedule` and `MON_CustMasterSchedule_Subitems`."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def promote_orders(self, batch_id: UUID, limit: int, now: datetime, *, columns: Sequence[str]) -> int:
        """Write up to `limit` delivered orders of a batch to production and mark them; tell how many.

        Columns are matched by name, as the tables have them in different orders. A source row that production has
        already is updated: its name, its group, `columns` (the mapped ones, by name) and what was acknowledged;
        other jobs fill the rest. What was archived leaves production, with its subitems.
        """
        last = self._last_delivered(StagedOrder, batch_id, limit)
        if last is None:
            return 0
        source, target = StagedOrder.__table__.c, _table(ProductionOrder)
        values: Values = {
            "Item ID": source.stg_monday_item_id,
            "delivered_hash": source.stg_payload_hash,
            "delivered_values": source.stg_api_payload,
            "delivered_date": source.stg_processed_date,
            "delivered_rules": source.stg_rules,
        }
        where = [*_delivered(StagedOrder, batch_id), StagedOrder.stg_id <= last]
        alike = target.c.source_uuid == source.source_uuid
        self._delete_archived(where)
        self._delete_subitems_of_replaced(where)
        matched = _by_name(_table(StagedOrder), target)
        changed = {name: matched[name] for name in (*NAMED, *columns) if name in matched} | values
        promotion = Promotion(StagedOrder, target, alike, where, Operation.ARCHIVE)
        return self._promote(promotion, matched | values, changed, now)

    def promote_subitems(self, batch_id: UUID, limit: int, now: datetime) -> int:
        """Write up to `limit` delivered subitems of a batch to production and mark them; tell how many.

        A size that production has already is updated: its ids, its quantity, what was acknowledged and the notes of
        staging; other jobs fill the rest. What was deleted leaves production.
        """
        last = self._last_delivered(StagedSubitem, batch_id, limit)
        if last is None:
            return 0
        source, target = StagedSubitem.__table__.c, _table(ProductionSubitem)
        values: Values = {
            "parent_item_id": _text_of(source.stg_monday_parent_item_id),
            "subitem_id": _text_of(source.stg_monday_subitem_id),
            "subitem_board_id": _text_of(source.stg_monday_subitem_board_id),
            "Item ID": _text_of(source.stg_monday_subitem_id),
            **{name: func.substring(source[name], 1, NOTES_LENGTH) for name in CLIPPED},
            "size_key": source["Size"],
            "delivered_date": source.stg_processed_date,
            "delivered_hash": source.stg_payload_hash,
            "delivered_values": source.stg_api_payload,
        }
        where = [*_delivered(StagedSubitem, batch_id), StagedSubitem.stg_id <= last]
        alike = and_(target.c.source_uuid == source.source_uuid, target.c.size_key == source["Size"])
        gone = select(source.stg_id).where(alike, *where, StagedSubitem.update_operation == Operation.DELETE)
        self.session.execute(delete(target).where(gone.exists()))
        matched = _by_name(_table(StagedSubitem), target) | values
        changed = {name: matched[name] for name in (*values, *REFRESHED)}
        changed |= {name: func.coalesce(matched[name], target.c[name]) for name in KEPT_IF_UNKNOWN}
        promotion = Promotion(StagedSubitem, target, alike, where, Operation.DELETE)
        return self._promote(promotion, matched, changed, now)

    def known_item_ids(self, group: str, title: str) -> set[int]:
        """List the items of a group and name that production has."""
        query = select(ProductionOrder.item_id).where(
            exactly(ProductionOrder.group) == group, exactly(ProductionOrder.title) == title
        )
        return set(self.session.scalars(query))

    def summary(self) -> Landed:
        """Count what is in production."""
        collected = func.count(ProductionOrder.range_collection)
        orders, with_range_collection = self.session.execute(select(func.count(), collected)).one()
        subitems = self.session.scalar(select(func.count()).select_from(ProductionSubitem)) or 0
        return Landed(orders, subitems, with_range_collection)

    def _last_delivered(self, staged: Staged, batch_id: UUID, limit: int) -> int | None:
        """Find the id of the last of the first `limit` rows of a batch that wait for promotion."""
        some = select(staged.stg_id).where(*_delivered(staged, batch_id)).order_by(staged.stg_id).limit(limit)
        ids = some.subquery()
        last: int | None = self.session.scalar(select(func.max(ids.c.stg_id)))
        return last

    def _delete_archived(self, where: Sequence[ColumnElement[bool]]) -> None:
        archived = select(StagedOrder.source_uuid).where(
            *where, StagedOrder.update_operation == Operation.ARCHIVE, StagedOrder.source_uuid.is_not(None)
        )
        for landed in (ProductionSubitem, ProductionOrder):
            target = _table(landed)
            self.session.execute(delete(target).where(target.c.source_uuid.in_(archived)))

    def _delete_subitems_of_replaced(self, where: Sequence[ColumnElement[bool]]) -> None:
        """Forget the subitems that died with an item in whose place another one was created."""
        target, landed = _table(ProductionSubitem), _table(ProductionOrder)
        replaced = (
            select(StagedOrder.source_uuid)
            .join(landed, landed.c.source_uuid == StagedOrder.source_uuid)
            .where(
                *where,
                func.coalesce(StagedOrder.update_operation, Operation.CREATE) == Operation.CREATE,
                landed.c["Item ID"] != StagedOrder.stg_monday_item_id,
            )
        )
        self.session.execute(delete(target).where(target.c.source_uuid.in_(replaced)))

    def _promote(self, promotion: Promotion, inserted: Values, changed: Values, now: datetime) -> int:
        """Update what production has and insert what it does not have, each in one statement; mark all of it."""
        staged, target, where = promotion.staged, promotion.target, promotion.where
        staying = func.coalesce(staged.update_operation, Operation.CREATE) != promotion.removing
        self.session.execute(update(target).where(promotion.alike, *where, staying).values(changed))
        present = select(target.c["Item ID"]).where(promotion.alike).exists()
        query = select(*inserted.values()).where(*where, staying, ~present)
        self.session.execute(insert(target).from_select(list(inserted), query))
        reach(Failpoint.PROMOTION_WRITTEN)
        marked: Repository[Any] = Repository(self.session, staged)
        return marked.change(*where, stg_status=StagingStatus.PROMOTED, stg_processed_date=now)


def _table(model: type[Base]) -> Table:
    return Base.metadata.tables[model.__tablename__]


def _delivered(staged: Staged, batch_id: UUID) -> list[ColumnElement[bool]]:
    return [staged.stg_batch_id == batch_id, staged.stg_status == StagingStatus.API_SUCCESS]


def _by_name(source: Table, target: Table) -> dict[str, ColumnElement[Any]]:
    """Match the columns that both tables have, brought to the target's type."""
    return {
        column.name: _converted(source.c[column.name], column)
        for column in target.c
        if column.name in source.c
    }


def _converted(column: ColumnElement[Any], target: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, ExactDecimal) and isinstance(target.type, ExactDecimal):
        return column if column.type.scale == target.type.scale else Rescaled(column, target.type)
    if isinstance(column.type, ExactDecimal) and isinstance(target.type, Integer):
        # On its own the cast would cut the fraction off on SQL Server and SQLite, and round on PostgreSQL.
        column = Rescaled(column, ExactDecimal(column.type.precision, 0))
    return column if column.type.python_type is target.type.python_type else cast(column, target.type)


def _text_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Unicode(20))
