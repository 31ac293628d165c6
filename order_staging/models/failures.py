"""The dead letters: what failed, why, and what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.states import ErrorType
from order_staging.models.types import (
    BIGINT_IDENTITY,
    Ascii64,
    BigInt,
    EnumText,
    Text50,
    Text100,
    Text200,
    Text500,
    TextMax,
    now,
)


class FailureColumns:
    """What both ERR tables keep of a row that was refused."""

    err_id: Mapped[BigInt] = mapped_column(BIGINT_IDENTITY, primary_key=True)
    batch_id: Mapped[UUID | None]
    customer_batch: Mapped[Text100 | None]
    order_number: Mapped[Text100 | None]
    api_payload: Mapped[TextMax | None]
    error_type: Mapped[ErrorType | str | None] = mapped_column(EnumText(ErrorType, 100))
    error_message: Mapped[TextMax | None]
    http_status_code: Mapped[int | None]
    retry_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    max_retries_reached: Mapped[bool | None] = mapped_column(server_default=false())
    created_date: Mapped[datetime | None] = mapped_column(server_default=now())
    last_retry_date: Mapped[datetime | None]
    resolved_date: Mapped[datetime | None]
    resolved_by: Mapped[Text100 | None]
    original_data: Mapped[TextMax | None]
    source_uuid: Mapped[UUID | None] = mapped_column(sort_order=1)
    """`ORDERS_UNIFIED.record_uuid`, where the row had one."""


class FailedOrder(FailureColumns, Base):
    """`ERR_MON_CustMasterSchedule`: an order line that is invalid or was rejected."""

    __tablename__ = "ERR_MON_CustMasterSchedule"
    __table_args__ = (
        Index("IX_ERR_MON_CustMasterSchedule_BatchId", "batch_id"),
        Index("IX_ERR_MON_CustMasterSchedule_CustomerBatch", "customer_batch"),
        Index("IX_ERR_MON_CustMasterSchedule_ErrorType", "error_type"),
        Index("IX_ERR_MON_CustMasterSchedule_RetryEligible", "max_retries_reached"),
        Index("IX_ERR_MON_CustMasterSchedule_source_uuid", "source_uuid"),
    )

    original_stg_id: Mapped[BigInt | None]
    item_name: Mapped[Text500 | None]
    group_name: Mapped[Text200 | None]
    source_fingerprint: Mapped[Ascii64 | None]
    """SHA-256 (hex) of the source row's content: tells an invalid row without UUID when it is seen again."""


class FailedSubitem(FailureColumns, Base):
    """`ERR_MON_CustMasterSchedule_Subitems`: a size that is invalid or was rejected."""

    __tablename__ = "ERR_MON_CustMasterSchedule_Subitems"
    __table_args__ = (
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_BatchId", "batch_id"),
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_CustomerBatch", "customer_batch"),
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_ErrorType", "error_type"),
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_ParentId", "parent_item_id"),
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_RetryEligible", "max_retries_reached"),
        Index("IX_ERR_MON_CustMasterSchedule_Subitems_source_uuid", "source_uuid"),
    )

    original_stg_subitem_id: Mapped[BigInt | None]
    parent_item_id: Mapped[BigInt | None]
    size_label: Mapped[Text50 | None]
    order_qty: Mapped[BigInt | None]
    subitem_name: Mapped[Text200 | None]
