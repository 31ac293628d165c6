"""Changes whose run is cut off: decided anew by the next run, against the board as it is by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import fault_presets
from tests.integration.batch.batch_changes import change, changes, item_of, rests
from tests.integration.batch.batch_world import CUSTOMER, ERR, MON, STG, Killed, Wiretap

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.sandbox.faults import Fault
    from tests.integration.batch.batch_world import Row, World

PRICE, QUANTITY, SEASON = "numeric_mkr5cact", "numeric_mkra7j8e", "dropdown_mkr5rgs6"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def die(world: World, moment: str, kind: str = "items") -> None:
    """Run with changes, and die before or after its first request of a kind."""
    patch = pytest.MonkeyPatch()
    Wiretap.killing(moment, 1).on(patch, kind)
    try:
        with pytest.raises(Killed):
            world.run(changes=True)
    finally:
        patch.undo()
    world.forget_leases()


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("again", [{}, {"changes": True}], ids=["plain", "changes"])
def test_an_update_that_was_cut_off_lands_by_the_next_run(
    world: World, delivered: Callable[..., list[Row]], moment: str, again: dict[str, bool]
) -> None:
    rows = delivered(3, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11", "CUSTOMER SEASON": "2026 SPRING"})
    die(world, moment)
    assert world.states() == {"SENDING": 1}
    world.run(**again)  # type: ignore[arg-type] # options by name
    item = next(item for item in world.sandbox.items() if item.id == item_of(world, rows[0]))
    assert (item.text(PRICE), item.group_title) == ("11", "GREYSON CLOTHIERS 2026 SPRING")
    assert len(world.sandbox.items()) == 3
    rests(world)


@on_sqlite
@pytest.mark.parametrize("again", [{}, {"changes": True}], ids=["plain", "changes"])
def test_what_people_edit_after_a_run_has_died_is_not_overwritten_unseen(
    world: World, delivered: Callable[..., list[Row]], again: dict[str, bool]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10", "NOTES": "old"})
    change(world, row, **{"CUSTOMER PRICE": "11", "NOTES": "new"})
    die(world, "after")
    world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
    change(world, row, **{"CUSTOMER PRICE": "10"})
    world.run(**again)  # type: ignore[arg-type] # options by name
    # The source is back at what was acknowledged: people's price stays.
    assert (world.item().text(PRICE), world.item().text("long_text_mkr5hass")) == ("99", "new")
    rests(world)


@on_sqlite
def test_a_change_taken_back_before_it_was_sent_sends_nothing(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11", "S": 9})
    die(world, "before")
    change(world, row, **{"CUSTOMER PRICE": "10", "S": 3})
    before = len(world.sandbox.executed)
    result = world.run()
    assert (len(world.sandbox.executed), result.status) == (before, "COMPLETED")
    rests(world)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_sizes_that_were_cut_off_land_once(
    world: World, delivered: Callable[..., list[Row]], moment: str
) -> None:
    (row,) = delivered()
    change(world, row, S=9, L=2)
    die(world, moment, "subitems")
    world.run()
    found = sorted((sub.name, sub.text(QUANTITY)) for sub in world.sandbox.subitems())
    assert found == [("Size L", "2"), ("Size M", "5"), ("Size S", "9")]
    rests(world)


@on_sqlite
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_new_size_that_was_cut_off_is_not_taken_for_another_that_people_gave_its_name(
    world: World, delivered: Callable[..., list[Row]], moment: str
) -> None:
    (row,) = delivered()
    (taken,) = (each.id for each in world.sandbox.subitems() if each.name == "Size S")
    world.sandbox.person.rename_item(taken, "Size L")
    change(world, row, L=2)
    die(world, moment, "subitems")
    world.run()
    below = {each.id: each.text(QUANTITY) for each in world.sandbox.subitems() if each.name == "Size L"}
    assert (below.pop(taken), list(below.values())) == ("3", ["2"])
    rests(world)


@on_sqlite
def test_drift_takes_what_a_run_sent_that_died_for_no_edit_of_people(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11", "S": 9})
    die(world, "after")
    change(world, row, **{"CUSTOMER PRICE": "10"})
    told = {one.field: one.repair for one in world.service().drift([CUSTOMER]).findings}
    assert told == {"CUSTOMER PRICE": "send the source's value", "Order Qty": "send the source's quantity"}
    assert world.service().drift([CUSTOMER], repair=True).left == ()
    assert (world.item().text(PRICE), world.database.count(STG)) == ("10", 0)


@on_sqlite
def test_a_new_item_for_one_that_people_deleted_is_made_once_however_the_run_dies(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2)
    world.sandbox.person.delete_item(item_of(world, rows[0]))
    patch = pytest.MonkeyPatch()
    Wiretap.killing("after", 1).on(patch)
    try:
        with pytest.raises(Killed):
            world.run(changes=True, recreate_deleted=True)
    finally:
        patch.undo()
    world.forget_leases()
    result = world.run()
    assert (result.orders.adopted, result.orders.created) == (1, 0)
    world.lands(rows)


@on_sqlite
@pytest.mark.parametrize(
    "fault",
    [fault_presets.execute_then_drop, fault_presets.drop_before],
    ids=["executed", "not executed"],
)
def test_an_update_without_an_answer_is_done_again_in_the_same_run(
    world: World, delivered: Callable[..., list[Row]], fault: Callable[..., Fault]
) -> None:
    rows = delivered(3, **{"CUSTOMER PRICE": "10"})
    for row in rows:
        change(world, row, **{"CUSTOMER PRICE": "11"})
    world.sandbox.faults.add(fault(operation="change_multiple_column_values"))
    result, _ = changes(world)
    assert (result.status, result.orders.updated, result.orders.unknown) == ("COMPLETED", 3, 0)
    assert {item.text(PRICE) for item in world.sandbox.items()} == {"11"}
    rests(world)


@on_sqlite
def test_an_item_deleted_between_reading_and_writing_is_a_dead_letter(
    world: World, delivered: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    Wiretap(before=lambda _: world.sandbox.person.delete_item(world.item().id)).on(monkeypatch)
    result, _ = changes(world)
    assert (result.status, result.orders.rejected) == ("COMPLETED_WITH_ERRORS", 1)
    assert "Item not found" in world.only(ERR)["error_message"]
    assert (world.database.count(MON), world.database.count(STG)) == (1, 1)


@on_sqlite
def test_a_move_whose_answer_is_lost_is_looked_for_and_not_made_again(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER SEASON": "2025 FALL"})
    # People have put the column right already, so that the move is all there is to do.
    world.sandbox.person.change_values(world.item().id, {SEASON: {"labels": ["2026 SPRING"]}})
    change(world, row, **{"CUSTOMER SEASON": "2026 SPRING"})
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="move_item_to_group"))
    result, mutations = changes(world)
    assert [operation for operation, _ in mutations] == ["create_group", "move_item_to_group"]
    assert (result.status, result.orders.adopted, result.orders.unknown) == ("COMPLETED", 1, 0)
    assert world.item().group_title == "GREYSON CLOTHIERS 2026 SPRING"
    rests(world)
