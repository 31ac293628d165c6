"""The batches, and the leases that keep two runners from working on one customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from order_staging.database_faults import is_duplicate_key
from order_staging.models import Base, Batch, BatchStatus, Lease
from order_staging.repositories.base import Repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Update
    from sqlalchemy.orm import Session

UNFINISHED = (
    BatchStatus.STARTED,
    BatchStatus.STAGING_LOADED,
    BatchStatus.ITEMS_CREATED,
    BatchStatus.SUBITEMS_CREATED,
    BatchStatus.PROMOTED,
)
"""States in which only a batch that runs, or one whose runner died, can be."""

_LEASES = Base.metadata.tables[Lease.__tablename__]
_OURS = update(_LEASES).where(
    _LEASES.c.customer_name == bindparam("of_customer"), _LEASES.c.fence == bindparam("of_fence")
)
_RENEWAL = _OURS.values(expires_date=bindparam("until"))
_MARK = _OURS.values(expires_date=bindparam("until"), last_work=bindparam("work"))
_RELEASE = _OURS.values(holder=None, expires_date=None)
"""Made once, and without the ORM: each unit of work executes two of them, some hundred times a run."""

NOTES_LENGTH = 1_000_000
"""Characters of notes after which a batch takes no more."""
BATCHES_WITH_NOTES = 100
"""How many of a customer's newest batches that have notes are asked whether something was noted before."""


class BatchRepository(Repository[Batch]):
    """Queries of `MON_BatchProcessing` and `MON_BatchLease`."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        super().__init__(session, Batch)

    def add(self, batch: Batch) -> None:
        """Record a new batch."""
        self.session.add(batch)

    def get(self, batch_id: UUID) -> Batch | None:
        """Read a batch."""
        return self.session.get(Batch, batch_id)

    def increase(self, batch_id: UUID, **amounts: int) -> None:
        """Add to a batch's counters, in the transaction of what they count."""
        grown = {
            name: func.coalesce(getattr(Batch, name), 0) + amount
            for name, amount in amounts.items()
            if amount
        }
        if grown:
            self.change(Batch.batch_id == batch_id, **grown)

    def add_notes(self, batch_id: UUID, lines: Sequence[str]) -> None:
        """Add lines to a batch's `processing_notes`; beyond a megabyte of text only the log has them."""
        batch = self.get(batch_id)
        if not lines or batch is None or len(batch.processing_notes or "") > NOTES_LENGTH:
            return
        known = [batch.processing_notes] if batch.processing_notes else []
        batch.processing_notes = "\n".join([*known, *lines])

    def notes(self, batch_id: UUID) -> set[str]:
        """Read the lines of a batch's notes."""
        batch = self.get(batch_id)
        return _lines(batch.processing_notes if batch is not None else None)

    def is_noted(self, customer: str, lines: Iterable[str]) -> bool:
        """Tell whether a customer's newest `BATCHES_WITH_NOTES` batches with notes have all these lines among them.

        Runs with different filters find different lines: what one has noted, the next may not mention.
        """
        missing = set(lines)
        if not missing:
            return True
        query = select(Batch.processing_notes).where(
            Batch.customer_name == customer, Batch.processing_notes.is_not(None)
        )
        newest = query.order_by(Batch.start_time.desc()).limit(BATCHES_WITH_NOTES)
        # One after the other: the notes of a batch may be a megabyte, and the first mostly have them.
        with self.session.scalars(newest, execution_options={"yield_per": 1}) as found:
            for notes in found:
                missing -= _lines(notes)
                if not missing:
                    return True
        return False

    def unfinished(self, customer: str, batch_type: str) -> list[Batch]:
        """Read a customer's batches that never came to an end, the newest first."""
        query = (
            select(Batch)
            .where(
                Batch.customer_name == customer,
                Batch.batch_type == batch_type,
                Batch.status.in_(UNFINISHED),
            )
            .order_by(Batch.start_time.desc(), Batch.batch_id)
        )
        return list(self.session.scalars(query))

    def customers_unfinished(self, batch_type: str) -> list[str]:
        """List the customers that have a batch which never came to an end."""
        query = select(Batch.customer_name).where(
            Batch.batch_type == batch_type, Batch.status.in_(UNFINISHED)
        )
        return sorted(self.session.scalars(query.distinct()))

    def newest(self, limit: int, customer: str | None = None) -> list[Batch]:
        """Read the batches that started last, of one customer where given."""
        query = select(Batch).order_by(Batch.start_time.desc(), Batch.batch_id).limit(limit)
        if customer is not None:
            query = query.where(Batch.customer_name == customer)
        return list(self.session.scalars(query))

    def count_recorded(self, customer: str | None = None) -> int:
        """Count the batches, of one customer where given."""
        query = select(func.count()).select_from(Batch)
        if customer is not None:
            query = query.where(Batch.customer_name == customer)
        return self.session.scalar(query) or 0

    def lease(self, customer: str) -> Lease | None:
        """Read who has a customer."""
        return self.session.get(Lease, customer, populate_existing=True)

    def acquire(self, customer: str, holder: str, *, now: datetime, until: datetime) -> int | None:
        """Take a customer's lease if nobody has it or it has expired; give its new fencing number, else None.

        The fencing number grows in the same statement that takes the lease, so that of two runners one wins.
        """
        self._make_row(customer)
        taken = self.session.execute(
            update(Lease)
            .where(
                Lease.customer_name == customer,
                or_(Lease.holder.is_(None), Lease.expires_date.is_(None), Lease.expires_date < now),
            )
            .values(holder=holder, fence=Lease.fence + 1, expires_date=until),
            execution_options={"synchronize_session": False},
        )
        if taken.rowcount != 1:  # type: ignore[attr-defined] # an UPDATE's result is a cursor's
            return None
        return self.session.scalar(select(Lease.fence).where(Lease.customer_name == customer))

    def renew(self, customer: str, fence: int, until: datetime, work: UUID | None = None) -> bool:
        """Keep a lease for longer, and mark it with a unit of work if named; False where it was taken over."""
        if work is None:
            return self._change_lease(_RENEWAL, customer, fence, until=until)
        return self._change_lease(_MARK, customer, fence, until=until, work=work)

    def release(self, customer: str, fence: int) -> bool:
        """Give a lease back; False where it was taken over."""
        return self._change_lease(_RELEASE, customer, fence)

    def _change_lease(self, statement: Update, customer: str, fence: int, **values: object) -> bool:
        changed = self.session.connection().execute(
            statement, {"of_customer": customer, "of_fence": fence, **values}
        )
        return changed.rowcount == 1

    def _make_row(self, customer: str) -> None:
        if self.session.scalar(select(Lease.fence).where(Lease.customer_name == customer)) is not None:
            return
        try:
            with self.session.begin_nested():
                self.session.add(Lease(customer_name=customer, fence=0))
        except IntegrityError as error:
            if not is_duplicate_key(error):
                raise
            # Another runner made it in this very moment; the update that follows decides who has it.
            self.session.expunge_all()


def _lines(notes: str | None) -> set[str]:
    return set((notes or "").split("\n"))
