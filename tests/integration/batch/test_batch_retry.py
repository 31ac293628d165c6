"""Retry: what failed is put on its way again as the source has it now, and its letter ends with its row."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING

import pytest

from order_staging import ConfigurationError, UnitOfWork, UnknownBatchError, UnknownCustomerError
from order_staging.errors import TransientDatabaseError
from order_staging.failpoints import Failpoint, armed
from tests.guarantees.evidence import check
from tests.integration.batch.batch_changes import change
from tests.integration.batch.batch_retries import counted, ends_well, letter, refuse, retry
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    ERR_SUB,
    MON,
    STG,
    STG_SUB,
    Killed,
    Wiretap,
    as_uuid,
    expected,
    kill,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from tests.integration.batch.batch_world import Row, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PRICE = "numeric_mkr5cact"


@pytest.fixture
def rejected(world: World) -> list[Row]:
    """Two order lines, of which monday.com has refused the first."""
    rows = order_lines(2, **{"CUSTOMER PRICE": "10"})
    world.add(*rows)
    refuse(world)
    assert world.run().orders.rejected == 1
    return rows


def dies(world: World, point: Failpoint, *, at: int = 1) -> None:
    """Retry everything, and die at a failpoint."""
    with armed(point, kill, at=at) as reached, pytest.raises(Killed):
        retry(world)
    assert reached[0] >= at
    world.forget_leases()


def test_a_mended_row_lands_with_its_new_values_and_its_letter_is_resolved(
    world: World, rejected: list[Row]
) -> None:
    first = letter(world)
    change(world, rejected[0], **{"CUSTOMER PRICE": "12.5", "CUSTOMER STYLE": "NEW", "S": 9, "M": None})
    result = retry(world)
    mended = rejected[0] | {"CUSTOMER STYLE": "NEW", "S": 9, "M": None}
    assert (result.status, result.run_status) == ("COMPLETED", "completed")
    assert (result.orders.retried, result.orders.selected, result.orders.loaded) == (1, 1, 0)
    assert (result.orders.created, result.subitems.created, result.orders.promoted) == (1, 1, 1)
    found = letter(world)
    assert (found["err_id"], found["retry_count"]) == (first["err_id"], 0)
    batch = world.batch(result)
    assert found["resolved_by"] == batch["started_by"]
    counters = ("total_records", "successful_records", "failed_records", "orders_processed")
    assert [batch[name] for name in counters] == [1, 1, 0, 1]
    (item,) = [item for item in world.sandbox.items() if item.name.startswith("NEW")]
    assert item.text(PRICE) == "12.5"
    ends_well(world, [mended, rejected[1]])


@on_sqlite
def test_a_row_that_is_refused_again_keeps_its_letter_until_it_has_had_its_retries(
    world: World, rejected: list[Row]
) -> None:
    first = letter(world)
    for number in range(1, 4):
        refuse(world)
        result = retry(world)
        assert (result.orders.rejected, result.run_status) == (1, "partial")
        assert counted(world) == (number, number == 3, False)
        assert as_uuid(letter(world)["batch_id"]) == result.batch_id
        assert world.batch(result)["failed_records"] == 1
    found = letter(world)
    assert found["err_id"] == first["err_id"]
    assert (found["http_status_code"], found["last_retry_date"] is not None) == (422, True)
    before = world.mutations()
    passed = retry(world)
    assert (passed.passed_over, passed.run_status, passed.to_dict()["passed_over"]) == (1, "nothing_to_do", 1)
    assert world.mutations() == before
    assert retry(world, error_ids=[str(found["err_id"])]).orders.created == 1
    ends_well(world, rejected)


@on_sqlite
def test_what_is_said_of_a_row_that_is_refused_again_is_what_was_sent_now(
    world: World, rejected: list[Row]
) -> None:
    change(world, rejected[0], **{"CUSTOMER PRICE": "11"})
    refuse(world)
    retry(world)
    sent = json.loads(letter(world)["api_payload"])["column_values"]
    assert sent[PRICE] == "11"
    check(world)


@on_sqlite
@pytest.mark.parametrize(
    "point",
    [
        Failpoint.RETRY_STAGED,
        Failpoint.GROUPS_ENSURED,
        Failpoint.INTENT_RECORDED,
        Failpoint.ANSWER_READ,
        Failpoint.OUTCOMES_RECORDED,
        Failpoint.ORDERS_PROMOTED,
    ],
)
def test_a_retry_that_dies_is_finished_by_the_next_run(
    world: World, rejected: list[Row], point: Failpoint
) -> None:
    change(world, rejected[0], **{"CUSTOMER PRICE": "11", "S": 4})
    dies(world, point)
    acknowledged = point in {Failpoint.OUTCOMES_RECORDED, Failpoint.ORDERS_PROMOTED}
    assert counted(world) == (0, False, acknowledged)
    assert world.run().run_status == "completed"
    ends_well(world, [rejected[0] | {"S": 4}, rejected[1]])


@on_sqlite
def test_a_retry_that_dies_is_finished_by_another_retry(world: World, rejected: list[Row]) -> None:
    dies(world, Failpoint.ANSWER_READ)
    result = retry(world)
    assert (result.orders.adopted + result.orders.created, result.run_status) == (1, "completed")
    ends_well(world, rejected)


@on_sqlite
def test_a_refusal_whose_retry_died_before_it_was_sent_is_refused_again_in_the_same_letter(
    world: World, rejected: list[Row]
) -> None:
    dies(world, Failpoint.GROUPS_ENSURED)
    refuse(world)
    assert world.run().orders.rejected == 1
    assert counted(world) == (1, False, False)
    check(world, [*rejected])


@on_sqlite
def test_a_row_that_is_invalid_by_now_is_looked_at_by_every_run(world: World, rejected: list[Row]) -> None:
    change(world, rejected[0], **{"CUSTOMER STYLE": None})
    result = retry(world)
    assert (result.orders.invalid, result.status) == (1, "COMPLETED_WITH_ERRORS")
    found = letter(world)
    assert (found["error_type"], found["error_message"]) == ("INVALID", "STYLE: is empty, and is required")
    assert (found["api_payload"], found["http_status_code"], found["original_stg_id"]) == (None, None, None)
    assert (counted(world), world.database.count(STG), world.database.count(STG_SUB)) == (
        (1, False, False),
        0,
        0,
    )
    check(world)
    change(world, rejected[0], **{"CUSTOMER STYLE": "JWHD100120"})
    assert world.run().orders.created == 1
    ends_well(world, rejected)


@on_sqlite
def test_nothing_is_created_for_a_row_that_is_gone(world: World, rejected: list[Row]) -> None:
    world.database.execute('DELETE FROM "ORDERS_UNIFIED" WHERE "AAG ORDER NUMBER" = \'JOO-00001\'')
    before = world.mutations()
    result = retry(world)
    assert (world.mutations(), world.database.count(STG), world.database.count(STG_SUB)) == (before, 0, 0)
    assert result.announcements == ["1 resolved, as ORDERS_UNIFIED does not order it any more"]
    assert "gone from ORDERS_UNIFIED" in letter(world)["error_message"]
    ends_well(world, rejected[1:])


@on_sqlite
def test_an_invalid_row_is_read_again_and_its_letter_counts_the_retries(world: World) -> None:
    rows = [order_line(1, S=-1, **{"CUSTOMER STYLE": None}), order_line(2)]
    world.add(*rows)
    world.run()
    first = letter(world)
    change(world, rows[0], S=3)
    world.add(order_line(3))
    still = retry(world)
    # Only what failed is looked at: the new row waits for a run.
    assert (still.orders.invalid, still.orders.selected, still.batch_id) == (1, 1, None)
    assert counted(world) == (1, False, False)
    assert letter(world)["error_message"] == "STYLE: is empty, and is required"
    assert letter(world)["err_id"] == first["err_id"]
    change(world, rows[0], **{"CUSTOMER STYLE": "JWHD100120"})
    result = retry(world)
    assert (result.orders.loaded, result.orders.created, result.run_status) == (1, 1, "completed")
    assert counted(world) == (1, False, True)
    assert world.landed() == expected([rows[0] | {"CUSTOMER STYLE": "JWHD100120", "S": 3}, rows[1]])


@on_sqlite
def test_of_two_errors_only_the_one_that_is_named_is_retried(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    refuse(world, alias=0)
    refuse(world, alias=1)
    world.run(settings={"aliases": 20})
    world.run()
    refused = sorted(world.database.rows(ERR), key=lambda row: row["err_id"])
    assert len(refused) == 2
    retry(world, error_ids=[f"order:{refused[1]['err_id']}"])
    ended = {row["err_id"]: row["resolved_date"] is not None for row in world.database.rows(ERR)}
    assert ended == {refused[0]["err_id"]: False, refused[1]["err_id"]: True}
    assert world.states() == {"API_FAILED": 1}
    retry(world, batch_id=as_uuid(refused[0]["batch_id"]), customer_name="greyson")
    ends_well(world, rows, letters=2)


def test_a_refused_size_is_sent_again_with_the_quantity_of_now(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    refuse(world, "create_subitem", 1)
    world.run()
    change(world, rows[0], M=8)
    refuse(world, "create_subitem", 0)
    again = retry(world)
    assert (again.subitems.rejected, again.subitems.retried, counted(world, ERR_SUB)) == (
        1,
        1,
        (1, False, False),
    )
    assert letter(world, ERR_SUB)["order_qty"] == 8
    change(world, rows[0], M=9)
    result = retry(world, error_ids=["1"])
    assert (result.subitems.created, result.status) == (1, "COMPLETED")
    assert world.database.count(STG) == 0
    ends_well(world, [rows[0] | {"M": 9}, rows[1]])


@on_sqlite
def test_a_size_that_is_not_ordered_any_more_is_not_created(world: World) -> None:
    (row,) = rows = order_lines(1)
    world.add(*rows)
    refuse(world, "create_subitem", 1)
    world.run()
    change(world, row, M=None)
    before = world.mutations()
    retry(world)
    assert world.mutations() == before
    ends_well(world, [row | {"M": None}])


@on_sqlite
def test_a_size_whose_order_is_invalid_by_now_waits_and_says_so(world: World) -> None:
    (row,) = rows = order_lines(1)
    world.add(*rows)
    refuse(world, "create_subitem", 1)
    world.run()
    change(world, row, S=-1)
    result = retry(world)
    assert (result.subitems.rejected, result.batch_id) == (1, None)
    assert counted(world, ERR_SUB) == (1, False, False)
    assert "Retried: its order line is invalid now: S" in letter(world, ERR_SUB)["error_message"]
    change(world, row, S=3)
    retry(world)
    ends_well(world, rows)


@on_sqlite
def test_something_is_to_be_chosen_and_the_choices_exclude_each_other(world: World) -> None:
    service = world.service()
    with pytest.raises(ConfigurationError, match="nothing was chosen"):
        service.retry_failed()
    with pytest.raises(ConfigurationError, match="exclude each other"):
        service.retry_failed(everything=True, customer_name=CUSTOMER)
    assert service.retry_failed(everything=True).batches == ()


@on_sqlite
def test_an_error_that_is_nowhere_or_resolved_or_two_is_refused(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    refuse(world)
    refuse(world, "create_subitem")
    world.run()
    assert (letter(world)["err_id"], letter(world, ERR_SUB)["err_id"]) == (1, 1)
    for error_id, words in (
        ("1", "1 is two errors; give order:1 or subitem:1"),
        ("7", "there is no error 7"),
        ("order:2", "there is no error order:2"),
        ("x:1", "'x:1' is no error id"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            world.service().retry_failed(error_ids=[error_id])
    retry(world, error_ids=["subitem:1"])
    with pytest.raises(ConfigurationError, match="error subitem:1 is resolved already"):
        world.service().retry_failed(error_ids=["subitem:1"])
    # Only one of the two waits now.
    retry(world, error_ids=["1"])
    ends_well(world, rows, letters=2)


@on_sqlite
def test_a_batch_or_a_customer_that_is_nowhere_is_refused(world: World, rejected: list[Row]) -> None:
    assert rejected
    with pytest.raises(UnknownBatchError, match="there is no batch"):
        world.service().retry_failed(batch_id=as_uuid("12345678-1234-1234-1234-123456789abc"))
    with pytest.raises(UnknownCustomerError):
        world.service().retry_failed(customer_name="NOBODY AT ALL")
    # Known by what failed, though the source has nothing of it.
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    assert retry(world, customer_name=CUSTOMER).orders.retried == 1


@on_sqlite
def test_a_retry_goes_on_in_the_batch_that_is_open(world: World, rejected: list[Row]) -> None:
    world.add(more := order_line(3))
    patch = pytest.MonkeyPatch()
    Wiretap.killing("before", 1).on(patch)
    with pytest.raises(Killed):
        world.run()
    patch.undo()
    world.forget_leases()
    (open_batch,) = [row for row in world.database.rows(BATCHES) if row["status"] != "COMPLETED_WITH_ERRORS"]
    result = retry(world)
    assert result.batch_id == as_uuid(open_batch["batch_id"])
    batch = world.batch(result)
    assert [batch[name] for name in ("total_records", "successful_records", "failed_records")] == [2, 2, 0]
    ends_well(world, [*rejected, more])


@on_sqlite
def test_what_failed_in_a_batch_and_lands_in_it_after_all_is_no_failure_of_it(world: World) -> None:
    # The sizes are left for later, so the batch stays open while a retry goes on in it.
    rows = order_lines(2)
    world.add(*rows)
    refuse(world)
    first = world.run(subitems=False)
    result = retry(world)
    assert result.batch_id == first.batch_id
    batch = world.batch(result)
    assert [batch[name] for name in ("total_records", "successful_records", "failed_records")] == [2, 2, 0]
    assert batch["status"] == "COMPLETED"
    ends_well(world, rows)


@on_sqlite
def test_sizes_of_a_refused_order_wait_for_its_own_retry(world: World, rejected: list[Row]) -> None:
    assert world.states(STG_SUB) == {"PENDING": 2}
    change(world, rejected[0], S=None, L=6)
    refuse(world)
    retry(world)
    staged = {row["Size"]: row["ORDER_QTY"] for row in world.database.rows(STG_SUB)}
    assert staged == {"M": 5, "L": 6}
    retry(world)
    assert {row["Size"] for row in world.database.rows("MON_CustMasterSchedule_Subitems")} == {"S", "M", "L"}
    assert world.database.count(MON) == 2
    check(world)


@on_sqlite
def test_two_letters_of_one_row_end_together(world: World, rejected: list[Row]) -> None:
    # Earlier scripts wrote one at each refusal.
    columns = ", ".join(f'"{name}"' for name in letter(world) if name != "err_id")
    world.database.execute(f'INSERT INTO "{ERR}" ({columns}) SELECT {columns} FROM "{ERR}"')
    refuse(world)
    retry(world)
    assert sorted(row["retry_count"] for row in world.database.rows(ERR)) == [0, 1]
    assert retry(world).orders.created == 1
    ends_well(world, rejected, letters=2)


@on_sqlite
def test_a_row_whose_uuid_stands_on_several_rows_waits_and_says_so(world: World, rejected: list[Row]) -> None:
    world.add(order_line(3, record_uuid=rejected[0]["record_uuid"]))
    before = world.mutations()
    retry(world)
    refused = next(row for row in world.database.rows(ERR) if row["error_type"] == "REJECTED")
    assert "its UUID is on several rows" in refused["error_message"]
    assert (world.mutations(), world.states()) == (before, {"API_FAILED": 1})
    check(world)


@on_sqlite
def test_a_rejected_row_that_came_back_under_another_uuid_is_retried_as_what_it_is(
    world: World, rejected: list[Row]
) -> None:
    new = rejected[0] | {"record_uuid": order_line()["record_uuid"]}
    world.database.execute('DELETE FROM "ORDERS_UNIFIED" WHERE "AAG ORDER NUMBER" = \'JOO-00001\'')
    world.add(new)
    result = retry(world)
    assert (result.orders.relinked, result.orders.created, counted(world)) == (1, 1, (0, False, True))
    ends_well(world, [new, rejected[1]])


@on_sqlite
def test_units_of_work_that_are_all_done_again_count_a_retry_once(
    world: World, rejected: list[Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts, commit = count(), UnitOfWork._send_commit

    def failing_first(uow: UnitOfWork) -> None:
        if next(attempts) % 2 == 0:
            raise TransientDatabaseError("deadlock")
        commit(uow)

    monkeypatch.setattr(UnitOfWork, "_send_commit", failing_first)
    refuse(world)
    again = retry(world)
    assert (again.orders.retried, again.orders.rejected, counted(world)) == (1, 1, (1, False, False))
    assert world.batch(again)["total_records"] == world.batch(again)["failed_records"] == 1
    result = retry(world)
    assert (result.orders.retried, result.orders.created, counted(world)) == (1, 1, (1, False, True))
    monkeypatch.undo()
    ends_well(world, rejected)
