"""What both staging tables have in common: states, and the queries that are alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import and_, func, or_, select

from order_staging.models import Operation, StagedOrder, StagedSubitem, StagingStatus
from order_staging.repositories.base import Repository, Span, chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import QueryableAttribute

Staged = TypeVar("Staged", StagedOrder, StagedSubitem)

VALUES_A_STATEMENT = 1000
"""Values in one IN list: SQL Server takes at most 2,100 parameters a statement."""

OPEN = (StagingStatus.PENDING, StagingStatus.SENDING, StagingStatus.UNKNOWN, StagingStatus.API_SUCCESS)
"""States from which a run can go on by itself."""

CHANGES = (Operation.UPDATE, Operation.MOVE, Operation.ARCHIVE, Operation.DELETE)
"""Operations on what is on the board already: each may be done twice without harm."""

AWAITING = (StagingStatus.PENDING, StagingStatus.SENDING, StagingStatus.UNKNOWN)
"""States in which a row may still have to be brought to the board."""


DOUBTED: dict[str, object] = {
    "stg_status": StagingStatus.UNKNOWN,
    "stg_error_message": "may be on the board already; it is looked for there",
}
"""What is said of rows that are new here and may have been delivered all the same."""


def to_be_created(model: type[StagedOrder | StagedSubitem]) -> ColumnElement[bool]:
    """Tell which staged rows are to be created on the board: whatever is no change of what is there."""
    return or_(model.update_operation.is_(None), model.update_operation.not_in(CHANGES))


def on_the_board() -> ColumnElement[bool]:
    """Tell which staged orders have their item on the board.

    Subitems of others are not sent: those of an order that was refused wait for its retry, not for a run.
    """
    changed = StagedOrder.update_operation.in_(CHANGES)
    return or_(
        StagedOrder.stg_status.in_((StagingStatus.API_SUCCESS, StagingStatus.PROMOTED)),
        # The item is there, though a change of it was refused.
        and_(StagedOrder.stg_status == StagingStatus.API_FAILED, changed),
    )


def brings_sizes() -> ColumnElement[bool]:
    """Tell which staged orders a run brings the sizes of: their items are there, or may still come."""
    return or_(StagedOrder.stg_status.in_(AWAITING), on_the_board())


class StagedRows(Repository[Staged], Generic[Staged]):
    """Queries that orders and subitems have in common."""

    def in_state(self, batch_id: UUID, *states: StagingStatus) -> list[Staged]:
        """Read a batch's rows in one of these states, in the order of their ids."""
        query = (
            select(self.model)
            .where(self.model.stg_batch_id == batch_id, self.model.stg_status.in_(states))
            .order_by(self.model.stg_id)
        )
        return list(self.session.scalars(query))

    reading_order: tuple[QueryableAttribute[Any], ...]
    """The order in which rows are sent: a request that is made anew must have it, too."""

    def of_requests(self, batch_id: UUID, keys: Sequence[str]) -> list[Staged]:
        """Read all rows of a batch that left with these requests last, in the order in which rows are sent."""
        found: list[Staged] = []
        for some in chunks(keys, VALUES_A_STATEMENT):
            query = select(self.model).where(
                self.model.stg_batch_id == batch_id, self.model.stg_idempotency_key.in_(some)
            )
            found.extend(self.session.scalars(query.order_by(*self.reading_order)))
        return found

    def pending_among(self, ids: Sequence[int]) -> list[Staged]:
        """Read those of these rows that are to be sent."""
        found: list[Staged] = []
        for some in chunks(sorted(ids), VALUES_A_STATEMENT):
            query = select(self.model).where(
                self.model.stg_id.in_(some), self.model.stg_status == StagingStatus.PENDING
            )
            found.extend(self.session.scalars(query.order_by(*self.reading_order)))
        return found

    def unsettled(self, batch_id: UUID) -> list[Staged]:
        """Read unknown rows that the board is to be asked about, in the order of their ids."""
        return self.in_state(batch_id, StagingStatus.UNKNOWN)

    def counts(self, batch_id: UUID) -> dict[str, int]:
        """Count a batch's rows by state."""
        query = (
            select(self.model.stg_status, func.count())
            .where(self.model.stg_batch_id == batch_id)
            .group_by(self.model.stg_status)
        )
        return {str(status): count for status, count in self.session.execute(query)}

    def count_due(self, batch_id: UUID, *where: ColumnElement[bool]) -> int:
        """Count a batch's rows (that match) which may still have to be brought to the board."""
        query = select(func.count()).where(
            self.model.stg_batch_id == batch_id, self.model.stg_status.in_(AWAITING), *where
        )
        return self.session.scalar(query) or 0

    def awaiting(self) -> tuple[ColumnElement[bool], ...]:
        """Tell which rows of all batches may still have to be brought to the board."""
        return (self.model.stg_status.in_(AWAITING),)

    def count_awaiting(self) -> int:
        """Count the rows of all batches that may still have to be brought to the board."""
        query = select(func.count()).where(*self.awaiting())
        return self.session.scalar(query) or 0

    def values_awaiting(self, attribute: str) -> list[str]:
        """List the different texts that such rows have in one attribute."""
        column = getattr(self.model, attribute)
        query = select(column).where(*self.awaiting(), column.is_not(None)).distinct()
        return list(self.session.scalars(query))

    def interrupted(self, batch_id: UUID) -> int:
        """Make UNKNOWN what a runner that is gone had sent; tell how many rows that were."""
        return self.change(
            self.model.stg_batch_id == batch_id,
            self.model.stg_status == StagingStatus.SENDING,
            stg_status=StagingStatus.UNKNOWN,
            stg_error_message="the run ended before an answer was recorded",
        )

    def doubt_new(self, batch_id: UUID) -> int:
        """Make UNKNOWN what is to be created: it may be on the board already. Tell how many rows that are."""
        return self.change(
            self.model.stg_batch_id == batch_id,
            self.model.stg_status == StagingStatus.PENDING,
            to_be_created(self.model),
            **DOUBTED,
        )

    def drop(self, ids: Sequence[int]) -> None:
        """Delete rows (`stg_id`)."""
        for some in chunks(ids, VALUES_A_STATEMENT):
            self.delete(self.model.stg_id.in_(some))

    def date_sending(self, batch_id: UUID, now: datetime) -> None:
        """Date what is under way: a request of it leaves only now."""
        self.change(
            self.model.stg_batch_id == batch_id,
            self.model.stg_status == StagingStatus.SENDING,
            stg_sent_date=now,
        )

    def spans(self, batch_id: UUID, status: StagingStatus, size: int) -> list[Span]:
        """Cut a batch's rows in a state into spans of at most `size` of them, in the order of their ids.

        They are found in one look through the batch, so that no later statement needs to look through it again.
        """
        number = func.row_number().over(order_by=self.model.stg_id) - 1
        rows = (
            select(self.model.stg_id, number.label("number"))
            .where(self.model.stg_batch_id == batch_id, self.model.stg_status == status)
            .subquery()
        )
        first, last = func.min(rows.c.stg_id), func.max(rows.c.stg_id)
        query = select(first, last).group_by(rows.c.number - rows.c.number % size).order_by(first)
        return [Span(*ends) for ends in self.session.execute(query)]

    def delete_promoted(self, batch_id: UUID, span: Span, *where: ColumnElement[bool]) -> int:
        """Delete those of a batch's rows that are in production (and match), within a span; tell how many."""
        return self.delete(*spanned(self.model, span, batch_id, StagingStatus.PROMOTED), *where)


def spanned(
    model: type[StagedOrder | StagedSubitem], span: Span, batch_id: UUID, status: StagingStatus
) -> list[ColumnElement[bool]]:
    """Tell which rows are in a span, of a batch and in a state.

    Only the primary key finds them. PostgreSQL believes its statistics, which know nothing of a state that rows
    have come into just now: it would take the state's index for the shortest way, through all of the batch.
    """
    return [
        model.stg_id >= span.first,
        model.stg_id <= span.last,
        func.coalesce(model.stg_batch_id, model.stg_batch_id) == batch_id,
        func.coalesce(model.stg_status, model.stg_status) == status,
    ]
