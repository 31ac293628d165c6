"""RANGE / COLLECTION on the staging and the production table.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from order_staging.models.types import UNICODE_MAX

revision = "0002"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None

COLUMN = "RANGE / COLLECTION"


def upgrade() -> None:
    """Add the column."""
    op.add_column("STG_MON_CustMasterSchedule", sa.Column(COLUMN, sa.Unicode(200)))
    op.add_column("MON_CustMasterSchedule", sa.Column(COLUMN, UNICODE_MAX))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("MON_CustMasterSchedule", COLUMN)
    op.drop_column("STG_MON_CustMasterSchedule", COLUMN)
