"""Sample rows of ORDERS_UNIFIED, shaped like real ones and made up throughout: no real data is in them."""

import uuid
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from order_staging.sandbox import sample_values as values

Row = dict[str, object]

GREYSON_LINES = 69
GREYSON_CELLS = 264
GREYSON_REPEATED = 3
NEGATIVE_EVERY = 97
ODD_EVERY = 6
REPEATED_EVERY = 11


def greyson_4755(seed: int = 4755) -> list[Row]:
    """The order lines of GREYSON PO 4755: 69 valid rows with 264 quantities above 0 among them.

    Takes the seed of everything random. A row maps names of ORDERS_UNIFIED columns to values; columns that
    are NULL are left out. Both spellings of the customer occur, and three rows have the order, style and
    colour of another one, but other quantities.
    """
    random = Random(seed)  # noqa: S311 - sample data
    keys = _greyson_keys(random)
    cells = _greyson_cells(random)
    rows: list[Row] = []
    for place, ((order, style, colour), count) in enumerate(zip(keys, cells, strict=True)):
        sizes = {size: random.randrange(2, 90) for size in _run(random, values.ALPHA_SIZES, count)}
        spelling = values.GREYSON_SPELLINGS[place % 3 > 0]
        row = _line(random, spelling, style, colour, sizes)
        row |= {"AAG ORDER NUMBER": order, "PO NUMBER": "4755", "AAG SEASON": "2025 FALL"}
        rows.append(row)
    return rows


def sample_orders(seed: int = 4755, customers: int = 12, lines: int = 400) -> list[Row]:
    """Rows of many customers: those of `greyson_4755` first, then the others with all that is odd in real ones.

    Takes the seed, how many customers there are (one by two spellings counts once; GREYSON is the first)
    and how many rows in all. Raises ValueError for fewer than 69 lines or fewer than one customer.
    """
    if lines < GREYSON_LINES or customers < 1:
        raise ValueError(f"Sample orders need at least {GREYSON_LINES} lines and one customer")
    random = Random(f"{seed} and others")  # noqa: S311 - sample data
    spellings = (values.GREYSON_SPELLINGS, *_customers(customers - 1))
    rows = greyson_4755(seed)
    for place in range(lines - GREYSON_LINES):
        # every customer once to begin with, then some have more orders than others
        group = spellings[(place + 1) % customers] if place < customers else random.choice(spellings)
        rows.append(_other_row(random, random.choice(group), place, rows[-1]))
    return rows


def _other_row(random: Random, customer: str, place: int, before: Row) -> Row:
    run = random.choice(values.SIZE_RUNS)
    sizes = {size: random.choice((0, 1, 6, 12, 48, 250)) for size in _run(random, run, min(len(run), 5))}
    if place % NEGATIVE_EVERY == NEGATIVE_EVERY - 1:
        sizes[next(iter(sizes))] = -6
    row = _line(random, customer, _style(random), random.choice(values.COLOURS), sizes)
    if random.random() < 0.7:  # noqa: PLR2004 - most customers name their seasons
        row["CUSTOMER SEASON"] = random.choice(values.CUSTOMER_SEASONS)
    if place % ODD_EVERY == 0:
        row |= values.ODDITIES[place // ODD_EVERY % len(values.ODDITIES)]
    elif place % REPEATED_EVERY == REPEATED_EVERY - 1:
        same = (
            "CUSTOMER NAME",
            "AAG ORDER NUMBER",
            "CUSTOMER STYLE",
            "CUSTOMER COLOUR DESCRIPTION",
            "PO NUMBER",
        )
        row |= {name: before[name] for name in same}
    return row


def _line(random: Random, customer: str, style: str, colour: str, sizes: dict[str, int]) -> Row:
    fabric, garment = random.choice(values.FABRICS), random.choice(values.GARMENTS)
    received = date(2025, 1, 6) + timedelta(days=random.randrange(300))
    ex_factory = received + timedelta(days=random.randrange(60, 150))
    return {
        "AAG ORDER NUMBER": f"JOO-{random.randrange(600, 1400):05}",
        "CUSTOMER NAME": customer,
        "ORDER DATE PO RECEIVED": received,
        "AAG SEASON": random.choice(values.AAG_SEASONS),
        "DROP": f"DROP {random.randrange(1, 4)}",
        "MONTH": random.choice(values.MONTHS),
        "CATEGORY": random.choice(values.CATEGORIES),
        "PATTERN ID": f"P-{random.randrange(10_000, 99_999)}",
        "PLANNER": random.choice(values.PLANNERS),
        "ALIAS/RELATED ITEM": f"{style}-A",
        "CUSTOMER STYLE": style,
        "ACTIVE": "TRUE",
        "PO NUMBER": str(random.randrange(4_800, 9_900)),
        "STYLE DESCRIPTION": f"{garment} in {fabric}",
        "CUSTOMER COLOUR DESCRIPTION": colour,
        "UNIT OF MEASURE": random.choice(values.UNITS),
        **sizes,
        "TOTAL QTY": sum(sizes.values()),
        "ORDER TYPE": "ACTIVE",
        "DESTINATION": random.choice(values.DESTINATIONS),
        "DESTINATION WAREHOUSE": random.choice(values.WAREHOUSES),
        "ETA CUSTOMER WAREHOUSE DATE": ex_factory + timedelta(days=random.randrange(20, 45)),
        "EX FACTORY DATE": ex_factory,
        "DELIVERY TERMS": random.choice(values.DELIVERY_TERMS),
        "PLANNED DELIVERY METHOD": random.choice(values.DELIVERY_METHODS),
        "NOTES": "",
        **_prices(random),
        "record_uuid": uuid.UUID(int=random.getrandbits(128), version=4),
    }


def _prices(random: Random) -> Row:
    works = random.randrange(600, 4_500)
    price, duty = works * 135 // 100, works * 16 // 100
    return {
        "CUSTOMER PRICE": _money(price),
        "USA ONLY LSTP 75% EX WORKS": _money(works * 75 // 100),
        "EX WORKS (USD)": _money(works),
        "ADMINISTRATION FEE": "0",
        "DESIGN FEE": random.choice(("0", "", "0.50")),
        "FX CHARGE": "0",
        "HANDLING": random.choice(("", "0.35")),
        "SURCHARGE FEE": "0",
        "DISCOUNT": random.choice(("0", "-1.25", "")),
        "FINAL FOB (USD)": _money(works + 86),
        "HS CODE": random.choice(values.HS_CODES),
        "US DUTY RATE": "0.165",
        "US DUTY": _money(duty),
        "FREIGHT": "1.1",
        "US TARIFF RATE": random.choice(("TRUE", "0.1", "0")),
        "US TARIFF": _money(works // 10),
        "DDP US (USD)": _money(works + duty + 110),
        "SMS PRICE USD": _money(price * 2),
        "FINAL PRICES Y/N": random.choice(("Y", "N")),
    }


def _greyson_keys(random: Random) -> list[tuple[str, str, str]]:
    orders = [f"JOO-{number:05}" for number in range(505, 511)]
    styles = sorted({_style(random) for _ in range(30)})
    keys: dict[tuple[str, str, str], None] = {("JOO-00505", "JWHD100120", "WHITE"): None}
    while len(keys) < GREYSON_LINES - GREYSON_REPEATED:
        keys[random.choice(orders), random.choice(styles), random.choice(values.COLOURS)] = None
    return [*keys, *list(keys)[:GREYSON_REPEATED]]


def _greyson_cells(random: Random) -> list[int]:
    """How many sizes each line has: three to five, and 264 in all."""
    few, more = divmod(GREYSON_CELLS, GREYSON_LINES)
    cells = [few + 1] * more + [few] * (GREYSON_LINES - more)
    for place in range(0, more - 1, 6):
        cells[place] += 1
        cells[place + 1] -= 1
    random.shuffle(cells)
    return cells


def _run(random: Random, sizes: Sequence[str], count: int) -> Sequence[str]:
    start = random.randrange(len(sizes) - count + 1)
    return sizes[start : start + count]


def _style(random: Random) -> str:
    return f"{random.choice(values.STYLE_STEMS)}{random.randrange(100_100, 100_900)}"


def _customers(count: int) -> list[tuple[str, ...]]:
    made_up = [(f"{first} {second}",) for second in values.SECOND_WORDS for first in values.FIRST_WORDS]
    known = [*values.CUSTOMERS, *made_up]
    return [known[place] if place < len(known) else (f"CUSTOMER {place + 2}",) for place in range(count)]


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
