"""A second board with its own mapping, for the same customers.

The tables tell what has landed on one board, so a second board has a database of its own, with an ORDERS_UNIFIED
or a view of that name. SECOND_DATABASE_URL names it, and SECOND_KEY_COLUMN the second board's key column, if it has
one; all other settings are those of the first.

Usage: python examples/second_board/job.py CUSTOMER...
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from order_staging import BatchService, Settings, schema
from order_staging.database import create_engine

HERE = Path(__file__).parent


def main(customers: list[str]) -> None:
    """Bring the customers' new orders to the second board."""
    url = os.environ["SECOND_DATABASE_URL"]
    settings = Settings.load(
        database_url=url,
        mapping=HERE / "mapping.yaml",
        # What the environment says of the first board is not true of this one.
        board_id=None,
        subitem_board_id=None,
        key_column=os.environ.get("SECOND_KEY_COLUMN"),
    )
    engine = create_engine(url)
    schema.upgrade(engine)
    result = BatchService(settings, engine=engine).process_customers(customers)
    for batch in result.batches:
        print(
            f"{batch.customer}: {batch.status}, {batch.orders.created} items, {batch.subitems.created} subitems"
        )
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
