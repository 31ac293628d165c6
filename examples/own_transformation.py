"""A job with a rule of its own: orders that leave the factory within two weeks are marked in their notes.

Usage: python examples/own_transformation.py CUSTOMER [DATE]
"""

from __future__ import annotations

import sys
from datetime import date, timedelta
from typing import TYPE_CHECKING

from order_staging import BatchService, Transformation

if TYPE_CHECKING:
    from collections.abc import Mapping

SOON = timedelta(days=14)
NOTES, LEAVES = "NOTES", "EX FACTORY DATE"


def marking(today: date) -> Transformation:
    """Make the rule for a day. Its version has the day in it: tomorrow other orders leave soon."""

    def changes(row: Mapping[str, object]) -> Mapping[str, object]:
        if row[LEAVES] is None:
            return {}
        # A row is as the database's driver gives it: SQL Server has a date here, SQLite a text that begins with it.
        day = date.fromisoformat(str(row[LEAVES])[:10])
        if not today <= day <= today + SOON:
            return {}
        return {NOTES: f"RUSH: {row[NOTES] or ''}".strip()}

    return Transformation(f"rush {today}", changes)


def main(customer: str, today: date) -> None:
    """Bring a customer's new orders, and those whose mark has changed."""
    service = BatchService(transformation=marking(today))
    result = service.process_customer_batch(customer, changes=True)
    print(f"{result.customer}: {result.status}, {result.orders.created} new, {result.orders.updated} changed")


if __name__ == "__main__":
    main(sys.argv[1], date.fromisoformat(sys.argv[2]) if len(sys.argv) > 2 else date.today())  # noqa: DTZ011, PLR2004
