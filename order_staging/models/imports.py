"""The bulk imports: which job carried which rows, so that a run that dies is not followed by a second import."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.states import ImportStatus
from order_staging.models.types import Ascii64, BigInt, EnumText, Text100, TextMax


class BulkImport(Base):
    """`MON_BulkImport`: one job of monday.com's bulk import, from its intent to its report."""

    __tablename__ = "MON_BulkImport"
    __table_args__ = (Index("IX_MON_BulkImport_BatchId", "batch_id"),)

    import_key: Mapped[Ascii64] = mapped_column(primary_key=True)
    """The Idempotency-Key of the request that started the job; its rows have it as `stg_idempotency_key`."""
    batch_id: Mapped[UUID]
    board_id: Mapped[BigInt]
    group_id: Mapped[Text100]
    job_id: Mapped[Text100 | None]
    """monday's name of the job; recorded before a byte is uploaded."""
    status: Mapped[ImportStatus | str] = mapped_column(EnumText(ImportStatus, 20))
    row_count: Mapped[int]
    created_date: Mapped[datetime]
    started_date: Mapped[datetime | None]
    """When the job was known (UTC); the upload follows at once."""
    uploaded_date: Mapped[datetime | None]
    """When the storage said that it has the file (UTC); NULL where nobody can tell."""
    finished_date: Mapped[datetime | None]
    result: Mapped[TextMax | None]
    """What monday.com said at the end: the job's state, counts and reason."""
