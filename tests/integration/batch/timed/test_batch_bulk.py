"""Bulk imports: what travels by them, what does not, and what their reports make of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.monday import import_file
from order_staging.monday.bulk import BulkImports
from order_staging.repositories.staging import StagedOrders
from order_staging.sandbox import BulkRules, FailureReason, RowOutcome, fault_presets, refusals
from tests.integration.batch.batch_world import (
    CUSTOMER,
    ERR,
    KEY_COLUMN,
    STG,
    World,
    expected,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.models import StagedOrder

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

IMPORTS = "MON_BulkImport"
BULK = {"channel": "bulk"}
COLOR = "dropdown_mkr5677f"


def created_by(world: World) -> dict[str, int]:
    """Count the creations that were executed, by the mutation that asked for them."""
    found: dict[str, int] = {}
    for executed in world.sandbox.executed:
        if executed.error is None:
            found[executed.operation] = found.get(executed.operation, 0) + 1
    return found


def test_orders_are_imported_and_a_second_run_sends_nothing(world: World) -> None:
    rows = order_lines(30)
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.status, result.orders.created, result.api.bulk_jobs) == ("COMPLETED", 30, 1)
    # One order brings the labels of all; the file carries the others.
    assert (created_by(world)["create_item"], created_by(world)["ingest_items.create"]) == (1, 29)
    world.lands(rows, **BULK)
    job = world.only(IMPORTS)
    assert (job["status"], job["row_count"], job["job_id"] is not None) == ("SETTLED", 29, True)
    assert job["result"].startswith("COMPLETED: 29 submitted")


def test_each_group_has_a_job_of_its_own(world: World) -> None:
    seasons = ("2025 FALL", "2026 SPRING", "2026 FALL")
    rows = [order_line(number, **{"AAG SEASON": seasons[number % 3]}) for number in range(1, 31)]
    world.add(*rows)
    result = world.run(settings=BULK)
    assert result.api.bulk_jobs == 3
    titles = {item.group_title for item in world.sandbox.items()}
    assert titles == {f"{CUSTOMER} {season}" for season in seasons}
    world.lands(rows, **BULK)


def test_more_rows_than_a_job_takes_make_several_jobs(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_file, "ROWS_A_JOB", 10)
    rows = order_lines(31)
    world.add(*rows)
    result = world.run(settings=BULK | {"chunk_rows": 4})
    assert result.api.bulk_jobs == 3
    assert [job["row_count"] for job in world.database.rows(IMPORTS)] == [10, 10, 10]
    world.lands(rows, **BULK)


def test_every_value_arrives_as_the_items_channel_would_bring_it(world: World) -> None:
    values = {
        "NOTES": 'two\nlines, "quoted", نص 🧵',
        "CUSTOMER PRICE": "28.8650",
        "ORDER DATE PO RECEIVED": "2025-03-01",
        "DESTINATION": "=SUM(A1)",
        "UNIT OF MEASURE": "EACH",
    }
    twins = [order_line(number, **values) for number in (1, 2)]
    world.add(*twins)
    world.run(settings=BULK)
    by_request, by_file = sorted(world.sandbox.items(), key=lambda item: int(item.id))
    assert created_by(world)["ingest_items.create"] == 1
    own = {KEY_COLUMN, "text_mkr5wya6"}
    assert texts(by_file, own) == texts(by_request, own)
    assert len(texts(by_file, own)) > 8


def texts(item: Any, without: set[str]) -> dict[str, str | None]:
    return {column: item.text(column) for column in item.column_values if column not in without}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUSTOMER COLOUR DESCRIPTION", "NAVY, WHITE"),
        ("DESTINATION", "<NULL>"),
    ],
)
def test_a_row_that_a_file_cannot_carry_travels_as_an_item(world: World, name: str, value: str) -> None:
    rows = [*order_lines(5), order_line(6, **{name: value})]
    world.add(*rows)
    world.run(settings=BULK)
    by_file = {entry.result_id for entry in world.sandbox.executed if "ingest" in entry.operation}
    odd = next(item for item in world.sandbox.items() if item.name.endswith("JOO-00006"))
    assert odd.id not in by_file
    assert len(by_file) >= 4
    world.lands(rows, **BULK)


def test_labels_that_are_there_already_send_nobody_first(world: World) -> None:
    world.add(*(first := order_lines(2)))
    world.run()
    rows = [order_line(number) for number in range(3, 10)]
    world.add(*rows)
    before = created_by(world)["create_item"]
    world.run(settings=BULK)
    assert created_by(world)["create_item"] == before
    assert created_by(world)["ingest_items.create"] == 7
    world.lands([*first, *rows], **BULK)


def test_rows_whose_label_was_refused_travel_as_items_and_the_files_go_on_without_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_file, "ROWS_A_JOB", 10)
    # Whole chunks of rows that no file may carry, between others; the first of them is refused.
    new = {"CUSTOMER COLOUR DESCRIPTION": "NEVER SEEN"}
    rows = [order_line(number, **(new if 9 <= number < 20 else {})) for number in range(1, 36)]
    world.add(*rows)
    refusal = refusals.data_validation(COLOR)
    world.sandbox.faults.add(fault_presets.fail_alias(refusal, 1, operation="create_item"))
    result = world.run(settings=BULK | {"chunk_rows": 4})
    assert (result.orders.created, result.orders.rejected, result.api.bulk_jobs) == (34, 1, 3)
    assert (created_by(world)["create_item"], created_by(world)["ingest_items.create"]) == (11, 23)
    assert world.landed() == world.on_board()
    assert len(world.landed()) == 34


def test_a_run_that_is_to_end_looks_through_no_more_rows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.add(*order_lines(30))
    service = world.service(**BULK, chunk_rows=4)
    read = StagedOrders.by_ids
    looks: list[int] = []

    def counted(orders: StagedOrders, ids: Sequence[int]) -> list[StagedOrder]:
        looks.append(len(ids))
        if len(looks) == 2:
            service.request_stop()
        return read(orders, ids)

    monkeypatch.setattr(StagedOrders, "by_ids", counted)
    service.process_customer_batch(CUSTOMER)
    assert looks == [4, 4]
    assert world.sandbox.items() == []


def test_auto_imports_large_groups_and_sends_small_ones_as_items(world: World) -> None:
    large = order_lines(40)
    small = [order_line(number, **{"AAG SEASON": "2026 SPRING"}) for number in range(41, 51)]
    world.add(*large, *small)
    result = world.run(settings={"channel": "auto", "aliases": 5})
    assert result.api.bulk_jobs == 1
    imported = [entry for entry in world.sandbox.executed if entry.operation == "ingest_items.create"]
    assert len(imported) in {38, 39}
    world.lands(large + small)


@pytest.mark.parametrize(
    "settings",
    [
        {"channel": "items"},
        {"channel": "bulk", "key_column": None},
        {"channel": "bulk", "monday_api_version": "2026-04"},
        {"channel": "auto"},
    ],
)
def test_without_what_an_import_needs_everything_travels_as_items(
    world: World, settings: dict[str, Any]
) -> None:
    rows = order_lines(30)
    world.add(*rows)
    result = world.run(settings=settings)
    assert (result.status, result.api.bulk_jobs) == ("COMPLETED", 0)
    assert world.requests("ingest_items") == 0
    assert world.landed() == expected(rows)


def test_a_server_without_imports_is_asked_once_and_the_rows_travel_as_items(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(served=False)
    rows = [order_line(number, **{"AAG SEASON": f"{2020 + number % 3} FALL"}) for number in range(1, 31)]
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.status, result.api.bulk_jobs) == ("COMPLETED", 0)
    assert len([job for job in world.database.rows(IMPORTS) if job["status"] == "ABANDONED"]) == 1
    world.lands(rows, **BULK)


def test_the_hourly_limit_of_imports_sends_the_rest_as_items_instead_of_waiting(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(jobs_per_hour=1)
    rows = [order_line(number, **{"AAG SEASON": f"{2024 + number % 2} FALL"}) for number in range(1, 31)]
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.status, result.api.bulk_jobs) == ("COMPLETED", 1)
    assert result.seconds < 300
    world.lands(rows, **BULK)


def test_a_job_that_takes_its_time_is_looked_at_ever_more_rarely(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(seconds_per_job=60, seconds_per_row=1)
    rows = order_lines(41)
    world.add(*rows)
    result = world.run(settings=BULK)
    assert result.status == "COMPLETED"
    assert result.seconds > 100
    assert world.requests("fetch_job_status") < 20
    world.lands(rows, **BULK)


def test_rows_that_an_import_finds_invalid_have_their_last_word_from_a_request(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [order_line(number, **{"CUSTOMER COLOUR DESCRIPTION": "NAVY"}) for number in range(1, 11)]
    world.add(*rows)
    upload = BulkImports._upload

    async def upload_after_a_person_took_a_label_away(*arguments: Any) -> Any:
        world.sandbox.person.rename_label(COLOR, "NAVY", "DARK BLUE")
        return await upload(*arguments)

    monkeypatch.setattr(BulkImports, "_upload", upload_after_a_person_took_a_label_away)
    result = world.run(settings=BULK)
    assert (result.status, result.orders.rejected) == ("COMPLETED", 0)
    assert "9 invalid" in world.only(IMPORTS)["result"]
    world.lands(rows, **BULK)


@pytest.mark.parametrize("word", ["skipped", "done", ""])
def test_a_row_whose_report_is_not_clear_is_found_by_its_key(world: World, word: str) -> None:
    world.sandbox.bulk_rules = BulkRules(report_words={RowOutcome.CREATED: word})
    rows = order_lines(10)
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.status, result.orders.created, result.orders.adopted) == ("COMPLETED", 1, 9)
    world.lands(rows, **BULK)


@pytest.mark.parametrize(
    "rules",
    [
        BulkRules(report=False),
        BulkRules(blank_item_ids=frozenset(RowOutcome)),
        BulkRules(report_words={RowOutcome.CREATED: "created"}, blank_item_ids=frozenset(RowOutcome)),
    ],
)
def test_without_a_report_or_ids_in_it_the_ids_are_read_back_by_key(world: World, rules: BulkRules) -> None:
    world.sandbox.bulk_rules = rules
    rows = order_lines(620)
    world.add(*rows)
    result = world.run(settings=BULK, subitems=False)
    assert result.orders.adopted == 619
    # Two pages of keys; a full page says itself whether there is more.
    assert world.requests("items_page_by_column_values") == 2
    assert len(world.sandbox.items()) == 620


def test_a_job_that_fails_midway_leaves_nothing_out_and_nothing_twice(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(fail_after_rows=7)
    rows = order_lines(20)
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.status, result.orders.created, result.orders.adopted) == ("COMPLETED", 13, 7)
    assert world.only(IMPORTS)["result"].startswith("FAILED: INTERNAL_ERROR")
    world.lands(rows, **BULK)


def test_rows_that_fail_within_a_job_travel_as_items(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(failing_rows=frozenset({2, 5}))
    rows = order_lines(10)
    world.add(*rows)
    assert world.run(settings=BULK).status == "COMPLETED"
    assert created_by(world)["create_item"] == 3
    world.lands(rows, **BULK)


@pytest.mark.parametrize("reason", list(FailureReason))
def test_rows_of_a_rejected_job_travel_as_items(world: World, reason: FailureReason) -> None:
    world.sandbox.bulk_rules = BulkRules(reject_with=reason)
    rows = [order_line(number, **{"AAG SEASON": f"{2024 + number % 2} FALL"}) for number in range(1, 21)]
    world.add(*rows)
    result = world.run(settings=BULK)
    assert result.status == "COMPLETED"
    assert {job["status"] for job in world.database.rows(IMPORTS)} <= {"ABANDONED", "SETTLED"}
    assert str(reason) in world.database.rows(IMPORTS)[0]["result"]
    world.lands(rows, **BULK)


def test_an_order_whose_key_is_on_the_board_already_is_passed_over_and_adopted(world: World) -> None:
    rows = order_lines(6)
    world.add(*rows)
    world.run(settings=BULK, subitems=False)
    on_board = len(world.sandbox.items())
    # A restored backup of the database has forgotten the delivery.
    world.database.execute(f'DELETE FROM "{STG}"')
    world.database.execute('DELETE FROM "STG_MON_CustMasterSchedule_Subitems"')
    world.database.execute('DELETE FROM "MON_CustMasterSchedule"')
    world.sandbox.bulk_rules = replace(world.sandbox.bulk_rules, blank_item_ids=frozenset())
    result = world.run(settings=BULK)
    assert (result.orders.created, result.orders.adopted) == (0, 6)
    assert len(world.sandbox.items()) == on_board
    assert world.database.count(ERR) == 0
    world.lands(rows, **BULK)


def test_the_counters_of_the_batch_are_those_of_single_requests(world: World) -> None:
    world.add(*order_lines(12), order_line(13, M=-1))
    result = world.run(settings=BULK)
    batch = world.batch(result)
    assert (batch["orders_processed"], batch["successful_records"], batch["failed_records"]) == (12, 12, 1)
    assert batch["api_calls_made"] <= len(world.sandbox.requests)
    assert batch["api_failures"] == 0
