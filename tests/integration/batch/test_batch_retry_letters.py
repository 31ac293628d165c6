"""What becomes of dead letters whose rows have changed hands: another UUID, customer, name, or batch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import yaml
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork
from order_staging.cli.run import exit_code
from order_staging.reporting import detail
from order_staging.sandbox import fault_presets
from tests.guarantees.evidence import check
from tests.integration.batch.batch_changes import change, changed_mapping, changes, item_of
from tests.integration.batch.batch_retries import counted, ends_well, letter, refuse, retry
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    ERR_SUB,
    as_uuid,
    expected,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from order_staging import BatchResult
    from tests.integration.batch.batch_world import Row, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
COUNTERS = ("total_records", "successful_records", "failed_records")


def rebuilt(world: World, rows: list[Row]) -> list[Row]:
    """Build the source anew, each row with a fresh UUID."""
    fresh = [row | {"record_uuid": uuid4()} for row in rows]
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*fresh)
    return fresh


def waits(world: World, table: str = ERR) -> dict[str, tuple[object, str]]:
    """Tell by kind which UUID each unresolved letter has, and what it says."""
    return {
        row["error_type"]: (as_uuid(row["source_uuid"]), row["error_message"])
        for row in world.database.rows(table)
        if row["resolved_date"] is None
    }


def settled(world: World, rows: list[Row]) -> None:
    """Check that rows landed once and that every letter is resolved; the board keeps the keys of before."""
    assert world.landed() == expected(rows)
    assert waits(world) == waits(world, ERR_SUB) == {}
    check(world)


def counts(world: World, result: BatchResult) -> list[int]:
    batch = world.batch(result)
    return [batch[name] for name in COUNTERS]


def failures(world: World, result: BatchResult) -> int:
    """Count the errors of a batch as `status` does."""
    assert result.batch_id is not None
    with UnitOfWork(sessionmaker(world.database.engine)) as uow:
        found = detail(uow, result.batch_id)
    assert found is not None
    return found.failures


def test_letters_of_a_delivered_row_that_is_relinked_take_over_its_new_uuid(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], S=-1)
    change(world, rows[1], **{"CUSTOMER PRICE": "11"})
    world.sandbox.person.delete_item(item_of(world, rows[1]))
    changes(world)
    before = waits(world)
    assert set(before) == {"INVALID", "DELETED"}
    fresh = rebuilt(world, [rows[0] | {"S": -1}, rows[1] | {"CUSTOMER PRICE": "11"}])
    result = retry(world)
    assert (result.orders.relinked, result.orders.retried, result.announcements) == (2, 2, [])
    after = waits(world)
    assert after == {
        "INVALID": (fresh[0]["record_uuid"], before["INVALID"][1]),
        "DELETED": (fresh[1]["record_uuid"], before["DELETED"][1]),
    }
    change(world, rows[0], S=3)
    assert changes(world, recreate_deleted=True)[0].orders.created == 1
    settled(world, [fresh[0] | {"S": 3}, fresh[1]])
    assert world.database.count(ERR) == 2


def test_a_resolved_letter_stays_as_it_was_when_its_row_is_relinked(world: World) -> None:
    rows = order_lines(1)
    world.add(*rows)
    refuse(world)
    world.run()
    assert retry(world).orders.created == 1
    fresh = rebuilt(world, rows)
    assert world.run().orders.relinked == 1
    assert as_uuid(letter(world)["source_uuid"]) == rows[0]["record_uuid"]
    settled(world, fresh)


def test_a_refused_change_of_a_size_is_found_again_when_its_row_is_relinked(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1)
    change(world, row, S=44)
    refuse(world, "change_multiple_column_values")
    changes(world)
    assert waits(world, ERR_SUB)["REJECTED"][0] == row["record_uuid"]
    (fresh,) = rebuilt(world, [row | {"S": 44}])
    assert retry(world).subitems.updated == 1
    assert as_uuid(letter(world, ERR_SUB)["source_uuid"]) == fresh["record_uuid"]
    settled(world, [fresh])


def test_rows_that_cannot_be_retried_make_a_run_partial_even_where_no_batch_begins(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    refuse(world)
    world.run()
    world.add(order_line(8, record_uuid=rows[0]["record_uuid"]))
    result = world.service().retry_failed(everything=True)
    (batch,) = result.batches
    assert (batch.batch_id, batch.orders.rejected) == (None, 1)
    assert (batch.status, result.status) == ("NOTHING_TO_DO", "partial")
    assert exit_code(result, all_=True, fail_on_rejects=True) == 1
    assert exit_code(result, all_=True, fail_on_rejects=False) == 0


def test_a_row_that_had_no_customer_is_retried_as_that_of_the_one_it_has_now(world: World) -> None:
    row = order_line(1, **{"CUSTOMER NAME": None})
    world.add(row)
    world.service().process_customers()
    (nobody,) = world.service().retry_failed(everything=True).batches
    assert (nobody.customer, nobody.orders.invalid, counted(world)) == (
        "(NO CUSTOMER NAME)",
        1,
        (1, False, False),
    )
    change(world, row, **{"CUSTOMER NAME": "greyson"})
    result = retry(world)
    assert (result.customer, result.orders.retried, result.orders.loaded) == (CUSTOMER, 1, 1)
    ends_well(world, [row | {"CUSTOMER NAME": CUSTOMER}])


@pytest.mark.parametrize("named", [CUSTOMER, "braddock", None])
def test_a_row_that_was_another_customers_is_found_by_both_and_retried_as_what_it_is(
    world: World, named: str | None
) -> None:
    row = order_line(1, S=-1)
    world.add(row)
    world.run()
    mended = row | {"S": 3, "CUSTOMER NAME": "BRADDOCK"}
    change(world, row, S=3, **{"CUSTOMER NAME": "BRADDOCK"})
    result = retry(world, **({"customer_name": named} if named else {"error_ids": ["order:1"]}))
    assert (result.customer, result.orders.created) == ("BRADDOCK", 1)
    ends_well(world, [mended])


def test_a_row_that_lost_its_customer_is_looked_at_as_nobodys(world: World) -> None:
    row = order_line(1, S=-1)
    world.add(row)
    world.run()
    change(world, row, **{"CUSTOMER NAME": None})
    result = retry(world)
    assert (result.customer, result.orders.invalid) == ("(NO CUSTOMER NAME)", 1)
    assert letter(world)["error_message"].startswith("CUSTOMER: is empty")
    check(world)


@pytest.mark.parametrize("mended", [True, False])
def test_a_row_without_a_uuid_is_left_to_runs_and_no_retry_is_counted(world: World, mended: bool) -> None:
    row = order_line(1, record_uuid=None)
    world.add(row)
    world.run()
    uuid = uuid4()
    if mended:
        change(world, row, record_uuid=uuid.hex)
    result = world.service().retry_failed(error_ids=["order:1"])
    (batch,) = result.batches
    assert (batch.orders.retried, batch.orders.selected, result.status) == (0, 0, "nothing_to_do")
    (words,) = batch.announcements
    assert re.match("1 not retried, as without a UUID only `order-staging run` finds its row", words)
    assert counted(world) == (0, False, False)
    assert world.run().orders.loaded == mended
    assert counted(world) == (0, False, mended)
    if mended:
        ends_well(world, [row | {"record_uuid": uuid}])


@pytest.fixture
def renamed(world: World, tmp_path: Path) -> tuple[Row, Row]:
    """One order line of a customer that has become another one's alias since it was refused; the settings, too."""
    row = order_line(1, **{"CUSTOMER NAME": "ACME OUTDOOR"})
    world.add(row)
    path = tmp_path / "customers.yaml"
    document = {"customers": [{"name": "ACME INC", "aliases": ["ACME OUTDOOR"]}]}
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return row, {"customers": path}


@pytest.mark.parametrize("choice", ["ACME OUTDOOR", "acme inc", None])
@pytest.mark.parametrize("operation", ["create_item", "create_subitem"])
def test_errors_of_a_customer_that_was_renamed_are_found_by_both_names_and_end(
    world: World, renamed: tuple[Row, Row], choice: str | None, operation: str
) -> None:
    row, settings = renamed
    refuse(world, operation)
    world.run("ACME OUTDOOR")
    result = retry(
        world, settings=settings, **({"customer_name": choice} if choice else {"everything": True})
    )
    assert (result.customer, result.run_status) == ("ACME INC", "completed")
    # One letter, which is resolved: nothing is left of it under either name.
    (written,) = [*world.database.rows(ERR), *world.database.rows(ERR_SUB)]
    assert written["resolved_date"]
    assert set(world.landed()) == {row["record_uuid"]}
    check(world)


def test_a_row_of_a_renamed_customer_that_is_refused_again_keeps_its_letter(
    world: World, renamed: tuple[Row, Row]
) -> None:
    _, settings = renamed
    refuse(world, times=2)
    world.run("ACME OUTDOOR")
    assert retry(world, settings=settings).orders.rejected == 1
    assert (counted(world), letter(world)["customer_batch"]) == ((1, False, False), "ACME INC")


def test_an_invalid_row_that_is_mended_in_the_same_open_batch_counts_once(world: World) -> None:
    rows = [order_line(1, S=-1), order_line(2)]
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.daily_limit(operation="create_item"))
    paused = world.run()
    assert (paused.run_status, counts(world, paused)) == ("paused", [2, 0, 1])
    change(world, rows[0], S=3)
    result = retry(world)
    assert (result.batch_id, result.status, counts(world, result)) == (
        paused.batch_id,
        "COMPLETED",
        [2, 2, 0],
    )
    ends_well(world, [rows[0] | {"S": 3}, rows[1]])


def test_an_invalid_row_that_is_mended_in_another_batch_stays_a_failure_of_the_first(world: World) -> None:
    rows = [order_line(1, S=-1), order_line(2)]
    world.add(*rows)
    first = world.run()
    change(world, rows[0], S=3)
    second = retry(world)
    assert (counts(world, first), counts(world, second)) == ([2, 1, 1], [1, 1, 0])


def test_a_decision_that_is_settled_in_the_same_open_batch_is_no_failure_of_it(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    def reported(field: Row) -> Row:
        return field | ({"on_conflict": "report"} if field["title"] == "CUSTOMER PRICE" else {})

    settings = {"mapping": changed_mapping(tmp_path, reported)}
    (row,) = delivered(1, **{"CUSTOMER PRICE": "10"})
    world.sandbox.person.change_values(item_of(world, row), {"numeric_mkr5cact": "99"})
    change(world, row, **{"CUSTOMER PRICE": "11"})
    world.add(order_line(2))
    world.sandbox.faults.add(fault_presets.daily_limit(operation="create_item"))
    paused = changes(world, settings=settings)[0]
    assert (paused.run_status, set(waits(world)), counts(world, paused)[2]) == ("paused", {"EDITED"}, 1)
    world.sandbox.person.change_values(item_of(world, row), {"numeric_mkr5cact": "11"})
    result = retry(world, settings=settings)
    assert (result.batch_id, waits(world), counts(world, result)[2]) == (paused.batch_id, {}, 0)


def test_a_row_that_is_refused_twice_failed_in_both_batches_and_its_error_names_the_last(
    world: World,
) -> None:
    world.add(*order_lines(2))
    refuse(world, times=2)
    first, second = world.run(), retry(world)
    assert world.database.count(BATCHES) == 2
    assert [counts(world, result)[2] for result in (first, second)] == [1, 1]
    assert [failures(world, result) for result in (first, second)] == [0, 1]
    assert as_uuid(letter(world)["batch_id"]) == second.batch_id
