"""Changed sizes: quantities, new sizes, sizes that are gone, and what people did to subitems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.batch.batch_changes import change, changed_mapping, changes, rests
from tests.integration.batch.batch_world import CUSTOMER, ERR, MON, MON_SUB, STG_SUB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.batch.batch_world import Row, World

QUANTITY, SIZE = "numeric_mkra7j8e", "dropdown_mkrak7qp"

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def quantities(world: World) -> dict[str, str | None]:
    """Read the board's subitems: quantities by name."""
    return {subitem.name: subitem.text(QUANTITY) for subitem in world.sandbox.subitems()}


def landed(world: World) -> dict[str, str]:
    """Read production's subitems: quantities by size."""
    return {row["Size"]: row["Order Qty"] for row in world.database.rows(MON_SUB)}


def subitem(world: World, name: str) -> str:
    return next(each.id for each in world.sandbox.subitems() if each.name == name)


def test_a_changed_quantity_updates_its_subitem_and_no_other(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, S=4)
    result, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {QUANTITY: "4"})]
    assert quantities(world) == {"Size S": "4", "Size M": "5"}
    assert landed(world) == {"S": "4", "M": "5"}
    assert (result.orders.unchanged, result.subitems.updated, result.subitems.unchanged) == (1, 1, 1)
    assert result.status == "COMPLETED"
    rests(world)


def test_a_new_size_becomes_a_subitem_of_the_same_item(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, L=7)
    result, mutations = changes(world)
    assert [operation for operation, _ in mutations] == ["create_subitem"]
    assert quantities(world) == {"Size S": "3", "Size M": "5", "Size L": "7"}
    assert result.subitems.created == 1
    (parent,) = {row["parent_item_id"] for row in world.database.rows(MON_SUB)}
    assert parent == world.item().id
    rests(world)


@pytest.mark.parametrize("gone", [0, None])
def test_a_size_that_is_gone_is_set_to_nought(
    world: World, delivered: Callable[..., list[Row]], gone: int | None
) -> None:
    (row,) = delivered()
    change(world, row, S=gone)
    result, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {QUANTITY: "0"})]
    assert quantities(world) == {"Size S": "0", "Size M": "5"}
    assert (result.subitems.removed, landed(world)["S"]) == (1, "0")
    rests(world)
    change(world, row, S=2)
    assert changes(world)[1] == [("change_multiple_column_values", {QUANTITY: "2"})]
    rests(world)


def test_a_size_that_is_gone_is_deleted_where_the_mapping_says_so(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered()
    settings = {"mapping": deleting(tmp_path)}
    change(world, row, S=0)
    result, mutations = changes(world, settings=settings)
    assert [operation for operation, _ in mutations] == ["delete_item"]
    assert (quantities(world), landed(world)) == ({"Size M": "5"}, {"M": "5"})
    assert (result.subitems.removed, result.subitems.updated) == (1, 1)
    rests(world, settings=settings)
    change(world, row, S=2)
    changes(world, settings=settings)
    assert (quantities(world), landed(world)) == ({"Size S": "2", "Size M": "5"}, {"S": "2", "M": "5"})


@on_sqlite
def test_a_size_to_delete_that_is_gone_already_leaves_production_too(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    world.sandbox.person.delete_item(subitem(world, "Size S"))
    change(world, row, S=0)
    result, mutations = changes(world)
    assert (mutations, landed(world), result.subitems.deleted) == ([], {"M": "5"}, 0)
    rests(world)


@on_sqlite
def test_an_order_and_its_sizes_change_together(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11", "S": 9, "L": 1})
    result, mutations = changes(world)
    assert sorted(operation for operation, _ in mutations) == [
        "change_multiple_column_values",
        "change_multiple_column_values",
        "create_subitem",
    ]
    assert (result.orders.updated, result.subitems.updated, result.subitems.created) == (1, 1, 1)
    rests(world)


@on_sqlite
def test_a_quantity_that_people_changed_stays_until_the_source_changes_it(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    world.sandbox.person.change_values(subitem(world, "Size S"), {QUANTITY: "30"})
    change(world, row, M=6)
    assert changes(world)[1] == [("change_multiple_column_values", {QUANTITY: "6"})]
    assert quantities(world)["Size S"] == "30"
    change(world, row, S=4)
    result, _ = changes(world)
    assert (quantities(world)["Size S"], result.subitems.conflicts) == ("4", 1)
    assert (
        "size S: Order Qty: delivered '3', now '4' in the source and '30'"
        in (world.batch(result)["processing_notes"])
    )
    rests(world)


@on_sqlite
def test_a_subitem_that_people_deleted_is_reported_and_not_made_again(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    world.sandbox.person.delete_item(subitem(world, "Size S"))
    change(world, row, S=4)
    for _ in range(2):
        result, mutations = changes(world)
        assert (mutations, result.subitems.deleted) == ([], 1)
    letter = world.only(ERR)
    assert (letter["error_type"], letter["resolved_date"]) == ("DELETED", None)
    assert "the subitems of S" in letter["error_message"]
    changes(world, recreate_deleted=True)
    assert quantities(world) == {"Size S": "4", "Size M": "5"}
    assert world.only(ERR)["resolved_date"] is not None
    rests(world)


@on_sqlite
def test_a_subitem_that_people_made_for_a_size_is_adopted(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    """At most one subitem an item and size, whoever made it."""
    (row,) = delivered(1, L=1)
    world.database.execute(f'DELETE FROM "{MON_SUB}" WHERE "Size" = :size', size="L")
    change(world, row, L=2)
    result, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {QUANTITY: "2"})]
    assert (quantities(world)["Size L"], landed(world)["L"]) == ("2", "2")
    assert result.subitems.created == 0
    rests(world)


@on_sqlite
def test_a_subitem_that_people_made_without_its_label_gets_it(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, L=1)
    world.sandbox.person.change_values(subitem(world, "Size L"), {SIZE: None})
    world.database.execute(f'DELETE FROM "{MON_SUB}" WHERE "Size" = :size', size="L")
    change(world, row, L=2)
    assert changes(world)[1] == [("change_multiple_column_values", {QUANTITY: "2", SIZE: {"labels": ["L"]}})]
    rests(world)


@on_sqlite
def test_a_new_size_reaches_the_board_beside_another_that_people_gave_its_name(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, L=1)
    taken = subitem(world, "Size L")
    world.sandbox.person.rename_item(taken, "Size XL")
    change(world, row, XL=5)
    told = world.service().preview([CUSTOMER], changes=True)
    assert (told.total("sizes_changed"), told.estimate.mutations) == (1, 1)
    assert [(each.size, each.outcome) for each in told.changes.rows] == [("XL", "new subitem")]
    result, mutations = changes(world)
    assert [operation for operation, _ in mutations] == ["create_subitem"]
    assert (result.subitems.created, landed(world)["XL"]) == (1, "5")
    below = {each.id: each.text(QUANTITY) for each in world.sandbox.subitems() if each.name == "Size XL"}
    assert (below.pop(taken), list(below.values())) == ("1", ["5"])
    rests(world)


@on_sqlite
def test_a_quantity_of_a_subitem_that_people_made_is_reported_until_it_is_decided(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered(1, L=1)
    settings = {"mapping": changed_mapping(tmp_path, subitems={"on_conflict": "report"})}
    world.sandbox.person.change_values(subitem(world, "Size L"), {SIZE: None, QUANTITY: "30"})
    world.database.execute(f'DELETE FROM "{MON_SUB}" WHERE "Size" = :size', size="L")
    change(world, row, L=2)
    assert changes(world, settings=settings)[1] == [
        ("change_multiple_column_values", {SIZE: {"labels": ["L"]}})
    ]
    for _ in range(2):
        result, mutations = changes(world, settings=settings)
        assert (mutations, result.subitems.conflicts) == ([], 1)
    world.sandbox.person.change_values(subitem(world, "Size L"), {QUANTITY: "2"})
    changes(world, settings=settings)
    assert (landed(world)["L"], world.only(ERR)["resolved_date"] is None) == ("2", False)
    rests(world, settings=settings)


@on_sqlite
def test_a_name_of_a_subitem_that_both_changed_is_reported_until_it_is_decided(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    delivered()
    renamed = subitem(world, "Size S")
    world.sandbox.person.rename_item(renamed, "small")
    settings = {
        "mapping": changed_mapping(tmp_path, subitems={"name": "Sz. {size}", "on_conflict": "report"})
    }
    assert changes(world, settings=settings)[1] == [("change_multiple_column_values", {"name": "Sz. M"})]
    for _ in range(2):
        result, mutations = changes(world, settings=settings)
        assert (mutations, result.subitems.conflicts) == ([], 1)
    world.sandbox.person.rename_item(renamed, "Sz. S")
    changes(world, settings=settings)
    assert world.only(ERR)["resolved_date"] is not None
    rests(world, settings=settings)


@on_sqlite
def test_a_quantity_may_be_left_to_people(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered()
    settings = {"mapping": changed_mapping(tmp_path, subitems={"on_conflict": "report"})}
    world.sandbox.person.change_values(subitem(world, "Size S"), {QUANTITY: "30"})
    change(world, row, S=4, M=6)
    result, mutations = changes(world, settings=settings)
    assert mutations == [("change_multiple_column_values", {QUANTITY: "6"})]
    assert (landed(world), result.subitems.conflicts) == ({"S": "3", "M": "6"}, 1)
    assert world.only(ERR)["error_type"] == "EDITED"
    world.sandbox.person.change_values(subitem(world, "Size S"), {QUANTITY: "3"})
    assert changes(world, settings=settings)[1] == [("change_multiple_column_values", {QUANTITY: "4"})]
    assert world.only(ERR)["resolved_date"] is not None
    rests(world, settings=settings)


@on_sqlite
def test_another_name_of_subitems_is_a_change_of_the_mapping(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    delivered()
    settings = {"mapping": changed_mapping(tmp_path, subitems={"name": "Sz. {size}"})}
    result, mutations = changes(world, settings=settings)
    assert mutations == [
        ("change_multiple_column_values", {"name": "Sz. S"}),
        ("change_multiple_column_values", {"name": "Sz. M"}),
    ]
    assert len(result.announcements) == 1
    rests(world, settings=settings)


@on_sqlite
def test_no_subitems_leaves_changed_sizes_for_a_later_run(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11", "S": 9})
    _, mutations = changes(world, subitems=False)
    assert len(mutations) == 1
    assert world.database.count(STG_SUB) == 1
    world.run()
    assert quantities(world)["Size S"] == "9"
    rests(world)


@on_sqlite
def test_kept_staging_rows_are_used_again(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    for price, size in (("11", 4), ("10", 3), ("11", 4)):
        change(world, row, **{"CUSTOMER PRICE": price, "S": size})
        result, mutations = changes(world, keep_staging=True)
        assert (len(mutations), result.status) == (2, "COMPLETED")
        assert (world.item().text("numeric_mkr5cact"), quantities(world)["Size S"]) == (price, str(size))
    assert len(world.database.rows(MON)) == 1


def deleting(folder: Path) -> Any:
    return changed_mapping(folder, subitems={"removed": "delete"})
