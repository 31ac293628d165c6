"""Changed order lines: found, merged with what people did to the board, and sent, once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from order_staging.errors import ConfigurationError
from order_staging.sandbox import fault_presets
from order_staging.transform import load_mapping
from tests.integration.batch.batch_changes import (
    change,
    changed_mapping,
    changes,
    item_of,
    mapping_with,
    rests,
)
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    KEY_COLUMN,
    MON,
    NUMBERS,
    order_line,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.integration.batch.batch_world import Row, World

PRICE, TYPE, NOTES, SEASON = (
    "numeric_mkr5cact",
    "dropdown_mkr518fc",
    "long_text_mkr5hass",
    "dropdown_mkr5rgs6",
)

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_corrected_price_is_one_update_of_one_column(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3, **{"CUSTOMER PRICE": "10.00", "NOTES": "as ordered"})
    change(world, rows[1], **{"CUSTOMER PRICE": "12.5"})
    result, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {PRICE: "12.5"})]
    assert (result.status, result.orders.updated, result.orders.unchanged) == ("COMPLETED", 1, 2)
    assert result.subitems.unchanged == 6
    prices = {row["Title"]: Decimal(str(row["CUSTOMER PRICE"])) for row in world.database.rows(MON)}
    assert sorted(prices.values()) == [Decimal("10.00"), Decimal("10.00"), Decimal("12.50")]
    assert sorted(str(item.text(PRICE)) for item in world.sandbox.items()) == ["10", "10", "12.5"]
    batch = world.batch(result)
    assert (batch["total_records"], batch["successful_records"], batch["orders_processed"]) == (1, 1, 1)
    rests(world)


def test_nothing_changed_means_no_mutation_and_no_read_of_items(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered(3)
    before = len(world.sandbox.requests)
    result, mutations = changes(world)
    assert (mutations, result.orders.unchanged, result.subitems.unchanged) == ([], 3, 6)
    # The board and its groups, as for any run.
    assert [request.operations for request in world.sandbox.requests[before:]] == [("boards",)] * 2


def test_a_plain_run_leaves_delivered_orders_alone(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    result = world.run()
    assert (result.status, world.item().text(PRICE)) == ("NOTHING_TO_DO", "10")
    assert "updated" not in result.to_dict()["orders"]


@on_sqlite
def test_json_of_a_run_with_changes_has_its_own_counts(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    delivered(1)
    document = world.run(changes=True).to_dict()
    keys = {"updated", "moved", "unchanged", "conflicts", "removed", "deleted", "archived"}
    assert keys <= document["orders"].keys() & document["subitems"].keys()


@on_sqlite
def test_new_and_changed_orders_travel_in_one_request(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    world.add(order_line(9))
    requests = len(world.sandbox.requests)
    result, _ = changes(world)
    assert (result.orders.created, result.orders.updated) == (1, 1)
    both = {"create_item", "change_multiple_column_values"}
    assert sum(both <= set(request.operations) for request in world.sandbox.requests[requests:]) == 1
    rests(world)


class TestPeople:
    """What people do to the board between two runs."""

    pytestmark = on_sqlite

    def test_an_edit_stays_where_the_source_did_not_change(
        self, world: World, delivered: Callable[..., list[Row]]
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10", "NOTES": "old"})
        world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
        rests(world)
        change(world, row, NOTES="new")
        _, mutations = changes(world)
        assert mutations == [("change_multiple_column_values", {NOTES: {"text": "new"}})]
        assert world.item().text(PRICE) == "99"

    def test_the_source_wins_a_conflict_by_default_and_it_is_told(
        self, world: World, delivered: Callable[..., list[Row]]
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
        world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
        change(world, row, **{"CUSTOMER PRICE": "11"})
        result, mutations = changes(world)
        assert mutations == [("change_multiple_column_values", {PRICE: "11"})]
        assert result.orders.conflicts == 1
        notes = world.batch(result)["processing_notes"]
        assert "CUSTOMER PRICE: delivered '10', now '11' in the source and '99' on the board" in notes
        rests(world)

    def test_the_board_wins_where_the_mapping_says_so_and_the_conflict_is_told_once(
        self, world: World, delivered: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
        settings = {"mapping": mapping_with(tmp_path, "board")}
        world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
        change(world, row, **{"CUSTOMER PRICE": "11"})
        result, mutations = changes(world, settings=settings)
        assert (mutations, result.orders.conflicts) == ([], 1)
        assert world.item().text(PRICE) == "99"
        assert changes(world, settings=settings)[0].orders.conflicts == 0
        change(world, row, **{"CUSTOMER PRICE": "12"})
        assert changes(world, settings=settings)[0].orders.conflicts == 1
        assert world.item().text(PRICE) == "99"

    def test_a_conflict_that_a_person_must_decide_waits_in_err_until_it_is_settled(
        self, world: World, delivered: Callable[..., list[Row]], tmp_path: Path
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
        settings = {"mapping": mapping_with(tmp_path, "report")}
        world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
        change(world, row, **{"CUSTOMER PRICE": "11"})
        for _ in range(2):
            result, mutations = changes(world, settings=settings)
            assert (mutations, result.orders.conflicts) == ([], 1)
        letter = world.only(ERR)
        assert (letter["error_type"], letter["resolved_date"]) == ("EDITED", None)
        assert "CUSTOMER PRICE" in letter["error_message"]
        assert Decimal(str(world.only(MON)["CUSTOMER PRICE"])) == 10
        world.sandbox.person.change_values(world.item().id, {PRICE: "11"})
        assert changes(world, settings=settings)[1] == []
        assert world.only(ERR)["resolved_date"] is not None
        assert Decimal(str(world.only(MON)["CUSTOMER PRICE"])) == 11
        rests(world, settings=settings)

    def test_both_sides_saying_the_same_is_acknowledged_without_a_mutation(
        self, world: World, delivered: Callable[..., list[Row]]
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
        world.sandbox.person.change_values(world.item().id, {PRICE: "11.00"})
        change(world, row, **{"CUSTOMER PRICE": "11"})
        result, mutations = changes(world)
        assert (mutations, result.orders.conflicts) == ([], 0)
        assert Decimal(str(world.only(MON)["CUSTOMER PRICE"])) == 11
        rests(world)

    @pytest.mark.parametrize("how", ["delete_item", "archive_item"])
    def test_an_item_that_people_took_away_is_reported_and_not_made_again(
        self, world: World, delivered: Callable[..., list[Row]], how: str
    ) -> None:
        rows = delivered(2, **{"CUSTOMER PRICE": "10"})
        first = item_of(world, rows[0])
        getattr(world.sandbox.person, how)(first)
        change(world, rows[0], **{"CUSTOMER PRICE": "11"})
        for _ in range(2):
            result, mutations = changes(world)
            assert (mutations, result.orders.deleted) == ([], 1)
        letter = world.only(ERR)
        assert (letter["error_type"], letter["order_number"]) == ("DELETED", rows[0]["AAG ORDER NUMBER"])

    def test_what_people_deleted_is_made_again_on_demand(
        self, world: World, delivered: Callable[..., list[Row]]
    ) -> None:
        rows = delivered(2, **{"CUSTOMER PRICE": "10"})
        gone = item_of(world, rows[0])
        subitem = world.sandbox.subitems(item_of(world, rows[1]))[0]
        world.sandbox.person.delete_item(gone)
        world.sandbox.person.delete_item(subitem.id)
        result, _ = changes(world)
        assert (result.status, result.orders.unchanged) == ("NOTHING_TO_DO", 2)
        result, mutations = changes(world, recreate_deleted=True)
        assert [operation for operation, _ in mutations] == [
            "create_item",
            "create_subitem",
            "create_subitem",
        ] or (sorted(operation for operation, _ in mutations) == ["create_item"] + ["create_subitem"] * 3)
        world.lands(rows)
        assert gone not in {str(row["Item ID"]) for row in world.database.rows(MON)}
        assert changes(world, recreate_deleted=True)[1] == []

    def test_a_renamed_item_and_a_moved_one_stay_until_the_source_changes_them(
        self, world: World, delivered: Callable[..., list[Row]]
    ) -> None:
        (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
        other = world.sandbox.person.add_group("IN WORK")
        world.sandbox.person.rename_item(world.item().id, "MINE")
        world.sandbox.person.move_item(world.item().id, other)
        change(world, row, **{"CUSTOMER PRICE": "11"})
        _, mutations = changes(world)
        assert mutations == [("change_multiple_column_values", {PRICE: "11"})]
        assert (world.item().name, world.item().group_title) == ("MINE", "IN WORK")
        rests(world)


@on_sqlite
@pytest.mark.parametrize("end", ["taken back", "removed"])
@pytest.mark.parametrize("kind", ["EDITED", "DELETED"])
def test_what_waits_for_a_person_is_over_once_the_source_has_nothing_to_say(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path, kind: str, end: str
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    settings = {"mapping": mapping_with(tmp_path, "report")}
    item_id = item_of(world, rows[0])
    if kind == "DELETED":
        world.sandbox.person.delete_item(item_id)
    else:
        world.sandbox.person.change_values(item_id, {PRICE: "99"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    changes(world, settings=settings)
    assert (world.only(ERR)["error_type"], world.only(ERR)["resolved_date"]) == (kind, None)
    if end == "removed":
        world.remove(rows[0])
    else:
        change(world, rows[0], **{"CUSTOMER PRICE": "10"})
    assert changes(world, settings=settings)[1] == []
    assert world.only(ERR)["resolved_date"] is not None


@on_sqlite
def test_a_letter_that_waits_says_what_the_conflict_is_today(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    settings = {"mapping": mapping_with(tmp_path, "report")}
    world.sandbox.person.change_values(world.item().id, {PRICE: "99"})
    for price in ("11", "12"):
        change(world, row, **{"CUSTOMER PRICE": price})
        changes(world, settings=settings)
        assert f"now '{price}' in the source" in world.only(ERR)["error_message"]


@on_sqlite
def test_with_the_bulk_channel_changes_travel_as_items_and_new_orders_by_file(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    world.sandbox.person.change_values(item_of(world, rows[1]), {PRICE: "99"})
    world.add(*(new := [order_line(number, **{"CUSTOMER PRICE": "10"}) for number in (7, 8)]))
    result, mutations = changes(world, settings={"channel": "bulk"})
    assert mutations[0] == ("change_multiple_column_values", {PRICE: "11"})
    assert (result.api.bulk_jobs, result.orders.created, result.orders.updated) == (1, 2, 1)
    prices = sorted(str(item.text(PRICE)) for item in world.sandbox.items())
    assert prices == ["10", "10", "11", "99"]
    world.lands([*rows, *new])


@on_sqlite
def test_several_moves_share_requests_of_as_many_mutations_as_creations(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(12)
    for row in rows:
        change(world, row, **{"CUSTOMER SEASON": "2026 SPRING"})
    requests = len(world.sandbox.requests)
    result, _ = changes(world, settings={"aliases": 10})
    assert (result.orders.moved, result.orders.updated) == (12, 12)
    sizes = [len(request.operations) - 1 for request in world.sandbox.requests[requests:]]
    # Two mutations a row, and the complexity that is read with them.
    assert max(sizes) == 10
    rests(world)


def test_a_corrected_style_renames_the_item(world: World, delivered: Callable[..., list[Row]]) -> None:
    (row,) = delivered()
    change(world, row, **{"CUSTOMER STYLE": "JWHD200"})
    result, mutations = changes(world)
    (values,) = [values for _, values in mutations]
    assert values["name"] == world.item().name == "JWHD200WHITEJOO-00001"
    assert (result.orders.updated, world.only(MON)["Title"]) == (1, "JWHD200WHITEJOO-00001")
    rests(world)


def test_a_corrected_season_moves_the_item_into_its_group_and_makes_it(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, **{"CUSTOMER SEASON": "2026 SPRING"})
    result, mutations = changes(world)
    assert [operation for operation, _ in mutations] == [
        "create_group",
        "change_multiple_column_values",
        "move_item_to_group",
    ]
    assert (result.orders.moved, result.orders.updated, result.groups.created) == (1, 1, 1)
    assert world.item().group_title == world.only(MON)["Group"] == "GREYSON CLOTHIERS 2026 SPRING"
    assert world.item().text(SEASON) == "2026 SPRING"
    rests(world)


@on_sqlite
def test_an_update_makes_no_group_anew_that_people_renamed(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    (group,) = (group for group in world.sandbox.groups() if group.title == world.item().group_title)
    world.sandbox.person.rename_group(group.id, "OURS")
    change(world, row, **{"CUSTOMER PRICE": "11"})
    assert changes(world)[1] == [("change_multiple_column_values", {PRICE: "11"})]
    assert world.item().group_title == "OURS"


@on_sqlite
def test_a_corrected_customer_is_found_by_the_customer_it_has_now(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, **{"CUSTOMER NAME": "RHYTHM (AU)"})
    result = world.run("RHYTHM", changes=True)
    assert (result.orders.moved, world.item().group_title) == (1, "RHYTHM 2025 FALL")
    assert world.only(MON)["CUSTOMER"] == "RHYTHM"
    assert world.run(CUSTOMER, changes=True).orders.removed == 0


@on_sqlite
def test_a_cancelled_order_keeps_its_item_and_says_so(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    assert world.item().text(TYPE) == "RECEIVED"
    change(world, row, **{"ORDER TYPE": "CANCELLED"})
    _, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {TYPE: {"labels": ["CANCELLED"]}})]
    assert (world.item().text(TYPE), world.only(MON)["ORDER TYPE"]) == ("CANCELLED", "CANCELLED")
    rests(world)


CLEARED = {
    "text": ("DESTINATION", "Rome", "text_mkr5kbc6", ""),
    "long_text": ("NOTES", "Careful", NOTES, None),
    "numbers": ("CUSTOMER PRICE", "10", PRICE, None),
    "date": ("EX FACTORY DATE", "2026-01-02", "date_mkr57811", None),
    "dropdown": ("CATEGORY", "Tops", "dropdown_mkr5s5n3", None),
    "status": ("UNIT OF MEASURE", "PIECE", "color_mkr5yf27", None),
}


@on_sqlite
@pytest.mark.parametrize("kind", CLEARED)
def test_a_cleared_value_is_cleared_on_the_board(
    world: World, delivered: Callable[..., list[Row]], kind: str
) -> None:
    source, value, column, empty = CLEARED[kind]
    (row,) = delivered(1, **{source: value})
    assert world.item().text(column)
    change(world, row, **{source: None})
    _, mutations = changes(world)
    assert mutations == [("change_multiple_column_values", {column: empty})]
    assert not world.item().text(column)
    title = next(field.title for field in load_mapping().fields if field.source == source)
    assert world.only(MON)[title] is None
    rests(world)


NOT_A_PRICE = "CUSTOMER PRICE: 'n/a' is not a number; left out"


@on_sqlite
def test_a_value_that_cannot_be_read_any_more_leaves_the_board_as_it_is(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10", "NOTES": "old"})
    change(world, row, **{"CUSTOMER PRICE": "n/a"})
    foreseen = world.service().preview(changes=True)
    (told,) = foreseen.warnings.rows
    assert told.remarks == (NOT_A_PRICE, "the board's value stays as it is")
    assert (foreseen.total("warnings"), foreseen.estimate.mutations) == (1, 0)
    result, mutations = changes(world)
    assert (mutations, result.orders.warnings) == ([], 1)
    assert world.batch(result)["processing_notes"] == f"{world.item().name}: {NOT_A_PRICE}"
    # As long as nobody corrects it, it is no work for each run to come.
    rests(world)
    change(world, row, NOTES="new")
    assert changes(world)[1] == [("change_multiple_column_values", {NOTES: {"text": "new"}})]
    assert (world.item().text(PRICE), Decimal(str(world.only(MON)["CUSTOMER PRICE"]))) == ("10", Decimal(10))
    notes = [batch["processing_notes"] for batch in world.database.rows(BATCHES)]
    assert sorted(filter(None, notes)) == [f"{world.item().name}: {NOT_A_PRICE}"] * 2


def test_runs_that_take_turns_with_other_filters_note_what_cannot_be_read_once(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2)
    for row in rows:
        change(world, row, **{"PO NUMBER": f"PO {row['AAG ORDER NUMBER']}", "CUSTOMER PRICE": "n/a"})
    filters = [{"po": f"PO {row['AAG ORDER NUMBER']}"} for row in rows]
    for of_one in filters:
        assert changes(world, **of_one)[0].status == "COMPLETED"
    for of_one in [{}, *filters, *filters]:
        rests(world, **of_one)


@on_sqlite
def test_a_delivered_row_that_is_invalid_now_has_one_dead_letter_until_it_is_mended(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, S=-1)
    for _ in range(2):
        result, mutations = changes(world)
        assert (mutations, result.orders.invalid) == ([], 1)
    assert world.only(ERR)["error_type"] == "INVALID"
    change(world, row, S=4)
    assert changes(world)[0].subitems.updated == 1
    assert world.only(ERR)["resolved_date"] is not None


def test_a_rebuilt_source_with_one_corrected_price_is_one_update_and_no_creation(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(4, **{"CUSTOMER PRICE": "10"})
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    fresh = [row | {"record_uuid": UUID(int=next(NUMBERS))} for row in rows]
    fresh[2]["CUSTOMER PRICE"] = "11"
    world.add(*fresh)
    result, mutations = changes(world)
    ((operation, values),) = mutations
    # The key goes along: the board's is that of the row before.
    assert (operation, values) == (
        "change_multiple_column_values",
        {PRICE: "11", KEY_COLUMN: str(fresh[2]["record_uuid"])},
    )
    assert (result.orders.relinked, result.orders.created, result.orders.updated) == (4, 0, 1)
    assert result.orders.removed == 0
    rests(world)


@on_sqlite
def test_a_row_from_before_this_library_is_compared_with_what_production_says(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10", "US DUTY RATE": "0.165"})
    world.database.execute(f'UPDATE "{MON}" SET delivered_values = NULL, delivered_hash = NULL')
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    _, mutations = changes(world)
    # Production keeps 0.17 of the rate, and the board says what the source says: no conflict, nothing to send.
    assert mutations == [
        ("change_multiple_column_values", {PRICE: "11", KEY_COLUMN: str(rows[0]["record_uuid"])})
    ]
    assert all(row["delivered_values"] for row in world.database.rows(MON))
    rests(world)


@on_sqlite
def test_a_changed_mapping_is_announced_before_its_changes_are_sent(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    delivered(2, DESTINATION="Rome")
    mapping = changed_mapping(
        tmp_path,
        lambda field: (
            field | {"source": "PLANNED DELIVERY METHOD"} if field["title"] == "DESTINATION" else field
        ),
    )
    result, mutations = changes(world, settings={"mapping": mapping})
    assert mutations == [("change_multiple_column_values", {"text_mkr5kbc6": ""})] * 2
    (announced,) = result.to_dict()["announcements"]
    assert announced.startswith("2 order lines differ that were delivered under another mapping")
    again, mutations = changes(world, settings={"mapping": mapping})
    assert (mutations, again.announcements) == ([], [])


@on_sqlite
def test_a_column_that_is_mapped_no_more_is_left_as_it_is(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    delivered(1, DESTINATION="Rome")
    mapping = changed_mapping(tmp_path, lambda field: None if field["title"] == "DESTINATION" else field)
    result, mutations = changes(world, settings={"mapping": mapping})
    assert (mutations, result.announcements, world.item().text("text_mkr5kbc6")) == ([], [], "Rome")


@on_sqlite
def test_an_update_that_monday_refuses_is_not_sent_again_before_it_differs(
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
    result, _ = changes(world)
    assert result.orders.rejected == 1
    assert world.only(ERR)["error_type"] == "REJECTED"
    assert changes(world)[1] == []
    assert world.database.count(ERR) == 1
    change(world, row, **{"CUSTOMER PRICE": "12"})
    assert changes(world)[1] == [("change_multiple_column_values", {PRICE: "12"})]
    rests(world)


@pytest.mark.parametrize("option", ["archive_removed", "recreate_deleted"])
@on_sqlite
def test_options_of_changes_are_refused_without_them(world: World, option: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{option} goes with changes"):
        world.service().process_customer_batch(CUSTOMER, **{option: True})  # type: ignore[arg-type] # by its name
