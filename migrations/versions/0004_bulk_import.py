"""What bulk import needs: which job carried which rows, and where each stands in the job's file.

The column that is added takes NULL, so that no row is rewritten.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from order_staging.models.types import TIMESTAMP, UNICODE_MAX

revision = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

STAGED = "STG_MON_CustMasterSchedule"
IMPORTS = "MON_BulkImport"


def upgrade() -> None:
    """Add the column and the table of imports."""
    op.add_column(STAGED, sa.Column("stg_import_row", sa.Integer))
    op.create_table(
        IMPORTS,
        sa.Column("import_key", sa.String(64), primary_key=True),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("board_id", sa.BigInteger, nullable=False),
        sa.Column("group_id", sa.Unicode(100), nullable=False),
        sa.Column("job_id", sa.Unicode(100)),
        sa.Column("status", sa.Unicode(20), nullable=False),
        sa.Column("row_count", sa.Integer, nullable=False),
        sa.Column("created_date", TIMESTAMP, nullable=False),
        sa.Column("started_date", TIMESTAMP),
        sa.Column("uploaded_date", TIMESTAMP),
        sa.Column("finished_date", TIMESTAMP),
        sa.Column("result", UNICODE_MAX),
    )
    op.create_index("IX_MON_BulkImport_BatchId", IMPORTS, ["batch_id"])


def downgrade() -> None:
    """Take them away again."""
    op.drop_table(IMPORTS)
    op.drop_column(STAGED, "stg_import_row")
