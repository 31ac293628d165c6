"""Changes that meet something else on their way: leftovers, refusals, sizes under way, tables that change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from order_staging.sandbox import fault_presets
from tests.integration.batch.batch_changes import change, changed_mapping, changes, item_of, rests
from tests.integration.batch.batch_world import ERR, MON, MON_SUB, STG, STG_SUB, Killed, Wiretap

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.batch.batch_world import Row, World

PRICE, QUANTITY = "numeric_mkr5cact", "numeric_mkra7j8e"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def die(world: World, moment: str, **options: bool) -> None:
    """Die before or after the first request of a run with changes."""
    patch = pytest.MonkeyPatch()
    Wiretap.killing(moment, 1).on(patch)
    try:
        with pytest.raises(Killed):
            changes(world, **options)
    finally:
        patch.undo()
    world.forget_leases()


def quantities(world: World) -> dict[str, str | None]:
    return {subitem.name: subitem.text(QUANTITY) for subitem in world.sandbox.subitems()}


@pytest.mark.parametrize("end", ["removed", "invalid"])
def test_a_leftover_whose_row_is_gone_or_invalid_by_now_is_not_sent(
    world: World, delivered: Callable[..., list[Row]], end: str
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    die(world, "before")
    item_id = item_of(world, rows[0])
    world.sandbox.person.change_values(item_id, {PRICE: "99"})
    if end == "removed":
        world.remove(rows[0])
    else:
        change(world, rows[0], S=-1)
    world.run()
    assert {item.id: item.text(PRICE) for item in world.sandbox.items()}[item_id] == "99"
    assert world.database.count(STG) == 0


@pytest.mark.parametrize("on_conflict", ["source", "board", "report"])
@pytest.mark.parametrize("now", ["10", "12"])
def test_what_we_sent_ourselves_is_no_edit_of_peoples(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path, on_conflict: str, now: str
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    settings = {"mapping": changed_mapping(tmp_path, lambda field: field | {"on_conflict": on_conflict})}
    change(world, row, **{"CUSTOMER PRICE": "11"})
    die(world, "after")
    change(world, row, **{"CUSTOMER PRICE": now})
    result, _ = changes(world, settings=settings)
    assert (world.item().text(PRICE), result.orders.conflicts) == (now, 0)
    assert world.database.count(ERR) == 0
    rests(world, settings=settings)


def test_a_quantity_we_sent_ourselves_is_no_edit_of_peoples(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, S=9)
    die(world, "after")
    assert quantities(world)["Size S"] == "9"
    change(world, row, S=3)
    result, _ = changes(world)
    assert (quantities(world)["Size S"], result.subitems.conflicts) == ("3", 0)
    rests(world)


def test_a_single_step_does_not_send_leftovers_unseen(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    die(world, "before")
    world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
    change(world, row, **{"CUSTOMER PRICE": "10"})
    (batch,) = {staged["stg_batch_id"] for staged in world.database.rows(STG)}
    world.service().create_monday_items_from_staging(UUID(str(batch)))
    assert world.item().text(PRICE) == "99"


def test_a_row_that_comes_back_after_its_archiving_was_carried_out_gets_an_item_again(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    die(world, "after", archive_removed=True)
    assert len(world.sandbox.items()) == 2
    world.add(rows[0])
    world.run()
    world.lands(rows)
    assert world.database.count(ERR) == 0


def test_a_row_that_comes_back_is_new_though_staging_is_kept(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    changes(world, archive_removed=True, keep_staging=True)
    world.add(rows[0])
    assert changes(world)[0].orders.created == 1
    world.lands(rows)


def test_sizes_that_wait_for_an_archived_order_are_not_sent(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    change(world, rows[0], L=4)
    changes(world, subitems=False)
    world.remove(rows[0])
    result, mutations = changes(world, archive_removed=True)
    assert [operation for operation, _ in mutations] == ["archive_item"]
    assert (result.status, world.database.count(STG_SUB)) == ("COMPLETED", 0)


def test_sizes_that_wait_travel_with_their_order_into_a_later_batch(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, L=4)
    changes(world, subitems=False)
    change(world, row, **{"CUSTOMER PRICE": "11"})
    changes(world, subitems=False)
    world.run()
    assert quantities(world)["Size L"] == "4"
    assert world.item().text(PRICE) == "11"
    rests(world)


def test_a_size_whose_column_is_gone_from_the_source_stays_as_it_was(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    world.database.execute('ALTER TABLE "ORDERS_UNIFIED" DROP COLUMN "S"')
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    _, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {PRICE: "11"})]
    assert quantities(world)["Size S"] == "3"


def test_what_people_ordered_of_a_size_set_to_nought_is_not_deleted(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered()
    change(world, row, S=0)
    changes(world)
    (subitem,) = (each for each in world.sandbox.subitems() if each.name == "Size S")
    world.sandbox.person.change_values(subitem.id, {QUANTITY: "30"})
    settings = {"mapping": changed_mapping(tmp_path, subitems={"removed": "delete"})}
    assert changes(world, settings=settings)[1] == []
    assert quantities(world)["Size S"] == "30"


@pytest.mark.parametrize("kept", ["null", "[]", "{}", "garbage", "", '{"column_values": []}'])
def test_odd_records_of_what_was_delivered_count_as_none(
    world: World, delivered: Callable[..., list[Row]], kept: str
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    for table in (MON, MON_SUB):
        world.database.execute(
            f'UPDATE "{table}" SET delivered_values = :kept, delivered_hash = :kept', kept=kept
        )
    change(world, row, **{"CUSTOMER PRICE": "11", "S": 4})
    _, mutations = changes(world)
    assert [values.get(PRICE) or values.get(QUANTITY) for _, values in mutations] == ["11", "4"]
    rests(world)


def test_a_refused_change_is_over_once_the_source_takes_it_back(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    world.sandbox.faults.add(
        replace(
            fault_presets.fail_alias(operation="change_multiple_column_values"),
            extensions={"code": "ColumnValueException", "status_code": 200},
        )
    )
    assert changes(world)[0].orders.rejected == 1
    change(world, row, **{"CUSTOMER PRICE": "10"})
    assert changes(world)[1] == []
    assert world.only(ERR)["resolved_date"] is not None
    assert world.states() in ({}, {"PROMOTED": 1})


def test_a_refused_quantity_waits_until_it_differs_whatever_else_changes(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, S=4)
    world.sandbox.faults.add(
        replace(
            fault_presets.fail_alias(operation="change_multiple_column_values"),
            extensions={"code": "ColumnValueException", "status_code": 200},
        )
    )
    assert changes(world)[0].subitems.rejected == 1
    for price in ("11", "11", "12"):
        change(world, row, **{"CUSTOMER PRICE": price})
        _, mutations = changes(world)
        assert all(PRICE in values for _, values in mutations)
        assert (world.states(STG_SUB), quantities(world)["Size S"]) == ({"API_FAILED": 1}, "3")
    change(world, row, S=5)
    assert changes(world)[1] == [("change_multiple_column_values", {QUANTITY: "5"})]
    rests(world)


@pytest.mark.parametrize("subitem_id", [None, "none"])
def test_a_subitem_that_production_cannot_name_is_found_by_its_name(
    world: World, delivered: Callable[..., list[Row]], subitem_id: str | None
) -> None:
    (row,) = delivered()
    world.database.execute(
        f'UPDATE "{MON_SUB}" SET subitem_id = :id WHERE "Size" = :size', id=subitem_id, size="S"
    )
    change(world, row, S=4)
    assert changes(world)[1] == [("change_multiple_column_values", {QUANTITY: "4"})]
    assert changes(world, recreate_deleted=True)[1] == []
    assert len(world.sandbox.subitems()) == 2


def test_what_was_acknowledged_before_a_run_died_is_where_the_next_one_starts(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11", "L": 2})
    patch = pytest.MonkeyPatch()
    Wiretap.killing("before", 1).on(patch, "subitems")
    try:
        with pytest.raises(Killed):
            changes(world)
    finally:
        patch.undo()
    world.forget_leases()
    world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
    result, _ = changes(world)
    assert (world.item().text(PRICE), result.orders.conflicts) == ("99", 0)
    rests(world)
