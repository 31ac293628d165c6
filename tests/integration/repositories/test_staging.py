"""The staging tables: order, links, open batches, and cleanup that removes nothing but what landed."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from order_staging.database_faults import DatabaseFault, fault_of
from order_staging.errors import PersistenceError
from order_staging.models import StagedOrder, StagedSubitem, StagingStatus, ValidationStatus
from order_staging.repositories import SourceFilter, staging
from tests.integration.repositories.repository_rows import (
    BATCH,
    CUSTOMER,
    NOW,
    OTHER_BATCH,
    clean_orders,
    clean_subitems,
    delivered,
    do,
    order,
    stage,
    stage_subitems,
    subitem,
)

if TYPE_CHECKING:
    from order_staging import UnitOfWork

S = StagingStatus
STATES = list(StagingStatus)
OPEN_STATES = {S.PENDING, S.SENDING, S.UNKNOWN, S.API_SUCCESS}
MANY = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=20,
)


def orders(uow: UnitOfWork) -> dict[int, StagedOrder]:
    rows = uow.staging.orders.session.scalars(select(StagedOrder).execution_options(populate_existing=True))
    return {row.stg_id: row for row in rows}


def subitems(uow: UnitOfWork) -> list[StagedSubitem]:
    rows = uow.staging.orders.session.scalars(select(StagedSubitem).execution_options(populate_existing=True))
    return sorted(rows, key=lambda row: row.stg_id)


def test_ids_come_back_in_the_order_of_the_rows(uow: UnitOfWork) -> None:
    titles = [f"order {n * 7919 % 500}" for n in range(500)]
    with uow:
        ids = uow.staging.orders.add([order(title=title) for title in titles])
        found = orders(uow)
        assert [found[stg_id].title for stg_id in ids] == titles


def test_rows_of_every_kind_of_value_are_inserted_as_they_are_read_back(uow: UnitOfWork) -> None:
    values = {
        "title": 'tab\t, "quotes", back\\slash, \\N, 100 % and 👕',
        "usa_only_lstp_75_ex_works": Decimal("28.8650"),
        "order_date_po_received": date(2026, 7, 9),
        "range_collection": None,
        "order_qty": 2**40,
        "stg_created_date": NOW,
        "validation_status": ValidationStatus.WARNING,
    }
    with uow:
        ids = uow.staging.orders.add([order(**values) for _ in range(3)])
        found = orders(uow)
    for stg_id in ids:
        assert {name: getattr(found[stg_id], name) for name in values} == values
        assert found[stg_id].stg_retry_count == 0  # the server's default


def test_a_row_that_is_there_already_is_refused_among_many_as_alone(uow: UnitOfWork) -> None:
    again = order()
    for rows in ([again, again], [again, order(), again]):
        with pytest.raises(PersistenceError) as refused, uow:
            uow.staging.orders.insert(rows)
        cause = refused.value.__cause__
        assert isinstance(cause, DBAPIError)
        assert fault_of(cause) is DatabaseFault.DUPLICATE
        assert str(again["source_uuid"]) not in str(refused.value)


def test_an_attribute_that_nobody_knows_is_an_error_and_not_left_out(uow: UnitOfWork) -> None:
    with uow, pytest.raises(KeyError, match="StagedOrder has no tilte"):
        uow.staging.orders.insert([order() | {"tilte": "a slip"}])


def test_adding_nothing_is_nothing(uow: UnitOfWork) -> None:
    with uow:
        assert uow.staging.orders.add([]) == []
        uow.staging.subitems.insert([])
        uow.staging.orders.update([])
        assert (uow.staging.orders.count(), uow.staging.subitems.count()) == (0, 0)


def test_rows_are_updated_by_their_key_and_no_others(uow: UnitOfWork) -> None:
    with uow:
        one, two, three = stage(uow, order(), order(), order())
        uow.staging.orders.update([{"stg_id": three, "title": "third"}, {"stg_id": one, "title": "first"}])
        found = orders(uow)
        assert [found[each].title for each in (one, two, three)] == ["first", "an order", "third"]


def test_orders_are_sent_in_the_order_people_would_sort_them(uow: UnitOfWork) -> None:
    names = ("group", "aag_order_number", "style", "color")
    keys = [
        ("B", "1", "1", "1"),
        ("A", "2", "1", "1"),
        ("A", "1", "2", "1"),
        ("A", "1", "1", "2"),
        ("A", "1", "1", "1"),
    ]
    with uow:
        ids = stage(
            uow,
            *(order(**dict(zip(names, key, strict=True))) for key in keys),
            order(**dict.fromkeys(names, "A")),
        )
        again = stage(uow, order(**dict(zip(names, keys[-1], strict=True))))
        pending = [row.stg_id for row in uow.staging.orders.pending(BATCH, 100)]
    assert pending == [ids[4], *again, ids[3], ids[2], ids[1], ids[5], ids[0]]


def test_only_pending_orders_of_the_batch_are_sent_and_at_most_so_many(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, *(order(stg_status=state, title=state) for state in STATES))
        stage(uow, order(stg_batch_id=OTHER_BATCH), order(title="second"))
        assert [row.title for row in uow.staging.orders.pending(BATCH, 9)] == ["PENDING", "second"]
        assert len(uow.staging.orders.pending(BATCH, 1)) == 1


def test_groups_to_use_are_those_of_rows_to_be_sent(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, *(order(group=group) for group in ("b", "a", "b", None, "")))
        stage(uow, delivered(1, group="done"), order(group="other", stg_batch_id=OTHER_BATCH))
        assert uow.staging.orders.groups_to_use(BATCH) == ["a", "b"]


def test_subitems_learn_the_item_of_their_own_order_and_only_once_it_has_one(uow: UnitOfWork) -> None:
    with uow:
        one, two, waiting = stage(uow, delivered(101), delivered(102), order())
        stage_subitems(
            uow, subitem(one, "S"), subitem(one, "M"), subitem(two), subitem(waiting), subitem(None)
        )
        stage_subitems(uow, subitem(one, "other batch", stg_batch_id=OTHER_BATCH))
        assert uow.staging.subitems.link_to_items(BATCH) == 3
        assert [row.stg_monday_parent_item_id for row in subitems(uow)] == [101, 101, 102, None, None, None]
        assert uow.staging.subitems.link_to_items(BATCH) == 0


def test_a_link_that_is_there_is_kept(uow: UnitOfWork) -> None:
    with uow:
        (one,) = stage(uow, delivered(101))
        stage_subitems(uow, subitem(one, stg_monday_parent_item_id=7))
        assert uow.staging.subitems.link_to_items(BATCH) == 0
        assert subitems(uow)[0].stg_monday_parent_item_id == 7


def test_subitems_are_sent_order_by_order_once_they_know_their_item(uow: UnitOfWork) -> None:
    with uow:
        one, two = stage(uow, delivered(101), delivered(102))
        stage_subitems(uow, subitem(two, "a"), subitem(one, "b"), subitem(two, "c"), subitem(one, "d"))
        assert uow.staging.subitems.pending(BATCH, 9) == []
        uow.staging.subitems.link_to_items(BATCH)
        assert [row.size for row in uow.staging.subitems.pending(BATCH, 9)] == ["b", "d", "a", "c"]
        assert [row.size for row in uow.staging.subitems.pending(BATCH, 3)] == ["b", "d", "a"]


def test_subitems_learn_their_board_where_they_are_on_it_and_do_not_know_it(uow: UnitOfWork) -> None:
    with uow:
        (one,) = stage(uow, delivered(101))
        stage_subitems(
            uow,
            subitem(one, "sent", stg_monday_subitem_id=1),
            subitem(one, "knows", stg_monday_subitem_id=2, stg_monday_subitem_board_id=7, board_id=7),
            subitem(one, "waits"),
        )
        uow.staging.subitems.name_board(BATCH, 9)
        found = [(row.stg_monday_subitem_board_id, row.board_id) for row in subitems(uow)]
    assert found == [(9, 9), (7, 7), (None, None)]


def test_what_was_sent_without_an_answer_becomes_unknown_in_this_batch_alone(uow: UnitOfWork) -> None:
    with uow:
        stage(
            uow,
            *(order(stg_status=state) for state in STATES),
            order(stg_status=S.SENDING, stg_batch_id=OTHER_BATCH),
        )
        assert uow.staging.orders.interrupted(BATCH) == 1
        counts = uow.staging.orders.counts(BATCH)
        assert S.SENDING not in counts
        assert counts[S.UNKNOWN] == 2
        assert uow.staging.orders.counts(OTHER_BATCH) == {S.SENDING: 1}


def test_rows_are_read_and_counted_by_state(uow: UnitOfWork) -> None:
    with uow:
        ids = stage(uow, *(order(stg_status=state) for state in (S.UNKNOWN, S.PENDING, S.UNKNOWN)))
        stage(uow, order(stg_status=S.UNKNOWN, stg_batch_id=OTHER_BATCH))
        assert [row.stg_id for row in uow.staging.orders.in_state(BATCH, S.UNKNOWN)] == [ids[0], ids[2]]
        assert len(uow.staging.orders.in_state(BATCH, S.UNKNOWN, S.PENDING)) == 3
        assert uow.staging.orders.counts(BATCH) == {"UNKNOWN": 2, "PENDING": 1}


@pytest.mark.parametrize("state", STATES)
def test_a_batch_is_open_while_an_order_is_on_its_way(uow: UnitOfWork, state: StagingStatus) -> None:
    with uow:
        stage(uow, order(stg_status=state))
        is_open = BATCH if state in OPEN_STATES else None
        assert uow.staging.orders.open_batch(CUSTOMER, subitems=False) == is_open
        assert uow.staging.orders.open_batch("PELOTON", subitems=False) is None
        assert uow.staging.orders.customers_with_open(SourceFilter()) == ([CUSTOMER] if is_open else [])


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("parent", [S.PROMOTED, S.API_FAILED, S.CONFLICT])
def test_a_batch_is_open_while_a_subitem_of_an_order_on_the_board_is_on_its_way(
    uow: UnitOfWork, parent: StagingStatus, state: StagingStatus
) -> None:
    with uow:
        (one,) = stage(uow, order(stg_status=parent, stg_monday_item_id=1))
        stage_subitems(uow, subitem(one, stg_status=state))
        is_open = BATCH if state in OPEN_STATES and parent is S.PROMOTED else None
        assert uow.staging.orders.open_batch(CUSTOMER, subitems=True) == is_open
        assert uow.staging.orders.open_batch(CUSTOMER, subitems=False) is None


def test_the_newest_of_open_batches_is_found(uow: UnitOfWork) -> None:
    with uow:
        stage(uow, order(stg_batch_id=OTHER_BATCH), order())
        assert uow.staging.orders.open_batch(CUSTOMER, subitems=True) == BATCH


def test_what_other_batches_left_on_its_way_is_gathered_with_its_subitems(uow: UnitOfWork) -> None:
    with uow:
        left, done, mine = stage(
            uow,
            order(stg_batch_id=OTHER_BATCH),
            order(stg_batch_id=OTHER_BATCH, stg_status=S.API_FAILED),
            order(),
        )
        (others,) = stage(uow, order(stg_batch_id=OTHER_BATCH, stg_customer_batch="PELOTON"))
        stage_subitems(uow, *(subitem(one, stg_batch_id=OTHER_BATCH) for one in (left, done, others)))
        assert uow.staging.orders.gather_open(CUSTOMER, BATCH) == 1
        moved = {stg_id for stg_id, row in orders(uow).items() if row.stg_batch_id == BATCH}
        assert moved == {left, mine}
        assert [row.stg_parent_stg_id for row in subitems(uow) if row.stg_batch_id == BATCH] == [left]
        assert uow.staging.orders.gather_open(CUSTOMER, BATCH) == 0


def test_more_rows_than_a_statement_takes_are_gathered_and_dropped(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "VALUES_A_STATEMENT", 3)
    with uow:
        rows = [order(stg_batch_id=OTHER_BATCH) for _ in range(10)]
        uow.staging.orders.add(rows)
        assert uow.staging.orders.gather_open(CUSTOMER, BATCH) == 10
        assert uow.staging.orders.counts(BATCH) == {S.PENDING: 10}
        uow.staging.orders.change(stg_status=S.VALIDATION_FAILED)
        uow.staging.orders.drop_invalid([row["source_uuid"] for row in rows])
        assert uow.staging.orders.count() == 0


def test_items_of_a_group_and_name_are_known_whatever_their_batch(uow: UnitOfWork) -> None:
    with uow:
        stage(
            uow,
            delivered(1),
            delivered(2, stg_batch_id=OTHER_BATCH),
            delivered(3, title="x"),
            delivered(4, group="x"),
        )
        stage(uow, order())
        assert uow.staging.orders.known_item_ids("a group", "an order") == {1, 2}


ROW = st.tuples(st.sampled_from(STATES), st.sampled_from([BATCH, OTHER_BATCH]))
ORDER_WITH_SUBITEMS = st.tuples(ROW, st.lists(ROW, max_size=3))


@MANY
@given(st.lists(ORDER_WITH_SUBITEMS, max_size=6))
def test_cleanup_removes_promoted_rows_without_waiting_subitems_and_nothing_else(
    uow: UnitOfWork, plan: list[tuple[tuple[StagingStatus, Any], list[tuple[StagingStatus, Any]]]]
) -> None:
    with uow:  # never committed: each example begins with empty tables
        stays: Counter[Any] = Counter()
        goes = [0, 0]
        for (state, batch), parts in plan:
            (stg_id,) = stage(uow, order(stg_status=state, stg_batch_id=batch))
            stage_subitems(
                uow, *(subitem(stg_id, stg_status=part, stg_batch_id=where) for part, where in parts)
            )
            waiting = [part for part in parts if part != (S.PROMOTED, BATCH)]
            stays.update(waiting)
            goes[1] += len(parts) - len(waiting)
            if (state, batch) == (S.PROMOTED, BATCH) and not waiting:
                goes[0] += 1
            else:
                stays[stg_id, state, batch] += 1
        deleted_subitems = clean_subitems(uow, size=2)
        deleted_orders = clean_orders(uow, size=2)
        left: Counter[Any] = Counter((row.stg_status, row.stg_batch_id) for row in subitems(uow))
        left.update((row.stg_id, row.stg_status, row.stg_batch_id) for row in orders(uow).values())
        assert [deleted_orders, deleted_subitems] == goes
        assert left == stays


@pytest.mark.parametrize("state", STATES)
def test_an_order_whose_subitem_is_staged_stays_whatever_the_subitems_state(
    uow: UnitOfWork, state: StagingStatus
) -> None:
    with uow:
        (one,) = stage(uow, order(stg_status=S.PROMOTED))
        stage_subitems(uow, subitem(one, stg_status=state))
        assert clean_orders(uow) == 0


def test_a_source_row_is_staged_once_and_a_size_once_an_order(uow: UnitOfWork) -> None:
    row, size = order(), subitem(None)
    with pytest.raises(PersistenceError):
        do(uow, lambda: uow.staging.orders.add([row, dict(row)]))
    with pytest.raises(PersistenceError):
        do(uow, lambda: uow.staging.subitems.insert([size, dict(size)]))
