"""What may happen in a history: what is new in the source, faults, deaths and takeovers of runners."""

from __future__ import annotations

from contextlib import contextmanager
from random import Random
from threading import Thread
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from order_staging.failpoints import Failpoint, armed
from order_staging.repositories.batches import BatchRepository
from order_staging.sandbox import IDEMPOTENCY, Behaviour, MovingClock, Sandbox, fault_presets
from tests.guarantees.evidence import watch_hands
from tests.integration.batch.batch_world import KEY_COLUMN, Killed
from tests.integration.batch.test_batch_any_faults import KINDS, _fault
from tests.integration.guarantees.history_world import NOTES, PRICE, SEASON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging import RunResult
    from tests.integration.batch.batch_world import Row, World

MOST_LINES = 5
RUNS = 10
LEASE = 120.0
LAG = 5.0
"""Seconds by which a search may lag behind: those that recovery waits."""
HALF_AN_HOUR = 31 * 60.0

PLACES = st.integers(0, MOST_LINES - 1)
VALUES = st.sampled_from(["1", "2", "3"])
NEWS = st.tuples(
    st.sampled_from(["a row", "a row", PRICE, NOTES, "S", "M", SEASON]), PLACES, st.none() | VALUES
)
"""What the source says that is new: a row, or another value of one."""
News = tuple[str, int, str | None]
SOME_NEWS = st.lists(NEWS, max_size=2)
CHANNELS = st.sampled_from(["items", "items", "bulk"])

OFTEN = ["create_item", "create_subitem", "change_multiple_column_values"]
OPERATIONS = [
    *OFTEN * 2,
    "create_group",
    "move_item_to_group",
    "items_page_by_column_values",
    "items",
    "boards",
    "ingest_items",
    "fetch_job_status",
    "bulk_upload",
    "bulk_report",
]
MORE_KINDS = [
    fault_presets.execute_then_500(),
    fault_presets.execute_then_empty_502(),
    fault_presets.html_429(1),
    fault_presets.concurrency_limit(1),
    fault_presets.complexity_limit(1),
    fault_presets.delay(70),
    fault_presets.expired_cursor(),
]
STALE = fault_presets.stale_search(LAG)
FAULTS = st.lists(
    st.builds(
        _fault,
        st.sampled_from([*KINDS, *MORE_KINDS, STALE, STALE]),
        st.sampled_from(OPERATIONS),
        st.integers(0, 2),
        st.integers(1, 4),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=3,
)

WITHIN_A_TRANSACTION = {Failpoint.COMMIT_COMING, Failpoint.PROMOTION_WRITTEN}
BUSY = [point for point in Failpoint if point.startswith(("commit.", "delivery.", "promotion.", "recovery."))]
"""The places that most runs pass."""
CRASHES = st.sampled_from([point for point in Failpoint if point is not Failpoint.RETRY_STAGED] + BUSY)
TAKEOVERS = st.sampled_from(
    [
        point
        for point in Failpoint
        # SQLite has one writer, and COMMIT_DONE is passed by each of them.
        if point not in {*WITHIN_A_TRANSACTION, Failpoint.COMMIT_DONE, Failpoint.RETRY_STAGED}
    ]
)


LATE = {Failpoint.INTENT_RECORDED, Failpoint.RESEND_RECORDED}
"""Where a request has yet to leave: after a takeover its key alone keeps it from being executed twice."""


def board(clock: MovingClock, keys: str) -> Sandbox:
    """Give a monday.com that lives by this clock, treats idempotency keys in a way, and knows what people do."""
    sandbox = Sandbox(
        key_column=KEY_COLUMN,
        clock=clock,
        sleep=clock.sleep,
        behaviour=Behaviour(idempotency=IDEMPOTENCY[keys]),
        random=same_random(),
    )
    watch_hands(sandbox)
    return sandbox


def same_random() -> Random:
    return Random(1)  # noqa: S311 - no secrets


def run(world: World, settings_: Row, with_changes: bool, channel: str) -> RunResult:
    return world.service(**settings_, channel=channel).process_customers(None, changes=with_changes)


@contextmanager
def dying(point: Failpoint, at: int) -> Iterator[list[bool]]:
    """End the run at a place, as SIGKILL does: nobody gives its lease back."""
    died: list[bool] = []

    def die() -> None:
        died.append(True)
        raise Killed

    release = BatchRepository.release

    def not_when_dead(batches: BatchRepository, customer: str, fence: int) -> bool:
        return not died and release(batches, customer, fence)

    with pytest.MonkeyPatch.context() as patch, armed(point, die, at=at):
        patch.setattr(BatchRepository, "release", not_when_dead)
        yield died


def in_a_thread(act: Callable[[], object]) -> None:
    in_threads(act)


def in_threads(*acts: Callable[[], object]) -> None:
    """Do several things at once; raises what one of them raised."""
    raised: list[BaseException] = []

    def do(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    threads = [Thread(target=do, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
