"""The staged batch of the benchmark of promotion: orders that are on the board, and not in production yet."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.databases import analyze, execute
from benchmarks.delivery_orders import CUSTOMER, KEY_COLUMN, order_rows
from benchmarks.promote_measures import Measure
from benchmarks.promote_sql import STAGED, STAGED_SIZES, plain_sql, quoted
from order_staging import BatchService, Settings, schema
from order_staging.batch.limits import order_limits, subitem_limits
from order_staging.batch.payloads import order_payload, size_payload
from order_staging.batch.rows import staged_order, staged_subitems
from order_staging.database import create_engine
from order_staging.models import Base, Batch, BatchStatus, StagedOrder, StagedSubitem
from order_staging.sandbox import sample_values
from order_staging.transform import Order, OrderRules, load_customers, load_mapping, rules_fingerprint
from order_staging.version import VERSION

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from benchmarks.databases import Databases
    from order_staging.batch.payloads import Payload

BATCH = UUID("00000000-0000-0000-0000-00000000b001")
PATTERNS = 500
"""Different order lines; all others are copies of them under other ids."""
SIZES_EACH = 2
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC).replace(tzinfo=None)
FIRST_ITEM, FIRST_SUBITEM = 1_000_000_001, 2_000_000_000_001
BOARD, SUBITEM_BOARD = 9_200_517_329, 9_200_517_330
SCATTER = 2_654_435_761
"""Knuth's multiplier: copies' UUIDs come in no order, as in life."""

Row = dict[str, Any]


def build(databases: Databases, name: str, staged: int, delivered: int) -> str:
    """Make a database with so many staged orders of one batch, and so many that were promoted long ago.

    Both are rounded down to whole times `PATTERNS`. Gives the URL.
    """
    url = databases.create(name)
    engine = create_engine(url)
    schema.upgrade(engine)
    _stage_patterns(engine)
    engine.dispose()
    before, now = delivered // PATTERNS, staged // PATTERNS
    if before:
        sql = plain_sql(databases.engine, BATCH)
        execute(url, [*_copied(databases.engine, 1, before), *sql.promotion, *sql.cleanup])
    tables = (STAGED_SIZES, STAGED)
    execute(
        url,
        [
            *_copied(databases.engine, before + 1, before + now),
            # The patterns themselves were never acknowledged.
            *(f"DELETE FROM {quoted(table)} WHERE stg_status <> 'API_SUCCESS'" for table in tables),  # noqa: S608
        ],
    )
    analyze(url)
    return url


def by_us(url: str) -> Measure:
    """Promote and clean up by the library's public methods."""
    service = BatchService(Settings.load(database_url=url))
    began = time.perf_counter()
    promoted = service.promote_successful_records(BATCH)
    between = time.perf_counter()
    cleaned = service.cleanup_staging_for_customer(BATCH)
    ended = time.perf_counter()
    moved = (promoted.orders + promoted.subitems, cleaned.orders + cleaned.subitems)
    return Measure(between - began, ended - between, *moved)


def by_plain_sql(engine: str, url: str, *, marks: bool) -> Measure:
    """Do it by the raw driver."""
    sql = plain_sql(engine, BATCH, marks=marks)
    began = time.perf_counter()
    promoted = execute(url, sql.promotion)
    between = time.perf_counter()
    cleaned = execute(url, sql.cleanup)
    ended = time.perf_counter()
    # A mark is about the rows that were promoted just before.
    moved = sum(promoted) // (2 if marks else 1)
    return Measure(between - began, ended - between, moved, sum(cleaned))


def _stage_patterns(engine: Engine) -> None:
    """Stage different order lines by the library's own rules, as they are when monday.com has answered."""
    mapping, customers = load_mapping(None), load_customers(None)
    rules = OrderRules(mapping, customers, order_limits())
    fingerprint = rules_fingerprint(mapping, customers, VERSION)
    orders: list[Row] = []
    sizes: list[Row] = []
    sent = {"stg_sent_date": NOW, "stg_key_date": NOW, "stg_processed_date": NOW}
    for number, row in enumerate(order_rows(PATTERNS), 1):
        full = dict.fromkeys((*mapping.source_columns, *sample_values.ALPHA_SIZES)) | row
        order = rules.apply(full, sample_values.ALPHA_SIZES)
        if not isinstance(order, Order):
            raise TypeError(f"an order line of the benchmark is invalid: {order.problems}")
        key = {KEY_COLUMN: str(order.source_uuid)}
        payload = order_payload(mapping, order.title, order.group, order.values, key)
        parent = staged_order(order, BATCH, BOARD, NOW)
        item = {"stg_id": number, "stg_monday_item_id": FIRST_ITEM + number, "stg_rules": fingerprint}
        orders.append(parent | sent | item | _acknowledged(payload))
        chosen = order.sizes[:SIZES_EACH]
        children = staged_subitems(order, parent, number, subitem_limits(), chosen)
        for place, (size, child) in enumerate(zip(chosen, children, strict=True)):
            counted = (number - 1) * SIZES_EACH + place
            subitem = {
                "stg_id": counted + 1,
                "stg_monday_subitem_id": FIRST_SUBITEM + counted,
                "stg_monday_parent_item_id": FIRST_ITEM + number,
                "stg_monday_subitem_board_id": SUBITEM_BOARD,
            }
            sizes.append(child | sent | subitem | _acknowledged(size_payload(mapping, size)))
    batch = {"batch_id": BATCH, "customer_name": CUSTOMER, "batch_type": "NEW_ORDERS", "start_time": NOW}
    with Session(engine) as session:
        session.execute(insert(StagedOrder), orders)
        session.execute(insert(StagedSubitem), sizes)
        session.execute(insert(Batch), [batch | {"status": BatchStatus.SUBITEMS_CREATED}])
        session.commit()


def _acknowledged(payload: Payload) -> Row:
    return {
        "stg_api_payload": payload.recorded,
        "stg_payload_hash": payload.hash,
        "stg_idempotency_key": payload.hash,
    }


def _copied(engine: str, first: int, last: int) -> list[str]:
    """Write the statements that copy the patterns as often, and acknowledge the copies."""
    return [
        _copies(engine, STAGED, (first, last), PATTERNS, {"stg_monday_item_id": PATTERNS}),
        _copies(
            engine,
            STAGED_SIZES,
            (first, last),
            PATTERNS * SIZES_EACH,
            {
                "stg_parent_stg_id": PATTERNS,
                "stg_monday_parent_item_id": PATTERNS,
                "stg_monday_subitem_id": PATTERNS * SIZES_EACH,
            },
        ),
    ]


def _copies(engine: str, table: str, numbers: tuple[int, int], rows: int, ids: dict[str, int]) -> str:
    """Copy the first `rows` rows of a table once for each number; ids grow by so much with each."""
    changed = {name: f"{quoted(name)} + copy * {step}" for name, step in ids.items()}
    changed |= {"stg_id": f"stg_id + copy * {rows}", "stg_status": "'API_SUCCESS'"}
    scattered = f"copy * {SCATTER} % 4294967296"
    if engine == "sqlite":
        changed["source_uuid"] = f"printf('%08x', {scattered}) || substr(source_uuid, 9)"
    else:
        changed["source_uuid"] = f"(lpad(to_hex({scattered}), 8, '0') || substr(source_uuid::text, 9))::uuid"
    names = [column.name for column in Base.metadata.tables[table].c]
    values = [changed.get(name, quoted(name)) for name in names]
    return (
        f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, names))}) "  # noqa: S608 - names of ours
        "WITH RECURSIVE copies(copy) AS "
        f"(SELECT CAST({numbers[0]} AS BIGINT) UNION ALL SELECT copy + 1 FROM copies WHERE copy < {numbers[1]}) "
        f"SELECT {', '.join(values)} FROM copies, {quoted(table)} WHERE stg_id <= {rows}"
    )
