"""The production tables: what landed on the board."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.indexes import unique_where_present
from order_staging.models.types import Ascii64, BigInt, Decimal2, Text50, Text100, Text255, TextMax


class ProductionOrder(Base):
    """`MON_CustMasterSchedule`: an order line that is an item of the board."""

    __tablename__ = "MON_CustMasterSchedule"
    __table_args__ = (unique_where_present("UX_MON_CustMasterSchedule_source_uuid", "source_uuid"),)

    title: Mapped[Text255 | None] = mapped_column("Title")
    updatedate: Mapped[Text255 | None] = mapped_column("UpdateDate")
    group: Mapped[Text255 | None] = mapped_column("Group")
    item_id: Mapped[BigInt] = mapped_column("Item ID")
    subitems: Mapped[TextMax | None] = mapped_column("Subitems")
    order_type: Mapped[Text100 | None] = mapped_column("ORDER TYPE")
    qty_ordered: Mapped[BigInt | None] = mapped_column("QTY ORDERED")
    qty_packed: Mapped[BigInt | None] = mapped_column("QTY PACKED")
    qty_shipped: Mapped[BigInt | None] = mapped_column("QTY SHIPPED")
    customer: Mapped[Text100 | None] = mapped_column("CUSTOMER")
    aag_order_number: Mapped[TextMax | None] = mapped_column("AAG ORDER NUMBER")
    aag_season: Mapped[Text100 | None] = mapped_column("AAG SEASON")
    customer_season: Mapped[Text100 | None] = mapped_column("CUSTOMER SEASON")
    order_date_po_received: Mapped[date | None] = mapped_column("ORDER DATE PO RECEIVED")
    drop: Mapped[Text100 | None] = mapped_column("DROP")
    po_number: Mapped[TextMax | None] = mapped_column("PO NUMBER")
    customer_alt_po: Mapped[TextMax | None] = mapped_column("CUSTOMER ALT PO")
    style: Mapped[Text100 | None] = mapped_column("STYLE")
    pattern_id: Mapped[TextMax | None] = mapped_column("PATTERN ID")
    alias_related_item: Mapped[TextMax | None] = mapped_column("ALIAS RELATED ITEM")
    style_description: Mapped[TextMax | None] = mapped_column("STYLE DESCRIPTION")
    color: Mapped[Text100 | None] = mapped_column("COLOR")
    category: Mapped[Text100 | None] = mapped_column("CATEGORY")
    unit_of_measure: Mapped[Text100 | None] = mapped_column("UNIT OF MEASURE")
    destination: Mapped[TextMax | None] = mapped_column("DESTINATION")
    destination_warehouse: Mapped[TextMax | None] = mapped_column("DESTINATION WAREHOUSE")
    customer_req_in_dc_date: Mapped[date | None] = mapped_column("CUSTOMER REQ IN DC DATE")
    customer_ex_factory_date: Mapped[date | None] = mapped_column("CUSTOMER EX FACTORY DATE")
    delivery_terms: Mapped[Text100 | None] = mapped_column("DELIVERY TERMS")
    planned_delivery_method: Mapped[TextMax | None] = mapped_column("PLANNED DELIVERY METHOD")
    notes: Mapped[TextMax | None] = mapped_column("NOTES")
    customer_price: Mapped[Decimal2 | None] = mapped_column("CUSTOMER PRICE")
    usa_only_lstp_75_ex_works: Mapped[Decimal2 | None] = mapped_column("USA ONLY LSTP 75% EX WORKS")
    ex_works_usd: Mapped[Decimal2 | None] = mapped_column("EX WORKS (USD)")
    administration_fee: Mapped[Decimal2 | None] = mapped_column("ADMINISTRATION FEE")
    design_fee: Mapped[Decimal2 | None] = mapped_column("DESIGN FEE")
    fx_charge: Mapped[Decimal2 | None] = mapped_column("FX CHARGE")
    handling: Mapped[TextMax | None] = mapped_column("HANDLING")
    surcharge_fee: Mapped[Decimal2 | None] = mapped_column("SURCHARGE FEE")
    discount: Mapped[Decimal2 | None] = mapped_column("DISCOUNT")
    final_fob_usd: Mapped[Decimal2 | None] = mapped_column("FINAL FOB (USD)")
    hs_code: Mapped[Text100 | None] = mapped_column("HS CODE")
    us_duty_rate: Mapped[Decimal2 | None] = mapped_column("US DUTY RATE")
    us_duty: Mapped[Decimal2 | None] = mapped_column("US DUTY")
    freight: Mapped[Decimal2 | None] = mapped_column("FREIGHT")
    us_tariff_rate: Mapped[Decimal2 | None] = mapped_column("US TARIFF RATE")
    us_tariff: Mapped[Decimal2 | None] = mapped_column("US TARIFF")
    ddp_us_usd: Mapped[Decimal2 | None] = mapped_column("DDP US (USD)")
    sms_price_usd: Mapped[Decimal2 | None] = mapped_column("SMS PRICE USD")
    final_prices_y_n: Mapped[TextMax | None] = mapped_column("FINAL PRICES Y/N")
    notes_for_price: Mapped[TextMax | None] = mapped_column("NOTES FOR PRICE")
    matchalias: Mapped[TextMax | None] = mapped_column("matchAlias")
    planning_board: Mapped[TextMax | None] = mapped_column("PLANNING BOARD")
    ex_fty_change_request: Mapped[date | None] = mapped_column("EX-FTY (Change Request)")
    requested_xfd_status: Mapped[TextMax | None] = mapped_column("REQUESTED XFD STATUS")
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
    fabric_status: Mapped[TextMax | None] = mapped_column("FABRIC STATUS")
    order_status: Mapped[Text100 | None] = mapped_column("ORDER STATUS")
    fcst_qty: Mapped[Decimal2 | None] = mapped_column("FCST QTY")
    fcst_consumed_qty: Mapped[BigInt | None] = mapped_column("FCST CONSUMED QTY")
    net_demand: Mapped[BigInt | None] = mapped_column("Net Demand")
    revenue_fob: Mapped[Decimal2 | None] = mapped_column("REVENUE (FOB)")
    add_to_planning: Mapped[Text100 | None] = mapped_column("ADD TO PLANNING")
    order_qty: Mapped[BigInt | None] = mapped_column("ORDER QTY")
    packed_qty: Mapped[BigInt | None] = mapped_column("PACKED QTY")
    shipped_qty: Mapped[BigInt | None] = mapped_column("SHIPPED QTY")
    pps_cmt_due: Mapped[date | None] = mapped_column("PPS CMT DUE")
    pps_cmt_rcv: Mapped[date | None] = mapped_column("PPS CMT RCV")
    pps_status: Mapped[Text100 | None] = mapped_column("PPS STATUS")
    range_collection: Mapped[TextMax | None] = mapped_column("RANGE / COLLECTION")
    last_updated: Mapped[Text255 | None] = mapped_column("Last updated")
    source_uuid: Mapped[UUID | None]
    """`ORDERS_UNIFIED.record_uuid`; NULL on rows from before this library."""
    delivered_hash: Mapped[Ascii64 | None]
    """SHA-256 (hex) of the payload without the key column, which identifies and is no content."""
    delivered_values: Mapped[TextMax | None]
    """The payload that monday.com last acknowledged: name, group and column values as JSON."""
    delivered_date: Mapped[datetime | None]
    """When it was acknowledged (UTC)."""
    delivered_rules: Mapped[Ascii64 | None]
    """Fingerprint of the mapping and the rules under which it was acknowledged."""

    # The table has no primary key; the mapper needs to know what tells rows apart.
    __mapper_args__ = {"primary_key": ["item_id"]}


class ProductionSubitem(Base):
    """`MON_CustMasterSchedule_Subitems`: a size that is a subitem of the board."""

    __tablename__ = "MON_CustMasterSchedule_Subitems"
    __table_args__ = (
        unique_where_present("UX_MON_CustMasterSchedule_Subitems_size", "source_uuid", "size_key"),
    )

    parent_item_id: Mapped[TextMax | None]
    subitem_id: Mapped[TextMax | None]
    subitem_board_id: Mapped[TextMax | None]
    size: Mapped[TextMax | None] = mapped_column("Size")
    board_order_qty: Mapped[TextMax | None] = mapped_column("Order Qty")
    cut_qty: Mapped[TextMax | None] = mapped_column("Cut Qty")
    sew_qty: Mapped[TextMax | None] = mapped_column("Sew Qty")
    finishing_qty: Mapped[TextMax | None] = mapped_column("Finishing Qty")
    received_not_shipped_qty: Mapped[TextMax | None] = mapped_column("Received not Shipped Qty")
    packed_qty: Mapped[TextMax | None] = mapped_column("Packed Qty")
    shipped_qty: Mapped[TextMax | None] = mapped_column("Shipped Qty")
    order_line_status: Mapped[TextMax | None] = mapped_column("ORDER LINE STATUS")
    item_id: Mapped[TextMax | None] = mapped_column("Item ID")
    validation_status: Mapped[Text255 | None]
    update_operation: Mapped[Text255 | None]
    validation_errors: Mapped[Text255 | None]
    update_batch_id: Mapped[Text50 | None]
    board_id: Mapped[Text50 | None]
    source_query: Mapped[Text255 | None]
    source_table: Mapped[Text255 | None]
    update_fields: Mapped[Text255 | None]
    order_qty: Mapped[Text50 | None] = mapped_column("ORDER_QTY")
    aag_order_number: Mapped[Text50 | None] = mapped_column("AAG_ORDER_NUMBER")
    unit_of_measure: Mapped[Text50 | None] = mapped_column("UNIT_OF_MEASURE")
    color: Mapped[Text50 | None] = mapped_column("COLOR")
    style: Mapped[Text50 | None] = mapped_column("STYLE")
    customer: Mapped[Text50 | None] = mapped_column("CUSTOMER")
    po_number: Mapped[Text50 | None] = mapped_column("PO_NUMBER")
    customer_alt_po: Mapped[Text50 | None] = mapped_column("CUSTOMER_ALT_PO")
    source_uuid: Mapped[UUID | None]
    """`ORDERS_UNIFIED.record_uuid` of the order line."""
    size_key: Mapped[Text100 | None]
    """The size once more: SQL Server cannot index the NVARCHAR(MAX) column."""
    delivered_date: Mapped[datetime | None]
    """When monday.com acknowledged it (UTC)."""
    delivered_hash: Mapped[Ascii64 | None]
    """SHA-256 (hex) of the payload without the key column, which identifies and is no content."""
    delivered_values: Mapped[TextMax | None]
    """The payload that monday.com last acknowledged: name and column values as JSON."""

    # The table has no primary key; the mapper needs to know what tells rows apart.
    __mapper_args__ = {"primary_key": ["subitem_id"]}
