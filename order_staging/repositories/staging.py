"""The staging tables: what is on its way to the board, and how far."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from order_staging.models import BulkImport, Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.base import Span, chunks, exactly
from order_staging.repositories.imports import OPEN_IMPORTS
from order_staging.repositories.source import SourceFilter, equal_text
from order_staging.repositories.staged_rows import (
    OPEN,
    VALUES_A_STATEMENT,
    StagedRows,
    brings_sizes,
    on_the_board,
    to_be_created,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

READING_ORDER = (
    StagedOrder.group,
    StagedOrder.aag_order_number,
    StagedOrder.style,
    StagedOrder.color,
    StagedOrder.stg_id,
)
"""As people would sort order lines."""

IDS_A_FETCH = 10_000

_OTHER = aliased(StagedOrder)
"""Made once, as it costs more than the query that it stands in."""


class StagedOrders(StagedRows[StagedOrder]):
    """Queries of `STG_MON_CustMasterSchedule`."""

    reading_order = READING_ORDER

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        super().__init__(session, StagedOrder)

    def add(self, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Insert rows, each with the UUID of its source row, and give their ids, in the same order.

        The ids are read afterwards, by these UUIDs: rows that have to give theirs back at once would travel 35 at a
        time to SQL Server, and one at a time to SQLite.
        """
        self.insert(rows)
        ids: dict[UUID | None, int] = {}
        for some in chunks([row["source_uuid"] for row in rows], VALUES_A_STATEMENT):
            query = select(StagedOrder.source_uuid, StagedOrder.stg_id).where(
                StagedOrder.source_uuid.in_(some)
            )
            ids |= {row.source_uuid: row.stg_id for row in self.session.execute(query)}
        return [ids[row["source_uuid"]] for row in rows]

    def pending(self, batch_id: UUID, limit: int) -> list[StagedOrder]:
        """Read rows that are to be sent, as people would sort them."""
        query = (
            select(StagedOrder)
            .where(StagedOrder.stg_batch_id == batch_id, StagedOrder.stg_status == StagingStatus.PENDING)
            .order_by(*READING_ORDER)
            .limit(limit)
        )
        return list(self.session.scalars(query))

    def pending_of_group(self, batch_id: UUID, group: str, limit: int) -> list[StagedOrder]:
        """Read rows of a group that are to be sent."""
        query = select(StagedOrder).where(
            StagedOrder.stg_batch_id == batch_id,
            StagedOrder.stg_status == StagingStatus.PENDING,
            exactly(StagedOrder.group) == group,
            _goes_to_group(),
        )
        return list(self.session.scalars(query.order_by(StagedOrder.stg_id).limit(limit)))

    def largest_group(self, batch_id: UUID) -> int:
        """Count the rows that are to be sent for the first time in the group that has most of them."""
        query = (
            select(func.count())
            .where(*_never_sent(batch_id))
            .group_by(exactly(StagedOrder.group))
            .order_by(func.count().desc())
            .limit(1)
        )
        return self.session.scalar(query) or 0

    def unsettled(self, batch_id: UUID) -> list[StagedOrder]:
        """Read unknown rows that the board is to be asked about: not those of an open import, whose job tells.

        Nor rows that have the group and the name of one: its item, found by name, might be taken for theirs.
        """
        query = (
            select(StagedOrder)
            .where(StagedOrder.stg_batch_id == batch_id, StagedOrder.stg_status == StagingStatus.UNKNOWN)
            .order_by(StagedOrder.stg_id)
        )
        open_imports = select(BulkImport.import_key).where(BulkImport.status.in_(OPEN_IMPORTS))
        if self.session.scalar(open_imports.limit(1)) is not None:
            key = StagedOrder.stg_idempotency_key
            # Joined as a table of its own: looked for at each unknown row, they would be gone through as often.
            names = (
                select(exactly(_OTHER.group).label("place"), exactly(_OTHER.title).label("title"))
                .distinct()
                .where(
                    _OTHER.stg_idempotency_key.in_(open_imports),
                    _OTHER.stg_status.in_((StagingStatus.SENDING, StagingStatus.UNKNOWN)),
                )
                .subquery("names")
            )
            alike = and_(
                exactly(names.c.place) == StagedOrder.group, exactly(names.c.title) == StagedOrder.title
            )
            query = query.outerjoin(names, alike).where(
                or_(key.is_(None), key.not_in(open_imports)), names.c.title.is_(None)
            )
        return list(self.session.scalars(query))

    def never_sent(self, batch_id: UUID) -> array[int]:
        """List the rows (`stg_id`) that are to be sent for the first time, as people would sort them.

        A batch may have very many: they take eight bytes each.
        """
        query = select(StagedOrder.stg_id).where(*_never_sent(batch_id)).order_by(*READING_ORDER)
        return array("q", self.session.scalars(query.execution_options(yield_per=IDS_A_FETCH)))

    def by_ids(self, ids: Sequence[int]) -> list[StagedOrder]:
        """Read rows by their ids, in the order of these; ids that are gone are left out."""
        found: dict[int, StagedOrder] = {}
        for some in chunks(ids, VALUES_A_STATEMENT):
            rows = self.session.scalars(select(StagedOrder).where(StagedOrder.stg_id.in_(some)))
            found |= {row.stg_id: row for row in rows}
        return [found[stg_id] for stg_id in ids if stg_id in found]

    def groups_to_use(self, batch_id: UUID) -> list[str]:
        """List the groups that rows to be sent belong to."""
        query = (
            select(exactly(StagedOrder.group))
            .distinct()
            .where(
                StagedOrder.stg_batch_id == batch_id,
                StagedOrder.stg_status == StagingStatus.PENDING,
                _goes_to_group(),
            )
        )
        return sorted(group for group in self.session.scalars(query) if group)

    def open_batch(self, customer: str, *, subitems: bool) -> UUID | None:
        """Find the newest batch of a customer that still has rows on their way, with or without subitems."""
        query = (
            select(StagedOrder.stg_batch_id)
            .where(StagedOrder.stg_customer_batch == customer, _still_open(subitems=subitems))
            .order_by(StagedOrder.stg_id.desc())
            .limit(1)
        )
        return self.session.scalar(query)

    def is_open(self, batch_id: UUID) -> bool:
        """Tell whether a batch has rows on their way."""
        query = select(StagedOrder.stg_id).where(
            StagedOrder.stg_batch_id == batch_id, _still_open(subitems=True)
        )
        return self.session.scalar(query.limit(1)) is not None

    def customers_with_open(self, wanted: SourceFilter) -> list[str]:
        """List the customers that have rows on their way, of a PO or a season where given."""
        columns = (
            (StagedOrder.po_number, wanted.po),
            (StagedOrder.aag_season, wanted.aag_season),
            (StagedOrder.customer_season, wanted.customer_season),
        )
        query = select(StagedOrder.stg_customer_batch).where(_still_open(subitems=True), *equal_text(columns))
        query = query.distinct()
        return sorted(name for name in self.session.scalars(query) if name)

    def gather_open(self, customer: str, batch_id: UUID) -> int:
        """Bring what other batches of a customer left on its way into this batch; tell how many orders."""
        query = select(StagedOrder.stg_id).where(
            StagedOrder.stg_customer_batch == customer,
            StagedOrder.stg_batch_id != batch_id,
            _still_open(subitems=True),
        )
        moved = array("q", self.session.scalars(query.execution_options(yield_per=IDS_A_FETCH)))
        for ids in chunks(moved, VALUES_A_STATEMENT):
            self.change(StagedOrder.stg_id.in_(ids), stg_batch_id=batch_id)
            subitems = StagedSubitems(self.session)
            subitems.change(StagedSubitem.stg_parent_stg_id.in_(ids), stg_batch_id=batch_id)
        return len(moved)

    def drop_invalid(self, uuids: Sequence[UUID]) -> None:
        """Delete rows that an earlier script staged as invalid, so that they can be staged anew."""
        failed = select(StagedOrder.stg_id).where(StagedOrder.stg_status == StagingStatus.VALIDATION_FAILED)
        if self.session.scalar(failed.limit(1)) is None:  # mostly there is none to look for row by row
            return
        subitems = StagedSubitems(self.session)
        for some in chunks(uuids, VALUES_A_STATEMENT):
            invalid = (
                StagedOrder.source_uuid.in_(some),
                StagedOrder.stg_status == StagingStatus.VALIDATION_FAILED,
            )
            parents = select(StagedOrder.stg_id).where(*invalid)
            subitems.delete(StagedSubitem.stg_parent_stg_id.in_(parents))
            self.delete(*invalid)

    def known_item_ids(self, group: str, title: str) -> set[int]:
        """List the board's items of a group and name that staged rows have as their own."""
        query = select(StagedOrder.stg_monday_item_id).where(
            exactly(StagedOrder.group) == group,
            exactly(StagedOrder.title) == title,
            StagedOrder.stg_monday_item_id.is_not(None),
        )
        return {item_id for item_id in self.session.scalars(query) if item_id is not None}

    def delete_finished(self, batch_id: UUID, span: Span) -> int:
        """Delete a batch's orders that are in production and have no subitem waiting, within a span; tell how many.

        A subitem that waits needs its order: that one tells which item it belongs to.
        """
        parent = StagedSubitem.stg_parent_stg_id
        # Read once a span, not once an order: that costs PostgreSQL a look at every size just deleted, one by one.
        waiting = select(parent).where(parent >= span.first, parent <= span.last)
        return self.delete_promoted(batch_id, span, StagedOrder.stg_id.not_in(waiting))


def _never_sent(batch_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        StagedOrder.stg_batch_id == batch_id,
        StagedOrder.stg_status == StagingStatus.PENDING,
        StagedOrder.stg_sent_date.is_(None),
        to_be_created(StagedOrder),
    )


def _goes_to_group() -> ColumnElement[bool]:
    """Tell which orders need their group: a change that moves nothing must not bring an empty one into being."""
    return or_(to_be_created(StagedOrder), StagedOrder.update_operation == Operation.MOVE)


def _still_open(*, subitems: bool) -> ColumnElement[bool]:
    itself = StagedOrder.stg_status.in_(OPEN)
    if not subitems:
        return itself
    waiting = (
        select(StagedSubitem.stg_id)
        .where(
            StagedSubitem.stg_parent_stg_id == StagedOrder.stg_id,
            StagedSubitem.stg_status.in_(OPEN),
            on_the_board(),
        )
        .exists()
    )
    return or_(itself, waiting)


class StagedSubitems(StagedRows[StagedSubitem]):
    """Queries of `STG_MON_CustMasterSchedule_Subitems`."""

    reading_order = (StagedSubitem.stg_parent_stg_id, StagedSubitem.stg_id)

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        super().__init__(session, StagedSubitem)

    def link_to_items(self, batch_id: UUID) -> int:
        """Tell subitems the item ids of their orders, once these have theirs; tell how many learnt it."""
        parent = select(StagedOrder.stg_monday_item_id).where(
            StagedOrder.stg_id == StagedSubitem.stg_parent_stg_id
        )
        return self.change(
            StagedSubitem.stg_batch_id == batch_id,
            StagedSubitem.stg_monday_parent_item_id.is_(None),
            parent.where(StagedOrder.stg_monday_item_id.is_not(None)).exists(),
            stg_monday_parent_item_id=parent.scalar_subquery(),
        )

    def unsettled(self, batch_id: UUID) -> list[StagedSubitem]:
        """Read unknown subitems that the board is to be asked about: those whose item is known."""
        query = select(StagedSubitem).where(
            StagedSubitem.stg_batch_id == batch_id,
            StagedSubitem.stg_status == StagingStatus.UNKNOWN,
            StagedSubitem.stg_monday_parent_item_id.is_not(None),
        )
        return list(self.session.scalars(query.order_by(StagedSubitem.stg_id)))

    def name_board(self, batch_id: UUID, board_id: int) -> None:
        """Tell subitems that were sent before their board was known which one it is."""
        self.change(
            StagedSubitem.stg_batch_id == batch_id,
            StagedSubitem.stg_monday_subitem_id.is_not(None),
            StagedSubitem.stg_monday_subitem_board_id.is_(None),
            stg_monday_subitem_board_id=board_id,
            board_id=board_id,
        )

    def awaiting(self) -> tuple[ColumnElement[bool], ...]:
        """Tell which subitems of all batches may still have to be brought to the board, with their orders."""
        of_order = StagedSubitem.stg_parent_stg_id == StagedOrder.stg_id
        return (*super().awaiting(), of_order, brings_sizes())

    def count_due(self, batch_id: UUID, *where: ColumnElement[bool]) -> int:
        """Count those whose item is on the board."""
        return super().count_due(batch_id, StagedSubitem.stg_monday_parent_item_id.is_not(None), *where)

    def pending(self, batch_id: UUID, limit: int) -> list[StagedSubitem]:
        """Read subitems that are to be sent and whose item is on the board, in the order of the sizes."""
        query = (
            select(StagedSubitem)
            .where(
                StagedSubitem.stg_batch_id == batch_id,
                StagedSubitem.stg_status == StagingStatus.PENDING,
                StagedSubitem.stg_monday_parent_item_id.is_not(None),
            )
            .order_by(*self.reading_order)
            .limit(limit)
        )
        return list(self.session.scalars(query))
