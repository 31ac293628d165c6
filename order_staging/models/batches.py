"""The batches and who holds them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.states import BatchStatus
from order_staging.models.types import (
    BigInt,
    EnumText,
    Text50,
    Text100,
    Text200,
    TextMax,
    login_name,
    new_uuid,
    now,
)


class Batch(Base):
    """`MON_BatchProcessing`: how a batch went, from start to end."""

    __tablename__ = "MON_BatchProcessing"
    __table_args__ = (
        Index("IX_MON_BatchProcessing_BatchType", "batch_type"),
        Index("IX_MON_BatchProcessing_Customer", "customer_name"),
        Index("IX_MON_BatchProcessing_StartTime", "start_time"),
        Index("IX_MON_BatchProcessing_Status", "status"),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True, server_default=new_uuid())
    customer_name: Mapped[Text100]
    batch_type: Mapped[Text50]
    status: Mapped[BatchStatus | str | None] = mapped_column(
        EnumText(BatchStatus, 50), server_default="STARTED"
    )
    total_records: Mapped[int | None]
    successful_records: Mapped[int | None]
    failed_records: Mapped[int | None]
    start_time: Mapped[datetime | None] = mapped_column(server_default=now())
    end_time: Mapped[datetime | None]
    duration_seconds: Mapped[int | None]
    error_summary: Mapped[TextMax | None]
    processing_notes: Mapped[TextMax | None]
    orders_processed: Mapped[int | None]
    subitems_processed: Mapped[int | None]
    api_calls_made: Mapped[int | None]
    api_failures: Mapped[int | None]
    retries_attempted: Mapped[int | None]
    staging_load_completed: Mapped[datetime | None]
    items_creation_completed: Mapped[datetime | None]
    subitems_creation_completed: Mapped[datetime | None]
    promotion_completed: Mapped[datetime | None]
    cleanup_completed: Mapped[datetime | None]
    started_by: Mapped[Text100 | None] = mapped_column(server_default=login_name())
    completed_by: Mapped[Text100 | None]
    config_snapshot: Mapped[TextMax | None]


class Lease(Base):
    """`MON_BatchLease`: which runner has a customer, until when, and its fencing number."""

    __tablename__ = "MON_BatchLease"

    customer_name: Mapped[Text100] = mapped_column(primary_key=True)
    holder: Mapped[Text200 | None]
    """Host, process and a random part; NULL when nobody has it."""
    fence: Mapped[BigInt] = mapped_column(server_default=text("0"))
    """Grows with every acquisition: a write under an older number is refused."""
    expires_date: Mapped[datetime | None]
    """UTC; later than this the lease may be taken over."""
    last_work: Mapped[UUID | None]
    """The unit of work that was committed last under the lease: where a commit's answer was lost, this tells."""
