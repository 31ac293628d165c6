"""What delivery without loss or duplicates needs: identity, intents, acknowledgements and leases.

Columns that are added take NULL, so that no row is rewritten; unique indexes leave NULLs out, so that rows
from before this project need no identity.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from order_staging.models.types import TIMESTAMP, UNICODE_MAX

revision = "0003"
down_revision: str | None = "0002"
branch_labels: str | None = None
depends_on: str | None = None

STAGED = "STG_MON_CustMasterSchedule"
STAGED_SUBITEMS = "STG_MON_CustMasterSchedule_Subitems"
ORDERS = "MON_CustMasterSchedule"
SUBITEMS = "MON_CustMasterSchedule_Subitems"
FAILED = "ERR_MON_CustMasterSchedule"
FAILED_SUBITEMS = "ERR_MON_CustMasterSchedule_Subitems"

HASH = sa.String(64)
COLUMNS: dict[str, list[tuple[str, sa.types.TypeEngine[Any]]]] = {
    STAGED: [
        ("stg_idempotency_key", HASH),
        ("stg_payload_hash", HASH),
        ("stg_sent_date", TIMESTAMP),
        ("stg_group_id", sa.Unicode(100)),
    ],
    STAGED_SUBITEMS: [
        ("stg_idempotency_key", HASH),
        ("stg_payload_hash", HASH),
        ("stg_sent_date", TIMESTAMP),
    ],
    ORDERS: [
        ("source_uuid", sa.Uuid()),
        ("delivered_hash", HASH),
        ("delivered_values", UNICODE_MAX),
        ("delivered_date", TIMESTAMP),
    ],
    SUBITEMS: [
        ("source_uuid", sa.Uuid()),
        ("size_key", sa.Unicode(100)),
        ("delivered_date", TIMESTAMP),
    ],
    FAILED: [("source_uuid", sa.Uuid()), ("source_fingerprint", HASH)],
    FAILED_SUBITEMS: [("source_uuid", sa.Uuid())],
}
UNIQUE: dict[str, tuple[str, list[str]]] = {
    "UX_STG_MON_CustMasterSchedule_source_uuid": (STAGED, ["source_uuid"]),
    "UX_STG_MON_CustMasterSchedule_Subitems_size": (STAGED_SUBITEMS, ["source_uuid", "Size"]),
    "UX_MON_CustMasterSchedule_source_uuid": (ORDERS, ["source_uuid"]),
    "UX_MON_CustMasterSchedule_Subitems_size": (SUBITEMS, ["source_uuid", "size_key"]),
}
LOOKED_UP = {
    "IX_ERR_MON_CustMasterSchedule_source_uuid": FAILED,
    "IX_ERR_MON_CustMasterSchedule_Subitems_source_uuid": FAILED_SUBITEMS,
}


def upgrade() -> None:
    """Add the columns, the indexes and the table of leases."""
    for table, columns in COLUMNS.items():
        for name, type_ in columns:
            op.add_column(table, sa.Column(name, type_))
    present = sa.column("source_uuid").is_not(None)
    for name, (table, keys) in UNIQUE.items():
        op.create_index(
            name,
            table,
            keys,
            unique=True,
            mssql_where=present,
            postgresql_where=present,
            sqlite_where=present,
        )
    for name, table in LOOKED_UP.items():
        op.create_index(name, table, ["source_uuid"])
    op.create_table(
        "MON_BatchLease",
        sa.Column("customer_name", sa.Unicode(100), primary_key=True),
        sa.Column("holder", sa.Unicode(200)),
        sa.Column("fence", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("expires_date", TIMESTAMP),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("MON_BatchLease")
    for name, table in LOOKED_UP.items():
        op.drop_index(name, table)
    for name, (table, _) in UNIQUE.items():
        op.drop_index(name, table)
    for table, columns in COLUMNS.items():
        for name, _ in reversed(columns):
            op.drop_column(table, name)
