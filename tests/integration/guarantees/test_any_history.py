"""Whatever happens, in whatever order: nothing is lost, nothing is there twice, and at rest the board is right."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from order_staging import DestinationError
from order_staging.batch.context import Outside
from order_staging.failpoints import Failpoint, armed
from order_staging.sandbox import IDEMPOTENCY, Fault, MovingClock
from tests.guarantees.evidence import check
from tests.guarantees.lengths import WHOLE
from tests.integration.batch.batch_world import CUSTOMER, KEY_COLUMN, LEASES, NUMBERS, Killed, World, no_sleep
from tests.integration.batch.test_batch_any_faults import small_world
from tests.integration.guarantees.history_troubles import (
    CHANNELS,
    CRASHES,
    FAULTS,
    HALF_AN_HOUR,
    LAG,
    LATE,
    LEASE,
    MOST_LINES,
    NEWS,
    PLACES,
    RUNS,
    SOME_NEWS,
    TAKEOVERS,
    VALUES,
    News,
    board,
    dying,
    in_a_thread,
    in_threads,
    run,
    same_random,
)
from tests.integration.guarantees.history_world import (
    COLUMNS,
    NOTES,
    OTHER_CUSTOMER,
    PRICE,
    QUANTITY,
    SEASON,
    SIZES,
    new_line,
    rewrite_source,
    sides,
    unlike,
)

if TYPE_CHECKING:
    from order_staging import RunResult
    from tests.integration.batch.batch_world import Row


class Histories(RuleBasedStateMachine):
    """Order lines of two customers, a board that people work on, and runners that fail."""

    # Which rules may follow hangs on the model alone: what the board holds may differ by the timing of threads when
    # hypothesis does a history again.

    template: ClassVar[Path]

    @initialize(
        news=st.lists(NEWS, min_size=1, max_size=4),
        keys=st.sampled_from(["honoured", "honoured", *IDEMPOTENCY]),
        key_column=st.sampled_from([KEY_COLUMN, KEY_COLUMN, None]),
        aliases=st.sampled_from([1, 2, 20]),
    )
    def begin(self, news: list[News], keys: str, key_column: str | None, aliases: int) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = MovingClock()
        self.keys_are_kept = keys == "honoured"
        sandbox = board(self.clock, keys)
        outside = Outside(now=self.clock.naive, sleep=self.clock.sleep, random=same_random())
        folder = Path(self.folder.name)
        self.context = small_world(self.template, folder, [], sandbox=sandbox, outside=outside)
        self.world: World = self.context.__enter__()
        self.settings = {
            "key_column": key_column,
            "aliases": aliases,
            "recovery_delay": LAG,
            "lease_seconds": LEASE,
        }
        self.rows: list[Row] = []
        self.numbers = 0
        self.happen(news)

    # The source

    @rule(news=st.lists(NEWS, min_size=1, max_size=3))
    def the_source_changes(self, news: list[News]) -> None:
        self.happen(news)

    @precondition(lambda self: 0 < len(self.rows) < MOST_LINES and self.settings["key_column"])
    @rule(place=PLACES)
    def a_row_is_inserted_that_differs_in_its_uuid_alone(self, place: int) -> None:
        self.rows.append(self.row(place) | {"record_uuid": UUID(int=next(NUMBERS))})
        rewrite_source(self.world, self.rows)

    @precondition(lambda self: self.rows)
    @rule(place=PLACES)
    def a_row_is_removed(self, place: int) -> None:
        self.rows.remove(self.row(place))
        rewrite_source(self.world, self.rows)

    @precondition(lambda self: self.rows)
    @rule(place=PLACES)
    def a_row_comes_back_under_a_fresh_uuid(self, place: int) -> None:
        self.change(place, record_uuid=UUID(int=next(NUMBERS)))

    # People

    @rule(place=PLACES, name=st.sampled_from([PRICE, NOTES]), value=VALUES)
    def people_write_into_an_item(self, place: int, name: str, value: str) -> None:
        if not self.world.sandbox.items():
            return
        written: Any = {"text": value} if name == NOTES else value
        self.world.sandbox.person.change_values(self.item(place), {COLUMNS[name][1]: written})

    @rule(place=PLACES, quantity=VALUES)
    def people_write_into_a_subitem(self, place: int, quantity: str) -> None:
        if not self.world.sandbox.subitems():
            return
        self.world.sandbox.person.change_values(self.subitem(place), {QUANTITY: quantity})

    @rule(place=PLACES, archive=st.booleans())
    def people_take_an_item_away(self, place: int, archive: bool) -> None:
        if not self.world.sandbox.items():
            return
        person = self.world.sandbox.person
        (person.archive_item if archive else person.delete_item)(self.item(place))

    @rule(place=PLACES)
    def people_delete_a_subitem(self, place: int) -> None:
        if not self.world.sandbox.subitems():
            return
        self.world.sandbox.person.delete_item(self.subitem(place))

    # Time, and monday.com

    @rule()
    def half_an_hour_passes(self) -> None:
        self.clock.advance(HALF_AN_HOUR)

    @rule()
    def keys_are_forgotten(self) -> None:
        self.keys_are_kept = False
        self.world.sandbox.forget()

    # Runs

    @rule(news=SOME_NEWS, with_changes=st.booleans(), channel=CHANNELS)
    def a_run(self, news: list[News], with_changes: bool, channel: str) -> None:
        self.happen(news)
        self.run(with_changes, channel)

    @rule(news=SOME_NEWS, with_changes=st.booleans(), channel=CHANNELS, faults=FAULTS)
    def a_run_with_faults(
        self, news: list[News], with_changes: bool, channel: str, faults: list[Fault]
    ) -> None:
        self.happen(news)
        for fault in faults:
            self.world.sandbox.faults.add(fault)
        try:
            self.run(with_changes, channel)
        except DestinationError:
            pass
        finally:
            self.world.sandbox.faults.clear()

    @rule(
        news=SOME_NEWS,
        with_changes=st.booleans(),
        channel=CHANNELS,
        point=CRASHES,
        at=st.sampled_from([1, 1, 2, 3]),
        then=st.sampled_from(["its lease is taken away", "its lease runs out", "its lease lives on"]),
    )
    def a_run_dies(
        self, news: list[News], with_changes: bool, channel: str, point: Failpoint, at: int, then: str
    ) -> None:
        self.happen(news)
        with dying(point, at) as died:
            try:
                self.run(with_changes, channel)
            except Killed:
                died.append(True)
        if then == "its lease is taken away":
            self.world.database.execute(f'UPDATE "{LEASES}" SET holder = NULL, expires_date = NULL')
        elif then == "its lease runs out":
            self.clock.advance(LEASE + 1)

    @rule(
        news=SOME_NEWS,
        with_changes=st.booleans(),
        channel=CHANNELS,
        point=TAKEOVERS,
        at=st.sampled_from([1, 1, 2]),
    )
    def a_runner_is_taken_over(
        self, news: list[News], with_changes: bool, channel: str, point: Failpoint, at: int
    ) -> None:
        self.happen(news)
        if point in LATE and not self.keys_are_kept:
            return
        others: list[RunResult] = []

        def take_over() -> None:
            self.clock.advance(LEASE + 1)
            in_a_thread(lambda: others.append(self.run(with_changes, channel)))

        with armed(point, take_over, at=at):
            self.run(with_changes, channel)

    @rule(news=SOME_NEWS, with_changes=st.booleans())
    def two_runners_at_once(self, news: list[News], with_changes: bool) -> None:
        self.happen(news)
        # A clock that sleepers move would let a lease run out while its holder's request is under way.
        outside = Outside(now=self.clock.naive, sleep=no_sleep, random=same_random())
        world = World(self.world.database, self.world.sandbox, self.world.settings_for, outside)
        in_threads(*[lambda: run(world, self.settings, with_changes, "items")] * 2)

    @rule()
    def everything_comes_to_rest(self) -> None:
        world = self.world
        self.clock.advance(LEASE + 1)
        before = sides(world)
        for _ in range(RUNS):
            mutations = len(world.sandbox.executed)
            if self.run(with_changes=True, channel="items").status == "nothing_to_do" and self.no_lease():
                break
        else:
            pytest.fail(f"still not done after {RUNS} runs: {world.states()}")
        assert len(world.sandbox.executed) == mutations
        check(world, settled_at=mutations)
        assert list(unlike(world, self.rows, before)) == []

    @precondition(lambda self: hasattr(self, "world"))
    @invariant()
    def the_guarantees_hold(self) -> None:
        check(self.world, at_rest=False)

    def teardown(self) -> None:
        if not hasattr(self, "context"):
            return
        try:
            self.everything_comes_to_rest()
        finally:
            self.context.__exit__(None, None, None)
            self.folder.cleanup()

    def run(self, with_changes: bool, channel: str) -> RunResult:
        return run(self.world, self.settings, with_changes, channel)

    def happen(self, news: list[News]) -> None:
        for name, place, value in news:
            if self.rows and name != "a row":
                said = value and (int(value) if name in SIZES else f"202{value}" if name == SEASON else value)
                self.row(place)[name] = said
            elif len(self.rows) < MOST_LINES:
                self.numbers += 1
                customer = OTHER_CUSTOMER if place == 0 else CUSTOMER
                self.rows.append(new_line(self.numbers, customer, M=value and int(value)))
        rewrite_source(self.world, self.rows)

    def no_lease(self) -> bool:
        return not any(row["holder"] for row in self.world.database.rows(LEASES))

    def row(self, place: int) -> Row:
        return self.rows[place % len(self.rows)]

    def change(self, place: int, **values: Any) -> None:
        self.row(place).update(values)
        rewrite_source(self.world, self.rows)

    def item(self, place: int) -> str:
        items = self.world.sandbox.items()
        return items[place % len(items)].id

    def subitem(self, place: int) -> str:
        subitems = self.world.sandbox.subitems()
        return subitems[place % len(subitems)].id


def test_any_history_of_the_source_people_faults_and_crashes_keeps_the_guarantees(
    sqlite_template: Path,
) -> None:
    Histories.template = sqlite_template
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=300 if WHOLE else 8,
            stateful_step_count=30 if WHOLE else 15,
            derandomize=not WHOLE,
            suppress_health_check=list(HealthCheck),
        ),
    )
