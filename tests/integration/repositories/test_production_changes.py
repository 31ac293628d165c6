"""Promotion of changes: what production has already is updated, and what left the board leaves production."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from order_staging.models import Operation, ProductionOrder, ProductionSubitem, StagingStatus
from tests.integration.repositories.repository_rows import (
    NOW,
    delivered,
    do,
    order,
    promote_orders,
    promote_subitems,
    stage,
    stage_subitems,
    subitem,
)

if TYPE_CHECKING:
    from order_staging import UnitOfWork
    from tests.conftest import Database

MAPPED = ("PO NUMBER", "CUSTOMER PRICE")
ONE, OTHER = UUID(int=1), UUID(int=2)


def landed_order(uuid: UUID | None, item_id: int, **values: Any) -> ProductionOrder:
    return ProductionOrder(source_uuid=uuid, item_id=item_id, title="old", group="old group", **values)


def landed_size(uuid: UUID, size: str, subitem_id: int, **values: Any) -> ProductionSubitem:
    return ProductionSubitem(source_uuid=uuid, size_key=size, size=size, subitem_id=str(subitem_id), **values)


def promote(uow: UnitOfWork, landed: list[Any], orders: list[dict[str, Any]]) -> int:
    with uow:
        uow.source.session.add_all(landed)
        stage(uow, *orders)
        done = promote_orders(uow, *MAPPED)
        uow.commit()
    return done


def promote_sizes(uow: UnitOfWork, landed: list[Any], sizes: list[dict[str, Any]]) -> int:
    with uow:
        uow.source.session.add_all(landed)
        stage_subitems(uow, *(each | {"stg_status": StagingStatus.API_SUCCESS} for each in sizes))
        done = promote_subitems(uow)
        uow.commit()
    return done


def read(uow: UnitOfWork, model: Any) -> list[Any]:
    with uow:
        return list(uow.source.session.query(model).order_by(model.source_uuid, model.item_id))


def test_an_update_writes_the_mapped_columns_and_leaves_those_of_other_jobs(uow: UnitOfWork) -> None:
    old = landed_order(ONE, 7, po_number="1", factory="theirs", style="old", trim_eta_date=date(2026, 1, 1))
    other = landed_order(OTHER, 8, po_number="2")
    changed = delivered(
        7,
        source_uuid=ONE,
        update_operation=Operation.UPDATE,
        title="new",
        group="new group",
        po_number="9",
        customer_price=Decimal("1.0050"),
        style="not mapped",
        stg_payload_hash="h",
        stg_api_payload="p",
        stg_rules="r",
        stg_processed_date=NOW,
    )
    assert promote(uow, [old, other], [changed]) == 1
    row, untouched = read(uow, ProductionOrder)
    assert (row.title, row.group, row.po_number, row.customer_price) == (
        "new",
        "new group",
        "9",
        Decimal("1.01"),
    )
    assert (row.factory, row.style, row.trim_eta_date) == ("theirs", "old", date(2026, 1, 1))
    acknowledged = (row.delivered_hash, row.delivered_values, row.delivered_rules, row.delivered_date)
    assert acknowledged == ("h", "p", "r", NOW)
    assert (untouched.title, untouched.po_number, untouched.delivered_hash) == ("old", "2", None)


def test_an_update_clears_a_mapped_column_that_is_empty_now(uow: UnitOfWork) -> None:
    changed = delivered(7, source_uuid=ONE, update_operation=Operation.MOVE)
    promote(uow, [landed_order(ONE, 7, po_number="1")], [changed])
    (row,) = read(uow, ProductionOrder)
    assert row.po_number is None


def test_an_archived_order_leaves_production_with_its_subitems_and_staging_and_nothing_else_does(
    uow: UnitOfWork, database: Database
) -> None:
    landed = [
        landed_order(ONE, 7),
        landed_order(OTHER, 8),
        landed_order(None, 9),
        landed_size(ONE, "M", 70),
        landed_size(ONE, "L", 71),
        landed_size(OTHER, "M", 80),
    ]
    waiting = order(source_uuid=OTHER, update_operation=Operation.ARCHIVE)
    gone = delivered(7, source_uuid=ONE, update_operation=Operation.ARCHIVE)
    assert promote(uow, landed, [gone, waiting]) == 1
    assert {row.item_id for row in read(uow, ProductionOrder)} == {8, 9}
    assert [row.subitem_id for row in read(uow, ProductionSubitem)] == ["80"]
    assert [row["stg_status"] for row in database.rows("STG_MON_CustMasterSchedule")] == ["PENDING"]


def test_a_deleted_subitem_leaves_production_and_its_neighbours_stay(uow: UnitOfWork) -> None:
    landed = [landed_size(ONE, "M", 70), landed_size(ONE, "L", 71), landed_size(OTHER, "M", 80)]
    gone = subitem(None, "M", source_uuid=ONE, stg_monday_subitem_id=70, update_operation=Operation.DELETE)
    assert promote_sizes(uow, landed, [gone]) == 1
    assert {row.subitem_id for row in read(uow, ProductionSubitem)} == {"71", "80"}


def test_an_updated_subitem_keeps_what_staging_does_not_know(uow: UnitOfWork) -> None:
    old = landed_size(
        ONE, "M", 70, parent_item_id="7", subitem_board_id="5", board_id="5", cut_qty="3", order_qty="1"
    )
    changed = subitem(
        None,
        "M",
        source_uuid=ONE,
        stg_monday_subitem_id=70,
        update_operation=Operation.UPDATE,
        order_qty=12,
        board_order_qty=12,
        stg_payload_hash="h",
        stg_api_payload="p",
        stg_processed_date=NOW,
        update_fields="x" * 300,
    )
    assert promote_sizes(uow, [old], [changed]) == 1
    (row,) = read(uow, ProductionSubitem)
    assert (row.parent_item_id, row.subitem_id, row.subitem_board_id, row.board_id) == ("7", "70", "5", "5")
    assert (row.order_qty, row.board_order_qty, row.cut_qty) == ("12", "12", "3")
    assert (row.delivered_hash, row.delivered_values, row.delivered_date) == ("h", "p", NOW)
    assert (row.update_operation, row.update_fields) == ("UPDATE", "x" * 255)


def test_an_item_created_anew_replaces_its_order_and_forgets_the_subitems_of_the_old_one(
    uow: UnitOfWork,
) -> None:
    landed = [
        landed_order(ONE, 7, factory="theirs"),
        landed_size(ONE, "M", 70),
        landed_order(OTHER, 8),
        landed_size(OTHER, "M", 80),
    ]
    anew = delivered(77, source_uuid=ONE)
    changed = delivered(8, source_uuid=OTHER, update_operation=Operation.UPDATE)
    assert promote(uow, landed, [anew, changed]) == 2
    assert [(row.item_id, row.factory) for row in read(uow, ProductionOrder)] == [(77, "theirs"), (8, None)]
    assert [row.subitem_id for row in read(uow, ProductionSubitem)] == ["80"]


def test_a_row_that_landed_already_with_the_same_item_keeps_its_subitems(uow: UnitOfWork) -> None:
    promote(uow, [landed_order(ONE, 7), landed_size(ONE, "M", 70)], [delivered(7, source_uuid=ONE)])
    assert len(read(uow, ProductionOrder)) == len(read(uow, ProductionSubitem)) == 1


def test_new_rows_and_rows_without_uuid_are_inserted_beside_updates(uow: UnitOfWork) -> None:
    landed = [landed_order(ONE, 7), landed_order(None, 9)]
    staged = [
        delivered(7, source_uuid=ONE, update_operation=Operation.UPDATE),
        delivered(10, source_uuid=uuid4(), stg_rules="r"),
        delivered(11, source_uuid=None, update_operation=None),
    ]
    assert promote(uow, landed, staged) == 3
    rows = {row.item_id: row for row in read(uow, ProductionOrder)}
    assert set(rows) == {7, 9, 10, 11}
    assert rows[10].delivered_rules == "r"


def test_a_source_row_lands_once(uow: UnitOfWork) -> None:
    staged = delivered(1, source_uuid=ONE)
    do(uow, lambda: stage(uow, staged))
    assert promote(uow, [landed_order(ONE, 9)], []) == 1
    assert [row.item_id for row in read(uow, ProductionOrder)] == [1]
