"""Relinking: rows of production whose source row has come back under another UUID.

ORDERS_UNIFIED is sometimes rebuilt with fresh UUIDs, and rows from before this library have none. Source rows and
production rows of one business key are paired one for one, in a stable order; what is paired is not created again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from order_staging.models import OrdersUnified, ProductionOrder, ProductionSubitem
from order_staging.repositories.base import chunks
from order_staging.repositories.source import SourceFilter, matching, undelivered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Subquery
    from sqlalchemy.orm import InstrumentedAttribute, Session

Pair = tuple["UUID", int]
"""A source row's UUID, and the item that production knows its business key under."""

PAIRS_A_STATEMENT = 500
CONTROL_CHARACTERS = ("\t", "\n", "\r")
"""The control characters that occur in practice: the rules remove them from styles and colours."""


class Relinking:
    """Queries that find production rows again by their business key."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def pairs(self, names: Sequence[str | None]) -> list[Pair]:
        """Pair new rows of these customers with production rows whose UUID is missing or gone from the source."""
        source, landed = _new_rows(names), _orphans()
        keys = [name for name in source.c.keys() if name.startswith("key")]  # noqa: SIM118 - not a dict
        alike = and_(*(source.c[name] == landed.c[name] for name in [*keys, "position"]))
        query = select(source.c.uuid, landed.c.item_id).join(landed, alike).order_by(landed.c.item_id)
        return [(uuid, item_id) for uuid, item_id in self.session.execute(query)]

    def relink(self, pairs: Sequence[Pair]) -> None:
        """Give production rows, and their subitems, the UUIDs of the rows that they are paired with."""
        for some in chunks(pairs, PAIRS_A_STATEMENT):
            orders = [{"item_id": item_id, "source_uuid": uuid} for uuid, item_id in some]
            self.session.execute(update(ProductionOrder), orders)
            subitems = self._first_of_each_size({str(item_id): uuid for uuid, item_id in some})
            if subitems:
                self.session.execute(update(ProductionSubitem), subitems)

    def _first_of_each_size(self, uuids: dict[str, UUID]) -> list[dict[str, Any]]:
        """Choose a subitem a size of these items: earlier scripts sometimes made several."""
        columns = (ProductionSubitem.parent_item_id, ProductionSubitem.size, ProductionSubitem.subitem_id)
        query = select(*columns).where(ProductionSubitem.parent_item_id.in_(list(uuids)))
        chosen: dict[tuple[str, str], str] = {}
        for parent, size, subitem_id in self.session.execute(query):
            if parent and size and subitem_id:
                known = chosen.get((parent, size), subitem_id)
                chosen[parent, size] = min(known, subitem_id, key=lambda text: (len(text), text))
        return [
            {"subitem_id": subitem_id, "source_uuid": uuids[parent], "size_key": size}
            for (parent, size), subitem_id in chosen.items()
        ]


def _new_rows(names: Sequence[str | None]) -> Subquery:
    row = OrdersUnified
    keys = {
        "key_order": _plain(row.aag_order_number),
        "key_style": _clean(row.customer_style),
        "key_color": _clean(row.customer_colour_description),
        "key_po": _plain(row.po_number),
        "key_alt_po": _plain(row.customer_alt_po),
    }
    complete = [keys[name] != "" for name in ("key_order", "key_style", "key_color")]
    position = func.row_number().over(partition_by=list(keys.values()), order_by=row.record_uuid)
    return (
        select(row.record_uuid.label("uuid"), position.label("position"), *_labelled(keys))
        .where(row.record_uuid.is_not(None), *complete, *matching(SourceFilter(names)), *undelivered())
        .subquery("new_rows")
    )


def _orphans() -> Subquery:
    row = ProductionOrder
    keys = {
        "key_order": _plain(row.aag_order_number),
        "key_style": _clean(row.style),
        "key_color": _clean(row.color),
        "key_po": _plain(row.po_number),
        "key_alt_po": _plain(row.customer_alt_po),
    }
    known = select(OrdersUnified.record_uuid).where(OrdersUnified.record_uuid == row.source_uuid).exists()
    position = func.row_number().over(partition_by=list(keys.values()), order_by=row.item_id)
    return (
        select(row.item_id.label("item_id"), position.label("position"), *_labelled(keys))
        .where(or_(row.source_uuid.is_(None), ~known))
        .subquery("orphans")
    )


def _labelled(keys: dict[str, ColumnElement[str]]) -> list[Any]:
    return [expression.label(name) for name, expression in keys.items()]


def _plain(column: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    """Compare text without outer blanks, NULL as empty: as it was staged."""
    return func.ltrim(func.rtrim(func.coalesce(column, "")))


def _clean(column: InstrumentedAttribute[str | None]) -> ColumnElement[str]:
    """Compare text that the rules have cleaned of control characters with text that they have not."""
    expression: ColumnElement[str] = func.coalesce(column, "")
    for character in CONTROL_CHARACTERS:
        expression = func.replace(expression, character, "")
    return func.ltrim(func.rtrim(expression))
