"""Several runners at once, on PostgreSQL: a customer is one runner's, and one believed dead writes nothing."""

from __future__ import annotations

import signal
import time
from itertools import count, cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from order_staging.failpoints import Failpoint
from order_staging.sandbox import Sandbox, SandboxThread
from tests.conftest import KEY_COLUMN, Database
from tests.end_to_end.killing import KillWorld, settings_of
from tests.guarantees.evidence import check
from tests.guarantees.lengths import WHOLE
from tests.guarantees.terms import TABLES
from tests.integration.batch.batch_world import order_line
from tests.processes import LOOK_EVERY, TIMEOUT, Runner, RunningProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.killing import Frozen
    from tests.processes import Finished

G, R, T = ("--customer", "GREYSON"), ("--customer", "RHYTHM"), ("--customer", "TITLE NINE")
ALL = ("--all",)
CUSTOMERS = ("GREYSON CLOTHIERS", "RHYTHM", "TITLE NINE")
TWO = ((G, G), (G, R), (ALL, G), (ALL, ALL), (G, T))
FOUR = ((G, G, G, G), (G, G, R, R), (ALL, ALL, G, R), (ALL, ALL, ALL, ALL), (G, R, T, ALL))
"""Who is at work in a round: some share a customer, and some do not."""
ROUNDS = 5
PARTS = 5 if WHOLE else 1
"""So many times as many rounds of two, and of four."""

NUMBERS = count(1)


class Runners(KillWorld):
    """A database of several customers, and runs of several processes at once."""

    @property
    def database(self) -> Database:
        """The database."""
        return Database(self.engine)

    def add_orders(self) -> None:
        """Add two fresh orders for each customer."""
        self.database.add(
            [
                order_line(number, **{"CUSTOMER NAME": customer, "record_uuid": UUID(int=number)})
                for customer in CUSTOMERS
                for number in islice(NUMBERS, 2)
            ]
        )

    def begin(self, who: tuple[str, ...], **options: Any) -> RunningProcess:
        """Start a runner."""
        return self.runner.start("run", *who, "--output", "json", **options)

    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Read all that a runner may write."""
        return {table: sorted(self.database.rows(table), key=repr) for table in TABLES}


@pytest.fixture
def runners(frozen_worlds: dict[str, Frozen], tmp_path: Path) -> Iterator[Runners]:
    """Give an empty database and an empty board."""
    frozen = frozen_worlds["postgresql"]
    frozen.empty()
    sandbox = Sandbox(key_column=KEY_COLUMN)
    folder = tmp_path / "runs"
    folder.mkdir()
    with (
        SandboxThread(sandbox) as server,
        Runner(folder, settings_of(frozen.engine, sandbox, server.url)) as runner,
    ):
        yield Runners(frozen.engine, sandbox, runner, "auto")


def statuses(finished: Finished) -> dict[str, str]:
    return {batch["customer"]: batch["status"].lower() for batch in finished.document["batches"]}


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("plan", [TWO, FOUR], ids=["two", "four"])
def test_several_runners_at_once_lose_nothing_and_do_nothing_twice(
    runners: Runners, plan: tuple[tuple[tuple[str, ...], ...], ...], part: int
) -> None:
    for round_ in islice(cycle(plan), part, part + ROUNDS):
        runners.add_orders()
        started = [runners.begin(who) for who in round_]
        for who, process in zip(round_, started, strict=True):
            ended = process.wait()
            assert ended.code in ({0} if who == ALL else {0, 4}), ended
            assert (ended.code == 4) == (set(statuses(ended).values()) == {"busy"} and who != ALL), ended
        # Customers that nobody was to work on wait for their turn.
        here = {
            customer for customer in CUSTOMERS if ALL in round_ or any(who[1] in customer for who in round_)
        }
        rows = [row for row in runners.database.rows("ORDERS_UNIFIED") if row["CUSTOMER NAME"] in here]
        check((runners.engine, runners.sandbox), rows)
    assert runners.begin(ALL).wait().code == 0
    settled = len(runners.sandbox.executed)
    assert runners.begin(ALL).wait().document["status"] == "nothing_to_do"
    check((runners.engine, runners.sandbox), settled_at=settled)


@pytest.mark.parametrize(
    "point", [Failpoint.INTENT_RECORDED, Failpoint.ANSWER_READ, Failpoint.ORDERS_PROMOTED]
)
def test_a_runner_that_was_believed_dead_writes_nothing_when_it_goes_on(
    runners: Runners, point: Failpoint
) -> None:
    runners.add_orders()
    zombie = runners.begin(G, failpoint=point, signal_there=signal.SIGSTOP)
    _wait_until_stopped(zombie)
    others = runners.begin(ALL).wait()
    assert (others.code, statuses(others)) == (
        0,
        {"GREYSON CLOTHIERS": "busy", "RHYTHM": "completed", "TITLE NINE": "completed"},
    )
    runners.time_passes()
    heir = runners.begin(G).wait()
    assert (heir.code, statuses(heir)) == (0, {"GREYSON CLOTHIERS": "completed"})
    _goes_on_in_vain(runners, zombie)


def test_a_runner_is_believed_dead_when_its_lease_has_run_out(runners: Runners) -> None:
    runners.add_orders()
    assert runners.begin(R).wait().code == runners.begin(T).wait().code == 0
    zombie = runners.begin(
        G, failpoint=Failpoint.INTENT_RECORDED, signal_there=signal.SIGSTOP, lease_seconds="5"
    )
    _wait_until_stopped(zombie)
    heir = runners.begin(G).wait()
    assert (heir.code, statuses(heir)) == (4, {"GREYSON CLOTHIERS": "busy"})
    while heir.code == 4:
        time.sleep(0.2)
        heir = runners.begin(G).wait()
    assert (heir.code, statuses(heir)) == (0, {"GREYSON CLOTHIERS": "completed"})
    _goes_on_in_vain(runners, zombie)


def _goes_on_in_vain(runners: Runners, zombie: RunningProcess) -> None:
    """Wake the one that was taken for dead after another has done its work, and check that it does no harm."""
    written, executed = runners.tables(), len(runners.sandbox.executed)
    zombie.send_signal(signal.SIGCONT)
    ended = zombie.wait()
    assert ended.code == 1
    assert "was taken over" in ended.document["batches"][0]["error"]
    assert runners.tables() == written
    assert runners.begin(G).wait().document["status"] == "nothing_to_do"
    check((runners.engine, runners.sandbox), settled_at=executed)


def _wait_until_stopped(process: RunningProcess) -> None:
    until = time.monotonic() + TIMEOUT
    while _state(process.pid) != "T":
        assert process.poll() is None, process.finished
        assert time.monotonic() < until, "the runner never came to its failpoint"
        time.sleep(LOOK_EVERY)


def _state(pid: int) -> str:
    """Read a process's state as Linux tells it: T where it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
