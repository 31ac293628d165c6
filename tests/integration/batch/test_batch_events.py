"""What a hook is told of a whole run: in order, after commits, and as much as the result counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from threading import get_ident
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from order_staging import (
    BatchBegan,
    BatchEnded,
    BatchService,
    ErrorType,
    PersistenceError,
    Progress,
    RowRefused,
    RunBegan,
    Step,
    StepBegan,
    StepEnded,
    Waiting,
)
from order_staging.batch.context import Outside
from order_staging.errors import TransientDatabaseError
from order_staging.sandbox import Fault, FaultKind
from order_staging.sandbox.fault_presets import complexity_limit, daily_limit, drop_before
from order_staging.unit_of_work import UnitOfWork
from tests.integration.batch.batch_world import CUSTOMER, ERR, STG, World, no_sleep, order_line, order_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import BatchResult, Event, EventHook

E = TypeVar("E")

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def service(world: World, hook: EventHook, **settings: Any) -> BatchService:
    return BatchService(
        world.settings_for(**settings), engine=world.database.engine, outside=world.outside, on_event=hook
    )


def of(kind: type[E], events: list[Event]) -> list[E]:
    return [event for event in events if isinstance(event, kind)]


def steps(events: list[Event]) -> list[Step]:
    return [event.step for event in of(StepBegan, events)]


def require_order(events: list[Event]) -> None:
    """Check that steps lie within each other, and that within one nothing falls, and nothing passes its total."""
    under: list[tuple[Step, int]] = []
    for event in events:
        match event:
            case StepBegan(_, step, _):
                under.append((step, 0))
            case Progress(_, step, done, total):
                assert under[-1][0] is step or step in [each for each, _ in under]
                place = max(at for at, (each, _) in enumerate(under) if each is step)
                assert done > under[place][1]
                assert total is None or done <= total
                under[place] = (step, done)
            case StepEnded(_, step, done, _):
                assert under.pop() == (step, done)
    assert under == []


def require_sums(events: list[Event], result: BatchResult) -> None:
    """Check that what was told adds up to what the result counts."""
    done = {event.step: event.done for event in of(StepEnded, events)}
    orders, subitems = result.orders, result.subitems
    assert done[Step.LOAD] == orders.selected
    assert done[Step.ITEMS] == orders.on_board + orders.rejected
    assert done[Step.SUBITEMS] == subitems.on_board + subitems.rejected
    assert done[Step.PROMOTE] == orders.promoted + subitems.promoted
    # An order of which a size was refused stays staged with it.
    assert done[Step.CLEAN_UP] <= orders.promoted + subitems.promoted
    refused = Counter((event.kind, event.size is None) for event in of(RowRefused, events))
    assert refused[ErrorType.INVALID, True] == orders.invalid
    assert refused[ErrorType.REJECTED, True] == orders.rejected
    assert refused[ErrorType.REJECTED, False] == subitems.rejected
    assert [event.result for event in of(BatchEnded, events)] == [result]


@pytest.mark.parametrize("channel", ["items", "bulk"])
def test_a_whole_run_is_told_in_order_and_adds_up_to_its_result(world: World, channel: str) -> None:
    rows = order_lines(45)
    too_little = order_line(90, **{"CUSTOMER STYLE": None, "S": -1})
    world.add(*rows, too_little)
    events: list[Event] = []
    result = service(world, events.append, channel=channel).process_customer_batch("greyson")

    assert (result.orders.created, result.subitems.created, result.orders.invalid) == (45, 90, 1)
    assert events[0] == RunBegan((CUSTOMER,))
    (began,) = of(BatchBegan, events)
    assert (began.batch_id, began.resumed) == (result.batch_id, False)
    imports = [Step.SURVEY, Step.FILE, Step.IMPORT] if channel == "bulk" else []
    main = [Step.RELINK, Step.LOAD, Step.ITEMS, *imports, Step.SUBITEMS, Step.PROMOTE, Step.CLEAN_UP]
    assert steps(events) == main
    assert {(event.step, event.total) for event in of(StepEnded, events)} >= {
        (Step.ITEMS, 45),
        (Step.SUBITEMS, 90),
        (Step.PROMOTE, 135),
        (Step.CLEAN_UP, 135),
        (Step.LOAD, 46),
    }
    require_order(events)
    require_sums(events, result)
    (refused,) = of(RowRefused, events)
    assert (refused.row, refused.order_number) == (too_little["record_uuid"], "JOO-00090")
    assert set(refused.columns) == {"STYLE", "S"}
    assert "'-1' is negative" in refused.reason
    assert not refused.known

    events.clear()
    again = service(world, events.append, channel=channel).process_customer_batch("greyson")
    assert again.batch_id is None
    assert steps(events) == [Step.RELINK, Step.LOAD]
    assert [event.known for event in of(RowRefused, events)] == [True]
    assert [event.result.status for event in of(BatchEnded, events)] == ["NOTHING_TO_DO"]


@on_sqlite
def test_every_event_is_true_when_it_is_told_and_told_in_the_callers_thread(world: World) -> None:
    world.add(*order_lines(30), order_line(90, S=-1))
    threads = set()

    def hook(event: Event) -> None:
        threads.add(get_ident())
        match event:
            case Progress(_, Step.LOAD, done, _):
                assert world.database.count(STG) + world.database.count(ERR) == done
            case Progress(_, Step.ITEMS, done, _):
                assert world.states()["API_SUCCESS"] == len(world.sandbox.items()) == done
            case Progress(_, Step.PROMOTE, _, total):
                assert total == 90
            case RowRefused(row=row):
                assert str(world.only(ERR)["source_uuid"]).replace("-", "") == str(row).replace("-", "")
            case _:
                return
        seen.append(event)

    seen: list[Event] = []
    service(world, hook).process_customer_batch("greyson")
    assert threads == {get_ident()}
    assert Counter(type(event) for event in seen) == {Progress: 1 + 2 + 2, RowRefused: 1}


@on_sqlite
def test_nothing_is_told_of_what_is_rolled_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(*order_lines(3), order_line(90, S=-1))
    send = UnitOfWork._send_commit
    faults: list[PersistenceError] = [PersistenceError("the disk is full")]

    def failing(uow: UnitOfWork) -> None:
        if faults and uow.staging.orders.count():
            raise faults.pop()
        send(uow)

    monkeypatch.setattr(UnitOfWork, "_send_commit", failing)
    events: list[Event] = []
    with pytest.raises(PersistenceError):
        service(world, events.append).process_customer_batch("greyson")
    told = [event for event in events if not isinstance(event, StepBegan)]
    assert told == [
        RunBegan((CUSTOMER,)),
        StepEnded(CUSTOMER, Step.RELINK, 0, None),
        StepEnded(CUSTOMER, Step.LOAD, 0, None),
    ]

    # A unit of work that is done again is told once.
    faults += [TransientDatabaseError("deadlock"), TransientDatabaseError("deadlock")]
    events.clear()
    result = service(world, events.append).process_customer_batch("greyson")
    assert not faults
    assert len(of(BatchBegan, events)) == len(of(RowRefused, events)) == result.orders.invalid == 1
    assert [event.done for event in of(Progress, events) if event.step is Step.LOAD] == [4]


@on_sqlite
def test_a_hook_that_fails_loses_and_doubles_nothing(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)

    def hook(_: Event) -> None:
        raise OSError("no network")

    assert service(world, hook).process_customer_batch("greyson").status == "COMPLETED"
    world.lands(rows)


@on_sqlite
def test_a_hook_may_end_the_run_in_order(world: World) -> None:
    rows = order_lines(22)
    world.add(*rows)
    events: list[Event] = []

    def hook(event: Event) -> None:
        events.append(event)
        if isinstance(event, Progress) and event.step is Step.ITEMS:
            ours.request_stop()

    ours = service(world, hook)
    result = ours.process_customer_batch("greyson")
    assert result.orders.created == len(world.sandbox.items()) == 20
    assert of(StepEnded, events)[-1] == StepEnded(CUSTOMER, Step.ITEMS, 20, 22)
    require_order(events)
    events.clear()
    resumed = service(world, events.append).process_customer_batch("greyson")
    assert [event.resumed for event in of(BatchBegan, events)] == [True]
    assert resumed.batch_id == result.batch_id
    world.lands(rows)


@on_sqlite
def test_what_monday_refuses_and_waits_for_doubt_are_told_without_secrets(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    why, code = f"refused for {world.sandbox.token}", {"code": "X"}
    for operation, alias in (("create_item", 1), ("create_subitem", 0)):
        fault = Fault(FaultKind.FAIL_ALIAS, operation, alias=alias, message=why, extensions=code)
        world.sandbox.faults.add(fault)
    world.sandbox.faults.add(drop_before(operation="create_subitem", skip=1))
    events: list[Event] = []
    result = service(world, events.append, aliases=3).process_customer_batch("greyson")
    refused = of(RowRefused, events)
    assert [(event.kind, event.row, event.size) for event in refused] == [
        (ErrorType.REJECTED, rows[1]["record_uuid"], None),
        (ErrorType.REJECTED, rows[0]["record_uuid"], "S"),
    ]
    assert {event.reason for event in refused} == {"X: refused for [hidden]"}
    assert any("without an answer" in event.reason for event in of(Waiting, events))
    (recovery,) = [event for event in of(StepEnded, events) if event.step is Step.RECOVER]
    assert recovery.done == recovery.total == 2
    require_order(events)
    require_sums(events, result)
    assert str(world.sandbox.token) not in str(events)


@on_sqlite
def test_changes_drift_retries_previews_and_checks_tell_how_far_they_are(
    world: World, delivered: Callable[..., list[dict[str, Any]]]
) -> None:
    delivered(12)
    world.add(order_line(90, S=-1))
    world.run()
    expected = {
        "process_customer_batch": ({Step.CHANGES: 12}, {"changes": True}),
        "drift": ({Step.COMPARE: 12, Step.SEARCH: 1}, {}),
        "preview": ({Step.PREVIEW: 1, Step.CHANGES: 12}, {"changes": True}),
        "check": ({Step.CHECK: 1}, None),
        "retry_failed": ({Step.RETRY: 1, Step.LOAD: 1}, {"everything": True}),
    }
    for method, (counts, options) in expected.items():
        events: list[Event] = []
        call = getattr(service(world, events.append), method)
        names = [] if options is None or method == "retry_failed" else [["GREYSON"]]
        call(*(["GREYSON"] if method.startswith("process") else names), **(options or {}))
        ended = {event.step: event.done for event in of(StepEnded, events)}
        assert {step: ended.get(step) for step in counts} == counts, method
        require_order(events)


@on_sqlite
async def test_within_a_loop_events_may_go_to_a_queue(world: World) -> None:
    world.add(*order_lines(2))
    queue: asyncio.Queue[Event] = asyncio.Queue()
    world.outside = Outside(sleep=no_sleep)
    result = await service(world, queue.put_nowait).process_customers_async(["greyson"])
    events = [queue.get_nowait() for _ in range(queue.qsize())]
    require_sums(events, result.batches[0])


@on_sqlite
def test_who_is_busy_and_when_a_paused_batch_may_go_on_are_told_at_the_end(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "RHYTHM (AU)"}))
    world.database.execute(
        'INSERT INTO "MON_BatchLease" (customer_name, fence, holder, expires_date) '
        "VALUES ('RHYTHM', 1, 'other:1:1', '2099-01-01 00:00:00.000000')"
    )
    world.sandbox.faults.add(daily_limit(3599, operation="create_item"))
    events: list[Event] = []
    service(world, events.append).process_customers(["rhythm (au)", "greyson"])
    ended = [(event.result.customer, event.result.status, event.wait) for event in of(BatchEnded, events)]
    assert ended == [("RHYTHM", "BUSY", None), (CUSTOMER, "PAUSED", 3599)]
    assert of(RunBegan, events) == [RunBegan(("RHYTHM", CUSTOMER))]
    assert [event.customer for event in of(BatchBegan, events)] == [CUSTOMER]


@on_sqlite
def test_a_limit_that_is_waited_for_is_told(world: World) -> None:
    world.add(order_line())
    world.sandbox.faults.add(complexity_limit(22, operation="create_item"))
    events: list[Event] = []
    assert service(world, events.append).process_customer_batch("greyson").status == "COMPLETED"
    (waiting,) = of(Waiting, events)
    assert 22 <= waiting.seconds <= 24
    assert "omplexity" in waiting.reason
