"""States: the intent before the request, and what is unknown settled by asking the board."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from order_staging import BatchService
from order_staging.batch import BatchEnded
from order_staging.batch.context import Outside, utc_now
from order_staging.repositories import BatchRepository
from order_staging.sandbox import Fault, FaultKind, bodies
from tests.integration.batch.batch_world import (
    BATCHES,
    ERR,
    ERR_SUB,
    KEY_COLUMN,
    MON,
    STG,
    STG_SUB,
    Killed,
    Wiretap,
    World,
    as_uuid,
    expected,
    kill,
    no_sleep,
    on,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.batch import Event

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DROPPED = FaultKind.EXECUTE_THEN_DROP
BY_NAME: dict[str, Any] = {"key_column": None}
KINDS = pytest.mark.parametrize("kind", ["item", "subitem"])


def staging_of(kind: str) -> str:
    return STG if kind == "item" else STG_SUB


@KINDS
def test_the_intent_is_committed_before_the_request_leaves(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    seen: list[list[dict[str, Any]]] = []
    Wiretap(before=lambda _: seen.append(world.database.rows(staging_of(kind)))).on(monkeypatch, f"{kind}s")
    rows = order_lines(2)
    world.add(*rows)
    world.run()
    ((first, *others),) = seen
    assert {row["stg_status"] for row in (first, *others)} == {"SENDING"}
    assert len({row["stg_idempotency_key"] for row in (first, *others)}) == 1
    for column in ("stg_api_payload", "stg_payload_hash", "stg_sent_date"):
        assert first[column]
    assert first["stg_retry_count"] == 0
    sent = [request.headers for request in world.sandbox.requests if f"create_{kind}" in request.operations]
    assert [headers["idempotency-key"] for headers in sent] == [first["stg_idempotency_key"]]


@pytest.mark.parametrize("aliases", [1, 20])
def test_items_whose_answer_was_lost_are_found_by_their_key(world: World, aliases: int) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.sandbox.faults.add(Fault(DROPPED, operation="create_item"))
    result = world.run(settings={"aliases": aliases})
    assert (result.orders.adopted, result.orders.created) == (min(aliases, 3), 3 - min(aliases, 3))
    assert (result.orders.unknown, result.run_status) == (0, "completed")
    world.lands(rows)


@on_sqlite
def test_items_whose_answer_was_lost_are_found_by_name_without_a_key_column(world: World) -> None:
    rows = [*order_lines(3), order_line(1, S=7, M=None)]
    world.add(*rows)
    world.sandbox.faults.add(Fault(DROPPED, operation="create_item"))
    result = world.run(settings=BY_NAME)
    assert (result.orders.adopted, result.orders.created, result.run_status) == (4, 0, "completed")
    assert world.landed() == expected(rows)
    assert len(world.sandbox.items()) == 4


@on_sqlite
def test_without_a_key_column_an_item_that_is_another_rows_is_not_adopted(world: World) -> None:
    world.add(order_line())
    world.run(settings=BY_NAME)
    again = order_line()
    world.add(again)
    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_item"))
    result = world.run(settings=BY_NAME)
    assert (result.orders.adopted, result.orders.created) == (0, 1)
    assert len({row["Item ID"] for row in world.database.rows(MON)}) == 2


@on_sqlite
def test_rows_alike_in_successive_loads_of_one_batch_are_items_of_their_own(world: World) -> None:
    # A later load into the same batch gets the ids of rows that were cleaned up, and the server keeps answers.
    world.add(order_line(1), order_line(2, S=None, M=None))
    first = world.run(settings=BY_NAME, subitems=False)
    world.add(order_line(2, S=None, M=None))
    second = world.run(settings=BY_NAME)
    assert first.batch_id == second.batch_id
    assert len(world.sandbox.items()) == 3
    assert len({row["Item ID"] for row in world.database.rows(MON)}) == 3


@KINDS
@on_sqlite
def test_subitems_and_items_whose_answer_was_lost_are_never_sent_twice(world: World, kind: str) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.sandbox.faults.add(Fault(DROPPED, operation=f"create_{kind}"))
    result = world.run()
    counts = result.orders if kind == "item" else result.subitems
    assert (counts.adopted, counts.created) == ((3, 0) if kind == "item" else (6, 0))
    assert world.requests(f"create_{kind}") == 1
    world.lands(rows)


@KINDS
@on_sqlite
def test_what_never_arrived_is_sent_once_more_under_the_same_key(world: World, kind: str) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation=f"create_{kind}"))
    result = world.run(keep_staging=True)
    counts = result.orders if kind == "item" else result.subitems
    assert (counts.adopted, counts.unknown) == (0, 0)
    assert {row["stg_retry_count"] for row in world.database.rows(staging_of(kind))} == {0}
    assert [len(keys_sent(world, kind)), len(set(keys_sent(world, kind)))] == [2, 1]
    assert world.landed() == world.on_board() == expected(rows)


@KINDS
@on_sqlite
def test_what_does_not_arrive_under_its_key_either_is_another_intent(world: World, kind: str) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation=f"create_{kind}", times=2))
    world.run(keep_staging=True)
    assert {row["stg_retry_count"] for row in world.database.rows(staging_of(kind))} == {1}
    assert [len(keys_sent(world, kind)), len(set(keys_sent(world, kind)))] == [3, 2]
    assert world.landed() == world.on_board() == expected(rows)


@KINDS
@on_sqlite
def test_what_a_stale_search_does_not_show_is_told_by_the_key(world: World, kind: str) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(Fault(DROPPED, operation=f"create_{kind}"))
    looked = "items_page_by_column_values" if kind == "item" else "items"
    stale: dict[str, Any] = {"data": {"page": {"cursor": None, "items": []}}}
    if kind == "subitem":
        stale = {"data": {"items": [{"id": item.id, "subitems": []} for item in world.sandbox.items()]}}
    world.sandbox.faults.add(
        Fault(FaultKind.ANSWER_INSTEAD, operation=looked, status=200, body=stale, times=9)
    )
    result = world.run(settings={"recovery_delay": 0})
    counts = result.orders if kind == "item" else result.subitems
    assert (counts.adopted, counts.created) == ((0, 2) if kind == "item" else (0, 4))
    world.sandbox.faults.clear()
    world.lands(rows)


def keys_sent(world: World, kind: str) -> list[str]:
    """List the idempotency keys of the requests that were to create something."""
    return [
        request.headers["idempotency-key"]
        for request in world.sandbox.requests
        if f"create_{kind}" in request.operations
    ]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=bodies.internal_error()),
        Fault(FaultKind.EXECUTE_THEN_ANSWER, status=502, body=bodies.BAD_GATEWAY_PAGE),
        Fault(FaultKind.EXECUTE_THEN_ANSWER, status=503, body=bodies.timeout()),
        Fault(FaultKind.EXECUTE_THEN_ANSWER, status=409, body=bodies.idempotency_conflict(), times=3),
        Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=1),
        Fault(FaultKind.FAIL_ALIAS, alias=0),
        Fault(
            FaultKind.FAIL_ALIAS, alias=1, extensions={"code": "FIELD_LIMIT_EXCEEDED", "retry_in_seconds": 1}
        ),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.status}",
)
@KINDS
@on_sqlite
def test_whatever_is_answered_in_the_end_everything_is_there_once(
    world: World, fault: Fault, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    facts = {
        name: getattr(fault, name) for name in ("kind", "alias", "times", "status", "body", "extensions")
    }
    world.sandbox.faults.add(Fault(**facts, operation=f"create_{kind}"))
    result = world.run()
    assert (result.run_status, result.failed_rows) == ("completed", 0)
    world.lands(rows)


@on_sqlite
def test_items_that_people_copied_meanwhile_are_a_conflict_for_them_to_solve(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(2)
    world.add(*rows)

    def copy() -> None:
        item = world.sandbox.items()[0]
        world.sandbox.person.change_values(world.sandbox.items()[1].id, {KEY_COLUMN: item.text(KEY_COLUMN)})

    world.sandbox.faults.add(Fault(DROPPED, operation="create_item"))
    Wiretap(after=on(1, copy)).on(monkeypatch)
    result = world.run()
    assert (result.orders.conflict, result.orders.adopted, result.run_status) == (1, 0, "partial")
    letter = world.only(ERR)
    ids = [item.id for item in world.sandbox.items()][:2]
    assert letter["error_type"] == "CONFLICT"
    assert all(item_id in letter["error_message"] for item_id in ids)
    assert as_uuid(letter["source_uuid"]) == rows[0]["record_uuid"]
    assert world.states() == {"CONFLICT": 1}
    # The other row's item lost its key to the copy: it was surely absent, and created once.
    assert result.orders.created == 1
    before = world.mutations()
    assert world.run().run_status == "nothing_to_do"
    assert world.mutations() == before


@on_sqlite
def test_a_size_that_is_there_twice_is_a_conflict(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(order_line())

    def rename() -> None:
        world.sandbox.person.rename_item(world.sandbox.subitems()[1].id, "Size S")

    world.sandbox.faults.add(Fault(DROPPED, operation="create_subitem"))
    Wiretap(after=on(1, rename)).on(monkeypatch, "subitems")
    result = world.run()
    assert (result.subitems.conflict, result.run_status) == (1, "partial")
    assert (world.only(ERR_SUB)["error_type"], world.only(ERR_SUB)["size_label"]) == ("CONFLICT", "S")
    assert world.states(STG_SUB) == {"CONFLICT": 1}


@on_sqlite
def test_not_on_the_board_is_believed_after_a_second_look(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    stale: dict[str, Any] = {"data": {"page": {"cursor": None, "items": []}}}
    # The answer is lost twice, that of the second time under the same key, too.
    world.sandbox.faults.add(Fault(DROPPED, operation="create_item", times=2))
    world.sandbox.faults.add(
        Fault(
            FaultKind.ANSWER_INSTEAD, operation="items_page_by_column_values", status=200, body=stale, times=2
        )
    )
    world.outside = Outside(sleep=nap)
    result = world.run(settings={"recovery_delay": 5})
    assert result.orders.adopted == 2
    timeout = world.settings_for().request_timeout
    # Before it is sent again under its key, and before it is believed to be absent.
    assert len(naps) == 2
    assert all(timeout - 30 < nap <= timeout for nap in naps)
    world.lands(rows)


@on_sqlite
def test_what_would_have_timed_out_long_ago_is_looked_for_again_after_the_recovery_delay(
    world: World,
) -> None:
    rows = order_lines(2)
    world.add(*rows)
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_item", times=2))
    world.outside = Outside(sleep=nap)
    world.run(settings={"recovery_delay": 5, "request_timeout": 3})
    assert naps == [5, 5]
    world.lands(rows)


@on_sqlite
def test_a_run_gives_up_on_what_stays_unknown_and_a_later_one_settles_it(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_item", times=99))
    result = world.run()
    assert (result.status, result.run_status) == ("FAILED", "failed")
    assert world.states() in ({"PENDING": 2}, {"UNKNOWN": 2})
    world.sandbox.faults.clear()
    later = world.run()
    assert (later.batch_id, later.run_status) == (result.batch_id, "completed")
    world.lands(rows)


@on_sqlite
def test_what_cannot_be_looked_up_stays_unknown_for_a_later_run(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.sandbox.faults.add(Fault(DROPPED, operation="create_item"))
    lost = Fault(FaultKind.DROP_BEFORE, operation="items_page_by_column_values", times=3)
    world.sandbox.faults.add(lost)
    result = world.run()
    assert (result.status, result.orders.unknown) == ("FAILED", 2)
    assert world.states() == {"UNKNOWN": 2}
    assert world.batch(result)["error_summary"]
    later = world.run()
    assert (later.batch_id, later.orders.adopted) == (result.batch_id, 2)
    world.lands(rows)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("column", [KEY_COLUMN, None])
@KINDS
@on_sqlite
def test_a_crash_between_intent_and_answer_never_duplicates(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str, column: str | None, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    settings = {"key_column": column, "aliases": 2}
    with monkeypatch.context() as patch:
        Wiretap.killing(moment, 2).on(patch, f"{kind}s")
        with pytest.raises(Killed):
            world.run(settings=settings)
    assert world.states(staging_of(kind))["SENDING"] == (1 if kind == "item" else 2)
    result = world.run(settings=settings)
    counts = result.orders if kind == "item" else result.subitems
    assert counts.adopted == (0 if moment == "before" else 1 if kind == "item" else 2)
    assert world.database.count(BATCHES) == 1
    assert world.landed() == expected(rows)
    assert (len(world.sandbox.items()), len(world.sandbox.subitems())) == (3, 6)
    assert world.batch(result)["status"] == "COMPLETED"


def test_a_killed_runners_lease_runs_out_and_the_next_goes_on_with_its_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    with monkeypatch.context() as patch:
        patch.setattr(BatchRepository, "release", lambda *_: True)
        Wiretap(after=on(1, kill)).on(patch)
        with pytest.raises(Killed):
            world.run()
    assert world.service().process_customers(["greyson"]).status == "busy"
    world.outside = Outside(sleep=no_sleep, now=lambda: utc_now() + timedelta(minutes=5))
    result = world.run()
    assert (result.orders.adopted, result.run_status) == (3, "completed")
    assert world.database.count(BATCHES) == 1
    world.lands(rows)


@KINDS
@on_sqlite
def test_a_crash_before_promotion_promotes_once(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    with monkeypatch.context() as patch:
        patch.setattr(
            f"order_staging.batch.promotion._promote_{'orders' if kind == 'item' else 'subitems'}",
            lambda *_: kill(),
        )
        with pytest.raises(Killed):
            world.run()
    result = world.run()
    assert (result.orders.created, result.run_status) == (0, "completed")
    world.lands(rows)


@pytest.mark.parametrize("status", [200, 429])
@on_sqlite
def test_a_daily_limit_pauses_the_batch_and_the_next_run_goes_on_with_it(world: World, status: int) -> None:
    rows = order_lines(5)
    world.add(*rows)
    limit = {"status": status, "body": bodies.daily_limit()}
    world.sandbox.faults.add(Fault(FaultKind.ANSWER_INSTEAD, operation="create_item", skip=1, **limit))  # type: ignore[arg-type]
    paused = world.run(settings={"aliases": 2})
    assert (paused.status, paused.run_status, paused.stops_the_run) == ("PAUSED", "paused", True)
    assert (paused.orders.created, world.states()) == (2, {"API_SUCCESS": 2, "PENDING": 3})
    batch = world.batch(paused)
    assert (batch["status"], batch["items_creation_completed"]) == ("PAUSED", None)
    assert "UTC; run again then" in batch["error_summary"]
    later = world.run()
    assert (later.batch_id, later.orders.created, later.run_status) == (paused.batch_id, 3, "completed")
    batch = world.batch(later)
    assert (batch["status"], batch["error_summary"], batch["orders_processed"]) == ("COMPLETED", None, 5)
    world.lands(rows)


@on_sqlite
def test_the_first_subitems_know_their_board_even_if_the_run_ends_with_them(world: World) -> None:
    # A classic board has no board of subitems before the first one: those of this run do not know it yet.
    rows = order_lines(3)
    world.add(*rows)
    fault = Fault(
        FaultKind.ANSWER_INSTEAD, operation="create_subitem", skip=1, status=429, body=bodies.daily_limit()
    )
    world.sandbox.faults.add(fault)
    assert world.run(settings={"aliases": 2}).run_status == "paused"
    world.run()
    world.lands(rows)


@on_sqlite
def test_a_limit_that_never_ends_pauses_the_batch(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    limit = Fault(
        FaultKind.ANSWER_INSTEAD, operation="create_item", status=429, body=bodies.minute_limit(1), times=99
    )
    world.sandbox.faults.add(limit)
    result = world.run()
    assert (result.status, world.states()) == ("PAUSED", {"PENDING": 2})
    world.sandbox.faults.clear()
    world.run()
    world.lands(rows)


@on_sqlite
def test_rows_that_monday_never_gets_to_pause_the_batch(world: World) -> None:
    rows = order_lines(1)
    world.add(*rows)
    busy = {"code": "FIELD_LIMIT_EXCEEDED", "status_code": 429, "retry_in_seconds": 7}
    naps: list[float] = []

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    world.outside = Outside(sleep=nap)
    world.sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, "create_item", extensions=busy, times=3))
    result = world.run()
    assert (result.status, world.states(), naps) == ("PAUSED", {"PENDING": 1}, [7, 7])
    assert world.database.count(ERR) == 0
    world.run()
    world.lands(rows)


@KINDS
@on_sqlite
def test_a_token_that_is_taken_away_in_mid_run_fails_the_batch_which_goes_on_later(
    world: World, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    refused = {"status": 401, "body": bodies.not_authenticated()}
    fault = Fault(FaultKind.ANSWER_INSTEAD, operation=f"create_{kind}", skip=1, **refused)  # type: ignore[arg-type]
    world.sandbox.faults.add(fault)
    failed = world.run(settings={"aliases": 2})
    assert (failed.status, failed.run_status, failed.stops_the_run) == ("FAILED", "failed", True)
    assert "ORDER_STAGING_MONDAY_TOKEN" in str(failed.error)
    assert world.sandbox.token not in world.batch(failed)["error_summary"]
    later = world.run()
    assert (later.batch_id, later.run_status) == (failed.batch_id, "completed")
    world.lands(rows)


@on_sqlite
def test_after_a_pause_the_other_customers_are_left_for_the_next_run(world: World) -> None:
    world.add(order_line(1, **{"CUSTOMER NAME": "AAA"}), order_line(2, **{"CUSTOMER NAME": "BBB"}))
    fault = Fault(FaultKind.ANSWER_INSTEAD, operation="create_item", status=429, body=bodies.daily_limit())
    world.sandbox.faults.add(fault)
    result = world.service().process_customers()
    assert ([batch.customer for batch in result.batches], result.status) == (["AAA"], "paused")
    again = world.service().process_customers()
    assert ([batch.status for batch in again.batches], again.status) == (["COMPLETED"] * 2, "completed")


@on_sqlite
def test_what_monday_refuses_for_one_customer_does_not_stop_the_others(world: World) -> None:
    world.add(order_line(1, **{"CUSTOMER NAME": "AAA"}), order_line(2, **{"CUSTOMER NAME": "BBB"}))
    refusal = {"code": "InvalidArgumentException", "status_code": 200}
    world.sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, "create_group", message="no", extensions=refusal))
    result = world.service().process_customers()
    assert [batch.status for batch in result.batches] == ["COMPLETED_WITH_ERRORS", "COMPLETED"]
    assert result.status == "partial"


def stopping(world: World, patch: pytest.MonkeyPatch, kind: str, **settings: Any) -> Any:
    """Run, and ask for the end while the first request of a kind is under way."""
    service = world.service(**settings)
    stop: Callable[[int], object] = on(1, service.request_stop)
    with patch.context() as context:
        Wiretap(before=stop).on(context, f"{kind}s")
        return service.process_customer_batch("greyson")


@KINDS
@on_sqlite
def test_asked_to_stop_it_records_what_is_in_flight_and_sends_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rows = order_lines(5)
    world.add(*rows)
    stopped = stopping(world, monkeypatch, kind, aliases=2)
    assert stopped.run_status == "partial"
    assert world.requests(f"create_{kind}") == 1
    left = 3 if kind == "item" else 8
    assert world.states(staging_of(kind)) == {"API_SUCCESS": 2, "PENDING": left}
    batch = world.batch(stopped)
    assert batch[f"{kind}s_creation_completed"] is None
    assert batch["end_time"] is None
    later = world.run()
    assert (later.batch_id, later.run_status) == (stopped.batch_id, "completed")
    assert world.batch(later)[f"{kind}s_creation_completed"] is not None
    world.lands(rows)


@on_sqlite
def test_a_service_that_was_asked_to_stop_begins_nothing_more(world: World) -> None:
    world.add(*order_lines(1))
    service = world.service()
    service.request_stop()
    stopped = service.process_customer_batch("greyson")
    assert (stopped.status, stopped.run_status, stopped.batch_id) == ("STOPPED", "partial", None)
    assert service.process_customers().to_dict()["status"] == "partial"
    assert world.mutations() == 0
    assert (world.database.count(STG), world.database.count(BATCHES)) == (0, 0)


@on_sqlite
def test_a_run_that_is_stopped_between_two_customers_is_partial(world: World) -> None:
    world.add(order_line(1, **{"CUSTOMER NAME": "AAA"}), order_line(2, **{"CUSTOMER NAME": "BBB"}))
    services: list[BatchService] = []

    def stop(event: Event) -> None:
        if isinstance(event, BatchEnded):
            services[0].request_stop()

    services.append(BatchService(world.settings_for(), engine=world.database.engine, on_event=stop))
    result = services[0].process_customers()
    assert [(batch.customer, batch.status) for batch in result.batches] == [("AAA", "COMPLETED")]
    assert (result.stopped, result.to_dict()["status"]) == (True, "partial")


@on_sqlite
def test_monday_out_of_reach_fails_the_batch_before_anything_is_written(world: World) -> None:
    world.add(*order_lines(1))
    with pytest.raises(Exception, match="cannot be reached"):
        world.run(settings={"monday_url": "http://127.0.0.1:9/v2"})
    assert (world.database.count(STG), world.database.count(BATCHES)) == (0, 0)
