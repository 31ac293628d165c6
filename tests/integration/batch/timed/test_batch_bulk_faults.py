"""Bulk imports when something fails: at the start, on the way, at the end, or the runner itself."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from order_staging import LeaseLostError
from order_staging.batch.imports import Imports
from order_staging.monday import import_reports
from order_staging.monday.bulk import BulkImports
from order_staging.sandbox import (
    BulkRules,
    Fault,
    FaultKind,
    MovingClock,
    SecondUpload,
    bodies,
    fault_presets,
    storage_error,
)
from tests.guarantees.lengths import in_turn
from tests.integration.batch.batch_world import KEY_COLUMN, STG, Killed, World, order_line, order_lines

IMPORTS = "MON_BulkImport"
BULK = {"channel": "bulk"}
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def imported(world: World) -> int:
    return sum(
        entry.operation == "ingest_items.create" and entry.error is None for entry in world.sandbox.executed
    )


STARTS = {
    "execute_then_drop": fault_presets.execute_then_drop(operation="ingest_items"),
    "drop_before": fault_presets.drop_before(operation="ingest_items"),
    "data_null": fault_presets.execute_then_data_null(operation="ingest_items"),
    "html_502": fault_presets.execute_then_html_502(operation="ingest_items"),
    "locked": fault_presets.locked_423(operation="ingest_items"),
    "minute": fault_presets.minute_limit(5, operation="ingest_items"),
}


@on_sqlite
@pytest.mark.parametrize("name", STARTS)
def test_a_start_without_a_clear_answer_is_tried_again_under_the_same_key(world: World, name: str) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(STARTS[name])
    result = world.run(settings=BULK)
    assert (result.status, result.api.bulk_jobs, imported(world)) == ("COMPLETED", 1, 9)
    starts = [request for request in world.sandbox.requests if "ingest_items" in request.operations]
    assert len({request.headers["idempotency-key"] for request in starts}) == 1
    world.lands(rows, **BULK)


@on_sqlite
@pytest.mark.parametrize(
    "fault",
    [
        replace(fault_presets.drop_before(operation="ingest_items"), times=None),
        replace(fault_presets.locked_423(operation="ingest_items"), times=None),
        fault_presets.fail_alias(operation="ingest_items", times=None),
        Fault(
            FaultKind.ANSWER_INSTEAD,
            operation="ingest_items",
            status=200,
            body=bodies.refused("User unauthorized to perform action", code="USER_UNAUTHORIZED"),
        ),
    ],
)
def test_where_no_import_can_be_started_the_rows_travel_as_items(world: World, fault: Fault) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault)
    result = world.run(settings=BULK)
    assert (result.status, imported(world), world.only(IMPORTS)["status"]) == ("COMPLETED", 0, "ABANDONED")
    world.sandbox.faults.clear()
    world.lands(rows, **BULK)


@on_sqlite
def test_a_daily_limit_at_the_start_pauses_the_batch_and_the_next_run_goes_on(
    world: World, clock: MovingClock
) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.daily_limit(operation="ingest_items"))
    result = world.run(settings=BULK)
    assert (result.status, result.run_status) == ("PAUSED", "paused")
    assert world.states() == Counter({"PENDING": 9, "API_SUCCESS": 1})
    clock.advance(24 * 3600)
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands(rows, **BULK)


UPLOADS = {
    "lost before it was stored": fault_presets.drop_before(operation="bulk_upload"),
    "stored and lost": fault_presets.execute_then_drop(operation="bulk_upload"),
    "refused": Fault(
        FaultKind.ANSWER_INSTEAD,
        operation="bulk_upload",
        status=403,
        body=storage_error(403, "AccessDenied", "expired").body,
    ),
    "unavailable": Fault(FaultKind.ANSWER_INSTEAD, operation="bulk_upload", status=503, body="slow down"),
    "stored and unavailable": Fault(
        FaultKind.EXECUTE_THEN_ANSWER, operation="bulk_upload", status=503, body="slow down"
    ),
    "slow": fault_presets.delay(30, operation="bulk_upload"),
}


@on_sqlite
@pytest.mark.parametrize(("name", "second"), in_turn(UPLOADS, [*SecondUpload]))
def test_a_file_leaves_once_whatever_becomes_of_it_and_every_row_lands_once(
    world: World, name: str, second: SecondUpload
) -> None:
    world.sandbox.bulk_rules = BulkRules(second_upload=second, seconds_per_job=3)
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(UPLOADS[name])
    result = world.run(settings=BULK)
    assert result.status == "COMPLETED"
    assert len(world.sandbox.uploads) == 1
    assert imported(world) == (9 if name in {"stored and lost", "stored and unavailable", "slow"} else 0)
    world.lands(rows, **BULK)


@on_sqlite
@pytest.mark.parametrize("times", [1, 2, 9])
@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.ANSWER_INSTEAD])
def test_a_report_that_cannot_be_had_is_asked_for_again_and_then_done_without(
    world: World, times: int, kind: FaultKind
) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(Fault(kind, operation="bulk_report", times=times, status=403, body="expired"))
    result = world.run(settings=BULK)
    assert (result.status, result.orders.created + result.orders.adopted) == ("COMPLETED", 10)
    world.sandbox.faults.clear()
    world.lands(rows, **BULK)


@on_sqlite
def test_polls_that_fail_for_a_while_are_repeated(world: World) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.html_502(operation="fetch_job_status", times=2))
    assert world.run(settings=BULK).status == "COMPLETED"
    world.lands(rows, **BULK)


@on_sqlite
def test_polls_that_fail_for_good_leave_the_job_to_the_next_run(world: World) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.html_502(operation="fetch_job_status", times=None))
    result = world.run(settings=BULK)
    assert result.status == "FAILED"
    assert (world.states()["SENDING"], world.only(IMPORTS)["status"]) == (9, "STARTED")
    world.sandbox.faults.clear()
    assert world.run(settings=BULK).status == "COMPLETED"
    assert (imported(world), len(world.sandbox.uploads)) == (9, 1)
    world.lands(rows, **BULK)


@on_sqlite
def test_a_job_that_makes_no_progress_pauses_the_batch_and_is_followed_by_the_next_run(
    world: World, clock: MovingClock
) -> None:
    world.sandbox.bulk_rules = BulkRules(seconds_per_job=3000)
    rows = order_lines(10)
    world.add(*rows)
    result = world.run(settings=BULK)
    assert (result.run_status, world.states()["UNKNOWN"]) == ("paused", 9)
    assert "makes no progress" in str(result.error)
    clock.advance(3000)
    assert world.run(settings={"channel": "items"}).status == "COMPLETED"
    assert (imported(world), len(world.sandbox.uploads)) == (9, 1)
    world.lands(rows, **BULK)


@on_sqlite
def test_a_job_that_is_forgotten_is_settled_by_the_board(world: World, clock: MovingClock) -> None:
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.html_502(operation="fetch_job_status", times=None))
    world.run(settings=BULK)
    world.sandbox.faults.clear()
    world.database.execute(f"UPDATE \"{IMPORTS}\" SET job_id = 'never-heard-of'")
    clock.advance(3600)
    result = world.run(settings=BULK)
    assert (result.status, result.orders.adopted) == ("COMPLETED", 9)
    world.lands(rows, **BULK)


@on_sqlite
@pytest.mark.parametrize("later", [{"monday_api_version": "2026-04"}, {}])
def test_a_job_that_cannot_be_looked_at_is_waited_for_before_anything_is_sent_again(
    world: World, clock: MovingClock, later: dict[str, str]
) -> None:
    world.sandbox.bulk_rules = BulkRules(seconds_per_job=1800)
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.html_502(operation="fetch_job_status", times=None))
    world.run(settings=BULK)
    world.sandbox.faults.clear()
    if not later:
        job = world.only(IMPORTS)["job_id"]
        world.database.execute(f"UPDATE \"{IMPORTS}\" SET job_id = 'never-heard-of'")
    result = world.run(settings=BULK | later)
    assert (result.run_status, world.states()["UNKNOWN"]) == ("paused", 9)
    assert "an import is not at its end" in str(result.error)
    if not later:
        world.database.execute(f"UPDATE \"{IMPORTS}\" SET job_id = '{job}'")
    clock.advance(1800)
    assert world.run(settings=BULK).status == "COMPLETED"
    assert imported(world) == 9
    world.lands(rows, **BULK)


@on_sqlite
def test_where_a_report_counts_its_lines_otherwise_the_board_is_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = import_reports.outcomes
    shifted: list[int] = []

    def shift(report: bytes) -> dict[int, Any]:
        found = real(report)
        shifted.extend(found)
        return {place % len(found) + 1: outcome for place, outcome in found.items()}

    monkeypatch.setattr("order_staging.monday.bulk.outcomes", shift)
    rows = order_lines(10)
    world.add(*rows)
    assert world.run(settings=BULK).status == "COMPLETED"
    assert len(shifted) == 9
    world.lands(rows, **BULK)


@on_sqlite
def test_a_report_that_is_one_line_off_beside_an_invalid_row_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, upload = import_reports.outcomes, BulkImports._upload

    def one_off(report: bytes) -> dict[int, Any]:
        return {place + 1: outcome for place, outcome in real(report).items()}

    async def upload_after_a_label_is_gone(*arguments: Any) -> Any:
        world.sandbox.person.rename_label("dropdown_mkr5677f", "NAVY", "DARK BLUE")
        return await upload(*arguments)

    navy = {"CUSTOMER COLOUR DESCRIPTION": "NAVY"}
    known = [order_line(50, **navy), order_line(51)]
    world.add(*known)
    world.run(settings={"channel": "items"})
    monkeypatch.setattr("order_staging.monday.bulk.outcomes", one_off)
    monkeypatch.setattr(BulkImports, "_upload", upload_after_a_label_is_gone)
    rows = [*order_lines(5), order_line(6, **navy), order_line(7), order_line(8)]
    world.add(*rows)
    assert world.run(settings=BULK).status == "COMPLETED"
    assert "1 invalid" in world.only(IMPORTS)["result"]
    world.lands([*known, *rows], **BULK)


@on_sqlite
def test_an_order_whose_key_people_have_copied_is_a_conflict_and_nobody_picks(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(10)
    world.add(*rows)
    report = BulkImports._report

    async def report_after_a_person_copied_an_item(*arguments: Any) -> Any:
        found = next(item for item in world.sandbox.items() if item.name.endswith("JOO-00005"))
        other = next(item for item in world.sandbox.items() if item.name.endswith("JOO-00006"))
        world.sandbox.person.change_values(other.id, {KEY_COLUMN: found.text(KEY_COLUMN)})
        return await report(*arguments)

    monkeypatch.setattr(BulkImports, "_report", report_after_a_person_copied_an_item)
    result = world.run(settings=BULK)
    assert (result.orders.conflict, result.orders.created) == (1, 9)
    letter = world.only("ERR_MON_CustMasterSchedule")
    assert (letter["error_type"], letter["order_number"]) == ("CONFLICT", "JOO-00005")


@on_sqlite
def test_a_group_that_people_delete_before_the_file_is_read_is_made_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(10)
    world.add(*rows)
    start = BulkImports._start

    async def start_after_the_group_is_gone(*arguments: Any) -> Any:
        (group,) = [group for group in world.sandbox.groups() if group.title.startswith("GREYSON")]
        world.sandbox.person.delete_group(group.id)
        return await start(*arguments)

    monkeypatch.setattr(BulkImports, "_start", start_after_the_group_is_gone)
    result = world.run(settings=BULK, subitems=False)
    assert (result.orders.created, result.orders.rejected) == (10, 0)
    # The one that brought the labels was on the board, and people deleted it with its group.
    assert len(world.sandbox.items()) == 9
    assert [group.title for group in world.sandbox.groups()].count("GREYSON CLOTHIERS 2025 FALL") == 1


@on_sqlite
def test_a_search_that_lags_behind_makes_nothing_twice(world: World) -> None:
    world.sandbox.bulk_rules = BulkRules(report=False)
    rows = order_lines(10)
    world.add(*rows)
    world.sandbox.faults.add(fault_presets.stale_search(4, operation="items_page_by_column_values"))
    result = world.run(settings=BULK | {"recovery_delay": 5})
    assert (result.status, result.orders.adopted) == ("COMPLETED", 9)
    world.lands(rows, **BULK)


@on_sqlite
def test_a_stop_while_a_job_is_followed_leaves_it_to_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sandbox.bulk_rules = BulkRules(seconds_per_job=60)
    rows = order_lines(10)
    world.add(*rows)
    service = world.service(**BULK)
    follow = BulkImports.follow

    async def follow_and_be_asked_to_stop(*arguments: Any, **options: Any) -> Any:
        service.request_stop()
        return await follow(*arguments, **options)

    monkeypatch.setattr(BulkImports, "follow", follow_and_be_asked_to_stop)
    service.process_customer_batch("GREYSON")
    assert world.states()["SENDING"] == 9
    monkeypatch.undo()
    assert world.run(settings=BULK).status == "COMPLETED"
    assert (imported(world), len(world.sandbox.uploads)) == (9, 1)
    world.lands(rows, **BULK)


@on_sqlite
def test_no_signed_address_is_logged_or_stored(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    rows = order_lines(10)
    world.add(*rows)
    for operation in ("bulk_upload", "bulk_report"):
        world.sandbox.faults.add(fault_presets.drop_before(operation=operation))
    world.run(settings=BULK)
    world.add(*order_lines(1, **{"PO NUMBER": "9"}))
    world.run(settings=BULK)
    told = capsys.readouterr()
    stored = str([world.database.rows(table) for table in (IMPORTS, STG, "MON_BatchProcessing")])
    assert "bulk.upload_unclear" in told.out + told.err
    assert "ignature" not in told.out + told.err + stored


MOMENTS: dict[str, tuple[type[Any], str, str]] = {
    "before the job is started": (BulkImports, "_start", "before"),
    "when the job is started": (BulkImports, "_start", "after"),
    "before the file leaves": (BulkImports, "_upload", "before"),
    "when the file has left": (BulkImports, "_upload", "after"),
    "while the job works": (BulkImports, "_final_status", "after"),
    "before its report is read": (BulkImports, "_report", "before"),
    "when its report is read": (BulkImports, "_report", "after"),
    "before its outcomes are recorded": (Imports, "_settle", "before"),
    "when some outcomes are recorded": (Imports, "_acknowledge", "after"),
    "before the import is closed": (Imports, "_close", "before"),
    "amid the intents": (Imports, "_intend", "after"),
}


def kill_at(patch: pytest.MonkeyPatch, owner: type[Any], name: str, moment: str) -> None:
    """End the process before or after a step; of a step that is a transaction after the first, in the second."""
    real = getattr(owner, name)
    if name in {"_acknowledge", "_close", "_intend"}:
        done: list[Any] = []

        def die(*arguments: Any) -> Any:
            if moment == "after" and not done:
                done.append(real(*arguments))
                return done[0]
            raise Killed

        patch.setattr(owner, name, die)
        return

    async def die_there(*arguments: Any) -> Any:
        if moment == "after":
            await real(*arguments)
        raise Killed

    patch.setattr(owner, name, die_there)


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    ("database_url", "rules"),
    [
        ("sqlite", BulkRules()),
        ("sqlite", BulkRules(report=False)),
    ],
    ids=["sqlite", "sqlite, no report"],
    indirect=["database_url"],
)
def test_an_import_whose_runner_dies_is_taken_up_and_no_row_is_imported_twice(
    world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch, moment: str, rules: BulkRules
) -> None:
    world.sandbox.bulk_rules = replace(rules, seconds_per_job=20)
    rows = order_lines(10)
    world.add(*rows)
    with monkeypatch.context() as patch:
        kill_at(patch, *MOMENTS[moment])
        with pytest.raises(Killed):
            world.run(settings=BULK | {"chunk_rows": 4})
    clock.advance(300)
    result = world.run(settings=BULK | {"chunk_rows": 4})
    assert result.status == "COMPLETED"
    assert (result.orders.conflict, result.orders.rejected) == (0, 0)
    assert len(world.sandbox.uploads) <= 1
    assert {job["status"] for job in world.database.rows(IMPORTS)} <= {"SETTLED", "ABANDONED"}
    world.lands(rows, **BULK)


@on_sqlite
def test_a_runner_that_has_lost_its_lease_uploads_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(10)
    world.add(*rows)
    start = BulkImports._start

    async def start_and_lose(*arguments: Any) -> Any:
        job = await start(*arguments)
        world.database.execute("UPDATE \"MON_BatchLease\" SET fence = fence + 1, holder = 'other'")
        return job

    monkeypatch.setattr(BulkImports, "_start", start_and_lose)
    with pytest.raises(LeaseLostError):
        world.run(settings=BULK)
    assert len(world.sandbox.uploads) == 0
