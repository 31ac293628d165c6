"""What changes need: the rules under which a row was delivered, and what was acknowledged of a subitem.

Columns that are added take NULL, so that no row is rewritten.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from order_staging.models.types import UNICODE_MAX

revision = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None

HASH = sa.String(64)
COLUMNS: dict[str, list[tuple[str, sa.types.TypeEngine[Any]]]] = {
    "STG_MON_CustMasterSchedule": [("stg_rules", HASH)],
    "MON_CustMasterSchedule": [("delivered_rules", HASH)],
    "MON_CustMasterSchedule_Subitems": [("delivered_hash", HASH), ("delivered_values", UNICODE_MAX)],
}


def upgrade() -> None:
    """Add the columns."""
    for table, columns in COLUMNS.items():
        for name, type_ in columns:
            op.add_column(table, sa.Column(name, type_))


def downgrade() -> None:
    """Take them away again."""
    for table, columns in COLUMNS.items():
        for name, _ in reversed(columns):
            op.drop_column(table, name)
