"""The orders of the benchmark: lines of one customer in four seasons, with four sizes each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID

from order_staging.sandbox import sample_values as values
from order_staging.transform import (
    Order,
    OrderRules,
    item_column_values,
    load_customers,
    load_mapping,
    subitem_column_values,
    subitem_name,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, object]

CUSTOMER = "GREYSON CLOTHIERS"
SEASONS = ("SPRING 2027", "SUMMER 2027", "FALL 2027", "HOLIDAY 2027")
STYLES = 40
SIZES = 4
COLOURS = (*values.COLOURS, "HEATHER GREY", "FOREST")
KEY_COLUMN = "text_source_uuid"


@dataclass(frozen=True, slots=True)
class Line:
    """What the board is to get for an order line: an item and its subitems, as column values by column id."""

    key: str
    group: str
    name: str
    columns: dict[str, object]
    subitems: tuple[tuple[str, dict[str, object]], ...]


def order_rows(count: int, seed: int = 4755) -> list[Row]:
    """Make rows of ORDERS_UNIFIED, the seasons in turn, with four sizes above 0 each."""
    random = Random(seed)  # noqa: S311 - sample data
    styles = [_style(random, number) for number in range(STYLES)]
    return [_row(random, styles[number % STYLES], number) for number in range(count)]


def board_lines(rows: Sequence[Row]) -> list[Line]:
    """Tell what the board is to get for rows, by the project's own rules: the same for whoever delivers it."""
    mapping = load_mapping(None)
    rules = OrderRules(mapping, load_customers(None), {})
    lines = []
    for row in rows:
        full = dict.fromkeys((*mapping.source_columns, *values.ALPHA_SIZES)) | row
        order = rules.apply(full, values.ALPHA_SIZES)
        if not isinstance(order, Order):
            raise TypeError(f"an order line of the benchmark is invalid: {order.problems}")
        columns = item_column_values(mapping, order.values) | {KEY_COLUMN: str(order.source_uuid)}
        subitems = [
            (subitem_name(mapping, size), subitem_column_values(mapping, size)) for size in order.sizes
        ]
        lines.append(Line(str(order.source_uuid), order.group, order.title, columns, tuple(subitems)))
    return lines


def _style(random: Random, number: int) -> Row:
    style = f"{random.choice(values.STYLE_STEMS)}{100_100 + number}"
    garment, fabric = random.choice(values.GARMENTS), random.choice(values.FABRICS)
    return {
        "CUSTOMER STYLE": style,
        "ALIAS/RELATED ITEM": f"{style}-A",
        "PATTERN ID": f"P-{random.randrange(10_000, 99_999)}",
        "STYLE DESCRIPTION": f"{garment} in {fabric}",
        "CATEGORY": random.choice(values.CATEGORIES),
        "HS CODE": random.choice(values.HS_CODES),
        "UNIT OF MEASURE": random.choice(values.UNITS),
    }


def _row(random: Random, style: Row, number: int) -> Row:
    start = random.randrange(len(values.ALPHA_SIZES) - SIZES + 1)
    quantities = {size: random.randrange(2, 90) for size in values.ALPHA_SIZES[start : start + SIZES]}
    received = date(2026, 9, 1) + timedelta(days=random.randrange(60))
    ex_factory = received + timedelta(days=random.randrange(60, 150))
    works = random.randrange(600, 4_500)
    return {
        **style,
        "CUSTOMER NAME": CUSTOMER,
        "CUSTOMER SEASON": SEASONS[number % len(SEASONS)],
        "AAG ORDER NUMBER": f"JOO-{number // 8 + 600:05}",
        "PO NUMBER": str(4_755 + number // 200),
        "AAG SEASON": random.choice(values.AAG_SEASONS),
        "CUSTOMER COLOUR DESCRIPTION": random.choice(COLOURS),
        "ORDER DATE PO RECEIVED": received,
        "DROP": f"DROP {random.randrange(1, 4)}",
        "ORDER TYPE": "ACTIVE",
        "DESTINATION": random.choice(values.DESTINATIONS),
        "DESTINATION WAREHOUSE": random.choice(values.WAREHOUSES),
        "ETA CUSTOMER WAREHOUSE DATE": ex_factory + timedelta(days=random.randrange(20, 45)),
        "EX FACTORY DATE": ex_factory,
        "DELIVERY TERMS": random.choice(values.DELIVERY_TERMS),
        "PLANNED DELIVERY METHOD": random.choice(values.DELIVERY_METHODS),
        "CUSTOMER PRICE": _money(works * 135 // 100),
        "EX WORKS (USD)": _money(works),
        "FINAL FOB (USD)": _money(works + 86),
        "US DUTY RATE": "0.165",
        "US DUTY": _money(works * 16 // 100),
        "FREIGHT": "1.1",
        "SMS PRICE USD": _money(works * 270 // 100),
        "FINAL PRICES Y/N": random.choice(("Y", "N")),
        **quantities,
        "TOTAL QTY": sum(quantities.values()),
        "record_uuid": UUID(int=random.getrandbits(128), version=4),
    }


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
