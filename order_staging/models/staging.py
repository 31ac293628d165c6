"""The staging tables: what is on its way to the board."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.indexes import unique_where_present, where_present
from order_staging.models.states import Operation, StagingStatus, ValidationStatus
from order_staging.models.types import (
    BIGINT_IDENTITY,
    Ascii50,
    Ascii64,
    Ascii100,
    BigInt,
    Decimal4,
    EnumText,
    Text20,
    Text50,
    Text100,
    Text200,
    Text255,
    Text500,
    TextMax,
    UuidText,
    new_uuid,
    now,
)


class DeliveryColumns:
    """What is recorded of a row's way to the board: the intent before a request leaves.

    The number of the attempt is `stg_retry_count` + 1.
    """

    stg_idempotency_key: Mapped[Ascii64 | None] = mapped_column(sort_order=1)
    """SHA-256 (hex) that the request bore as its Idempotency-Key."""
    stg_payload_hash: Mapped[Ascii64 | None] = mapped_column(sort_order=1)
    """SHA-256 (hex) of the payload without the key column, which identifies and is no content."""
    stg_sent_date: Mapped[datetime | None] = mapped_column(sort_order=1)
    """When the intent was recorded (UTC), or the request last sent again."""
    stg_key_date: Mapped[datetime | None] = mapped_column(sort_order=1)
    """When the request first left under its key (UTC): monday.com knows the key for half an hour."""


class StagedOrder(DeliveryColumns, Base):
    """`STG_MON_CustMasterSchedule`: an order line on its way."""

    __tablename__ = "STG_MON_CustMasterSchedule"
    __table_args__ = (
        Index("IX_STG_MON_CustMasterSchedule_BatchId", "stg_batch_id"),
        Index("IX_STG_MON_CustMasterSchedule_CustomerBatch", "stg_customer_batch"),
        where_present("IX_STG_MON_CustMasterSchedule_Import", "stg_idempotency_key", "stg_import_row"),
        Index("IX_STG_MON_CustMasterSchedule_OrderNumber", "AAG ORDER NUMBER"),
        Index("IX_STG_MON_CustMasterSchedule_source_uuid", "source_uuid"),
        Index("IX_STG_MON_CustMasterSchedule_Status", "stg_status"),
        unique_where_present("UX_STG_MON_CustMasterSchedule_source_uuid", "source_uuid"),
    )

    title: Mapped[TextMax | None] = mapped_column("Title")
    updatedate: Mapped[TextMax | None] = mapped_column("UpdateDate")
    group: Mapped[TextMax | None] = mapped_column("Group")
    subitems: Mapped[TextMax | None] = mapped_column("Subitems")
    customer: Mapped[Text200 | None] = mapped_column("CUSTOMER")
    aag_order_number: Mapped[Text200 | None] = mapped_column("AAG ORDER NUMBER")
    aag_season: Mapped[Text200 | None] = mapped_column("AAG SEASON")
    order_date_po_received: Mapped[date | None] = mapped_column("ORDER DATE PO RECEIVED")
    customer_season: Mapped[TextMax | None] = mapped_column("CUSTOMER SEASON")
    drop: Mapped[TextMax | None] = mapped_column("DROP")
    po_number: Mapped[Text200 | None] = mapped_column("PO NUMBER")
    customer_alt_po: Mapped[Text200 | None] = mapped_column("CUSTOMER ALT PO")
    style: Mapped[Text200 | None] = mapped_column("STYLE")
    style_description: Mapped[Text500 | None] = mapped_column("STYLE DESCRIPTION")
    alias_related_item: Mapped[Text200 | None] = mapped_column("ALIAS RELATED ITEM")
    color: Mapped[Text200 | None] = mapped_column("COLOR")
    category: Mapped[TextMax | None] = mapped_column("CATEGORY")
    pattern_id: Mapped[TextMax | None] = mapped_column("PATTERN ID")
    unit_of_measure: Mapped[TextMax | None] = mapped_column("UNIT OF MEASURE")
    fcst_qty: Mapped[Decimal4 | None] = mapped_column("FCST QTY")
    fcst_consumed_qty: Mapped[Decimal4 | None] = mapped_column("FCST CONSUMED QTY")
    order_qty: Mapped[BigInt | None] = mapped_column("ORDER QTY")
    packed_qty: Mapped[BigInt | None] = mapped_column("PACKED QTY")
    shipped_qty: Mapped[BigInt | None] = mapped_column("SHIPPED QTY")
    net_demand: Mapped[BigInt | None] = mapped_column("Net Demand")
    order_type: Mapped[TextMax | None] = mapped_column("ORDER TYPE")
    destination: Mapped[TextMax | None] = mapped_column("DESTINATION")
    destination_warehouse: Mapped[TextMax | None] = mapped_column("DESTINATION WAREHOUSE")
    customer_req_in_dc_date: Mapped[date | None] = mapped_column("CUSTOMER REQ IN DC DATE")
    customer_ex_factory_date: Mapped[date | None] = mapped_column("CUSTOMER EX FACTORY DATE")
    delivery_terms: Mapped[TextMax | None] = mapped_column("DELIVERY TERMS")
    planned_delivery_method: Mapped[TextMax | None] = mapped_column("PLANNED DELIVERY METHOD")
    notes: Mapped[TextMax | None] = mapped_column("NOTES")
    customer_price: Mapped[Decimal4 | None] = mapped_column("CUSTOMER PRICE")
    usa_only_lstp_75_ex_works: Mapped[Decimal4 | None] = mapped_column("USA ONLY LSTP 75% EX WORKS")
    ex_works_usd: Mapped[Decimal4 | None] = mapped_column("EX WORKS (USD)")
    administration_fee: Mapped[Decimal4 | None] = mapped_column("ADMINISTRATION FEE")
    design_fee: Mapped[Decimal4 | None] = mapped_column("DESIGN FEE")
    fx_charge: Mapped[Decimal4 | None] = mapped_column("FX CHARGE")
    handling: Mapped[Text255 | None] = mapped_column("HANDLING")
    surcharge_fee: Mapped[Decimal4 | None] = mapped_column("SURCHARGE FEE")
    discount: Mapped[Decimal4 | None] = mapped_column("DISCOUNT")
    final_fob_usd: Mapped[Decimal4 | None] = mapped_column("FINAL FOB (USD)")
    hs_code: Mapped[TextMax | None] = mapped_column("HS CODE")
    us_duty_rate: Mapped[Decimal4 | None] = mapped_column("US DUTY RATE")
    us_duty: Mapped[Decimal4 | None] = mapped_column("US DUTY")
    freight: Mapped[Decimal4 | None] = mapped_column("FREIGHT")
    us_tariff_rate: Mapped[Decimal4 | None] = mapped_column("US TARIFF RATE")
    us_tariff: Mapped[Decimal4 | None] = mapped_column("US TARIFF")
    ddp_us_usd: Mapped[Decimal4 | None] = mapped_column("DDP US (USD)")
    sms_price_usd: Mapped[Decimal4 | None] = mapped_column("SMS PRICE USD")
    final_prices_y_n: Mapped[TextMax | None] = mapped_column("FINAL PRICES Y/N")
    notes_for_price: Mapped[TextMax | None] = mapped_column("NOTES FOR PRICE")
    item_id: Mapped[BigInt | None] = mapped_column("Item ID")
    matchalias: Mapped[TextMax | None] = mapped_column("matchAlias")
    planning_board: Mapped[TextMax | None] = mapped_column("PLANNING BOARD")
    requested_xfd_status: Mapped[TextMax | None] = mapped_column("REQUESTED XFD STATUS")
    ex_fty_change_request: Mapped[date | None] = mapped_column("EX-FTY (Change Request)")
    ex_fty_forecast: Mapped[date | None] = mapped_column("EX-FTY (Forecast)")
    ex_fty_partner_po: Mapped[date | None] = mapped_column("EX-FTY (Partner PO)")
    ex_fty_revised_ls: Mapped[date | None] = mapped_column("EX-FTY (Revised LS)")
    production_type: Mapped[TextMax | None] = mapped_column("PRODUCTION TYPE")
    aql_inspection: Mapped[TextMax | None] = mapped_column("AQL INSPECTION")
    aql_type: Mapped[TextMax | None] = mapped_column("AQL TYPE")
    planned_cut_date: Mapped[date | None] = mapped_column("PLANNED CUT DATE")
    mo_number: Mapped[TextMax | None] = mapped_column("MO NUMBER")
    production_status: Mapped[TextMax | None] = mapped_column("PRODUCTION STATUS")
    factory_country: Mapped[TextMax | None] = mapped_column("FACTORY COUNTRY")
    factory: Mapped[TextMax | None] = mapped_column("FACTORY")
    allocation_status: Mapped[TextMax | None] = mapped_column("ALLOCATION STATUS")
    production_qty: Mapped[BigInt | None] = mapped_column("PRODUCTION QTY")
    trim_eta_date: Mapped[date | None] = mapped_column("TRIM ETA DATE")
    fabric_eta_date: Mapped[date | None] = mapped_column("FABRIC ETA DATE")
    trim_status: Mapped[TextMax | None] = mapped_column("TRIM STATUS")
    add_to_planning: Mapped[TextMax | None] = mapped_column("ADD TO PLANNING")
    fabric_status: Mapped[TextMax | None] = mapped_column("FABRIC STATUS")
    pps_status: Mapped[TextMax | None] = mapped_column("PPS STATUS")
    pps_cmt_due: Mapped[date | None] = mapped_column("PPS CMT DUE")
    pps_cmt_rcv: Mapped[date | None] = mapped_column("PPS CMT RCV")
    revenue_fob: Mapped[Decimal4 | None] = mapped_column("REVENUE (FOB)")
    order_status: Mapped[TextMax | None] = mapped_column("ORDER STATUS")
    stg_id: Mapped[BigInt] = mapped_column(BIGINT_IDENTITY, primary_key=True)
    stg_batch_id: Mapped[UUID] = mapped_column(server_default=new_uuid())
    stg_customer_batch: Mapped[Text100 | None]
    stg_status: Mapped[StagingStatus | str | None] = mapped_column(
        EnumText(StagingStatus, 50), server_default="PENDING"
    )
    stg_monday_item_id: Mapped[BigInt | None]
    stg_error_message: Mapped[TextMax | None]
    stg_api_payload: Mapped[TextMax | None]
    stg_retry_count: Mapped[int | None] = mapped_column(server_default=text("0"))
    stg_created_date: Mapped[datetime | None] = mapped_column(server_default=now())
    stg_processed_date: Mapped[datetime | None]
    range_collection: Mapped[Text200 | None] = mapped_column("RANGE / COLLECTION")
    source_uuid: Mapped[UUID | None]
    update_operation: Mapped[Operation | str | None] = mapped_column(
        EnumText(Operation, 50, unicode=False), server_default="CREATE"
    )
    update_fields: Mapped[TextMax | None]
    source_table: Mapped[Ascii100 | None]
    source_query: Mapped[TextMax | None]
    update_batch_id: Mapped[Ascii50 | None]
    validation_status: Mapped[ValidationStatus | str | None] = mapped_column(
        EnumText(ValidationStatus, 20, unicode=False), server_default="PENDING"
    )
    validation_errors: Mapped[TextMax | None]
    board_id: Mapped[BigInt | None]
    stg_group_id: Mapped[Text100 | None] = mapped_column(sort_order=1)
    """The board's group that the item was sent to: where recovery looks for it."""
    stg_import_row: Mapped[int | None] = mapped_column(sort_order=1)
    """The row's place in the file of a bulk import, from 1; its report names rows by it."""
    stg_rules: Mapped[Ascii64 | None] = mapped_column(sort_order=1)
    """Fingerprint of the mapping and the rules under which the payload was made."""


class StagedSubitem(DeliveryColumns, Base):
    """`STG_MON_CustMasterSchedule_Subitems`: a size of an order line on its way."""

    __tablename__ = "STG_MON_CustMasterSchedule_Subitems"
    __table_args__ = (
        Index("IX_STG_MON_CustMasterSchedule_Subitems_AAGOrder", "AAG_ORDER_NUMBER"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_BatchId", "stg_batch_id"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_board_id", "stg_monday_subitem_board_id"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_ParentId", "stg_monday_parent_item_id"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_ParentStgId", "stg_parent_stg_id"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_source_uuid", "source_uuid"),
        Index("IX_STG_MON_CustMasterSchedule_Subitems_Status", "stg_status"),
        unique_where_present("UX_STG_MON_CustMasterSchedule_Subitems_size", "source_uuid", "Size"),
    )

    stg_id: Mapped[BigInt] = mapped_column(BIGINT_IDENTITY, primary_key=True)
    stg_batch_id: Mapped[UUID] = mapped_column(UuidText())
    stg_parent_stg_id: Mapped[BigInt | None]
    stg_status: Mapped[StagingStatus | str] = mapped_column(
        EnumText(StagingStatus, 20), server_default="PENDING"
    )
    stg_created_date: Mapped[datetime] = mapped_column(server_default=now())
    stg_processed_date: Mapped[datetime | None]
    stg_monday_subitem_id: Mapped[BigInt | None]
    stg_monday_parent_item_id: Mapped[BigInt | None]
    stg_monday_subitem_board_id: Mapped[BigInt | None]
    stg_error_message: Mapped[TextMax | None]
    stg_retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    stg_api_payload: Mapped[TextMax | None]
    source_uuid: Mapped[UUID | None]
    aag_order_number: Mapped[Text50 | None] = mapped_column("AAG_ORDER_NUMBER")
    style: Mapped[Text100 | None] = mapped_column("STYLE")
    color: Mapped[Text100 | None] = mapped_column("COLOR")
    po_number: Mapped[Text50 | None] = mapped_column("PO_NUMBER")
    customer_alt_po: Mapped[Text50 | None] = mapped_column("CUSTOMER_ALT_PO")
    customer: Mapped[Text100 | None] = mapped_column("CUSTOMER")
    order_qty: Mapped[int] = mapped_column("ORDER_QTY")
    unit_of_measure: Mapped[Text20 | None] = mapped_column("UNIT_OF_MEASURE")
    size: Mapped[Text20] = mapped_column("Size")
    stg_size_label: Mapped[Text100 | None]
    board_order_qty: Mapped[int | None] = mapped_column("Order Qty")
    shipped_qty: Mapped[int | None] = mapped_column("Shipped Qty")
    packed_qty: Mapped[int | None] = mapped_column("Packed Qty")
    cut_qty: Mapped[int | None] = mapped_column("Cut Qty")
    sew_qty: Mapped[int | None] = mapped_column("Sew Qty")
    finishing_qty: Mapped[int | None] = mapped_column("Finishing Qty")
    received_not_shipped_qty: Mapped[int | None] = mapped_column("Received not Shipped Qty")
    order_line_status: Mapped[Text100 | None] = mapped_column("ORDER LINE STATUS")
    item_id: Mapped[BigInt | None] = mapped_column("Item ID")
    update_operation: Mapped[Operation | str | None] = mapped_column(
        EnumText(Operation, 50, unicode=False), server_default="CREATE"
    )
    update_fields: Mapped[TextMax | None]
    source_table: Mapped[Ascii100 | None]
    source_query: Mapped[TextMax | None]
    update_batch_id: Mapped[Ascii50 | None]
    validation_status: Mapped[ValidationStatus | str | None] = mapped_column(
        EnumText(ValidationStatus, 20, unicode=False), server_default="PENDING"
    )
    validation_errors: Mapped[TextMax | None]
    board_id: Mapped[BigInt | None]
