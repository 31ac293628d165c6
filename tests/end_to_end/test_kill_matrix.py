"""Real runs are ended by SIGKILL, everywhere: nothing is lost, nothing is done twice.

At every failpoint, before and after commits, and at random moments; for both channels, on both engines. What comes
after a kill is a plain run, and one more; then the checker judges. CI kills at every failpoint on both engines and
for both channels, but not for each pair of these, and at fewer commits and moments: `make proofs` does it all.
"""

from __future__ import annotations

import signal
import time
from itertools import count, product
from random import Random
from typing import TYPE_CHECKING, TypeAlias

import pytest

from order_staging.failpoints import Failpoint
from tests.end_to_end.killing import CHANNELS, ENGINES, KillWorld, alive
from tests.guarantees.lengths import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.end_to_end.killing import Frozen
    from tests.processes import Finished

    Living: TypeAlias = Callable[[str, str], AbstractContextManager[KillWorld]]

UNREACHABLE = {
    "bulk": {Failpoint.RETRY_STAGED: "see the retry below"},
    "items": {
        Failpoint.RETRY_STAGED: "see the retry below",
        Failpoint.IMPORT_INTENDED: "nothing is imported",
        Failpoint.IMPORT_STARTED: "nothing is imported",
        Failpoint.IMPORT_UPLOADED: "nothing is imported",
        Failpoint.IMPORT_REPORTED: "nothing is imported",
        Failpoint.IMPORT_SETTLED: "nothing is imported",
    },
}
"""By channel, the places that a run does not pass, and why."""


def _pairs(number: int, point: Failpoint) -> list[tuple[str, str]]:
    """Choose the engines and channels of runs that are killed at a failpoint: all pairs, or each once."""
    channels = [channel for channel in CHANNELS if point not in UNREACHABLE[channel]]
    if WHOLE:
        return [*product(ENGINES, channels)]
    first = number % 2
    return [
        (engine, channels[(first + place) % len(channels)])
        for place, engine in enumerate(ENGINES)
        if channels
    ]


MATRIX = [
    (engine, channel, point)
    for number, point in enumerate(Failpoint)
    for engine, channel in _pairs(number, point)
]

TWICE = (
    (Failpoint.INTENT_RECORDED, Failpoint.BOARD_SEARCHED),
    (Failpoint.ANSWER_READ, Failpoint.FINDINGS_RECORDED),
    (Failpoint.RESEND_RECORDED, Failpoint.RESEND_RECORDED),
    (Failpoint.RESEND_ANSWERED, Failpoint.BOARD_SEARCHED),
    (Failpoint.IMPORT_INTENDED, Failpoint.IMPORT_REPORTED),
    (Failpoint.IMPORT_STARTED, Failpoint.IMPORT_SETTLED),
    (Failpoint.IMPORT_UPLOADED, Failpoint.IMPORT_REPORTED),
    (Failpoint.IMPORT_REPORTED, Failpoint.IMPORT_SETTLED),
    (Failpoint.PROMOTION_WRITTEN, Failpoint.PROMOTION_WRITTEN),
)
"""Where a bulk run is killed, and then the run that takes up what it has left."""

RETRY = (
    Failpoint.RETRY_STAGED,
    Failpoint.INTENT_RECORDED,
    Failpoint.ANSWER_READ,
    Failpoint.ORDERS_PROMOTED,
    Failpoint.BATCH_ENDED,
)
"""Where a retry is killed, of one row that monday.com refused, and an invalid one that was mended."""

CHUNKS = 32
TRIED = range(CHUNKS) if WHOLE else (4,)
"""Commits are shared out among so many tests, of which CI has one: in process every commit is tried elsewhere."""
RANDOM_KILLS, RANDOM_TESTS = (10, 5) if WHOLE else (5, 1)
"""Kills in each of so many tests an engine."""


@pytest.fixture
def living(frozen_worlds: dict[str, Frozen], tmp_path: Path) -> Living:
    """Bring the frozen world to life, by engine and channel, as often as a test wants it."""
    folders = count(1)
    return lambda engine, channel: alive(frozen_worlds[engine], tmp_path / str(next(folders)), channel)


def require_killed(finished: Finished) -> None:
    """Require that a process has ended itself at its failpoint."""
    assert finished.code == -signal.SIGKILL, f"it was not killed: {finished}"


@pytest.mark.parametrize(("engine", "channel"), [("sqlite", "items"), ("postgresql", "bulk")])
def test_a_whole_run_passes_every_place_that_a_run_can_pass(
    living: Living, engine: str, channel: str
) -> None:
    with living(engine, channel) as world:
        whole = world.run(report_reached=True)
        assert whole.code == 0
        assert set(Failpoint) - set(whole.reached) == set(UNREACHABLE[channel])
        world.comes_to_rest()


@pytest.mark.parametrize(("engine", "channel", "point"), MATRIX)
def test_a_run_killed_at_a_failpoint_loses_nothing_and_does_nothing_twice(
    living: Living, engine: str, channel: str, point: Failpoint
) -> None:
    with living(engine, channel) as world:
        require_killed(world.run(failpoint=point))
        world.judge()
        world.comes_to_rest()


@pytest.mark.parametrize("point", RETRY)
@pytest.mark.parametrize(("engine", "channel"), [("sqlite", "items"), ("postgresql", "bulk")])
def test_a_retry_killed_at_a_failpoint_loses_nothing_and_does_nothing_twice(
    living: Living, engine: str, channel: str, point: Failpoint
) -> None:
    with living(engine, channel) as world:
        assert world.run().code == 0
        world.mend()
        require_killed(world.retry(failpoint=point))
        world.judge()
        world.comes_to_rest()


@pytest.mark.parametrize(("first", "second"), TWICE)
def test_a_run_that_takes_up_what_a_dead_one_left_may_be_killed_too(
    living: Living, first: Failpoint, second: Failpoint
) -> None:
    engine = ENGINES[TWICE.index((first, second)) % 2]
    with living(engine, "bulk") as world:
        for point in (first, second):
            require_killed(world.run(failpoint=point))
            world.judge()
            world.time_passes()
        world.comes_to_rest()


@pytest.mark.parametrize("chunk", TRIED)
@pytest.mark.parametrize(
    ("engine", "channel", "point"),
    [("postgresql", "items", Failpoint.COMMIT_COMING), ("sqlite", "bulk", Failpoint.COMMIT_DONE)],
)
def test_a_run_killed_at_any_commit_loses_nothing_and_does_nothing_twice(
    living: Living, engine: str, channel: str, point: Failpoint, chunk: int
) -> None:
    # After a commit and before the next one the database is the same: each side is looked at on one engine.
    kills = 0
    for number in count(chunk + 1, CHUNKS):
        with living(engine, channel) as world:
            killed = world.run(failpoint=point, at=number)
            if killed.code == 0:
                break
            require_killed(killed)
            kills += 1
            world.comes_to_rest(here=True)
    assert kills >= 2


@pytest.mark.parametrize("part", range(RANDOM_TESTS))
@pytest.mark.parametrize("engine", ENGINES)
def test_a_run_killed_at_random_moments_loses_nothing_and_does_nothing_twice(
    living: Living, engine: str, part: int
) -> None:
    random, kills = Random(f"{engine} {part}"), 0  # noqa: S311 - moments, no secrets
    with living(engine, CHANNELS[part % 2]) as world:
        began = time.monotonic()
        assert world.run().code == 0
        lasts = time.monotonic() - began
    for number in count():
        with living(engine, CHANNELS[number % 2]) as world:
            # All but the first kill meet a run that takes up what dead ones have left.
            for _ in range(3):
                process = world.start()
                time.sleep(random.uniform(0, lasts))
                ended = process.kill()
                assert ended.code in {0, -signal.SIGKILL}, ended
                kills += ended.code != 0
                world.judge()
                world.time_passes()
            world.comes_to_rest()
        if kills >= RANDOM_KILLS:
            return


@pytest.mark.parametrize("engine", ENGINES)
def test_the_lease_of_a_killed_run_has_to_expire_and_what_it_sent_has_to_time_out(
    living: Living, engine: str
) -> None:
    limits = {"lease_seconds": "3", "request_timeout": "4"}
    with living(engine, "items") as world:
        require_killed(world.run(failpoint=Failpoint.INTENT_RECORDED, **limits))
        codes = list(_until_not_held(world, **limits))
        assert codes[0] == 4
        assert codes[-1] == 0
        world.comes_to_rest()


def _until_not_held(world: KillWorld, **limits: str) -> Iterator[int]:
    while (code := world.run(**limits).code) == 4:
        yield code
        time.sleep(0.2)
    yield code
