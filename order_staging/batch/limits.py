"""What the tables can hold: the tighter of staging and production, column by column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import String

from order_staging.models import Base, ProductionOrder, ProductionSubitem, StagedOrder, StagedSubitem
from order_staging.models.types import EnumText, ExactDecimal
from order_staging.transform import FieldLimit

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

    from order_staging.transform import Limits


def order_limits() -> Limits:
    """Give the limits of an order line's columns, and of a size's label under `Size`."""
    return {
        **_tighter(StagedOrder.__tablename__, ProductionOrder.__tablename__),
        "Size": subitem_limits()["Size"],
    }


def subitem_limits() -> Limits:
    """Give the limits of a subitem's columns."""
    return _tighter(StagedSubitem.__tablename__, ProductionSubitem.__tablename__)


def _tighter(staged: str, landed: str) -> dict[str, FieldLimit]:
    tables = Base.metadata.tables
    limits = {column.name: _limit(column.type) for column in tables[staged].c}
    for column in tables[landed].c:
        ours, theirs = limits.get(column.name), _limit(column.type)
        if ours is not None:
            lengths = [length for length in (ours.max_length, theirs.max_length) if length is not None]
            # Staging has the digits that are sent; production keeps fewer behind the point, and rounds.
            limits[column.name] = FieldLimit(min(lengths, default=None), ours.precision, ours.scale)
    return limits


def _limit(type_: TypeEngine[object]) -> FieldLimit:
    if isinstance(type_, ExactDecimal):
        return FieldLimit(precision=type_.precision, scale=type_.scale)
    if isinstance(type_, EnumText) or not isinstance(type_, String):
        return FieldLimit()
    return FieldLimit(max_length=type_.length)
