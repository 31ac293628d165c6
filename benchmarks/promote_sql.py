"""Promotion and cleanup as plain SQL would have them: one statement a table each, and nothing looked up.

The floor of what promotion can cost. It fills the very columns that `order_staging` fills, with the same values,
but knows neither changes nor rows that production has already, and is one transaction of any size. With marks it
sets `stg_status` of what is promoted, too, as the tables' meaning demands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger

from order_staging.models import Base, ProductionOrder, ProductionSubitem, StagedOrder, StagedSubitem
from order_staging.models.types import ExactDecimal

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Column

STAGED, STAGED_SIZES = StagedOrder.__tablename__, StagedSubitem.__tablename__
ORDERS, SIZES = ProductionOrder.__tablename__, ProductionSubitem.__tablename__

ACKNOWLEDGED = {
    "delivered_hash": "stg_payload_hash",
    "delivered_values": "stg_api_payload",
    "delivered_date": "stg_processed_date",
}
RENAMED = {
    ORDERS: ACKNOWLEDGED | {"Item ID": "stg_monday_item_id", "delivered_rules": "stg_rules"},
    SIZES: ACKNOWLEDGED
    | {
        "Item ID": "stg_monday_subitem_id",
        "subitem_id": "stg_monday_subitem_id",
        "parent_item_id": "stg_monday_parent_item_id",
        "subitem_board_id": "stg_monday_subitem_board_id",
        "size_key": "Size",
    },
}
"""Columns of production that have another name in staging."""
CLIPPED = {SIZES: {"validation_errors", "update_fields", "source_query"}}
"""Columns that have room for fewer characters in production."""


@dataclass(frozen=True)
class PlainSql:
    """The statements of promotion, and those of cleanup: a transaction each."""

    promotion: tuple[str, ...]
    cleanup: tuple[str, ...]


def plain_sql(engine: str, batch: UUID, *, marks: bool = False) -> PlainSql:
    """Write the statements for an engine (SQLAlchemy's name), with or without marking what was promoted."""
    # SQLite has no UUIDs: orders have theirs without dashes there, and sizes everywhere with them.
    ids = {STAGED: batch.hex if engine == "sqlite" else str(batch), STAGED_SIZES: str(batch)}
    promotion, cleanup = [], []
    for staged, landed in ((STAGED, ORDERS), (STAGED_SIZES, SIZES)):
        where = f"WHERE stg_batch_id = '{ids[staged]}' AND stg_status = "
        promotion.append(_moved(engine, staged, landed, f"{where} 'API_SUCCESS'"))
        if marks:
            marked = "stg_status = 'PROMOTED', stg_processed_date = CURRENT_TIMESTAMP"
            promotion.append(f"UPDATE {quoted(staged)} SET {marked} {where} 'API_SUCCESS'")  # noqa: S608 - ours
        status = "PROMOTED" if marks else "API_SUCCESS"
        cleanup.append(f"DELETE FROM {quoted(staged)} {where} '{status}'")  # noqa: S608 - names of ours
    return PlainSql(tuple(promotion), tuple(reversed(cleanup)))


def quoted(name: str) -> str:
    """Quote a name as both engines have it."""
    return f'"{name}"'


def _moved(engine: str, staged: str, landed: str, where: str) -> str:
    source, target = Base.metadata.tables[staged].c, Base.metadata.tables[landed]
    named = {
        column.name: source[RENAMED[landed].get(column.name, column.name)]
        for column in target.c
        if RENAMED[landed].get(column.name, column.name) in source
    }
    values = [_value(engine, found, target.c[name]) for name, found in named.items()]
    return (
        f"INSERT INTO {quoted(landed)} ({', '.join(map(quoted, named))}) "  # noqa: S608 - names of ours
        f"SELECT {', '.join(values)} FROM {quoted(staged)} {where}"
    )


def _value(engine: str, source: Column[object], target: Column[object]) -> str:
    """Write what comes into a column; what PostgreSQL converts by itself SQLite has to be told."""
    name = quoted(source.name)
    if target.name in CLIPPED.get(target.table.name, ()):
        return f"substr({name}, 1, 255)"
    if engine == "sqlite" and isinstance(source.type, ExactDecimal):
        if isinstance(target.type, BigInteger):
            return f"CAST(round({name}) AS INTEGER)"
        if isinstance(target.type, ExactDecimal) and target.type.scale != source.type.scale:
            return f"CASE WHEN {name} IS NOT NULL THEN printf('%.{target.type.scale}f', {name}) END"
    return name
