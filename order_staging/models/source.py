"""The wide table that another job fills: read, never altered."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from order_staging.models.base import Base
from order_staging.models.types import TextMax, new_uuid


class OrdersUnified(Base):
    """`ORDERS_UNIFIED`: an order line a row.

    Its size columns (a quantity each) are not attributes: they are found in the live database at run time,
    because new sizes appear there without a release (`repositories.source`).
    """

    __tablename__ = "ORDERS_UNIFIED"

    aag_order_number: Mapped[TextMax | None] = mapped_column("AAG ORDER NUMBER")
    customer_name: Mapped[TextMax | None] = mapped_column("CUSTOMER NAME")
    order_date_po_received: Mapped[date | None] = mapped_column("ORDER DATE PO RECEIVED")
    customer_alt_po: Mapped[TextMax | None] = mapped_column("CUSTOMER ALT PO")
    aag_season: Mapped[TextMax | None] = mapped_column("AAG SEASON")
    customer_season: Mapped[TextMax | None] = mapped_column("CUSTOMER SEASON")
    drop: Mapped[TextMax | None] = mapped_column("DROP")
    month: Mapped[TextMax | None] = mapped_column("MONTH")
    range_collection: Mapped[TextMax | None] = mapped_column("RANGE / COLLECTION")
    promo_group_campaign_hot_30_global_edit: Mapped[TextMax | None] = mapped_column(
        "PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT"
    )
    category: Mapped[TextMax | None] = mapped_column("CATEGORY")
    pattern_id: Mapped[TextMax | None] = mapped_column("PATTERN ID")
    make_or_buy: Mapped[TextMax | None] = mapped_column("MAKE OR BUY")
    planner: Mapped[TextMax | None] = mapped_column("PLANNER")
    original_alias_related_item: Mapped[TextMax | None] = mapped_column("ORIGINAL ALIAS/RELATED ITEM")
    pricing_alias_related_item: Mapped[TextMax | None] = mapped_column("PRICING ALIAS/RELATED ITEM")
    alias_related_item: Mapped[TextMax | None] = mapped_column("ALIAS/RELATED ITEM")
    customer_style: Mapped[TextMax | None] = mapped_column("CUSTOMER STYLE")
    customers_colour_code_custom_field_customer_provides_this: Mapped[TextMax | None] = mapped_column(
        "CUSTOMER'S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS"
    )
    active: Mapped[TextMax | None] = mapped_column("ACTIVE")
    all_: Mapped[TextMax | None] = mapped_column("All")
    multiple_items: Mapped[TextMax | None] = mapped_column("Multiple Items")
    facility_code: Mapped[TextMax | None] = mapped_column("FACILITY CODE")
    bulk_agreement_number: Mapped[TextMax | None] = mapped_column("BULK AGREEMENT NUMBER")
    sum_of_total_qty: Mapped[int | None] = mapped_column("Sum of TOTAL QTY")
    bulk_agreement_description: Mapped[TextMax | None] = mapped_column("BULK AGREEMENT DESCRIPTION")
    customer_code: Mapped[TextMax | None] = mapped_column("CUSTOMER CODE")
    co_number_initial_distro: Mapped[TextMax | None] = mapped_column("CO NUMBER - INITIAL DISTRO")
    co_number_initial_distro_in_parentheses: Mapped[TextMax | None] = mapped_column(
        "CO NUMBER (INITIAL DISTRO)"
    )
    co_number_allocation_distro_in_parentheses: Mapped[TextMax | None] = mapped_column(
        "CO NUMBER (ALLOCATION DISTRO)"
    )
    co_number_allocation_distro: Mapped[TextMax | None] = mapped_column("CO NUMBER - ALLOCATION DISTRO")
    po_number: Mapped[TextMax | None] = mapped_column("PO NUMBER")
    aag_season_code: Mapped[TextMax | None] = mapped_column("AAG SEASON CODE")
    infor_make_buy_code: Mapped[TextMax | None] = mapped_column("INFOR MAKE/BUY CODE")
    planner2: Mapped[TextMax | None] = mapped_column("PLANNER2")
    item_type_code: Mapped[TextMax | None] = mapped_column("ITEM TYPE CODE")
    infor_item_type_code: Mapped[TextMax | None] = mapped_column("INFOR ITEM TYPE CODE")
    product_group_code: Mapped[TextMax | None] = mapped_column("PRODUCT GROUP CODE")
    make_buy_code: Mapped[TextMax | None] = mapped_column("MAKE/BUY CODE")
    infor_product_group_code: Mapped[TextMax | None] = mapped_column("INFOR PRODUCT GROUP CODE")
    item_group_code: Mapped[TextMax | None] = mapped_column("ITEM GROUP CODE")
    style_description: Mapped[TextMax | None] = mapped_column("STYLE DESCRIPTION")
    infor_item_group_code: Mapped[TextMax | None] = mapped_column("INFOR ITEM GROUP CODE")
    gender_group_code: Mapped[TextMax | None] = mapped_column("GENDER GROUP CODE")
    infor_gender_group_code: Mapped[TextMax | None] = mapped_column("INFOR GENDER GROUP CODE")
    fabric_type_code: Mapped[TextMax | None] = mapped_column("FABRIC TYPE CODE")
    infor_fabric_type_code: Mapped[TextMax | None] = mapped_column("INFOR FABRIC TYPE CODE")
    customer_colour_description: Mapped[TextMax | None] = mapped_column("CUSTOMER COLOUR DESCRIPTION")
    unit_of_measure: Mapped[TextMax | None] = mapped_column("UNIT OF MEASURE")
    infor_colour_code: Mapped[TextMax | None] = mapped_column("INFOR COLOUR CODE")
    total_qty: Mapped[int | None] = mapped_column("TOTAL QTY")
    order_type: Mapped[TextMax | None] = mapped_column("ORDER TYPE")
    destination: Mapped[TextMax | None] = mapped_column("DESTINATION")
    destination_warehouse: Mapped[TextMax | None] = mapped_column("DESTINATION WAREHOUSE")
    allocation_channel: Mapped[TextMax | None] = mapped_column("ALLOCATION (CHANNEL)")
    shop_name: Mapped[TextMax | None] = mapped_column("SHOP NAME")
    collection_delivery: Mapped[TextMax | None] = mapped_column("COLLECTION DELIVERY")
    shop_code: Mapped[TextMax | None] = mapped_column("SHOP CODE")
    tracking_number: Mapped[TextMax | None] = mapped_column("TRACKING NUMBER")
    eta_customer_warehouse_date: Mapped[date | None] = mapped_column("ETA CUSTOMER WAREHOUSE DATE")
    ex_factory_date: Mapped[date | None] = mapped_column("EX FACTORY DATE")
    delivery_terms: Mapped[TextMax | None] = mapped_column("DELIVERY TERMS")
    planned_delivery_method: Mapped[TextMax | None] = mapped_column("PLANNED DELIVERY METHOD")
    delivery_code_modl: Mapped[TextMax | None] = mapped_column("DELIVERY CODE (MODL)")
    notes: Mapped[TextMax | None] = mapped_column("NOTES")
    validation: Mapped[TextMax | None] = mapped_column("VALIDATION")
    validation2: Mapped[TextMax | None] = mapped_column("VALIDATION2")
    validation3: Mapped[TextMax | None] = mapped_column("VALIDATION3")
    validation4: Mapped[TextMax | None] = mapped_column("VALIDATION4")
    customer_price: Mapped[TextMax | None] = mapped_column("CUSTOMER PRICE")
    usa_only_lstp_75_ex_works: Mapped[TextMax | None] = mapped_column("USA ONLY LSTP 75% EX WORKS")
    ex_works_usd: Mapped[TextMax | None] = mapped_column("EX WORKS (USD)")
    administration_fee: Mapped[TextMax | None] = mapped_column("ADMINISTRATION FEE")
    design_fee: Mapped[TextMax | None] = mapped_column("DESIGN FEE")
    fx_charge: Mapped[TextMax | None] = mapped_column("FX CHARGE")
    handling: Mapped[TextMax | None] = mapped_column("HANDLING")
    pnp: Mapped[TextMax | None] = mapped_column("PNP")
    surcharge_fee: Mapped[TextMax | None] = mapped_column("SURCHARGE FEE")
    discount: Mapped[TextMax | None] = mapped_column("DISCOUNT")
    final_fob_usd: Mapped[TextMax | None] = mapped_column("FINAL FOB (USD)")
    hs_code: Mapped[TextMax | None] = mapped_column("HS CODE")
    us_duty_rate: Mapped[TextMax | None] = mapped_column("US DUTY RATE")
    us_duty: Mapped[TextMax | None] = mapped_column("US DUTY")
    freight: Mapped[TextMax | None] = mapped_column("FREIGHT")
    us_tariff_rate: Mapped[TextMax | None] = mapped_column("US TARIFF RATE")
    us_tariff: Mapped[TextMax | None] = mapped_column("US TARIFF")
    ddp_us_usd: Mapped[TextMax | None] = mapped_column("DDP US (USD)")
    uk_duty_rate: Mapped[TextMax | None] = mapped_column("UK DUTY RATE")
    uk_freight: Mapped[TextMax | None] = mapped_column("UK FREIGHT")
    uk_insurance: Mapped[TextMax | None] = mapped_column("UK INSURANCE")
    uk_cif: Mapped[TextMax | None] = mapped_column("UK CIF")
    uk_duty: Mapped[TextMax | None] = mapped_column("UK DUTY")
    ddp_uk_usd: Mapped[TextMax | None] = mapped_column("DDP UK (USD)")
    can_duty_rate: Mapped[TextMax | None] = mapped_column("CAN DUTY RATE")
    can_duty: Mapped[TextMax | None] = mapped_column("CAN DUTY")
    ddp_can_usd: Mapped[TextMax | None] = mapped_column("DDP CAN (USD)")
    sms_price_usd: Mapped[TextMax | None] = mapped_column("SMS PRICE USD")
    final_prices_y_n: Mapped[TextMax | None] = mapped_column("FINAL PRICES Y/N")
    notes_for_price: Mapped[TextMax | None] = mapped_column("NOTES FOR PRICE")
    pricing_notes: Mapped[TextMax | None] = mapped_column("PRICING NOTES")
    delta: Mapped[TextMax | None] = mapped_column("Delta")
    warehouse: Mapped[TextMax | None] = mapped_column("Warehouse")
    ortp_order_type: Mapped[TextMax | None] = mapped_column("ORTP (ORDER TYPE)")
    longson_alias: Mapped[TextMax | None] = mapped_column("Longson Alias")
    buar_business_area_unit: Mapped[TextMax | None] = mapped_column("BUAR (BUSINESS AREA UNIT)")
    adid: Mapped[TextMax | None] = mapped_column("ADID")
    record_uuid: Mapped[UUID | None] = mapped_column(server_default=new_uuid())

    # The table has no primary key; the mapper needs to know what tells rows apart.
    __mapper_args__ = {"primary_key": ["record_uuid"]}
