"""Retry where the board, or the source, is no more what it was when the row failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.failpoints import Failpoint, armed
from order_staging.sandbox import Fault, FaultKind, bodies
from order_staging.sandbox.state import Lifecycle
from tests.guarantees.evidence import check, watch_hands
from tests.integration.batch.batch_changes import change, changed_mapping, changes, item_of, rests, sent
from tests.integration.batch.batch_retries import counted, ends_well, letter, refuse, retry
from tests.integration.batch.batch_world import (
    ERR,
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

    from tests.integration.batch.batch_world import Row, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PRICE, QUANTITY = "numeric_mkr5cact", "numeric_mkra7j8e"
CHANGE = "change_multiple_column_values"


def restore(world: World, item_id: str) -> None:
    """Bring an item with its subitems, or a subitem, back out of the archive, as people do."""
    account = world.sandbox._account
    for item in list(account.items.values()):
        if item_id not in {item.id, item.parent_id}:
            continue
        item.state = Lifecycle.ACTIVE
        account.boards[item.board_id].order.append(item.id)
        if item.parent_id is not None:
            account.items[item.parent_id].subitem_ids.append(item.id)


def dies(world: World, at: Failpoint, run: Callable[[], object]) -> None:
    """End a run at a failpoint, and its lease with it."""
    with pytest.raises(Killed), armed(at, kill, at=1):
        run()
    world.forget_leases()


def limit(world: World, operation: str) -> None:
    """Let monday.com's limit of a day be reached at the next request of a kind."""
    body = bodies.daily_limit()
    fault = Fault(FaultKind.ANSWER_INSTEAD, status=200, body=body, operation=operation, times=1)
    world.sandbox.faults.add(fault)


@pytest.fixture
def taken_away(world: World, delivered: Callable[..., list[Row]]) -> tuple[Row, str]:
    """A row whose price has changed, from 10 to 11, and its item, which people have archived."""
    watch_hands(world.sandbox)
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    item_id = item_of(world, row)
    world.sandbox.person.archive_item(item_id)
    change(world, row, **{"CUSTOMER PRICE": "11"})
    return row, item_id


@pytest.fixture
def refused(world: World, taken_away: tuple[Row, str]) -> tuple[Row, str]:
    """The same, after monday.com has refused to create the item again."""
    refuse(world)
    assert changes(world, recreate_deleted=True)[0].orders.rejected == 1
    return taken_away


@pytest.mark.parametrize("with_changes", [False, True])
def test_an_item_that_people_restored_is_changed_and_not_created_again(
    world: World, refused: tuple[Row, str], with_changes: bool
) -> None:
    row, item_id = refused
    restore(world, item_id)
    before = len(world.sandbox.executed)
    result = changes(world)[0] if with_changes else retry(world)
    assert sent(world, before) == [(CHANGE, {PRICE: "11"})]
    assert (result.orders.updated, result.status) == (1, "COMPLETED")
    ends_well(world, [row])
    rests(world)


@pytest.mark.parametrize("with_changes", [False, True])
def test_what_was_to_be_created_again_is_dropped_where_the_restored_item_says_it_all(
    world: World, refused: tuple[Row, str], with_changes: bool
) -> None:
    row, item_id = refused
    change(world, row, **{"CUSTOMER PRICE": "10"})
    restore(world, item_id)
    before = len(world.sandbox.executed)
    if with_changes:
        changes(world)
    else:
        retry(world)
    assert sent(world, before) == []
    assert (counted(world)[2], world.database.count(STG), world.database.count(STG_SUB)) == (True, 0, 0)
    rests(world)
    check(world)


def test_an_item_that_is_still_gone_is_created_again_by_a_retry_with_what_is_ordered_now(
    world: World, refused: tuple[Row, str]
) -> None:
    row, _ = refused
    change(world, row, S=9, M=None)
    result = retry(world)
    assert (result.orders.created, result.subitems.created) == (1, 1)
    ends_well(world, [row | {"S": 9, "M": None}])


@pytest.mark.parametrize("moment", ["before_it_is_sent", "not_executed"])
def test_a_creation_that_waits_is_decided_anew_by_the_next_run(
    world: World, taken_away: tuple[Row, str], moment: str
) -> None:
    _, item_id = taken_away
    if moment == "not_executed":
        limit(world, "create_item")
        assert changes(world, recreate_deleted=True)[0].status == "PAUSED"
    else:
        dies(world, Failpoint.GROUPS_ENSURED, lambda: changes(world, recreate_deleted=True))
    restore(world, item_id)
    result = world.run()
    assert (result.orders.updated, result.orders.created, result.status) == (1, 0, "COMPLETED")
    assert (world.item().id, world.item().text(PRICE)) == (item_id, "11")
    check(world)
    rests(world)


@pytest.mark.parametrize("to_what", ["gone", "invalid", "wanted"])
def test_a_creation_that_waits_is_sent_only_while_its_row_is_ordered(
    world: World, taken_away: tuple[Row, str], to_what: str
) -> None:
    row, _ = taken_away
    dies(world, Failpoint.GROUPS_ENSURED, lambda: changes(world, recreate_deleted=True))
    if to_what == "gone":
        world.remove(row)
    else:
        change(world, row, S=-1 if to_what == "invalid" else 8)
    result = world.run()
    assert (result.orders.created, len(world.sandbox.items())) == (2 * (to_what == "wanted",))
    assert world.database.count(STG) == world.database.count(STG_SUB) == 0
    if to_what == "wanted":
        assert world.landed() == world.on_board()
        check(world)


@pytest.mark.parametrize("restored", [True, False])
def test_a_subitem_that_people_restored_is_not_created_again(
    world: World, delivered: Callable[..., list[Row]], restored: bool
) -> None:
    watch_hands(world.sandbox)
    (row,) = delivered()
    gone = next(sub for sub in world.sandbox.subitems() if sub.name.endswith("S"))
    world.sandbox.person.archive_item(gone.id)
    refuse(world, "create_subitem")
    assert changes(world, recreate_deleted=True)[0].subitems.rejected == 1
    if restored:
        restore(world, gone.id)
    result = retry(world)
    assert (result.subitems.created, counted(world, ERR_SUB)[2]) == (int(not restored), True)
    assert [sub.name for sub in world.sandbox.subitems()].count(gone.name) == 1
    ends_well(world, [row])


def test_an_item_whose_archiving_was_refused_and_that_people_deleted_is_not_created_unasked(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    watch_hands(world.sandbox)
    rows = delivered(3, **{"CUSTOMER PRICE": "10"})
    world.remove(rows[0])
    refuse(world, "archive_item")
    changes(world, archive_removed=True)
    world.add(rows[0] | {"CUSTOMER PRICE": "11"})
    world.sandbox.person.delete_item(item_of(world, rows[0]))
    before = len(world.sandbox.executed)
    result = retry(world)
    assert (sent(world, before), result.orders.deleted) == ([], 1)
    letters = {row["error_type"]: row["resolved_date"] is not None for row in world.database.rows(ERR)}
    assert letters == {"REJECTED": True, "DELETED": False}
    check(world)


@pytest.mark.parametrize("what", ["item", "subitem"])
def test_what_people_deleted_is_not_created_for_a_size_whose_deletion_was_refused(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path, what: str
) -> None:
    watch_hands(world.sandbox)
    settings = {"mapping": changed_mapping(tmp_path, subitems={"removed": "delete"})}
    (row,) = delivered()
    change(world, row, M=None)
    refuse(world, "delete_item")
    assert changes(world, settings=settings)[0].subitems.rejected == 1
    gone = next(sub for sub in world.sandbox.subitems() if sub.name.endswith("M")).id
    world.sandbox.person.delete_item(item_of(world, row) if what == "item" else gone)
    before = len(world.sandbox.executed)
    retry(world, settings=settings)
    assert (sent(world, before), counted(world, ERR_SUB)[2]) == ([], True)
    assert [row["error_type"] for row in world.database.rows(ERR)] == ["DELETED"] * (what == "item")


@pytest.fixture
def not_archived(world: World, delivered: Callable[..., list[Row]]) -> list[Row]:
    """Three rows, of which the first is gone; monday.com has refused to archive its item."""
    rows = delivered(3)
    world.remove(rows[0])
    refuse(world, "archive_item")
    changes(world, archive_removed=True)
    return rows


def test_an_archiving_whose_retry_died_waits_with_its_letter_for_the_next_retry(
    world: World, not_archived: list[Row]
) -> None:
    dies(world, Failpoint.RETRY_STAGED, lambda: retry(world))
    before = len(world.sandbox.executed)
    world.run()
    assert (sent(world, before), counted(world)[2]) == ([], False)
    result = retry(world)
    assert (result.orders.archived, counted(world)[2]) == (1, True)
    world.lands(not_archived[1:])


@pytest.mark.parametrize("moment", ["died", "paused"])
def test_an_archiving_whose_retry_broke_off_is_sent_by_the_next_retry(
    world: World, not_archived: list[Row], moment: str
) -> None:
    if moment == "died":
        dies(world, Failpoint.RETRY_STAGED, lambda: retry(world))
    else:
        limit(world, "archive_item")
        assert retry(world).status == "PAUSED"
    result = retry(world)
    assert (result.orders.archived, counted(world)[2]) == (1, True)
    world.lands(not_archived[1:])


@pytest.mark.parametrize("with_changes", [False, True])
def test_a_mended_row_keeps_its_letter_until_its_change_is_staged(
    world: World, delivered: Callable[..., list[Row]], with_changes: bool
) -> None:
    (row,) = delivered()
    change(world, row, S=-1)
    changes(world)
    change(world, row, S=9)
    limit(world, "items")
    if with_changes:
        changes(world)
    else:
        retry(world)
    assert counted(world)[2] is False
    assert retry(world).subitems.updated == 1
    ends_well(world, [row | {"S": 9}])


@pytest.mark.parametrize(
    ("mend", "word"), [("invalid", "its order line is invalid now: S: "), ("doubled", "on several rows")]
)
def test_nothing_is_created_of_a_conflict_whose_row_is_no_valid_one_any_more(
    world: World, mend: str, word: str
) -> None:
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
    for item in world.sandbox.items()[:2]:
        world.sandbox.person.delete_item(item.id)
    if mend == "invalid":
        change(world, rows[0], S=-1)
    else:
        world.add(order_line(7, record_uuid=rows[0]["record_uuid"]))
    before = len(world.sandbox.executed)
    result = retry(world)
    assert (sent(world, before), result.orders.conflict, world.states()) == ([], 1, {"CONFLICT": 1})
    assert word in letter(world)["error_message"]
