"""The unit of work: one session, one transaction, every repository. Nobody else commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from uuid import uuid4

from order_staging.database import database_errors
from order_staging.errors import (
    CommitInDoubtError,
    LeaseLostError,
    PersistenceError,
    TransientDatabaseError,
)
from order_staging.failpoints import Failpoint, reach
from order_staging.repositories import (
    BatchRepository,
    Deliveries,
    FailureRepository,
    Forecasts,
    HistoryRepository,
    ImportRepository,
    Permissions,
    ProductionRepository,
    Relinking,
    SourceRepository,
    StagedChanges,
    StagedOrders,
    StagedSubitems,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime
    from types import TracebackType
    from uuid import UUID

    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Hold:
    """A lease that this runner has: every commit proves it and renews it until `until()` (UTC)."""

    customer: str
    fence: int
    until: Callable[[], datetime]


class Staging:
    """Both staging tables."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        self.orders = StagedOrders(session)
        self.subitems = StagedSubitems(session)
        self.changes = StagedChanges(session)


class UnitOfWork:
    """A transaction around repositories: `with uow: ...; uow.commit()`; what is not committed is rolled back.

    Inside the `with` block it has `.source`, `.staging`, `.production`, `.deliveries`, `.relinking`,
    `.forecasts`, `.failures`, `.batches`, `.imports`, `.history` and `.permissions`.
    Under a `hold` a commit fails with `LeaseLostError` once another runner has taken the customer over. The
    database's errors are raised as `PersistenceError`; where a commit may have taken place all the same, as
    `CommitInDoubtError`, and `was_committed` of another unit of work tells.
    """

    source: SourceRepository
    staging: Staging
    production: ProductionRepository
    deliveries: Deliveries
    relinking: Relinking
    forecasts: Forecasts
    failures: FailureRepository
    batches: BatchRepository
    imports: ImportRepository
    history: HistoryRepository
    permissions: Permissions

    def __init__(self, session_factory: Callable[[], Session], hold: Hold | None = None) -> None:
        """Take what makes sessions, and the lease under which to write, if any."""
        self._session_factory = session_factory
        self._hold = hold
        self._session: Session | None = None
        self._errors: AbstractContextManager[None] = database_errors()
        self._to_tell: list[Callable[[], None]] = []
        self.id = uuid4()
        """Under a hold this is written to the lease's row, within the transaction."""

    def __enter__(self) -> Self:
        """Open a session; its transaction begins with the first statement."""
        self._errors = database_errors()
        self._errors.__enter__()
        session = self._session = self._session_factory()
        self.source = SourceRepository(session)
        self.staging = Staging(session)
        self.production = ProductionRepository(session)
        self.deliveries = Deliveries(session)
        self.relinking = Relinking(session)
        self.forecasts = Forecasts(session)
        self.failures = FailureRepository(session)
        self.batches = BatchRepository(session)
        self.imports = ImportRepository(session)
        self.history = HistoryRepository(session)
        self.permissions = Permissions(session)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """Roll back what is not committed, and close."""
        session, self._session = self._session, None
        try:
            if session is not None:
                session.close()
        finally:
            suppressed = self._errors.__exit__(kind, error, traceback)
        return suppressed

    def commit(self) -> None:
        """Commit; under a hold only if the lease is still ours, in the same transaction. Then tell of it."""
        self._renew(self.id)
        reach(Failpoint.COMMIT_COMING)
        self._send_commit()
        reach(Failpoint.COMMIT_DONE)
        self.tell()

    def after_commit(self, tell: Callable[[], None]) -> None:
        """Have something done once this work is committed: counted, for instance, or remembered.

        A unit of work may be done more than once before it is committed, so nothing outside the database may change
        before.
        """
        self._to_tell.append(tell)

    def tell(self) -> None:
        """Do, once, what was to be done after the commit: `commit` does, or who learns later that it took place."""
        waiting, self._to_tell = self._to_tell, []
        for tell in waiting:
            tell()

    def was_committed(self, other: UnitOfWork) -> bool:
        """Tell whether another unit of work under the same hold, the last one before this, has been committed."""
        lease = None if self._hold is None else self.batches.lease(self._hold.customer)
        return lease is not None and lease.last_work == other.id

    def _send_commit(self) -> None:
        session = self._open()
        try:
            with database_errors():
                session.commit()
        except PersistenceError as error:
            # The transaction may still be open, and SQLAlchemy would have the next work go on in it.
            session.invalidate()
            if isinstance(error, TransientDatabaseError):
                raise CommitInDoubtError(str(error)) from error
            raise

    def prove_hold(self) -> None:
        """Renew the lease, if there is one to write under; raise `LeaseLostError` where it was taken over.

        On every engine the lease's row is locked from then on until the transaction ends: nobody can take the
        customer over in between.
        """
        self._renew(None)

    def _renew(self, mark: UUID | None) -> None:
        hold = self._hold
        if hold is not None and not self.batches.renew(hold.customer, hold.fence, hold.until(), mark):
            self._open().rollback()
            raise LeaseLostError(hold.customer, hold.fence)

    def rollback(self) -> None:
        """Undo what was not committed."""
        self._open().rollback()

    def _open(self) -> Session:
        if self._session is None:
            raise RuntimeError("a unit of work is used inside its `with` block")
        return self._session
