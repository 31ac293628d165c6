"""The job that the project began with: GREYSON PO 4755, 69 order lines with 264 sizes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755
from tests.integration.batch.batch_world import BATCHES, ERR, ERR_SUB, MON, MON_SUB, STG, STG_SUB

if TYPE_CHECKING:
    from order_staging import BatchResult
    from tests.integration.batch.batch_world import World

GROUP = "GREYSON CLOTHIERS 2025 FALL"


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def done(world: World) -> BatchResult:
    world.database.add(greyson_4755())
    return world.run("greyson", po="4755")


def test_69_items_and_264_subitems_are_on_the_board_and_in_production(
    world: World, done: BatchResult
) -> None:
    assert done.run_status == "completed"
    assert (done.orders.loaded, done.orders.created, done.orders.promoted) == (69, 69, 69)
    assert (done.subitems.loaded, done.subitems.created, done.subitems.promoted) == (264, 264, 264)
    assert (len(world.sandbox.items()), len(world.sandbox.subitems())) == (69, 264)
    assert {item.group_title for item in world.sandbox.items()} == {GROUP}
    assert {table: world.database.count(table) for table in (MON, MON_SUB, STG, STG_SUB, ERR, ERR_SUB)} == {
        MON: 69,
        MON_SUB: 264,
        STG: 0,
        STG_SUB: 0,
        ERR: 0,
        ERR_SUB: 0,
    }
    assert world.landed() == world.on_board()


@on_sqlite
@pytest.mark.usefixtures("done")
def test_what_is_in_production_says_where_it_is_and_of_what(world: World) -> None:
    rows = world.database.rows(MON)
    assert {row["Group"] for row in rows} == {GROUP}
    assert {row["CUSTOMER"] for row in rows} == {"GREYSON CLOTHIERS"}
    assert {row["RANGE / COLLECTION"] for row in rows} == {None}
    assert {row["ORDER TYPE"] for row in rows} == {"RECEIVED"}
    assert "JWHD100120WHITEJOO-00505" in {row["Title"] for row in rows}
    assert "long_text_mks0vs1p" not in {
        column for item in world.sandbox.items() for column in item.column_values
    }


def test_the_batchs_record_tells_the_whole_story(world: World, done: BatchResult) -> None:
    batch = world.only(BATCHES)
    assert (batch["status"], batch["customer_name"]) == ("COMPLETED", "GREYSON CLOTHIERS")
    counters = {
        "total_records": 69,
        "successful_records": 69,
        "failed_records": 0,
        "orders_processed": 69,
        "subitems_processed": 264,
        "api_failures": 0,
        "retries_attempted": 0,
        # the groups before and after the new one, the group, and 20 creates a request; the subitems' board
        "api_calls_made": 3 + 4 + 14 + 1,
    }
    assert {name: batch[name] for name in counters} == counters
    assert done.api.calls == batch["api_calls_made"]
    assert done.api.complexity == (1 + 69 + 264) * 10_000
    times = [
        str(batch[name])
        for name in (
            "start_time",
            "staging_load_completed",
            "items_creation_completed",
            "subitems_creation_completed",
            "promotion_completed",
            "cleanup_completed",
            "end_time",
        )
    ]
    assert "None" not in times
    assert times == sorted(times)
    assert batch["error_summary"] is None
    assert batch["started_by"] == batch["completed_by"]
    snapshot = json.loads(batch["config_snapshot"])
    assert snapshot["key_column"] == "text_source_uuid"
    assert world.sandbox.token not in batch["config_snapshot"]


@on_sqlite
def test_a_second_run_sends_no_mutation_and_records_no_batch(world: World, done: BatchResult) -> None:
    executed, mutations = len(world.sandbox.executed), world.mutations()
    again = world.run("greyson", po="4755")
    assert (again.run_status, again.batch_id) == ("nothing_to_do", None)
    assert (len(world.sandbox.executed), world.mutations()) == (executed, mutations)
    assert world.database.count(BATCHES) == 1
    assert done.batch_id is not None
