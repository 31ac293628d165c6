"""What recovery needs: which unit of work was committed last, and since when a request's key is known.

Columns that are added take NULL, so that no row is rewritten.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from order_staging.models.types import TIMESTAMP

revision = "0006"
down_revision: str | None = "0005"
branch_labels: str | None = None
depends_on: str | None = None

COLUMNS: dict[str, tuple[str, sa.types.TypeEngine[Any]]] = {
    "STG_MON_CustMasterSchedule": ("stg_key_date", TIMESTAMP),
    "STG_MON_CustMasterSchedule_Subitems": ("stg_key_date", TIMESTAMP),
    "MON_BatchLease": ("last_work", sa.Uuid()),
}


def upgrade() -> None:
    """Add the columns."""
    for table, (name, type_) in COLUMNS.items():
        op.add_column(table, sa.Column(name, type_))


def downgrade() -> None:
    """Take them away again."""
    for table, (name, _) in COLUMNS.items():
        op.drop_column(table, name)
