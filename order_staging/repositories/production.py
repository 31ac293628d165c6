"""The production tables: what landed, and the step from staging to there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Numeric, Unicode, cast, func, insert, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from order_staging.models import (
    Base,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.models.types import ExactDecimal
from order_staging.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping
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

    def promote_orders(self, batch_id: UUID, limit: int, now: datetime) -> int:
        """Write up to `limit` delivered orders of a batch to production and mark them; tell how many.

        Columns are matched by name, as the tables have them in different orders.
        """
        last = self._last_delivered(StagedOrder, batch_id, limit)
        if last is None:
            return 0
        source = StagedOrder.__table__.c
        values = {
            "Item ID": source.stg_monday_item_id,
            "delivered_hash": source.stg_payload_hash,
            "delivered_values": source.stg_api_payload,
            "delivered_date": source.stg_processed_date,
        }
        where = [*_delivered(StagedOrder, batch_id), StagedOrder.stg_id <= last]
        return self._promote(StagedOrder, ProductionOrder, values, where, now)

    def promote_subitems(self, batch_id: UUID, limit: int, now: datetime) -> int:
        """Write up to `limit` delivered subitems of a batch to production and mark them; tell how many."""
        last = self._last_delivered(StagedSubitem, batch_id, limit)
        if last is None:
            return 0
        source = StagedSubitem.__table__.c
        values = {
            "parent_item_id": _text_of(source.stg_monday_parent_item_id),
            "subitem_id": _text_of(source.stg_monday_subitem_id),
            "subitem_board_id": _text_of(source.stg_monday_subitem_board_id),
            "Item ID": _text_of(source.stg_monday_subitem_id),
            **{name: func.substring(source[name], 1, NOTES_LENGTH) for name in CLIPPED},
            "size_key": source["Size"],
            "delivered_date": source.stg_processed_date,
        }
        where = [*_delivered(StagedSubitem, batch_id), StagedSubitem.stg_id <= last]
        return self._promote(StagedSubitem, ProductionSubitem, values, where, now)

    def known_item_ids(self, group: str, title: str) -> set[int]:
        """List the items of a group and name that production has."""
        query = select(ProductionOrder.item_id).where(
            ProductionOrder.group == group, ProductionOrder.title == title
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

    def _promote(
        self,
        staged: Staged,
        landed: Target,
        values: Mapping[str, ColumnElement[Any]],
        where: list[ColumnElement[bool]],
        now: datetime,
    ) -> int:
        tables = Base.metadata.tables
        target = tables[landed.__tablename__]
        columns = {**_by_name(tables[staged.__tablename__], target), **values}
        query = select(*columns.values()).where(*where)
        self.session.execute(insert(target).from_select(list(columns), query))
        marked: Repository[Any] = Repository(self.session, staged)
        return marked.change(*where, stg_status=StagingStatus.PROMOTED, stg_processed_date=now)


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
