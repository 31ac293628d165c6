"""The order lines of the benchmark of staging, and which column goes where if nobody applies a rule. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from benchmarks.delivery_orders import CUSTOMER, order_rows
from order_staging.batch.rows import SUBITEM_COPIES
from order_staging.models import StagedOrder, StagedSubitem
from order_staging.sandbox import sample_values as values
from order_staging.transform import load_mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.delivery_orders import Row

    Record = tuple[Any, ...]

ORDERS, SUBITEMS = StagedOrder.__tablename__, StagedSubitem.__tablename__
CHUNK = 1000
"""Order lines a chunk, and a commit: what `CHUNK_ROWS` is by default."""

BATCH = UUID("5d0f2c5e-6b1c-4e0a-9a53-0f9d1c1b7a11")
NOW = datetime(2026, 9, 1, 6, 30)  # noqa: DTZ001 - UTC without a time zone, as the tables have it
RULES = "0" * 64

_MAPPING = load_mapping(None)
SOURCES = tuple(field.source for field in _MAPPING.fields)
TITLES = tuple(field.title for field in _MAPPING.fields)
UUID_COLUMN = "record_uuid"
FIRST_SIZE_AFTER, LAST_SIZE_BEFORE = "UNIT OF MEASURE", "TOTAL QTY"
QUANTITIES = ("ORDER_QTY", "Order Qty")
LABELS = ("Size", "stg_size_label")

COMMON: dict[str, object] = {
    "stg_batch_id": BATCH,
    "stg_status": "PENDING",
    "stg_created_date": NOW,
    "source_table": "ORDERS_UNIFIED",
    "update_operation": "CREATE",
    "validation_status": "VALID",
    "validation_errors": None,
}
"""What every row of a batch has alike, in both tables."""
COMMON_TO_ORDERS: dict[str, object] = COMMON | {
    "stg_customer_batch": CUSTOMER,
    "board_id": _MAPPING.board_id,
    "stg_rules": RULES,
}

ORDER_COLUMNS = (*TITLES, "source_uuid", "Title", "Group", "stg_id")
"""The columns of an order, beside what is common, in the order of `Portion.orders`."""
SUBITEM_COLUMNS = (*SUBITEM_COPIES, "source_uuid", "stg_parent_stg_id", *LABELS, *QUANTITIES)
"""The columns of a subitem, beside what is common, in the order of `Portion.subitems`."""

TITLE = tuple(SOURCES.index(source) for source in _MAPPING.title)
GROUP = tuple(SOURCES.index(source) for source in (_MAPPING.group.customer, _MAPPING.group.seasons[0]))
_COPIED = tuple(TITLES.index(title) for title in SUBITEM_COPIES.values())
_FIRST_SIZE = len(SOURCES) + 1

FABRICS = ("self fabric", "rib at cuff and hem", "contrast tape at neck")
COLLECTIONS = ("CORE", "RESORT", "TOUR", "HERITAGE")


def filled_rows(count: int, seed: int = 4755) -> list[Row]:
    """Make rows of ORDERS_UNIFIED in which every column of the mapping has a value that fits."""
    random = Random(seed)  # noqa: S311 - sample data
    return [row | _filled(random, number) for number, row in enumerate(order_rows(count, seed))]


def _filled(random: Random, number: int) -> Row:
    works = random.randrange(600, 4_500)
    return {
        "CUSTOMER ALT PO": f"ALT-{number // 200 + 100}",
        "RANGE / COLLECTION": random.choice(COLLECTIONS),
        "NOTES": f"{values.LONG_NOTE}Trim: {random.choice(FABRICS)}.",
        "NOTES FOR PRICE": f"agreed for drop {random.randrange(1, 4)}",
        "USA ONLY LSTP 75% EX WORKS": _money(works * 75 // 100),
        "ADMINISTRATION FEE": "0.25",
        "DESIGN FEE": "0.50",
        "FX CHARGE": "0",
        "HANDLING": "0.35",
        "SURCHARGE FEE": "0.10",
        "DISCOUNT": "-1.25",
        "US TARIFF RATE": random.choice(("0.1", "0.2")),
        "US TARIFF": _money(works // 10),
        "DDP US (USD)": _money(works * 126 // 100),
    }


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"


def sizes_among(columns: Sequence[str]) -> list[str]:
    """Find the sizes among the columns of ORDERS_UNIFIED, which are in the table's order."""
    return list(columns[columns.index(FIRST_SIZE_AFTER) + 1 : columns.index(LAST_SIZE_BEFORE)])


class Portion(NamedTuple):
    """Rows for the staging tables, as `ORDER_COLUMNS` and `SUBITEM_COLUMNS` have them."""

    orders: list[Record]
    subitems: list[Record]


@dataclass(frozen=True, slots=True)
class Copying:
    """Makes rows of the staging tables from rows of the source without a rule: what it finds is what it copies.

    Rows of the source have the columns `SOURCES`, the UUID, and the `sizes`.
    """

    sizes: Sequence[str]

    def order(self, row: Record, stg_id: int | None) -> Record:
        """Make an order."""
        title, group = "".join([row[place] for place in TITLE]), " ".join([row[place] for place in GROUP])
        return (*row[:_FIRST_SIZE], title, group, stg_id)

    def subitems(self, row: Record, stg_id: int) -> list[Record]:
        """Make the subitems of an order."""
        head = (*[row[place] for place in _COPIED], row[len(SOURCES)], stg_id)
        quantities = zip(self.sizes, row[_FIRST_SIZE:], strict=True)
        return [(*head, size, size, count, count) for size, count in quantities if count]

    def portion(self, rows: Sequence[Record], ids: Iterable[int]) -> Portion:
        """Make the rows of a chunk, whose orders get these ids."""
        orders, subitems = [], []
        for row, stg_id in zip(rows, ids, strict=True):
            orders.append(self.order(row, stg_id))
            subitems += self.subitems(row, stg_id)
        return Portion(orders, subitems)
