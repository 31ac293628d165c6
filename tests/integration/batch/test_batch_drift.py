"""Drift: every way in which people, the source and production come apart is found, and what may be is put right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from order_staging.batch import Drift, DriftKind
from order_staging.errors import ConfigurationError, StoppedError, UnknownCustomerError
from tests.integration.batch.batch_changes import change, item_of, mapping_with, sent
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    ERR_SUB,
    KEY_COLUMN,
    LEASES,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    order_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging import DriftResult
    from tests.integration.batch.batch_world import Row, World

PRICE, QUANTITY, SIZE = "numeric_mkr5cact", "numeric_mkra7j8e", "dropdown_mkrak7qp"
TABLES = (STG, STG_SUB, MON, MON_SUB, ERR, ERR_SUB, BATCHES, LEASES, "ORDERS_UNIFIED")

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
pytestmark = on_sqlite


def drift(world: World, *customers: str, settings: Row | None = None, **options: Any) -> DriftResult:
    return world.service(**(settings or {})).drift(customers or (CUSTOMER,), **options)


def only(result: DriftResult) -> Drift:
    (finding,) = result.findings
    return finding


def kinds(result: DriftResult) -> list[str]:
    return sorted(str(finding.kind) for finding in result.findings)


def size_of(world: World, item_id: str, size: str) -> str:
    return next(one.id for one in world.sandbox.subitems(item_id) if one.name.endswith(f" {size}"))


def by_hand(world: World, name: str, group: str, values: Row | None = None) -> str:
    """Add an item as people do."""
    items, board = world.sandbox.person._items, world.sandbox.board_id
    return str(
        items.create_item(
            board_id=board,
            item_name=name,
            group_id=group,
            column_values=values or {},
            create_labels_if_missing=True,
        ).id
    )


def size_by_hand(world: World, item_id: str, name: str) -> str:
    """Add a subitem as people do."""
    items = world.sandbox.person._items
    created = items.create_subitem(
        parent_item_id=item_id, item_name=name, column_values={}, create_labels_if_missing=True
    )
    return str(created.id)


def everywhere(world: World) -> dict[str, list[Row]]:
    return {table: world.database.rows(table) for table in TABLES}


def test_what_was_just_delivered_is_clean(world: World, delivered: Callable[..., list[Row]]) -> None:
    delivered(3)
    result = drift(world)
    assert (result.is_clean, result.findings, result.customers) == (True, (), (CUSTOMER,))
    assert (result.orders, result.subitems) == (3, 6)
    assert result.to_dict() == {
        "status": "clean",
        "customers": [CUSTOMER],
        "orders": 3,
        "subitems": 6,
        "findings": [],
    }


def test_a_comparison_writes_nothing_anywhere(world: World, delivered: Callable[..., list[Row]]) -> None:
    rows = delivered(4, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    change(world, rows[1], S=-1)  # invalid, so that a run would write a dead letter
    change(world, rows[2], S=9)
    world.sandbox.person.delete_item(item_of(world, rows[3]))
    world.add(order_line(9))
    # What is kept of a row is written in another way, as by a version before: a run would bring it up to date.
    world.database.execute(f'UPDATE "{MON}" SET delivered_hash = NULL')
    before, mutations = everywhere(world), len(world.sandbox.executed)
    result = drift(world)
    assert kinds(result) == ["differing_field", "differing_quantity", "invalid_source", "missing_item"]
    assert everywhere(world) == before
    assert sent(world, mutations) == []
    assert world.mutations() == len({one.request for one in world.sandbox.executed})


def test_a_price_that_people_changed_is_told_and_left(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(**{"CUSTOMER PRICE": "10.50"})
    world.sandbox.person.change_values(item_of(world, row), {PRICE: "99"})
    found = only(drift(world))
    assert (found.kind, found.field) == (DriftKind.DIFFERING_FIELD, "CUSTOMER PRICE")
    assert (found.source, found.delivered, found.board) == ("10.5", "10.5", "99")
    assert found.repair == "left: people changed it, and the source did not"
    assert (found.uuid, found.item_id) == (row["record_uuid"], int(item_of(world, row)))
    repaired = drift(world, repair=True)
    assert repaired.left == repaired.findings == (found,)
    assert world.item().text(PRICE) == "99"


def test_a_price_that_the_source_changed_is_sent_by_a_repair(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(**{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "12"})
    assert only(drift(world)).repair == "send the source's value"
    result = drift(world, repair=True)
    assert (result.left, result.is_clean, world.item().text(PRICE)) == ((), True, "12")
    assert result.to_dict()["repaired"]["batches"][0]["orders"]["updated"] == 1


@pytest.mark.parametrize(
    ("on_conflict", "words", "after"),
    [
        ("source", "send the source's value: people changed it, too, and on_conflict is source", "12"),
        ("board", "left: on_conflict is board", "99"),
        ("report", "left: on_conflict is report, a person must decide", "99"),
    ],
)
def test_a_price_that_both_changed_is_decided_by_the_mapping(
    world: World,
    delivered: Callable[..., list[Row]],
    tmp_path: Path,
    on_conflict: str,
    words: str,
    after: str,
) -> None:
    (row,) = delivered(**{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "12"})
    world.sandbox.person.change_values(item_of(world, row), {PRICE: "99"})
    settings = {"mapping": mapping_with(tmp_path, on_conflict)}
    assert only(drift(world, settings=settings)).repair == words
    result = drift(world, settings=settings, repair=True)
    assert world.item().text(PRICE) == after
    assert result.is_clean is (after == "12")


def test_a_price_that_both_sides_changed_alike_is_recorded(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(**{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "12"})
    world.sandbox.person.change_values(item_of(world, row), {PRICE: "12"})
    assert only(drift(world)).repair == "record it as delivered: the board has it already"
    before = len(world.sandbox.executed)
    assert drift(world, repair=True).is_clean
    assert sent(world, before) == []


def test_a_renamed_and_moved_item_is_told_and_left(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered()
    person, item = world.sandbox.person, item_of(world, row)
    person.rename_item(item, "ours")
    person.move_item(item, person.add_group("Urgent"))
    result = drift(world)
    told = {one.kind: (one.source, one.board) for one in result.findings}
    assert told == {
        DriftKind.DIFFERING_NAME: ("JWHD100120WHITEJOO-00001", "ours"),
        DriftKind.WRONG_GROUP: ("GREYSON CLOTHIERS 2025 FALL", "Urgent"),
    }
    assert all(one.repair.startswith("left: people") for one in result.findings)


def test_a_corrected_season_is_a_wrong_group_until_it_is_repaired(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, **{"AAG SEASON": "2026 SPRING"})
    found = {one.kind: one for one in drift(world).findings}
    assert found[DriftKind.WRONG_GROUP].repair == "move it to the source's group"
    assert drift(world, repair=True).is_clean
    assert world.item().group_title == "GREYSON CLOTHIERS 2026 SPRING"


@pytest.mark.parametrize("act", ["delete_item", "archive_item"])
def test_an_item_that_people_took_away_is_missing_until_it_is_created_again(
    world: World, delivered: Callable[..., list[Row]], act: str
) -> None:
    rows = delivered(2)
    getattr(world.sandbox.person, act)(item_of(world, rows[0]))
    found = only(drift(world))
    assert (found.kind, found.uuid) == (DriftKind.MISSING_ITEM, rows[0]["record_uuid"])
    assert found.repair == "left: people deleted it; --recreate-deleted creates it again"
    left = drift(world, repair=True).left
    assert left == (found,)
    again = drift(world, repair=True, recreate_deleted=True)
    assert (only(again).repair, again.left) == ("create it again", ())
    assert len(world.sandbox.items()) == 2


def test_an_item_that_nobody_knows_is_extra_and_stays(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered()
    item = by_hand(world, "Sample for the fair", world.item().group_id)
    result = drift(world, repair=True)
    found = only(result)
    assert (found.kind, found.name, found.item_id) == (
        DriftKind.EXTRA_ITEM,
        "Sample for the fair",
        int(item),
    )
    assert (found.board, result.left) == ("GREYSON CLOTHIERS 2025 FALL", (found,))


@pytest.mark.parametrize("by_key", [True, False], ids=["by key", "by name"])
def test_a_copy_of_a_delivered_item_is_doubled(
    world: World, delivered: Callable[..., list[Row]], by_key: bool
) -> None:
    (row,) = delivered()
    item = world.item()
    if by_key:
        by_hand(world, "a copy", item.group_id, {KEY_COLUMN: str(row["record_uuid"])})
    else:
        by_hand(world, item.name, item.group_id)
    found = only(drift(world))
    assert (found.kind, found.uuid) == (DriftKind.DOUBLED_ITEM, row["record_uuid"] if by_key else None)
    assert found.repair == "left: a person must decide which one stays"


def test_an_item_with_another_key_has_a_wrong_key(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered()
    world.sandbox.person.change_values(item_of(world, row), {KEY_COLUMN: str(UUID(int=77))})
    found = only(drift(world))
    assert (found.kind, found.source, found.board) == (
        DriftKind.WRONG_KEY,
        str(row["record_uuid"]),
        str(UUID(int=77)),
    )
    before = len(world.sandbox.executed)
    assert drift(world, repair=True).is_clean
    assert sent(world, before) == [("change_multiple_column_values", {KEY_COLUMN: str(row["record_uuid"])})]


def test_a_quantity_that_people_changed_is_left_and_one_of_the_source_is_sent(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    item = item_of(world, row)
    world.sandbox.person.change_values(size_of(world, item, "S"), {QUANTITY: "30"})
    change(world, row, M=6)
    told = {one.size: one for one in drift(world).findings}
    assert {one.kind for one in told.values()} == {DriftKind.DIFFERING_QUANTITY}
    assert (told["S"].source, told["S"].delivered, told["S"].board) == ("3", "3", "30")
    assert (told["M"].source, told["M"].delivered, told["M"].board) == ("6", "5", "5")
    assert told["M"].repair == "send the source's quantity"
    left = drift(world, repair=True).left
    assert left == (told["S"],)


def test_a_subitem_that_people_deleted_is_missing_until_it_is_created_again(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    item = item_of(world, row)
    world.sandbox.person.delete_item(size_of(world, item, "S"))
    found = only(drift(world))
    assert (found.kind, found.size, found.delivered) == (DriftKind.MISSING_SUBITEM, "S", "3")
    assert drift(world, repair=True).left == (found,)
    assert drift(world, repair=True, recreate_deleted=True).is_clean
    assert len(world.sandbox.subitems(item)) == 2


def test_a_size_that_is_new_in_the_source_is_missing_until_it_is_created(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, L=7)
    found = only(drift(world))
    assert (found.kind, found.size, found.source, found.delivered, found.repair) == (
        DriftKind.MISSING_SUBITEM,
        "L",
        "7",
        None,
        "create it",
    )
    assert drift(world, repair=True).is_clean


def test_subitems_that_nobody_knows_are_extra_or_doubled_by_their_names(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    item = item_of(world, row)
    name = world.sandbox.subitems(item)[0].name
    size_by_hand(world, item, name)
    size_by_hand(world, item, "check the labels")
    result = drift(world, repair=True)
    assert {one.kind: one.board for one in result.findings} == {
        DriftKind.DOUBLED_SUBITEM: name,
        DriftKind.EXTRA_SUBITEM: "check the labels",
    }
    assert result.left == result.findings


def test_a_label_that_a_subitem_of_people_lacks_is_sent_as_drift_says(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    below = size_of(world, item_of(world, row), "S")
    world.sandbox.person.change_values(below, {SIZE: None})
    world.database.execute(f'DELETE FROM "{MON_SUB}" WHERE "Size" = :size', size="S")
    told = {one.field: one.repair for one in drift(world).findings}
    assert told == {
        "Size": "send the source's value",
        "Order Qty": "record it as delivered: the board has it already",
    }
    before = len(world.sandbox.executed)
    assert drift(world, repair=True).left == ()
    assert sent(world, before) == [("change_multiple_column_values", {SIZE: {"labels": ["S"]}})]


def test_sizes_of_which_something_odd_was_kept_are_compared_all_the_same(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    world.database.execute(f"UPDATE \"{MON_SUB}\" SET delivered_values = 'garbage'")
    change(world, row, S=4)
    assert only(drift(world)).repair == "send the source's quantity"
    assert drift(world, repair=True).is_clean


def test_a_subitem_of_a_size_whose_column_is_gone_from_the_source_is_not_extra(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered()
    world.database.execute('ALTER TABLE "ORDERS_UNIFIED" DROP COLUMN "S"')
    assert drift(world).is_clean


def test_rows_that_are_gone_or_invalid_are_told_and_left(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    change(world, rows[1], S=-1)
    result = drift(world, repair=True)
    found = {one.kind: one for one in result.findings}
    gone, invalid = found[DriftKind.REMOVED_SOURCE], found[DriftKind.INVALID_SOURCE]
    assert (gone.uuid, gone.repair) == (
        rows[0]["record_uuid"],
        "left: run with --changes --archive-removed to archive it",
    )
    assert invalid.uuid == rows[1]["record_uuid"]
    assert "is negative" in str(invalid.source)
    assert (result.orders, kinds(result)) == (3, ["invalid_source", "removed_source"])
    assert result.left is not None
    assert set(result.left) == set(result.findings)


def test_a_second_repair_sends_nothing_and_records_nothing(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"}, S=8)
    world.sandbox.person.change_values(item_of(world, rows[1]), {PRICE: "99"})
    world.sandbox.person.delete_item(item_of(world, rows[2]))
    first = drift(world, repair=True)
    before, batches = len(world.sandbox.executed), world.database.count(BATCHES)
    second = drift(world, repair=True)
    assert second.findings == second.left == first.left
    assert sent(world, before) == []
    assert world.database.count(BATCHES) == batches


def test_a_rebuilt_source_is_recognised_by_a_repair_and_its_keys_are_sent(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2)
    fresh = [UUID(int=10**9 + number) for number in range(2)]
    for row, uuid in zip(rows, fresh, strict=True):
        change(world, row, record_uuid=uuid.hex)
    result = drift(world, repair=True)
    assert kinds(result) == ["new_uuid"] * 2
    assert {finding.repair.split(" by ")[0] for finding in result.findings} == {"recognise its row"}
    assert result.left == ()
    assert sorted(str(item.text(KEY_COLUMN)) for item in world.sandbox.items()) == sorted(map(str, fresh))


def test_pages_of_rows_are_compared_to_the_last(world: World, delivered: Callable[..., list[Row]]) -> None:
    rows = delivered(5, **{"CUSTOMER PRICE": "10"})
    for row in rows:
        world.sandbox.person.change_values(item_of(world, row), {PRICE: "99"})
    world.remove(*rows[:2])
    result = drift(world, settings={"chunk_rows": 1})
    assert result.orders == 5
    assert kinds(result) == ["differing_field"] * 3 + ["removed_source"] * 2


def test_all_customers_are_those_with_anything_delivered_and_filters_narrow(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"PO NUMBER": "9", "CUSTOMER NAME": "TRAVISMATHEW"}))
    world.service().process_customers()
    world.add(order_line(3, **{"CUSTOMER NAME": "JOHNNIE O"}))
    group = next(one.group_id for one in world.sandbox.items() if one.group_title.startswith("GREYSON"))
    by_hand(world, "a note", group)
    service = world.service()
    every, narrowed = service.drift(), service.drift(po="9")
    assert (len(every.customers), every.orders, len(every.findings)) == (2, 2, 1)
    assert (len(narrowed.customers), narrowed.orders, narrowed.findings) == (1, 1, ())


def test_a_comparison_takes_no_lease_and_a_repair_says_who_holds_it(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered()
    world.database.execute(
        f"UPDATE \"{LEASES}\" SET holder = 'somebody', expires_date = '2099-01-01 00:00:00.000000'"
    )
    assert drift(world).is_clean
    repaired = drift(world, repair=True).repaired
    assert repaired is not None
    assert repaired.batches[0].status == "BUSY"


def test_what_cannot_be_asked_for_is_refused(world: World) -> None:
    with pytest.raises(ConfigurationError, match="recreate_deleted goes with repair"):
        drift(world, recreate_deleted=True)
    with pytest.raises(UnknownCustomerError):
        drift(world, "NOBODY")


def test_a_comparison_that_is_stopped_claims_nothing(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered()
    service = world.service()
    service.request_stop()
    with pytest.raises(StoppedError):
        service.drift([CUSTOMER])
