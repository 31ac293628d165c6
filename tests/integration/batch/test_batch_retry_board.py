"""Retry of what is on the board already: changes that were refused, and what waits for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from order_staging.failpoints import Failpoint, armed
from order_staging.sandbox import Fault, FaultKind
from tests.guarantees.evidence import check, watch_hands
from tests.integration.batch.batch_changes import change, changes, item_of, mapping_with, rests, sent
from tests.integration.batch.batch_retries import counted, ends_well, letter, refuse, retry
from tests.integration.batch.batch_world import (
    ERR_SUB,
    KEY_COLUMN,
    STG,
    STG_SUB,
    Killed,
    Wiretap,
    kill,
    on,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging import BatchResult
    from tests.integration.batch.batch_world import Row, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PRICE, QUANTITY = "numeric_mkr5cact", "numeric_mkra7j8e"
CHANGE = "change_multiple_column_values"


def retried(world: World) -> tuple[BatchResult, list[tuple[str, Any]]]:
    """Retry everything; give the result, and what was sent."""
    before = len(world.sandbox.executed)
    result = retry(world)
    return result, sent(world, before)


@pytest.fixture
def refused(world: World, delivered: Callable[..., list[Row]]) -> Row:
    """A delivered row whose change of price, from 10 to 11, monday.com has refused."""
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    refuse(world, CHANGE)
    assert changes(world)[0].orders.rejected == 1
    return row


def test_a_refused_change_is_decided_anew_with_what_the_source_says_now(world: World, refused: Row) -> None:
    change(world, refused, **{"CUSTOMER PRICE": "12"})
    result, mutations = retried(world)
    assert mutations == [(CHANGE, {PRICE: "12"})]
    assert (result.orders.updated, result.status) == (1, "COMPLETED")
    assert counted(world) == (0, False, True)
    batch = world.batch(result)
    assert [batch[name] for name in ("total_records", "successful_records", "failed_records")] == [1, 1, 0]
    rests(world)
    check(world)


@on_sqlite
def test_a_change_that_is_refused_again_keeps_its_letter_and_a_run_leaves_it(
    world: World, refused: Row
) -> None:
    refuse(world, CHANGE)
    result, _ = retried(world)
    assert (result.orders.rejected, counted(world)) == (1, (1, False, False))
    before = world.mutations()
    changes(world)
    assert (world.mutations(), counted(world)) == (before, (1, False, False))
    # Another change takes its place, and what acknowledges that one ends the letter.
    change(world, refused, **{"CUSTOMER PRICE": "13"})
    assert changes(world)[0].orders.updated == 1
    assert counted(world) == (1, False, True)


@on_sqlite
def test_a_change_that_is_none_any_more_ends_its_letter_and_sends_nothing(world: World, refused: Row) -> None:
    change(world, refused, **{"CUSTOMER PRICE": "10"})
    result, mutations = retried(world)
    assert (mutations, result.run_status, counted(world)) == ([], "completed", (0, False, True))
    rests(world)


@on_sqlite
def test_a_change_of_a_row_that_is_gone_is_taken_back(world: World, refused: Row) -> None:
    world.remove(refused)
    _, mutations = retried(world)
    assert (mutations, counted(world), world.database.count(STG)) == ([], (0, False, True), 0)


@on_sqlite
def test_a_refused_change_of_a_size_is_decided_anew(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, S=7)
    refuse(world, CHANGE)
    assert changes(world)[0].subitems.rejected == 1
    change(world, row, S=8)
    result, mutations = retried(world)
    assert (mutations, result.subitems.updated) == ([(CHANGE, {QUANTITY: "8"})], 1)
    ends_well(world, [row | {"S": 8}])


@on_sqlite
def test_an_archiving_that_was_refused_is_tried_again_while_the_row_is_gone(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    refuse(world, "archive_item")
    assert changes(world, archive_removed=True)[0].orders.rejected == 1
    result, mutations = retried(world)
    assert [operation for operation, _ in mutations] == ["archive_item"]
    assert (result.orders.archived, counted(world)) == (1, (0, False, True))
    world.lands(rows[1:])


@on_sqlite
def test_an_archiving_that_was_refused_is_none_any_more_once_the_row_is_back(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(3)
    world.remove(rows[0])
    refuse(world, "archive_item")
    changes(world, archive_removed=True)
    world.add(rows[0])
    _, mutations = retried(world)
    assert (mutations, counted(world)) == ([], (0, False, True))
    world.lands(rows)


@on_sqlite
def test_what_people_deleted_is_looked_at_again_for_that_row_alone(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    watch_hands(world.sandbox)
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    world.sandbox.person.delete_item(item_of(world, rows[0]))
    change(world, rows[0], **{"CUSTOMER PRICE": "11"})
    changes(world)
    change(world, rows[1], **{"CUSTOMER PRICE": "11"})
    result, mutations = retried(world)
    assert (mutations, result.orders.deleted, counted(world)) == ([], 1, (1, False, False))
    change(world, rows[0], **{"CUSTOMER PRICE": "10"})
    _, mutations = retried(world)
    assert (mutations, counted(world)) == ([], (1, False, True))


@on_sqlite
def test_what_a_person_has_decided_is_settled_by_a_retry(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    settings = {"mapping": mapping_with(tmp_path, "report")}
    item_id = item_of(world, row)
    world.sandbox.person.change_values(item_id, {PRICE: "99"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    changes(world, settings=settings)
    retry(world, settings=settings)
    assert (letter(world)["error_type"], counted(world)) == ("EDITED", (1, False, False))
    world.sandbox.person.change_values(item_id, {PRICE: "11"})
    retry(world, settings=settings)
    assert counted(world) == (1, False, True)
    rests(world, settings=settings)


@on_sqlite
def test_a_delivered_row_that_was_invalid_is_brought_by_a_retry_once_it_is_mended(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered()
    change(world, row, S=-1)
    changes(world)
    change(world, row, S=4)
    result, mutations = retried(world)
    assert (mutations, result.subitems.updated) == ([(CHANGE, {QUANTITY: "4"})], 1)
    ends_well(world, [row | {"S": 4}])


def price_of(world: World, row: Row) -> str | None:
    """Read the price that an order's item has."""
    (item,) = [item for item in world.sandbox.items() if item.id == item_of(world, row)]
    return item.text(PRICE)


@pytest.fixture
def in_conflict(world: World) -> tuple[list[Row], list[str]]:
    """Two rows, and the items of which either could be the first one's."""
    watch_hands(world.sandbox)
    rows = order_lines(2)
    world.add(*rows)

    def copy() -> None:
        item = world.sandbox.items()[0]
        world.sandbox.person.change_values(world.sandbox.items()[1].id, {KEY_COLUMN: item.text(KEY_COLUMN)})

    world.sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_DROP, operation="create_item"))
    patch = pytest.MonkeyPatch()
    Wiretap(after=on(1, copy)).on(patch)
    assert world.run().orders.conflict == 1
    patch.undo()
    return rows, [item.id for item in world.sandbox.items()][:2]


def test_a_conflict_that_a_person_has_solved_is_adopted(
    world: World, in_conflict: tuple[list[Row], list[str]]
) -> None:
    rows, ids = in_conflict
    again, mutations = retried(world)
    assert (mutations, again.orders.conflict, counted(world)) == ([], 1, (1, False, False))
    world.sandbox.person.delete_item(ids[1])
    result, _ = retried(world)
    assert (result.orders.adopted, result.subitems.created, result.status) == (1, 2, "COMPLETED")
    assert counted(world) == (1, False, True)
    world.lands(rows)


@on_sqlite
def test_a_conflict_of_which_people_removed_everything_is_created(
    world: World, in_conflict: tuple[list[Row], list[str]]
) -> None:
    rows, ids = in_conflict
    for item_id in ids:
        world.sandbox.person.delete_item(item_id)
    result, _ = retried(world)
    assert (result.orders.created, counted(world)) == (1, (0, False, True))
    world.lands(rows)


@on_sqlite
def test_a_conflict_that_is_created_after_all_has_what_the_source_says_now(
    world: World, in_conflict: tuple[list[Row], list[str]]
) -> None:
    rows, ids = in_conflict
    change(world, rows[0], **{"CUSTOMER PRICE": "12.34", "S": 77})
    for item_id in ids:
        world.sandbox.person.delete_item(item_id)
    retried(world)
    assert price_of(world, rows[0]) == "12.34"
    ends_well(world, [rows[0] | {"S": 77}, rows[1]])


@pytest.mark.parametrize("moment", ["before", "after"])
@on_sqlite
def test_a_retry_of_a_conflict_sends_no_change_again_that_people_have_answered_meanwhile(
    world: World, in_conflict: tuple[list[Row], list[str]], moment: str
) -> None:
    rows, _ = in_conflict
    change(world, rows[1], **{"CUSTOMER PRICE": "11"})
    with pytest.MonkeyPatch.context() as patch:
        Wiretap.killing(moment, 1).on(patch)
        with pytest.raises(Killed):
            changes(world)
    world.forget_leases()
    item_id = world.sandbox.items()[-1].id
    world.sandbox.person.change_values(item_id, {PRICE: "99"})
    change(world, rows[1], **{"CUSTOMER PRICE": None})
    before = len(world.sandbox.executed)
    retry(world)
    assert (PRICE, "11") not in [pair for _, values in sent(world, before) for pair in values.items()]
    (price,) = [item.text(PRICE) for item in world.sandbox.items() if item.id == item_id]
    assert price == "99"


@on_sqlite
def test_a_retry_that_dies_before_it_stages_a_conflict_anew_is_made_up_for_by_the_next(
    world: World, in_conflict: tuple[list[Row], list[str]]
) -> None:
    rows, ids = in_conflict
    for item_id in ids:
        world.sandbox.person.delete_item(item_id)
    with armed(Failpoint.FINDINGS_RECORDED, kill), pytest.raises(Killed):
        retry(world)
    world.forget_leases()
    change(world, rows[0], **{"CUSTOMER PRICE": "12.34"})
    assert world.run().orders.created == 0
    assert (world.states(), counted(world)) == ({"API_FAILED": 1}, (0, False, False))
    retried(world)
    assert price_of(world, rows[0]) == "12.34"
    ends_well(world, rows)


@on_sqlite
def test_a_conflict_of_a_row_that_is_gone_stays_with_a_word_about_it(
    world: World, in_conflict: tuple[list[Row], list[str]]
) -> None:
    rows, _ = in_conflict
    world.remove(rows[0])
    result, mutations = retried(world)
    assert (mutations, result.orders.conflict, world.states()) == ([], 1, {"CONFLICT": 1})
    assert "Retried: its source row is gone" in letter(world)["error_message"]
    retried(world)
    assert letter(world)["error_message"].count("Retried: ") == 1


def size_in_conflict(world: World) -> None:
    """Deliver an order of two sizes, and let each of the two subitems look like the first of them."""

    def rename() -> None:
        world.sandbox.person.rename_item(world.sandbox.subitems()[1].id, "Size S")

    world.sandbox.faults.add(Fault(FaultKind.EXECUTE_THEN_DROP, operation="create_subitem"))
    patch = pytest.MonkeyPatch()
    Wiretap(after=on(1, rename)).on(patch, "subitems")
    assert world.run().subitems.conflict == 1
    patch.undo()


@on_sqlite
def test_a_conflict_of_a_size_is_adopted_once_the_other_one_is_gone(world: World) -> None:
    world.add(row := order_line())
    size_in_conflict(world)
    world.sandbox.person.delete_item(world.sandbox.subitems()[1].id)
    result, _ = retried(world)
    assert (result.subitems.adopted, counted(world, ERR_SUB)) == (1, (0, False, True))
    assert (world.database.count(STG), world.database.count(STG_SUB)) == (0, 0)
    world.lands([row])


@on_sqlite
def test_a_size_that_was_there_twice_and_is_gone_is_created_as_the_source_has_it_now(world: World) -> None:
    world.add(row := order_line())
    size_in_conflict(world)
    for subitem in world.sandbox.subitems()[:2]:
        world.sandbox.person.delete_item(subitem.id)
    change(world, row, S=77)
    result, _ = retried(world)
    assert (result.subitems.created, counted(world, ERR_SUB)) == (1, (0, False, True))
    world.lands([row | {"S": 77}])


@on_sqlite
def test_a_letter_of_a_size_ends_with_the_item_that_is_archived(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    refuse(world, "create_subitem")
    world.run()
    world.remove(rows[0])
    changes(world, archive_removed=True)
    assert counted(world, ERR_SUB) == (0, False, True)
    world.lands(rows[1:])


@on_sqlite
def test_a_letter_says_of_an_invalid_row_what_is_wrong_with_it_today(world: World) -> None:
    row = order_line(S=-1, **{"CUSTOMER STYLE": None})
    world.add(row)
    world.run()
    change(world, row, S=3)
    world.run()
    assert letter(world)["error_message"] == "STYLE: is empty, and is required"
    assert counted(world) == (0, False, False)
