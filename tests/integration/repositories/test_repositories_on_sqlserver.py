"""The repositories' statements, recorded as they run, compiled for SQL Server and read as Transact-SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import ClauseElement, Column, Integer, MetaData, Table, event
from sqlalchemy.orm import sessionmaker
from sqlglot import exp

from order_staging import UnitOfWork, schema
from order_staging.batch.keys import business_key
from order_staging.database import create_engine
from order_staging.models import (
    ErrorType,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from order_staging.repositories import Kind, SourceFilter, SourceRepository, SourceShape, Span
from order_staging.repositories.bulk import Insertion
from order_staging.repositories.permissions import asked_of_sqlserver
from order_staging.repositories.relinking import recognised
from order_staging.repositories.source import Page
from order_staging.transform import load_mapping
from tests.integration.repositories.repository_rows import (
    BATCH,
    CUSTOMER,
    LATER,
    NOW,
    OTHER_BATCH,
    delivered,
    source_row,
    stage,
    stage_subitems,
    subitem,
)
from tests.unit.models.sqlserver_parsing import SQLSERVER, for_sqlserver, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from order_staging.models import Base

    Work = Callable[[UnitOfWork], object]

WANTED = SourceFilter(names=["GREYSON", None], po="4755", aag_season="2026 FALL", customer_season="FALL 26")
SPAN = Span(1, 10)
CHANGES, CHANGED = UUID(int=1), UUID(int=2)
PAGE = Page(BATCH, 10, without_doubled=True)
KEY = business_key(load_mapping())
RECOGNISED = recognised(KEY, [CUSTOMER, None], doubled=True)


@pytest.fixture(scope="module")
def any_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One migrated SQLite file: statements are built the same on every engine."""
    folder: Path = tmp_path_factory.mktemp("recorded")
    engine = create_engine(f"sqlite:///{folder / 'orders.db'}")
    schema.upgrade(engine)
    with UnitOfWork(sessionmaker(engine)) as uow:
        uow.source.add(uow.source.shape(), [source_row()])
        (one,) = stage(uow, delivered(1))
        stage_subitems(uow, subitem(one), subitem(one, "L", stg_status="API_SUCCESS"))
        landed = [
            ProductionOrder(item_id=2, source_uuid=CHANGED),
            ProductionSubitem(subitem_id="3", source_uuid=CHANGED, size_key="M"),
        ]
        uow.source.session.add_all(landed)
        changed: dict[str, Any] = {"stg_batch_id": CHANGES}
        stage(
            uow,
            delivered(2, **changed, source_uuid=CHANGED),
            delivered(4, **changed, update_operation="ARCHIVE"),
        )
        stage_subitems(
            uow,
            subitem(None, **changed, stg_status="API_SUCCESS", source_uuid=CHANGED),
            subitem(None, **changed, stg_status="API_SUCCESS", update_operation="DELETE"),
        )
        uow.commit()
    yield engine
    engine.dispose()


def recorded(engine: Engine, work: Work) -> list[exp.Expr]:
    """Do some work without committing it, and read what SQL Server would be asked."""
    statements: list[ClauseElement] = []

    def record(_: object, statement: Any, *__: object) -> None:
        # A savepoint is SQLAlchemy's own statement, and the parser does not know SQL Server's.
        if isinstance(statement, ClauseElement) and "avepoint" not in type(statement).__name__:
            statements.append(statement)

    event.listen(engine, "before_execute", record)
    try:
        with UnitOfWork(sessionmaker(engine)) as uow:
            work(uow)
    finally:
        event.remove(engine, "before_execute", record)
    return [tree for statement in statements for tree in parsed(for_sqlserver(statement))]


WORK: dict[str, tuple[Work, list[type[exp.Expr]]]] = {
    "customer_names": (lambda uow: uow.source.customer_names(), [exp.Select]),
    "new_by_customer_name": (lambda uow: uow.source.new_by_customer_name(WANTED), [exp.Select]),
    "has_doubled_uuids": (lambda uow: uow.source.has_doubled_uuids(), [exp.Select]),
    "new_rows": (
        lambda uow: list(uow.source.new_rows(uow.source.shape(), ["record_uuid", "PO NUMBER"], WANTED, PAGE)),
        [exp.Select],
    ),
    "new_rows_without_recognised_ones": (
        lambda uow: list(
            uow.source.new_rows(
                uow.source.shape(), ["record_uuid"], WANTED, replace(PAGE, left_out=RECOGNISED)
            )
        ),
        [exp.Select],
    ),
    "count_recognised": (
        lambda uow: uow.forecasts.count_recognised(KEY, [CUSTOMER, None], doubled=True),
        [exp.Select],
    ),
    "items_recognised": (
        lambda uow: uow.forecasts.items_recognised(KEY, [CUSTOMER, None], doubled=True),
        [exp.Union],
    ),
    "waiting": (lambda uow: uow.forecasts.waiting(CUSTOMER), [exp.Select, exp.Select]),
    "values_waiting": (
        lambda uow: list(uow.forecasts.values_waiting(CUSTOMER, ["order_type"])),
        [exp.Select],
    ),
    "sizes_waiting": (lambda uow: uow.forecasts.sizes_waiting(CUSTOMER), [exp.Select]),
    "left_over_of": (lambda uow: uow.staging.changes.left_over_of(CUSTOMER), [exp.Select] * 4),
    "alike": (
        lambda uow: uow.forecasts.alike(KEY, WANTED, RECOGNISED, doubled=True, limit=10),
        [exp.Select],
    ),
    "alike_counted": (
        lambda uow: uow.forecasts.alike(KEY, WANTED, RECOGNISED, doubled=True, limit=0),
        [exp.Select],
    ),
    "unidentified_rows": (
        lambda uow: list(uow.source.unidentified_rows(uow.source.shape(), ["PO NUMBER"], WANTED, PAGE)),
        [exp.Select],
    ),
    "count_unidentified": (lambda uow: uow.source.count_unidentified(WANTED, doubled=True), [exp.Select]),
    "add": (lambda uow: uow.staging.orders.add([delivered(2), delivered(3)]), [exp.Select]),
    "pending": (lambda uow: uow.staging.orders.pending(BATCH, 10), [exp.Select]),
    "gather_open": (
        lambda uow: uow.staging.orders.gather_open(CUSTOMER, OTHER_BATCH),
        [exp.Select, exp.Update, exp.Update],
    ),
    "open_batch": (lambda uow: uow.staging.orders.open_batch(CUSTOMER, subitems=True), [exp.Select]),
    "interrupted": (lambda uow: uow.staging.orders.interrupted(BATCH), [exp.Update]),
    "delete_finished": (lambda uow: uow.staging.orders.delete_finished(BATCH, SPAN), [exp.Delete]),
    "delete_promoted": (lambda uow: uow.staging.subitems.delete_promoted(BATCH, SPAN), [exp.Delete]),
    "link_to_items": (lambda uow: uow.staging.subitems.link_to_items(BATCH), [exp.Update]),
    "pending_subitems": (lambda uow: uow.staging.subitems.pending(BATCH, 10), [exp.Select]),
    "promote_orders": (
        lambda uow: uow.production.promote_orders(BATCH, SPAN, NOW, columns=["PO NUMBER", "CUSTOMER PRICE"]),
        [exp.Select, exp.Insert, exp.Update],
    ),
    "promote_subitems": (
        lambda uow: uow.production.promote_subitems(BATCH, SPAN, NOW),
        [exp.Select, exp.Insert, exp.Update],
    ),
    "promote_changed_orders": (
        lambda uow: uow.production.promote_orders(CHANGES, SPAN, NOW, columns=["PO NUMBER"]),
        [exp.Select, *[exp.Delete] * 3, exp.Update, exp.Insert, exp.Update, *[exp.Delete] * 2],
    ),
    "promote_changed_subitems": (
        lambda uow: uow.production.promote_subitems(CHANGES, SPAN, NOW),
        [exp.Select, exp.Delete, exp.Update, exp.Insert, exp.Update],
    ),
    "spans": (lambda uow: uow.staging.orders.spans(BATCH, StagingStatus.PROMOTED, 10), [exp.Select]),
    "delivered_page": (
        lambda uow: uow.deliveries.page(
            uow.source.shape(), ["record_uuid", "PO NUMBER"], WANTED, PAGE, [BATCH]
        ),
        [exp.Select],
    ),
    "delivered_sizes": (lambda uow: uow.deliveries.sizes([BATCH, OTHER_BATCH]), [exp.Select]),
    "acknowledged": (lambda uow: uow.deliveries.acknowledged([BATCH], ["PO NUMBER"]), [exp.Select]),
    "acknowledged_sizes": (lambda uow: uow.deliveries.acknowledged_sizes([BATCH]), [exp.Select]),
    "refresh": (
        lambda uow: uow.deliveries.refresh(
            [
                {
                    "source_uuid": BATCH,
                    "delivered_hash": "h",
                    "delivered_values": "v",
                    "delivered_rules": "r",
                }
            ]
        ),
        [exp.Update],
    ),
    "removed": (lambda uow: uow.deliveries.removed([CUSTOMER], WANTED, BATCH, 10), [exp.Select]),
    "count_delivered": (lambda uow: uow.deliveries.count_delivered([CUSTOMER], WANTED), [exp.Select]),
    "delivered_customers": (lambda uow: uow.deliveries.customers(), [exp.Select]),
    "delivered_groups": (lambda uow: uow.deliveries.groups([CUSTOMER]), [exp.Select]),
    "items_known": (lambda uow: uow.deliveries.items_known([1]), [exp.Select, exp.Select]),
    "open_of": (lambda uow: uow.failures.open_of([BATCH], [ErrorType.EDITED]), [exp.Select]),
    "acquire": (
        lambda uow: uow.batches.acquire(CUSTOMER, "one", now=NOW, until=LATER),
        [exp.Select, exp.Insert, exp.Update, exp.Select],
    ),
    "renew": (lambda uow: uow.batches.renew(CUSTOMER, 1, LATER), [exp.Update]),
    "release": (lambda uow: uow.batches.release(CUSTOMER, 1), [exp.Update]),
    "increase": (lambda uow: uow.batches.increase(BATCH, api_calls_made=1), [exp.Update]),
    "unfinished": (lambda uow: uow.batches.unfinished(CUSTOMER, "ORDERS"), [exp.Select]),
    "newest": (lambda uow: uow.batches.newest(5, CUSTOMER), [exp.Select]),
    "count_recorded": (lambda uow: uow.batches.count_recorded(CUSTOMER), [exp.Select]),
    "refused_places": (lambda uow: uow.failures.refused_places(CUSTOMER, BATCH), [exp.Select, exp.Select]),
    "refused_subitems": (lambda uow: uow.failures.refused_subitems([BATCH]), [exp.Select]),
    "letters_to_retry": (lambda uow: uow.failures.unresolved(batch_id=BATCH), [exp.Select, exp.Select]),
    "source_customers": (lambda uow: uow.failures.source_customers(), [exp.Select]),
    "rows_of": (lambda uow: uow.source.rows_of(uow.source.shape(), ["record_uuid"], [BATCH]), [exp.Select]),
    "is_open": (lambda uow: uow.staging.orders.is_open(BATCH), [exp.Select]),
    "any_invalid": (lambda uow: uow.failures.any_invalid(), [exp.Select]),
    "invalid_like": (lambda uow: uow.failures.invalid_like([BATCH], ["a"]), [exp.Select, exp.Select]),
    "resolve": (lambda uow: uow.failures.resolve([1, 2], by="me", now=NOW), [exp.Update]),
    "unresolved": (lambda uow: uow.failures.unresolved_orders(batch_id=BATCH), [exp.Select]),
    "count_unresolved": (
        lambda uow: uow.failures.count_unresolved(customers=[CUSTOMER]),
        [exp.Select, exp.Select],
    ),
    "count_of_batch": (lambda uow: uow.failures.count_of_batch(BATCH), [exp.Select, exp.Select]),
    "acknowledged_in_time": (
        lambda uow: [*uow.history.acknowledged(Kind.SUBITEM, CUSTOMER, NOW, LATER)],
        [exp.Select],
    ),
    "acknowledged_in_staging": (
        lambda uow: [*uow.history.acknowledged_in_staging(Kind.ORDER, BATCH)],
        [exp.Select],
    ),
    "newest_items": (lambda uow: uow.production.newest_items(5), [exp.Select]),
    "landed": (lambda uow: uow.history.landed(CUSTOMER, NOW, LATER, 5), [exp.Select]),
    "failures_of_batch": (lambda uow: uow.history.failures_of_batch(BATCH), [exp.Select, exp.Select]),
    "failed_rows": (lambda uow: uow.history.failed_rows(BATCH, Kind.SUBITEM, None, 5), [exp.Select]),
    "batches_since": (lambda uow: [*uow.history.batches_since(NOW)], [exp.Select]),
}


@pytest.mark.parametrize("name", WORK)
def test_the_statements_of_a_named_query_are_transact_sql(any_engine: Engine, name: str) -> None:
    work, kinds = WORK[name]
    assert [type(tree) for tree in recorded(any_engine, work)] == kinds


def test_each_right_is_asked_for_by_the_servers_own_function_in_one_statement() -> None:
    rights, query = asked_of_sqlserver()
    (tree,) = parsed(for_sqlserver(query))
    asked = [each for each in tree.find_all(exp.Anonymous) if each.name == "HAS_PERMS_BY_NAME"]
    assert len(asked) == len(tree.expressions) == len(rights) > 30
    given = list(query.compile(dialect=SQLSERVER).params.values())
    assert given[:3] == ["[alembic_version]", "OBJECT", "SELECT"]
    assert given[-3:] == [f"[{rights[-1].table}]", "OBJECT", rights[-1].name]


def test_new_rows_are_one_anti_join_with_every_size_by_name(any_engine: Engine) -> None:
    (tree,) = recorded(any_engine, WORK["new_rows"][0])
    names = [column.alias_or_name for column in tree.expressions]
    assert {"record_uuid", "L(10-12)", "30/32", "0"} <= set(names)
    assert "INFOR COLOUR CODE" not in names
    absent = [found for found in tree.find_all(exp.Exists) if found.find_ancestor(exp.Not)]
    assert {table.name for each in absent for table in each.find_all(exp.Table)} == {
        "STG_MON_CustMasterSchedule",
        "MON_CustMasterSchedule",
    }
    assert "TOP" not in tree.sql(dialect="tsql")


class Streaming:
    """Stands in for a session and its connection to SQL Server: it notes what it is asked, and has one row."""

    dialect = SQLSERVER

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[object]]] = []

    def connection(self) -> Streaming:
        return self

    def execute(self, statement: ClauseElement, **_: object) -> Streaming:
        parameters = statement.compile(dialect=SQLSERVER).params or {}
        self.asked.append((for_sqlserver(statement), list(parameters.values())))
        return self

    def keys(self) -> list[str]:
        return ["record_uuid"]

    def partitions(self) -> Iterator[list[tuple[UUID]]]:
        yield [(BATCH,)]

    def close(self) -> None:
        self.asked.append(("closed", []))


def test_new_rows_are_set_aside_on_sql_server_where_reading_would_block_writing() -> None:
    session = Streaming()
    table = Table("ORDERS_UNIFIED", MetaData(), *(Column(name, Integer) for name in ("record_uuid", "S")))
    source = SourceRepository(session)  # type: ignore[arg-type] # it stands in for a session
    pages = source.new_rows(SourceShape(table, ("S",)), ["record_uuid"], WANTED, PAGE)
    assert list(pages) == [[{"record_uuid": BATCH}]]
    *statements, closed = session.asked
    drop, create, fill, read = statements
    assert closed == ("closed", [])
    assert all(len(parsed(sql)) == 1 for sql, _ in statements)
    assert drop == ("\nDROP TABLE IF EXISTS [#new_rows]", [])
    # With a parameter the driver would make a procedure of it, and the table would end with that.
    assert create[1] == []
    empty = "SELECT record_uuid, [S] INTO [#new_rows] FROM [ORDERS_UNIFIED] WHERE 0 = 1"
    assert " ".join(create[0].split()) == empty
    assert fill[0].startswith("INSERT INTO [#new_rows] (record_uuid, [S]) SELECT record_uuid, [S]")
    assert BATCH in fill[1]
    assert read[0].split("FROM")[1].split() == ["[#new_rows]", "ORDER", "BY", "[#new_rows].record_uuid"]


@pytest.mark.parametrize(("model", "row"), [(StagedOrder, delivered(2)), (StagedSubitem, subitem(1))])
def test_rows_are_inserted_by_transact_sql_with_a_type_for_each_parameter(
    model: type[Base], row: dict[str, object]
) -> None:
    insertion = Insertion(model, tuple(row), SQLSERVER)
    (tree,) = parsed(insertion.sql)
    assert isinstance(tree, exp.Insert)
    assert len(tree.this.expressions) == len(insertion.types) == len(row)
    assert "OUTPUT" not in insertion.sql
    assert [len(values) for values in insertion.parameters([row, row])] == [len(row)] * 2


def test_promotion_names_its_columns_on_both_sides_and_rounds_by_a_cast(any_engine: Engine) -> None:
    (tree,) = [
        each for each in recorded(any_engine, WORK["promote_orders"][0]) if isinstance(each, exp.Insert)
    ]
    named = [column.name for column in tree.this.expressions]
    chosen = tree.expression.expressions
    assert len(named) == len(chosen) > 80
    pairs = dict(zip(named, chosen, strict=True))
    price = pairs["CUSTOMER PRICE"].find(exp.Cast)
    assert price is not None
    assert price.find(exp.Column).name == "CUSTOMER PRICE"
    assert price.to.sql(dialect="tsql").replace(" ", "") == "NUMERIC(18,2)"
    assert pairs["Item ID"].find(exp.Column).name == "stg_monday_item_id"


def test_a_lease_is_taken_by_one_update_that_checks_and_counts(any_engine: Engine) -> None:
    trees = recorded(any_engine, WORK["acquire"][0])
    (update,) = [tree for tree in trees if isinstance(tree, exp.Update)]
    written = update.sql(dialect="tsql").replace("MON_BatchLease", "").replace("[", "").replace("]", "")
    assert "fence + ?" in written.replace(".", "")
    assert "holder IS NULL" in written.replace(".", "")
    assert "expires_date < ?" in written.replace(".", "")
