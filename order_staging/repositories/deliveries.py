"""What production has of source rows, and what these say now: the ground on which changes are found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, or_, select, update

from order_staging.models import (
    Base,
    OrdersUnified,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
)
from order_staging.repositories.base import chunks, exactly
from order_staging.repositories.source import SourceFilter, equal_text, matching, selecting
from order_staging.repositories.source_uuids import doubled_uuids
from order_staging.repositories.staged_rows import VALUES_A_STATEMENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from order_staging.repositories.source import Page, SourceShape

ORDERS = Base.metadata.tables[ProductionOrder.__tablename__]
STAGED = Base.metadata.tables[StagedOrder.__tablename__]
ALWAYS_READ = ("Title", "Group", "delivered_values", "delivered_hash")
WHOLE_NUMBER = re.compile(r"([+-]?[0-9]{1,18})(\.0*)?")


@dataclass(frozen=True)
class Delivered:
    """A source row that production has: what it says now, and under what it was last acknowledged."""

    row: dict[str, Any]
    """The source row, by column name."""
    item_id: int
    delivered_hash: str | None
    delivered_rules: str | None


@dataclass(frozen=True, slots=True)
class DeliveredSize:
    """A subitem that production has: ids and quantities are None where they are no whole numbers."""

    subitem_id: int | None
    quantity: int | None
    delivered_hash: str | None


class Deliveries:
    """Queries of source rows that were delivered, and of production rows whose source row is gone."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.session = session

    def page(
        self,
        shape: SourceShape,
        columns: Sequence[str],
        wanted: SourceFilter,
        page: Page,
        uuids: Sequence[UUID] | None = None,
    ) -> list[Delivered]:
        """Read a page of source rows that production has; `uuids` narrows to these rows, at most 1,000."""
        return list(self.stream(shape, columns, wanted, page, uuids))

    def stream(
        self,
        shape: SourceShape,
        columns: Sequence[str],
        wanted: SourceFilter,
        page: Page,
        uuids: Sequence[UUID] | None = None,
    ) -> Iterator[Delivered]:
        """Read source rows that production has, in the order of the UUIDs; the page says how many at a time.

        Nothing else may be read until the last of them is: some drivers serve one result at a time.

        Customers are those of the source row. A PO or a season may be the source row's or production's: a corrected
        PO is found under the old one too.
        """
        # The source's columns are named without their table: production's must not have the same names.
        row = ProductionOrder
        landed = select(
            row.source_uuid.label("landed_uuid"),
            row.item_id.label("landed_item_id"),
            row.delivered_hash.label("landed_hash"),
            row.delivered_rules.label("landed_rules"),
            row.po_number.label("landed_po"),
            row.aag_season.label("landed_aag_season"),
            row.customer_season.label("landed_customer_season"),
        ).subquery("landed")
        facts = landed.c
        uuid = OrdersUnified.record_uuid
        either: tuple[tuple[Any, Any, str | None], ...] = (
            (OrdersUnified.po_number, facts.landed_po, wanted.po),
            (OrdersUnified.aag_season, facts.landed_aag_season, wanted.aag_season),
            (OrdersUnified.customer_season, facts.landed_customer_season, wanted.customer_season),
        )
        query = (
            selecting(shape, columns)
            .add_columns(facts.landed_item_id, facts.landed_hash, facts.landed_rules)
            .join(landed, facts.landed_uuid == uuid)
            .where(
                *matching(SourceFilter(wanted.names)),
                *(
                    or_(*equal_text([(now, value), (then, value)]))
                    for now, then, value in either
                    if value is not None
                ),
            )
            .order_by(uuid)
            .limit(page.size)
        )
        if page.after is not None:
            query = query.where(uuid > page.after)
        if page.without_doubled:
            query = query.where(uuid.not_in(doubled_uuids()))
        if uuids is not None:
            query = query.where(uuid.in_(uuids))
        if page.rows_a_fetch is not None:
            query = query.execution_options(yield_per=page.rows_a_fetch)
        return (_delivered(dict(found)) for found in self.session.execute(query).mappings())

    def sizes(self, uuids: Sequence[UUID]) -> dict[UUID, dict[str, DeliveredSize]]:
        """Read the subitems of these rows, by UUID and size."""
        row = ProductionSubitem
        columns = (row.size_key, row.subitem_id, row.order_qty, row.board_order_qty, row.delivered_hash)
        found: dict[UUID, dict[str, DeliveredSize]] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            query = select(row.source_uuid, *columns).where(
                row.source_uuid.in_(some), row.size_key.is_not(None)
            )
            for uuid, size, subitem_id, staged, shown, hashed in self.session.execute(query):
                ordered = whole_number(staged)
                quantity = whole_number(shown) if ordered is None else ordered
                if uuid is not None and size is not None:
                    known = DeliveredSize(whole_number(subitem_id), quantity, hashed)
                    found.setdefault(uuid, {})[size] = known
        return found

    def acknowledged(self, uuids: Sequence[UUID], columns: Sequence[str]) -> dict[UUID, dict[str, Any]]:
        """Read what was last acknowledged of these rows, and the mapped `columns`, by column name."""
        names = dict.fromkeys([*ALWAYS_READ, *columns])
        found: dict[UUID, dict[str, Any]] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            query = select(ORDERS.c.source_uuid.label("of"), *(ORDERS.c[name] for name in names))
            query = query.where(ORDERS.c.source_uuid.in_(some))
            for uuid, *values in self.session.execute(query):
                found[uuid] = dict(zip(names, values, strict=True))
        return found

    def acknowledged_sizes(self, uuids: Sequence[UUID]) -> dict[tuple[UUID, str], str | None]:
        """Read the payloads last acknowledged of the subitems of these rows, by UUID and size."""
        row = ProductionSubitem
        found: dict[tuple[UUID, str], str | None] = {}
        for some in chunks(uuids, VALUES_A_STATEMENT):
            query = select(row.source_uuid, row.size_key, row.delivered_values)
            query = query.where(row.source_uuid.in_(some), row.size_key.is_not(None))
            for uuid, size, values in self.session.execute(query):
                if uuid is not None and size is not None:
                    found[uuid, size] = values
        return found

    def refresh(self, rows: Sequence[dict[str, Any]]) -> None:
        """Replace what counts as acknowledged.

        Each of `rows` has `source_uuid`, `delivered_hash`, `delivered_values` and `delivered_rules`.
        """
        statement = update(ORDERS).where(ORDERS.c.source_uuid == bindparam("of"))
        facts = ("delivered_hash", "delivered_values", "delivered_rules")
        if rows:
            values = [{"of": row["source_uuid"], **{name: row[name] for name in facts}} for row in rows]
            self.session.execute(statement, values)

    def removed(
        self, names: Sequence[str], wanted: SourceFilter, after: UUID | None, limit: int
    ) -> list[dict[str, Any]]:
        """Read up to `limit` production rows whose source row is gone, in the order of the UUIDs.

        `names` are customers as production has them; `wanted` gives the PO and the seasons. The rows have the
        columns that staging has too, by column name, among them "Item ID" and "source_uuid".
        """
        uuid = ProductionOrder.source_uuid
        # A join that finds nothing, and no NOT EXISTS: the source need not have an index on its UUIDs.
        query = (
            select(*(each for each in ORDERS.c if each.name in STAGED.c))
            .outerjoin(OrdersUnified, OrdersUnified.record_uuid == uuid)
            .where(OrdersUnified.record_uuid.is_(None), *_of_customers(names, wanted))
            .order_by(uuid)
            .limit(limit)
        )
        if after is not None:
            query = query.where(uuid > after)
        return [dict(row) for row in self.session.execute(query).mappings()]

    def without_source(self, uuids: Sequence[UUID]) -> set[UUID]:
        """Tell which of these production rows have no source row any more."""
        uuid = ProductionOrder.source_uuid
        found: set[UUID] = set()
        for some in chunks(uuids, VALUES_A_STATEMENT):
            query = (
                select(uuid)
                .outerjoin(OrdersUnified, OrdersUnified.record_uuid == uuid)
                .where(OrdersUnified.record_uuid.is_(None), uuid.in_(some))
            )
            found |= {each for each in self.session.scalars(query) if each is not None}
        return found

    def count_delivered(self, names: Sequence[str], wanted: SourceFilter) -> int:
        """Count the production rows with a UUID that these customers have, of a PO or a season where given."""
        query = select(func.count()).select_from(ProductionOrder).where(*_of_customers(names, wanted))
        return self.session.scalar(query) or 0

    def customers(self) -> list[str]:
        """List the customers of production rows with a UUID, as production has them."""
        row = ProductionOrder
        query = select(row.customer).where(row.source_uuid.is_not(None)).distinct()
        return sorted(name for name in self.session.scalars(query) if name is not None)

    def groups(self, names: Sequence[str]) -> list[str]:
        """List the groups in which production has rows of these customers."""
        row = ProductionOrder
        query = select(exactly(row.group)).where(one_of_customers(row.customer, names)).distinct()
        return sorted(title for title in self.session.scalars(query) if title is not None)

    def items_known(self, item_ids: Sequence[int]) -> set[int]:
        """Tell which of these items of the board production or staging have."""
        known: set[int] = set()
        for some in chunks(item_ids, VALUES_A_STATEMENT):
            for column in (ProductionOrder.item_id, StagedOrder.stg_monday_item_id):
                found = self.session.scalars(select(column).where(column.in_(some)))
                known.update(item_id for item_id in found if item_id is not None)
        return known


def whole_number(text: str | None) -> int | None:
    """Read a whole number of at most 18 digits, "12" or "12.00"; None where the text is none."""
    found = WHOLE_NUMBER.fullmatch((text or "").strip())
    return None if found is None else int(found[1])


def _delivered(found: dict[str, Any]) -> Delivered:
    item_id, hashed, rules = (found.pop(f"landed_{name}") for name in ("item_id", "hash", "rules"))
    return Delivered(found, item_id, hashed, rules)


def _of_customers(names: Sequence[str], wanted: SourceFilter) -> list[ColumnElement[bool]]:
    row = ProductionOrder
    filtered = (
        (row.po_number, wanted.po),
        (row.aag_season, wanted.aag_season),
        (row.customer_season, wanted.customer_season),
    )
    return [row.source_uuid.is_not(None), one_of_customers(row.customer, names), *equal_text(filtered)]


def one_of_customers(column: InstrumentedAttribute[str | None], names: Sequence[str]) -> ColumnElement[bool]:
    """Tell which rows are of these customers: without regard to case, outer blanks, and how many are inside.

    Production has an unknown customer as the source spells it; its batches go by one name for all spellings.
    """
    # Blanks become pairs of marks, whose inner ones touch and go: what is left of any number is one pair.
    marked = func.replace(func.ltrim(func.rtrim(column)), " ", "<>")
    single = func.replace(func.replace(marked, "><", ""), "<>", " ")
    return func.upper(single).in_([func.upper(" ".join(name.split())) for name in names])
