"""What following a bulk import needs: an index that finds its rows, which are few among those that are staged.

Without it each page of its report was looked for in the whole staging table.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels: str | None = None
depends_on: str | None = None

TABLE, INDEX = "STG_MON_CustMasterSchedule", "IX_STG_MON_CustMasterSchedule_Import"


def upgrade() -> None:
    """Add the index."""
    carried = sa.column("stg_import_row").is_not(None)
    op.create_index(
        INDEX,
        TABLE,
        ["stg_idempotency_key", "stg_import_row"],
        mssql_where=carried,
        postgresql_where=carried,
        sqlite_where=carried,
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index(INDEX, TABLE)
