"""Delivered order lines that are gone from the source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.integration.batch.batch_changes import change, changes, item_of, rests
from tests.integration.batch.batch_world import CUSTOMER, MON, MON_SUB, NUMBERS, STG, as_uuid, order_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.batch.batch_world import Row, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_removed_row_is_reported_and_its_item_stays(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    result, mutations = changes(world)
    assert (mutations, result.orders.removed, result.orders.archived) == ([], 1, 0)
    assert (len(world.sandbox.items()), world.database.count(MON)) == (3, 3)


def test_a_removed_row_is_archived_on_demand_and_leaves_production(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    item_id = item_of(world, rows[0])
    world.remove(rows[0])
    result, mutations = changes(world, archive_removed=True)
    assert [operation for operation, _ in mutations] == ["archive_item"]
    assert (result.status, result.orders.removed, result.orders.archived) == ("COMPLETED", 1, 1)
    assert item_id not in {item.id for item in world.sandbox.items()}
    world.lands(rows[1:])
    assert world.database.count(MON_SUB) == 4
    rests(world, archive_removed=True)


@on_sqlite
def test_an_archived_order_that_comes_back_is_created_anew(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    changes(world, archive_removed=True)
    world.add(rows[0])
    assert changes(world)[0].orders.created == 1
    world.lands(rows)


@on_sqlite
def test_an_item_that_people_deleted_before_counts_as_archived(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.sandbox.person.delete_item(item_of(world, rows[0]))
    world.remove(rows[0])
    result, _ = changes(world, archive_removed=True)
    assert (result.status, result.orders.archived, result.orders.rejected) == ("COMPLETED", 1, 0)
    world.lands(rows[1:])


@on_sqlite
def test_most_of_a_customer_is_archived_only_with_an_option_of_its_own(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    """A source that is being rebuilt is empty for a while."""
    rows = delivered(12)
    world.remove(*rows)
    result, mutations = changes(world, archive_removed=True)
    assert (mutations, result.orders.removed) == ([], 12)
    assert "12 of 12 delivered order lines are gone from ORDERS_UNIFIED" in result.announcements[0]
    assert world.database.count(MON) == 12
    result, _ = changes(world, archive_removed=True, archive_most=True)
    assert (result.orders.archived, world.sandbox.items(), world.database.count(MON)) == (12, [], 0)


@on_sqlite
def test_filters_narrow_what_counts_as_removed(world: World, delivered: Callable[..., list[Row]]) -> None:
    rows = delivered(2)
    other = order_line(9, **{"PO NUMBER": "1", "CUSTOMER NAME": "RHYTHM (AU)"})
    world.add(other)
    world.run("RHYTHM")
    world.remove(rows[0], other)
    assert changes(world, po="1")[0].orders.removed == 0
    assert changes(world, po="4755")[0].orders.removed == 1
    assert world.run("RHYTHM", changes=True, po="1").orders.removed == 1


@on_sqlite
def test_a_rebuilt_source_removes_nothing(world: World, delivered: Callable[..., list[Row]]) -> None:
    rows = delivered(12)
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*(row | {"record_uuid": UUID(int=next(NUMBERS))} for row in rows))
    result, mutations = changes(world, archive_removed=True)
    assert (mutations, result.orders.relinked, result.orders.removed) == ([], 12, 0)


@on_sqlite
def test_a_row_that_comes_back_while_its_archiving_waits_is_not_archived(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    world.sandbox.person.delete_item(item_of(world, rows[1]))
    stage_only(world)
    assert world.states() == {"PENDING": 1}
    fresh = rows[0] | {"record_uuid": UUID(int=next(NUMBERS))}
    world.add(fresh)
    mutations = changes(world)[1]
    assert mutations == []
    assert world.database.count(STG) == 0
    assert as_uuid(fresh["record_uuid"]) in {as_uuid(row["source_uuid"]) for row in world.database.rows(MON)}


def stage_only(world: World) -> None:
    """Stage an archiving, and end before anything is sent."""
    service = world.service()
    original = service.request_stop
    from order_staging.batch.changes import removal  # noqa: PLC0415

    patch = pytest.MonkeyPatch()
    archive = removal.Removal._archive

    def archiving(self: removal.Removal, *arguments: object) -> None:
        archive(self, *arguments)  # type: ignore[arg-type]
        original()

    patch.setattr(removal.Removal, "_archive", archiving)
    try:
        service.process_customer_batch(CUSTOMER, changes=True, archive_removed=True)
    finally:
        patch.undo()


@on_sqlite
def test_a_removed_row_and_a_changed_one_go_together(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3, **{"CUSTOMER PRICE": "10"})
    world.remove(rows[0])
    change(world, rows[1], **{"CUSTOMER PRICE": "11"})
    result, mutations = changes(world, archive_removed=True)
    assert sorted(operation for operation, _ in mutations) == [
        "archive_item",
        "change_multiple_column_values",
    ]
    assert (result.orders.archived, result.orders.updated, result.orders.unchanged) == (1, 1, 1)
