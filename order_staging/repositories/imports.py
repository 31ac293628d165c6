"""The bulk imports: which job carried which rows, and which of them have no outcome yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from order_staging.models import BulkImport, ImportStatus, StagedOrder, StagingStatus
from order_staging.repositories.base import Repository

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

OPEN_IMPORTS = (ImportStatus.PREPARED, ImportStatus.STARTED)
"""States of an import whose rows have no outcome yet."""


class ImportRepository(Repository[BulkImport]):
    """Queries of `MON_BulkImport`."""

    def __init__(self, session: Session) -> None:
        """Work within a session that a unit of work owns."""
        super().__init__(session, BulkImport)

    def unsettled(self, batch_id: UUID) -> list[BulkImport]:
        """Read the imports that unknown rows of a batch travelled with, the oldest first."""
        waiting = select(StagedOrder.stg_id).where(
            StagedOrder.stg_batch_id == batch_id,
            StagedOrder.stg_status == StagingStatus.UNKNOWN,
            StagedOrder.stg_idempotency_key == BulkImport.import_key,
        )
        query = (
            select(BulkImport)
            .where(BulkImport.status.in_(OPEN_IMPORTS), waiting.exists())
            .order_by(BulkImport.created_date, BulkImport.import_key)
        )
        return list(self.session.scalars(query))

    def of_batch(self, batch_id: UUID) -> list[BulkImport]:
        """Read the imports that a batch has made, the oldest first."""
        query = (
            select(BulkImport)
            .where(BulkImport.batch_id == batch_id)
            .order_by(BulkImport.created_date, BulkImport.import_key)
        )
        return list(self.session.scalars(query))

    def rows(self, import_key: str, after: int, limit: int) -> list[StagedOrder]:
        """Read rows of an import that have no outcome, by their place in its file, from behind `after` on."""
        query = (
            select(StagedOrder)
            .where(*_without_outcome(import_key), StagedOrder.stg_import_row > after)
            .order_by(StagedOrder.stg_import_row)
            .limit(limit)
        )
        return list(self.session.scalars(query))

    def doubt_rows(self, import_key: str, words: str) -> int:
        """Make UNKNOWN the rows of an import that have no outcome; tell how many there are."""
        return Repository(self.session, StagedOrder).change(
            *_without_outcome(import_key), stg_status=StagingStatus.UNKNOWN, stg_error_message=words
        )


def _without_outcome(import_key: str) -> tuple[ColumnElement[bool], ...]:
    return (
        StagedOrder.stg_idempotency_key == import_key,
        # For the index, which has these rows only.
        StagedOrder.stg_import_row.is_not(None),
        StagedOrder.stg_status.in_((StagingStatus.SENDING, StagingStatus.UNKNOWN)),
    )
