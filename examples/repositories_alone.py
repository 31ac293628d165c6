"""A report from the tables, by the repositories alone: no run, no monday.com, and no SQL of our own.

Usage: python examples/repositories_alone.py
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy.orm import sessionmaker

from order_staging import Settings, UnitOfWork
from order_staging.database import create_engine

NEWEST = 20


def main() -> None:
    """Print what has landed, how the newest batches went, and what waits for somebody, by customer and kind."""
    engine = create_engine(Settings.load().database_url.get_secret_value())
    # What is not committed is rolled back: this job only reads.
    with UnitOfWork(sessionmaker(engine)) as uow:
        landed = uow.production.summary()
        print(f"landed: {landed.orders} orders, {landed.subitems} sizes")
        for batch in uow.batches.newest(NEWEST):
            print(f"batch: {batch.customer_name} {batch.status}, {batch.successful_records} rows")
        waiting = Counter(
            (row.customer_batch, row.error_type) for row in uow.failures.unresolved_orders(limit=1000)
        )
        for (customer, kind), count in sorted(waiting.items(), key=str):
            print(f"refused: {customer} {kind}, {count} rows")
    engine.dispose()


if __name__ == "__main__":
    main()
