"""The Nth request, or the Nth commit, fails, for every N: in the end all is there once, and counted once."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import count, cycle
from typing import TYPE_CHECKING

import pytest

from order_staging import DestinationError, LeaseHeldError
from order_staging.errors import DatabaseUnavailableError
from order_staging.sandbox import Fault, FaultKind, bodies, fault_presets
from tests.guarantees.evidence import check, watch_hands
from tests.guarantees.lengths import WHOLE
from tests.integration.batch.batch_world import ERR, Killed, Row, World, order_line
from tests.integration.guarantees.commit_faults import CommitFault, at, commits_of, each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging import BatchResult
    from order_staging.sandbox import MovingClock, Sandbox

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

RUNS = 5
"""Runs after which whatever one fault has left behind is done."""
ALIASES = 3
"""Three requests for five items: one may fail while another is done, and the next not even begun."""

NEXT_DAY = 24 * 3600 + 1.0
SOON = 121.0
"""Seconds after which a lease has run out that was not given back."""

SILENT = (
    fault_presets.drop_before(),
    fault_presets.data_null(),
    fault_presets.timeout_503(),
    fault_presets.html_502(),
)
BUSY = (
    fault_presets.minute_limit(),
    fault_presets.locked_423(),
    fault_presets.concurrency_limit(),
    Fault(FaultKind.ANSWER_INSTEAD, status=409, body=bodies.idempotency_conflict()),
    fault_presets.complexity_limit(),
    fault_presets.html_429(),
    fault_presets.daily_limit(),
)
EXECUTED = (
    fault_presets.execute_then_drop(),
    fault_presets.execute_then_data_null(),
    fault_presets.execute_then_500(),
    fault_presets.execute_then_html_502(),
    fault_presets.execute_then_timeout_503(),
    Fault(FaultKind.EXECUTE_THEN_ANSWER, status=409, body=bodies.idempotency_conflict()),
)
ONE_ALIAS = (
    fault_presets.fail_alias(),
    fault_presets.execute_alias_then_fail(),
    fault_presets.group_deleted(),
)
TOLD = {"silent": SILENT, "busy": BUSY}
"""What any request may be told without having been executed."""
DONE = {"executed": EXECUTED, "one alias": ONE_ALIAS}
"""What may happen to mutations; with a query most of it is like something above."""
UNCLEAR = (EXECUTED[0], ONE_ALIAS[0], SILENT[0], ONE_ALIAS[1], SILENT[1], EXECUTED[1])
OF_AN_IMPORT = {
    "silent": SILENT,
    "busy": BUSY,
    "executed": EXECUTED,
}
MUTATIONS = ("create_group", "create_item", "create_subitem")
OF_IMPORTS = ("ingest_items", "fetch_job_status", "items_page_by_column_values")
OF_FILES = ("bulk_upload", "bulk_report")

ITEMS: Row = {"channel": "items", "aliases": ALIASES, "recovery_delay": 5}
BY_NAME: Row = ITEMS | {"key_column": None}
BULK: Row = ITEMS | {"channel": "bulk"}


@pytest.fixture
def sandbox(timed_sandbox: Sandbox) -> Sandbox:
    watch_hands(timed_sandbox)
    return timed_sandbox


@pytest.fixture
def world(timed: World) -> World:
    return timed


def lines_of(customer: str) -> list[Row]:
    """Make five order lines with sizes, and a group that is this customer's own."""
    return [order_line(number, **{"CUSTOMER NAME": customer, "M": None}) for number in range(1, 6)]


def until_done(world: World, clock: MovingClock, customer: str, setup: Row) -> BatchResult:
    """Run until nothing is left to do; give the first result that says so."""
    for run in range(RUNS):
        if run > 1:
            # A limit of the day, and an import that is at work for ever as nobody has its file.
            clock.advance(NEXT_DAY)
        try:
            result = world.run(customer, settings=setup)
        except LeaseHeldError:
            clock.advance(SOON)
            continue
        except (DestinationError, DatabaseUnavailableError, Killed):
            continue
        if result.run_status in {"completed", "nothing_to_do"} or result.orders.invalid == 1:
            return result
    pytest.fail(f"{customer} is still not done after {RUNS} runs: {world.states()}")


def fail_each(
    world: World,
    clock: MovingClock,
    faults: Sequence[Fault],
    setup: Row,
    places: Sequence[str | None] = (None,),
    always: Sequence[Fault] = (),
) -> dict[str | None, int]:
    """Let a fault happen to the first request of a kind, then to the second, until none is left to meet one.

    Where the proofs are whole each kind of fault meets each request, else the requests meet them in turn.

    Every time in another customer's batch; `always` happens beside it. Gives the number of requests that met
    one, by their kind.
    """
    met: dict[str | None, int] = {}
    kinds = cycle(faults)
    for place in places:
        for lap in range(len(faults) if WHOLE else 1):
            kinds = cycle((*faults[lap:], *faults[:lap])) if WHOLE else kinds
            for number in count():
                customer = f"CUSTOMER {place} {lap} {number:02}"
                world.add(*lines_of(customer))
                for fault in (*always, replace(next(kinds), operation=place, skip=number)):
                    world.sandbox.faults.add(fault)
                until_done(world, clock, customer, setup)
                was_met = world.sandbox.faults.pending == len(always)
                world.sandbox.faults.clear()
                if not was_met:
                    met[place] = number
                    break
    return met


def judge(world: World, setup: Row) -> None:
    """Check everything, and that one more run of all customers sends nothing."""
    settled = len(world.sandbox.executed)
    again = world.service(**setup).process_customers()
    assert {batch.status for batch in again.batches} <= {"NOTHING_TO_DO"}
    check(world, at_rest=True, settled_at=settled)


@on_sqlite
@pytest.mark.parametrize("kinds", TOLD)
def test_whichever_request_fails_all_is_there_once(world: World, clock: MovingClock, kinds: str) -> None:
    met = fail_each(world, clock, TOLD[kinds], ITEMS)
    assert (met[None] or 0) >= 9
    judge(world, ITEMS)


@on_sqlite
@pytest.mark.parametrize("kinds", DONE)
def test_whichever_mutation_loses_its_answer_all_is_there_once(
    world: World, clock: MovingClock, kinds: str
) -> None:
    met = fail_each(world, clock, DONE[kinds], ITEMS, MUTATIONS)
    assert met["create_item"] == ALIASES
    judge(world, ITEMS)


@on_sqlite
def test_while_searches_lag_whichever_mutation_loses_its_answer_all_is_there_once(
    world: World, clock: MovingClock
) -> None:
    lagging = fault_presets.stale_search(4, times=None)
    met = fail_each(world, clock, UNCLEAR, ITEMS, MUTATIONS[1:], [lagging])
    assert met["create_item"] == ALIASES
    judge(world, ITEMS)


@on_sqlite
def test_without_a_key_column_whichever_mutation_loses_its_answer_all_is_there_once(
    world: World, clock: MovingClock
) -> None:
    met = fail_each(world, clock, UNCLEAR, BY_NAME, MUTATIONS)
    assert met["create_item"] == ALIASES
    judge(world, BY_NAME)


@on_sqlite
@pytest.mark.parametrize("kinds", OF_AN_IMPORT)
def test_whichever_request_of_an_import_fails_all_is_there_once(
    world: World, clock: MovingClock, kinds: str
) -> None:
    met = fail_each(world, clock, OF_AN_IMPORT[kinds], BULK, (*OF_IMPORTS, *OF_FILES))
    assert all(met.values())
    judge(world, BULK)


COUNTED = (
    "total_records",
    "successful_records",
    "failed_records",
    "orders_processed",
    "subitems_processed",
    "api_calls_made",
    "api_failures",
    "retries_attempted",
    "status",
    "error_summary",
)


def account_of(world: World, result: BatchResult) -> Row:
    """Read what a run told, and what it left in its batch's record and the ERR table."""
    told = result.to_dict()
    record = world.batch(result)
    letters = [row for row in world.database.rows(ERR) if row["customer_batch"] == result.customer]
    for name in ("batch_id", "customer", "seconds"):
        told.pop(name)
    return told | {"record": {name: record[name] for name in COUNTED}, "letters": len(letters)}


def add_with_an_invalid_one(world: World, customer: str) -> None:
    world.add(*lines_of(customer), order_line(9, **{"CUSTOMER NAME": customer, "M": -1}))


def undisturbed(world: World, setup: Row) -> Row:
    """Tell what a run without faults says; the first one on a board has more to ask."""
    for customer in ("FIRST", "SECOND"):
        add_with_an_invalid_one(world, customer)
        account = account_of(world, world.run(customer, settings=setup))
    assert account["orders"]["created"] == 5
    return account


TOGETHER: Row = ITEMS | {"aliases": 20}
"""One request for all items, and one for all subitems: the fewest commits."""
EVERY = 8
"""A run loses every eighth answer, the first run from the first one on, and so forth; a run each takes minutes."""
LOST_AFTER = CommitFault.LOST_AFTER


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_whichever_commit_took_place_and_its_answer_is_lost_the_run_counts_everything_once(
    world: World,
) -> None:
    engine = world.database.engine
    expected = undisturbed(world, TOGETHER)
    for number in count(1) if WHOLE else range(1, EVERY + 1):
        customer = f"CUSTOMER {number:02}"
        add_with_an_invalid_one(world, customer)
        choose = at(number, LOST_AFTER) if WHOLE else each(EVERY, number, LOST_AFTER)
        with commits_of(engine, choose) as commits:
            assert account_of(world, world.run(customer, settings=TOGETHER)) == expected, number
        if not commits.met:
            assert number > 30
            break
        assert WHOLE or len(commits.met) > 3
    judge(world, TOGETHER)


STRIDES = {"items": 2, "bulk": 5}
"""Every so many commits are tried where the proofs are not whole; the kinds of failures are three."""
FATAL = (CommitFault.NO_ROOM, CommitFault.KILLED_AFTER, CommitFault.KILLED_BEFORE)


@on_sqlite
@pytest.mark.parametrize("channel", ["items", "bulk"])
def test_whichever_commit_is_the_last_of_a_run_the_next_one_ends_its_work(
    world: World, clock: MovingClock, channel: str
) -> None:
    setup = TOGETHER | {"channel": channel}
    for turn in range(len(FATAL) if WHOLE else 1):
        # What an import adds is some commits in the middle of many that are the same.
        for number in count(1, 1 if WHOLE else STRIDES[channel]):
            customer = f"CUSTOMER {turn} {number:02}"
            world.add(*lines_of(customer))
            fault = FATAL[(number + turn) % len(FATAL)]
            # What fails last is giving the lease back, which is no matter.
            ending = suppress(DatabaseUnavailableError, Killed)
            with commits_of(world.database.engine, at(number, fault)) as commits, ending:
                world.run(customer, settings=setup)
            until_done(world, clock, customer, setup)
            if not commits.met:
                assert number > 30
                break
    judge(world, setup)
