"""The tables as production has them, before RANGE / COLLECTION and before this project's own columns.

The columns are written as SQL Server names them, so that this file can be compared with a production database
line by line. It is history: it imports no model and is never edited.

Revision ID: 0001
Revises: none
"""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects import mssql
from sqlalchemy.schema import CreateTable

from order_staging.models.types import (
    BIGINT_IDENTITY,
    CALENDAR_DATE,
    TIMESTAMP,
    UNICODE_MAX,
    ExactDecimal,
    login_name,
    new_uuid,
    now,
)

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

SOURCE = """
[AAG ORDER NUMBER] [CUSTOMER NAME] NVARCHAR(MAX)
[ORDER DATE PO RECEIVED] DATE
[CUSTOMER ALT PO] [AAG SEASON] [CUSTOMER SEASON] [DROP] [MONTH] [RANGE / COLLECTION] NVARCHAR(MAX)
[PROMO GROUP / CAMPAIGN (HOT 30/GLOBAL EDIT] [CATEGORY] [PATTERN ID] [MAKE OR BUY] NVARCHAR(MAX)
[PLANNER] [ORIGINAL ALIAS/RELATED ITEM] [PRICING ALIAS/RELATED ITEM] [ALIAS/RELATED ITEM] NVARCHAR(MAX)
[CUSTOMER STYLE] [CUSTOMER'S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS] [ACTIVE] NVARCHAR(MAX)
[All] [Multiple Items] [FACILITY CODE] [BULK AGREEMENT NUMBER] NVARCHAR(MAX)
[Sum of TOTAL QTY] INT
[BULK AGREEMENT DESCRIPTION] [CUSTOMER CODE] [CO NUMBER - INITIAL DISTRO] NVARCHAR(MAX)
[CO NUMBER (INITIAL DISTRO)] [CO NUMBER (ALLOCATION DISTRO)] NVARCHAR(MAX)
[CO NUMBER - ALLOCATION DISTRO] [PO NUMBER] [AAG SEASON CODE] [INFOR MAKE/BUY CODE] NVARCHAR(MAX)
[PLANNER2] [ITEM TYPE CODE] [INFOR ITEM TYPE CODE] [PRODUCT GROUP CODE] [MAKE/BUY CODE] NVARCHAR(MAX)
[INFOR PRODUCT GROUP CODE] [ITEM GROUP CODE] [STYLE DESCRIPTION] [INFOR ITEM GROUP CODE] NVARCHAR(MAX)
[GENDER GROUP CODE] [INFOR GENDER GROUP CODE] [FABRIC TYPE CODE] [INFOR FABRIC TYPE CODE] NVARCHAR(MAX)
[CUSTOMER COLOUR DESCRIPTION] [UNIT OF MEASURE] [INFOR COLOUR CODE] NVARCHAR(MAX)
[XXXS] [XXS] [XS] [S] [S/M] [M] [M/L] [L] [L/XL] [XL] [XXL] [XXXL] [0] [2] [4] [6] [8] [10] [12] INT
[14] [16] [18] [20] [0-3M] [3-6M] [6-9M] [9-12M] [12-18M] [18-24M] [2T] [3T] [4T] [5T] [6T] [30/30] INT
[30/32] [32/30] [32/32] [34/30] [34/32] [36/30] [36/32] [32C] [32D] [32DD] [34C] [34D] [34DD] [36C] INT
[36D] [36DD] [OS] [ONE SIZE] [0w] [10w] [12w] [1X] [2/3] [22] [24] [26] [27] [28] [28-30L] [29] INT
[2w] [2X] [2XL] [30] [30-30L] [30-31L] [30-32L] [30X30] [31] [31/30] [31/32] [31-30L] [31-31L] INT
[31-32L] [31X30] [32] [32/34] [32/36] [32-30L] [32-31L] [32-32L] [32DDD] [32X30] [33] [33/30] INT
[33/32] [33-30L] [33-31L] [33-32L] [34] [34/34] [34-30L] [34-31L] [34-32L] [34DDD] [34X30] [35] INT
[35/30] [35/32] [35-30L] [35-31L] [35-32L] [36] [36/34] [36-30L] [36-31L] [36-32L] [36DDD] [36X30] INT
[38] [38/30] [38/32] [38/34] [38/36] [38-30L] [38-31L] [38-32L] [38C] [38D] [38DD] [38DDD] [38X30] INT
[3X] [3XL] [4/5] [40] [40/30] [40/32] [40-30L] [40-31L] [40X30] [42] [44] [46] [48] [4w] [4X] [4XL] INT
[4XT] [5] [50] [52] [54] [56] [58] [6/7] [60] [6w] [7] [8w] [9] [L(10-12)] [L(14-16)] [M(10-12)] INT
[M(8-10)] [S(6-8)] INT
[TOTAL QTY] INT
[ORDER TYPE] [DESTINATION] [DESTINATION WAREHOUSE] [ALLOCATION (CHANNEL)] [SHOP NAME] NVARCHAR(MAX)
[COLLECTION DELIVERY] [SHOP CODE] [TRACKING NUMBER] NVARCHAR(MAX)
[ETA CUSTOMER WAREHOUSE DATE] [EX FACTORY DATE] DATE
[DELIVERY TERMS] [PLANNED DELIVERY METHOD] [DELIVERY CODE (MODL)] [NOTES] [VALIDATION] NVARCHAR(MAX)
[VALIDATION2] [VALIDATION3] [VALIDATION4] [CUSTOMER PRICE] [USA ONLY LSTP 75% EX WORKS] NVARCHAR(MAX)
[EX WORKS (USD)] [ADMINISTRATION FEE] [DESIGN FEE] [FX CHARGE] [HANDLING] [PNP] NVARCHAR(MAX)
[SURCHARGE FEE] [DISCOUNT] [FINAL FOB (USD)] [HS CODE] [US DUTY RATE] [US DUTY] [FREIGHT] NVARCHAR(MAX)
[US TARIFF RATE] [US TARIFF] [DDP US (USD)] [UK DUTY RATE] [UK FREIGHT] [UK INSURANCE] NVARCHAR(MAX)
[UK CIF] [UK DUTY] [DDP UK (USD)] [CAN DUTY RATE] [CAN DUTY] [DDP CAN (USD)] NVARCHAR(MAX)
[SMS PRICE USD] [FINAL PRICES Y/N] [NOTES FOR PRICE] [PRICING NOTES] [Delta] [Warehouse] NVARCHAR(MAX)
[ORTP (ORDER TYPE)] [Longson Alias] [BUAR (BUSINESS AREA UNIT)] [ADID] NVARCHAR(MAX)
[record_uuid] UNIQUEIDENTIFIER DEFAULT newid()
"""

STAGED_ORDERS = """
[Title] [UpdateDate] [Group] [Subitems] NVARCHAR(MAX)
[CUSTOMER] [AAG ORDER NUMBER] [AAG SEASON] NVARCHAR(200)
[ORDER DATE PO RECEIVED] DATE
[CUSTOMER SEASON] [DROP] NVARCHAR(MAX)
[PO NUMBER] [CUSTOMER ALT PO] [STYLE] NVARCHAR(200)
[STYLE DESCRIPTION] NVARCHAR(500)
[ALIAS RELATED ITEM] [COLOR] NVARCHAR(200)
[CATEGORY] [PATTERN ID] [UNIT OF MEASURE] NVARCHAR(MAX)
[FCST QTY] [FCST CONSUMED QTY] DECIMAL(18,4)
[ORDER QTY] [PACKED QTY] [SHIPPED QTY] [Net Demand] BIGINT
[ORDER TYPE] [DESTINATION] [DESTINATION WAREHOUSE] NVARCHAR(MAX)
[CUSTOMER REQ IN DC DATE] [CUSTOMER EX FACTORY DATE] DATE
[DELIVERY TERMS] [PLANNED DELIVERY METHOD] [NOTES] NVARCHAR(MAX)
[CUSTOMER PRICE] [USA ONLY LSTP 75% EX WORKS] [EX WORKS (USD)] [ADMINISTRATION FEE] DECIMAL(18,4)
[DESIGN FEE] [FX CHARGE] DECIMAL(18,4)
[HANDLING] NVARCHAR(255)
[SURCHARGE FEE] [DISCOUNT] [FINAL FOB (USD)] DECIMAL(18,4)
[HS CODE] NVARCHAR(MAX)
[US DUTY RATE] [US DUTY] [FREIGHT] [US TARIFF RATE] [US TARIFF] [DDP US (USD)] DECIMAL(18,4)
[SMS PRICE USD] DECIMAL(18,4)
[FINAL PRICES Y/N] [NOTES FOR PRICE] NVARCHAR(MAX)
[Item ID] BIGINT
[matchAlias] [PLANNING BOARD] [REQUESTED XFD STATUS] NVARCHAR(MAX)
[EX-FTY (Change Request)] [EX-FTY (Forecast)] [EX-FTY (Partner PO)] [EX-FTY (Revised LS)] DATE
[PRODUCTION TYPE] [AQL INSPECTION] [AQL TYPE] NVARCHAR(MAX)
[PLANNED CUT DATE] DATE
[MO NUMBER] [PRODUCTION STATUS] [FACTORY COUNTRY] [FACTORY] [ALLOCATION STATUS] NVARCHAR(MAX)
[PRODUCTION QTY] BIGINT
[TRIM ETA DATE] [FABRIC ETA DATE] DATE
[TRIM STATUS] [ADD TO PLANNING] [FABRIC STATUS] [PPS STATUS] NVARCHAR(MAX)
[PPS CMT DUE] [PPS CMT RCV] DATE
[REVENUE (FOB)] DECIMAL(18,4)
[ORDER STATUS] NVARCHAR(MAX)
[stg_id] BIGINT NOT NULL IDENTITY
[stg_batch_id] UNIQUEIDENTIFIER NOT NULL DEFAULT newid()
[stg_customer_batch] NVARCHAR(100)
[stg_status] NVARCHAR(50) DEFAULT 'PENDING'
[stg_monday_item_id] BIGINT
[stg_error_message] [stg_api_payload] NVARCHAR(MAX)
[stg_retry_count] INT DEFAULT (0)
[stg_created_date] DATETIME2 DEFAULT getdate()
[stg_processed_date] DATETIME2
[source_uuid] UNIQUEIDENTIFIER
[update_operation] VARCHAR(50) DEFAULT 'CREATE'
[update_fields] NVARCHAR(MAX)
[source_table] VARCHAR(100)
[source_query] NVARCHAR(MAX)
[update_batch_id] VARCHAR(50)
[validation_status] VARCHAR(20) DEFAULT 'PENDING'
[validation_errors] NVARCHAR(MAX)
[board_id] BIGINT
"""

STAGED_SUBITEMS = """
[stg_id] BIGINT NOT NULL IDENTITY
[stg_batch_id] NVARCHAR(36) NOT NULL
[stg_parent_stg_id] BIGINT
[stg_status] NVARCHAR(20) NOT NULL DEFAULT 'PENDING'
[stg_created_date] DATETIME2 NOT NULL DEFAULT getdate()
[stg_processed_date] DATETIME2
[stg_monday_subitem_id] [stg_monday_parent_item_id] [stg_monday_subitem_board_id] BIGINT
[stg_error_message] NVARCHAR(MAX)
[stg_retry_count] INT NOT NULL DEFAULT (0)
[stg_api_payload] NVARCHAR(MAX)
[source_uuid] UNIQUEIDENTIFIER
[AAG_ORDER_NUMBER] NVARCHAR(50)
[STYLE] [COLOR] NVARCHAR(100)
[PO_NUMBER] [CUSTOMER_ALT_PO] NVARCHAR(50)
[CUSTOMER] NVARCHAR(100)
[ORDER_QTY] INT NOT NULL
[UNIT_OF_MEASURE] NVARCHAR(20)
[Size] NVARCHAR(20) NOT NULL
[stg_size_label] NVARCHAR(100)
[Order Qty] INT
[Shipped Qty] INT
[Packed Qty] INT
[Cut Qty] INT
[Sew Qty] INT
[Finishing Qty] INT
[Received not Shipped Qty] INT
[ORDER LINE STATUS] NVARCHAR(100)
[Item ID] BIGINT
[update_operation] VARCHAR(50) DEFAULT 'CREATE'
[update_fields] NVARCHAR(MAX)
[source_table] VARCHAR(100)
[source_query] NVARCHAR(MAX)
[update_batch_id] VARCHAR(50)
[validation_status] VARCHAR(20) DEFAULT 'PENDING'
[validation_errors] NVARCHAR(MAX)
[board_id] BIGINT
"""

ORDERS = """
[Title] [UpdateDate] [Group] NVARCHAR(255)
[Item ID] BIGINT NOT NULL
[Subitems] NVARCHAR(MAX)
[ORDER TYPE] NVARCHAR(100)
[QTY ORDERED] [QTY PACKED] [QTY SHIPPED] BIGINT
[CUSTOMER] NVARCHAR(100)
[AAG ORDER NUMBER] NVARCHAR(MAX)
[AAG SEASON] [CUSTOMER SEASON] NVARCHAR(100)
[ORDER DATE PO RECEIVED] DATE
[DROP] NVARCHAR(100)
[PO NUMBER] [CUSTOMER ALT PO] NVARCHAR(MAX)
[STYLE] NVARCHAR(100)
[PATTERN ID] [ALIAS RELATED ITEM] [STYLE DESCRIPTION] NVARCHAR(MAX)
[COLOR] [CATEGORY] [UNIT OF MEASURE] NVARCHAR(100)
[DESTINATION] [DESTINATION WAREHOUSE] NVARCHAR(MAX)
[CUSTOMER REQ IN DC DATE] [CUSTOMER EX FACTORY DATE] DATE
[DELIVERY TERMS] NVARCHAR(100)
[PLANNED DELIVERY METHOD] [NOTES] NVARCHAR(MAX)
[CUSTOMER PRICE] [USA ONLY LSTP 75% EX WORKS] [EX WORKS (USD)] [ADMINISTRATION FEE] DECIMAL(18,2)
[DESIGN FEE] [FX CHARGE] DECIMAL(18,2)
[HANDLING] NVARCHAR(MAX)
[SURCHARGE FEE] [DISCOUNT] [FINAL FOB (USD)] DECIMAL(18,2)
[HS CODE] NVARCHAR(100)
[US DUTY RATE] [US DUTY] [FREIGHT] [US TARIFF RATE] [US TARIFF] [DDP US (USD)] DECIMAL(18,2)
[SMS PRICE USD] DECIMAL(18,2)
[FINAL PRICES Y/N] [NOTES FOR PRICE] [matchAlias] [PLANNING BOARD] NVARCHAR(MAX)
[EX-FTY (Change Request)] DATE
[REQUESTED XFD STATUS] NVARCHAR(MAX)
[EX-FTY (Forecast)] [EX-FTY (Partner PO)] [EX-FTY (Revised LS)] DATE
[PRODUCTION TYPE] [AQL INSPECTION] [AQL TYPE] NVARCHAR(MAX)
[PLANNED CUT DATE] DATE
[MO NUMBER] [PRODUCTION STATUS] [FACTORY COUNTRY] [FACTORY] [ALLOCATION STATUS] NVARCHAR(MAX)
[PRODUCTION QTY] BIGINT
[TRIM ETA DATE] [FABRIC ETA DATE] DATE
[TRIM STATUS] [FABRIC STATUS] NVARCHAR(MAX)
[ORDER STATUS] NVARCHAR(100)
[FCST QTY] DECIMAL(18,2)
[FCST CONSUMED QTY] [Net Demand] BIGINT
[REVENUE (FOB)] DECIMAL(18,2)
[ADD TO PLANNING] NVARCHAR(100)
[ORDER QTY] [PACKED QTY] [SHIPPED QTY] BIGINT
[PPS CMT DUE] [PPS CMT RCV] DATE
[PPS STATUS] NVARCHAR(100)
[Last updated] NVARCHAR(255)
"""

SUBITEMS = """
[parent_item_id] [subitem_id] [subitem_board_id] [Size] [Order Qty] [Cut Qty] [Sew Qty] NVARCHAR(MAX)
[Finishing Qty] [Received not Shipped Qty] [Packed Qty] [Shipped Qty] [ORDER LINE STATUS] NVARCHAR(MAX)
[Item ID] NVARCHAR(MAX)
[validation_status] [update_operation] [validation_errors] NVARCHAR(255)
[update_batch_id] [board_id] NVARCHAR(50)
[source_query] [source_table] [update_fields] NVARCHAR(255)
[ORDER_QTY] [AAG_ORDER_NUMBER] [UNIT_OF_MEASURE] [COLOR] [STYLE] [CUSTOMER] [PO_NUMBER] NVARCHAR(50)
[CUSTOMER_ALT_PO] NVARCHAR(50)
"""

FAILED_ORDERS = """
[err_id] BIGINT NOT NULL IDENTITY
[original_stg_id] BIGINT
[batch_id] UNIQUEIDENTIFIER
[customer_batch] [order_number] NVARCHAR(100)
[item_name] NVARCHAR(500)
[group_name] NVARCHAR(200)
[api_payload] NVARCHAR(MAX)
[error_type] NVARCHAR(100)
[error_message] NVARCHAR(MAX)
[http_status_code] INT
[retry_count] INT DEFAULT (0)
[max_retries_reached] BIT DEFAULT (0)
[created_date] DATETIME2 DEFAULT getdate()
[last_retry_date] [resolved_date] DATETIME2
[resolved_by] NVARCHAR(100)
[original_data] NVARCHAR(MAX)
"""

FAILED_SUBITEMS = """
[err_id] BIGINT NOT NULL IDENTITY
[original_stg_subitem_id] [parent_item_id] BIGINT
[batch_id] UNIQUEIDENTIFIER
[customer_batch] [order_number] NVARCHAR(100)
[size_label] NVARCHAR(50)
[order_qty] BIGINT
[subitem_name] NVARCHAR(200)
[api_payload] NVARCHAR(MAX)
[error_type] NVARCHAR(100)
[error_message] NVARCHAR(MAX)
[http_status_code] INT
[retry_count] INT DEFAULT (0)
[max_retries_reached] BIT DEFAULT (0)
[created_date] DATETIME2 DEFAULT getdate()
[last_retry_date] [resolved_date] DATETIME2
[resolved_by] NVARCHAR(100)
[original_data] NVARCHAR(MAX)
"""

BATCHES = """
[batch_id] UNIQUEIDENTIFIER NOT NULL DEFAULT newid() PRIMARY KEY
[customer_name] NVARCHAR(100) NOT NULL
[batch_type] NVARCHAR(50) NOT NULL
[status] NVARCHAR(50) DEFAULT 'STARTED'
[total_records] INT
[successful_records] INT
[failed_records] INT
[start_time] DATETIME2 DEFAULT getdate()
[end_time] DATETIME2
[duration_seconds] INT
[error_summary] [processing_notes] NVARCHAR(MAX)
[orders_processed] INT
[subitems_processed] INT
[api_calls_made] INT
[api_failures] INT
[retries_attempted] INT
[staging_load_completed] [items_creation_completed] [subitems_creation_completed] DATETIME2
[promotion_completed] [cleanup_completed] DATETIME2
[started_by] NVARCHAR(100) DEFAULT suser_sname()
[completed_by] NVARCHAR(100)
[config_snapshot] NVARCHAR(MAX)
"""

INDEXES = {
    "STG_MON_CustMasterSchedule": {
        "IX_STG_MON_CustMasterSchedule_BatchId": "stg_batch_id",
        "IX_STG_MON_CustMasterSchedule_CustomerBatch": "stg_customer_batch",
        "IX_STG_MON_CustMasterSchedule_OrderNumber": "AAG ORDER NUMBER",
        "IX_STG_MON_CustMasterSchedule_source_uuid": "source_uuid",
        "IX_STG_MON_CustMasterSchedule_Status": "stg_status",
    },
    "STG_MON_CustMasterSchedule_Subitems": {
        "IX_STG_MON_CustMasterSchedule_Subitems_AAGOrder": "AAG_ORDER_NUMBER",
        "IX_STG_MON_CustMasterSchedule_Subitems_BatchId": "stg_batch_id",
        "IX_STG_MON_CustMasterSchedule_Subitems_board_id": "stg_monday_subitem_board_id",
        "IX_STG_MON_CustMasterSchedule_Subitems_ParentId": "stg_monday_parent_item_id",
        "IX_STG_MON_CustMasterSchedule_Subitems_ParentStgId": "stg_parent_stg_id",
        "IX_STG_MON_CustMasterSchedule_Subitems_source_uuid": "source_uuid",
        "IX_STG_MON_CustMasterSchedule_Subitems_Status": "stg_status",
    },
    "ERR_MON_CustMasterSchedule": {
        "IX_ERR_MON_CustMasterSchedule_BatchId": "batch_id",
        "IX_ERR_MON_CustMasterSchedule_CustomerBatch": "customer_batch",
        "IX_ERR_MON_CustMasterSchedule_ErrorType": "error_type",
        "IX_ERR_MON_CustMasterSchedule_RetryEligible": "max_retries_reached",
    },
    "ERR_MON_CustMasterSchedule_Subitems": {
        "IX_ERR_MON_CustMasterSchedule_Subitems_BatchId": "batch_id",
        "IX_ERR_MON_CustMasterSchedule_Subitems_CustomerBatch": "customer_batch",
        "IX_ERR_MON_CustMasterSchedule_Subitems_ErrorType": "error_type",
        "IX_ERR_MON_CustMasterSchedule_Subitems_ParentId": "parent_item_id",
        "IX_ERR_MON_CustMasterSchedule_Subitems_RetryEligible": "max_retries_reached",
    },
    "MON_BatchProcessing": {
        "IX_MON_BatchProcessing_BatchType": "batch_type",
        "IX_MON_BatchProcessing_Customer": "customer_name",
        "IX_MON_BatchProcessing_StartTime": "start_time",
        "IX_MON_BatchProcessing_Status": "status",
    },
}

TABLES = {
    "STG_MON_CustMasterSchedule": STAGED_ORDERS,
    "STG_MON_CustMasterSchedule_Subitems": STAGED_SUBITEMS,
    "MON_CustMasterSchedule": ORDERS,
    "MON_CustMasterSchedule_Subitems": SUBITEMS,
    "ERR_MON_CustMasterSchedule": FAILED_ORDERS,
    "ERR_MON_CustMasterSchedule_Subitems": FAILED_SUBITEMS,
    "MON_BatchProcessing": BATCHES,
}

TYPES: dict[str, sa.types.TypeEngine[Any]] = {
    "NVARCHAR(MAX)": UNICODE_MAX,
    "DATE": CALENDAR_DATE,
    "DATETIME2": TIMESTAMP,
    "INT": sa.Integer(),
    "BIGINT": sa.BigInteger(),
    "BIT": sa.Boolean(),
    "UNIQUEIDENTIFIER": sa.Uuid(),
    "DECIMAL(18,2)": ExactDecimal(18, 2),
    "DECIMAL(18,4)": ExactDecimal(18, 4),
}

LINE = re.compile(
    r"(?P<names>(\[[^\]]*\] ?)+) (?P<type>\S+)(?P<required> NOT NULL)?( DEFAULT (?P<default>\S+))?"
    r"(?P<key> IDENTITY| PRIMARY KEY)?"
)


def type_of(text: str) -> sa.types.TypeEngine[Any]:
    """Read a SQL Server type."""
    if text in TYPES:
        return TYPES[text]
    kind, length = text.rstrip(")").split("(")
    return sa.Unicode(int(length)) if kind == "NVARCHAR" else sa.String(int(length))


def default_of(text: str | None, type_: str) -> object:
    """Read a server default into what every engine understands."""
    match text:
        case None:
            return None
        case "newid()":
            return new_uuid()
        case "getdate()":
            return now()
        case "suser_sname()":
            return login_name()
        case "(0)":
            return sa.false() if type_ == "BIT" else sa.text("0")
        case _:
            return text.strip("'")


def columns_of(definition: str) -> list[sa.Column[Any]]:
    """Read lines of columns; several names before one type share it."""
    columns: list[sa.Column[Any]] = []
    for line in definition.strip().splitlines():
        found = LINE.fullmatch(line)
        if found is None:
            raise ValueError(line)
        type_ = BIGINT_IDENTITY if found["key"] == " IDENTITY" else type_of(found["type"])
        columns.extend(
            sa.Column(
                name,
                type_,
                nullable=not found["required"],
                server_default=default_of(found["default"], found["type"]),  # type: ignore[arg-type] # text or SQL
                primary_key=bool(found["key"]),
            )
            for name in re.findall(r"\[([^\]]*)\]", found["names"])
        )
    return columns


def create_source_if_absent() -> None:
    """ORDERS_UNIFIED belongs to another job: it is made for a new database and left alone everywhere else."""
    table = sa.Table("ORDERS_UNIFIED", sa.MetaData(), *columns_of(SOURCE))
    dialect = op.get_context().dialect
    if not context.is_offline_mode():
        table.create(op.get_bind(), checkfirst=True)
    elif dialect.name == "mssql":
        create = str(CreateTable(table).compile(dialect=mssql.dialect())).strip()  # type: ignore[no-untyped-call]
        op.execute(sa.text(f"IF OBJECT_ID(N'ORDERS_UNIFIED') IS NULL\n{create}".replace(":", "\\:")))
    else:
        op.create_table("ORDERS_UNIFIED", *columns_of(SOURCE), if_not_exists=True)


def upgrade() -> None:
    """Create the tables with their indexes."""
    create_source_if_absent()
    for table, definition in TABLES.items():
        op.create_table(table, *columns_of(definition))
        for name, column in INDEXES.get(table, {}).items():
            op.create_index(name, table, [column])


def downgrade() -> None:
    """Drop them, but not ORDERS_UNIFIED: its rows are another job's."""
    for table in reversed(TABLES):
        op.drop_table(table)
