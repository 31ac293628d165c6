"""Promotion: from staging to production by column name, exactly, and all or nothing."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from order_staging.errors import PersistenceError
from order_staging.models import (
    Base,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagedSubitem,
    StagingStatus,
)
from tests.integration.repositories.repository_rows import (
    BATCH,
    NOW,
    OTHER_BATCH,
    delivered,
    distinct_values,
    do,
    order,
    promote_orders,
    promote_subitems,
    stage,
    stage_subitems,
    subitem,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Engine

    from order_staging import UnitOfWork
    from order_staging.repositories import Span
    from tests.conftest import Database

S = StagingStatus
MAPPED = ("PO NUMBER", "CUSTOMER PRICE")
CLOSE_TO_HALF = [Decimal(text) for text in ("0.0045", "0.0049", "0.0050", "-0.0050", "-1.0049")]
ROUNDED_CENTS = st.integers(-(10**15) + 1, 10**15 - 1).map(lambda n: Decimal(n).scaleb(-4))


def columns(table: str) -> set[str]:
    return set(Base.metadata.tables[table].c.keys())


def by_column(row: Base) -> dict[str, Any]:
    """A row's values by the names of its columns."""
    mapper = type(row).__mapper__
    return {attribute.columns[0].name: getattr(row, attribute.key) for attribute in mapper.column_attrs}


def landed(uow: UnitOfWork, model: type[Base]) -> list[dict[str, Any]]:
    rows = uow.source.session.scalars(select(model).execution_options(populate_existing=True))
    return [by_column(row) for row in rows]


def test_every_column_of_an_order_lands_under_its_own_name(uow: UnitOfWork) -> None:
    values = distinct_values(StagedOrder, leave_out={"stg_id", "item_id"}) | {
        "stg_batch_id": BATCH,
        "stg_status": S.API_SUCCESS,
        "fcst_consumed_qty": Decimal("12.5000"),
    }
    with uow:
        stage(uow, values)
        staged = by_column(uow.staging.orders.in_state(BATCH, S.API_SUCCESS)[0])
        assert promote_orders(uow, *MAPPED) == 1
        (row,) = landed(uow, ProductionOrder)
    copied = (columns("STG_MON_CustMasterSchedule") & columns("MON_CustMasterSchedule")) - {"Item ID"}
    assert len(copied) == 82
    expected = {name: staged[name] for name in copied} | {
        "Item ID": staged["stg_monday_item_id"],
        "delivered_hash": staged["stg_payload_hash"],
        "delivered_values": staged["stg_api_payload"],
        "delivered_date": staged["stg_processed_date"],
        "delivered_rules": staged["stg_rules"],
        "FCST CONSUMED QTY": 13,
    }
    assert {name: row[name] for name in expected} == expected
    assert {name for name, value in row.items() if value is None} == set(row) - set(expected)


def test_every_column_of_a_subitem_lands_under_its_own_name_as_text(uow: UnitOfWork) -> None:
    values = distinct_values(StagedSubitem, leave_out={"stg_id", "item_id", "stg_batch_id"}) | {
        "stg_batch_id": BATCH,
        "stg_status": S.API_SUCCESS,
        "size": "30/32",
    }
    with uow:
        stage_subitems(uow, values)
        staged = by_column(uow.staging.subitems.in_state(BATCH, S.API_SUCCESS)[0])
        assert promote_subitems(uow) == 1
        (row,) = landed(uow, ProductionSubitem)
    copied = (columns(StagedSubitem.__tablename__) & columns(ProductionSubitem.__tablename__)) - {
        "Item ID",
        "source_uuid",
    }
    expected = {name: str(staged[name]) for name in copied} | {
        "parent_item_id": str(staged["stg_monday_parent_item_id"]),
        "subitem_id": str(staged["stg_monday_subitem_id"]),
        "subitem_board_id": str(staged["stg_monday_subitem_board_id"]),
        "Item ID": str(staged["stg_monday_subitem_id"]),
        "source_uuid": staged["source_uuid"],
        "size_key": "30/32",
        "delivered_date": staged["stg_processed_date"],
        "delivered_hash": staged["stg_payload_hash"],
        "delivered_values": staged["stg_api_payload"],
    }
    assert row == expected


def test_what_is_null_in_staging_is_null_in_production(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, delivered(1))
        stage_subitems(uow, subitem(None, stg_status=S.API_SUCCESS, stg_monday_subitem_id=2))
        promote_orders(uow, *MAPPED)
        promote_subitems(uow)
        (item,), (size,) = landed(uow, ProductionOrder), landed(uow, ProductionSubitem)
    assert {name for name, value in item.items() if value is not None} == {
        "Title",
        "Group",
        "Item ID",
        "source_uuid",
    }
    assert size["Order Qty"] is None
    assert size["validation_errors"] is None
    assert size["parent_item_id"] is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@example(CLOSE_TO_HALF)
@given(st.lists(ROUNDED_CENTS | st.sampled_from(CLOSE_TO_HALF), min_size=1, max_size=8))
def test_four_digits_become_two_halves_away_from_zero_on_every_engine(
    uow: UnitOfWork, prices: list[Decimal]
) -> None:
    with uow:  # never committed: each example begins with empty tables
        uow.staging.orders.add([delivered(n, customer_price=price) for n, price in enumerate(prices)])
        promote_orders(uow, *MAPPED)
        found = {row["Item ID"]: row["CUSTOMER PRICE"] for row in landed(uow, ProductionOrder)}
        uow.source.session.expunge_all()
    for number, price in enumerate(prices):
        away = int(abs(price) * 100 + Decimal("0.5"))
        assert found[number] == (Decimal(away) / 100).copy_sign(price)
        assert str(found[number])[-3] == "."


@pytest.mark.parametrize("column", ["validation_errors", "update_fields", "source_query"])
def test_notes_longer_than_production_has_room_for_are_clipped(uow: UnitOfWork, column: str) -> None:
    notes = "ä" * 254 + "bc" * 500
    with uow:
        stage_subitems(
            uow, subitem(None, stg_status=S.API_SUCCESS, stg_monday_subitem_id=1, **{column: notes})
        )
        assert promote_subitems(uow) == 1
        assert landed(uow, ProductionSubitem)[0][column] == notes[:255]


@pytest.mark.parametrize("state", list(StagingStatus))
def test_only_what_is_on_the_board_is_promoted(uow: UnitOfWork, state: StagingStatus) -> None:
    on_the_board = state is S.API_SUCCESS
    with uow:
        stage(uow, order(stg_status=state, stg_monday_item_id=1))
        stage_subitems(uow, subitem(None, stg_status=state, stg_monday_subitem_id=1))
        assert promote_orders(uow, *MAPPED) == on_the_board
        assert promote_subitems(uow) == on_the_board
        assert len(landed(uow, ProductionOrder)) == len(landed(uow, ProductionSubitem)) == on_the_board


def test_promotion_marks_what_it_wrote_and_does_not_write_it_again(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, delivered(1), delivered(2, stg_batch_id=OTHER_BATCH))
        assert promote_orders(uow, *MAPPED) == 1
        assert promote_orders(uow, *MAPPED) == 0
        (marked,) = uow.staging.orders.in_state(BATCH, S.PROMOTED)
        assert marked.stg_processed_date == NOW
        assert uow.staging.orders.counts(OTHER_BATCH) == {S.API_SUCCESS: 1}


@pytest.mark.parametrize(
    ("rows", "size", "steps"), [(7, 3, [3, 3, 1]), (6, 3, [3, 3]), (2, 9, [2]), (0, 3, [])]
)
def test_promotion_goes_in_bounded_spans_between_rows_of_other_batches_and_states(
    uow: UnitOfWork, rows: int, size: int, steps: list[int]
) -> None:
    with uow:
        for n in range(rows):
            stage(uow, delivered(n), delivered(-n - 1, stg_batch_id=OTHER_BATCH), order())
            waits: dict[str, Any] = {"stg_status": S.API_SUCCESS, "stg_monday_subitem_id": n}
            stage_subitems(
                uow, subitem(None, **waits), subitem(None, **waits, stg_batch_id=OTHER_BATCH), subitem(None)
            )
        ways: dict[type[Base], tuple[list[Span], Callable[[UUID, Span, datetime], int]]] = {
            ProductionOrder: (
                uow.staging.orders.spans(BATCH, S.API_SUCCESS, size),
                partial(uow.production.promote_orders, columns=MAPPED),
            ),
            ProductionSubitem: (
                uow.staging.subitems.spans(BATCH, S.API_SUCCESS, size),
                uow.production.promote_subitems,
            ),
        }
        for model, (spans, promote) in ways.items():
            assert [promote(BATCH, span, NOW) for span in spans] == steps
            assert len(landed(uow, model)) == rows


@pytest.mark.parametrize("table", ["STG_MON_CustMasterSchedule", "STG_MON_CustMasterSchedule_Subitems"])
def test_if_the_mark_fails_nothing_was_promoted(
    uow: UnitOfWork, engine: Engine, database: Database, table: str
) -> None:
    with uow:
        stage(uow, delivered(1))
        stage_subitems(uow, subitem(None, stg_status=S.API_SUCCESS, stg_monday_subitem_id=2))
        uow.commit()
    written = []

    def fail(*facts: Any) -> tuple[str, Any]:
        statement, parameters = facts[2:4]
        written.append(statement.startswith("INSERT"))
        marks = statement.startswith(f'UPDATE "{table}" SET')
        return ("SELECT * FROM no_such_table" if marks else statement), (() if marks else parameters)

    event.listen(engine, "before_cursor_execute", fail, retval=True)
    promotions: dict[str, Callable[[], int]] = {
        "STG_MON_CustMasterSchedule": lambda: promote_orders(uow, *MAPPED),
        "STG_MON_CustMasterSchedule_Subitems": lambda: promote_subitems(uow),
    }
    with pytest.raises(PersistenceError):
        do(uow, promotions[table])
    event.remove(engine, "before_cursor_execute", fail)
    assert any(written)
    assert database.count(table.removeprefix("STG_")) == 0
    assert [row["stg_status"] for row in database.rows(table)] == ["API_SUCCESS"]


def test_items_of_a_group_and_name_are_known(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, delivered(1), delivered(2), delivered(3, title="x"), delivered(4, group="x"))
        promote_orders(uow, *MAPPED)
        assert uow.production.known_item_ids("a group", "an order") == {1, 2}
