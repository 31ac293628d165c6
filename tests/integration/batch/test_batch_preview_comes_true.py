"""Whatever has happened before, a preview tells the numbers of the run after it: histories are drawn."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from order_staging.errors import UnknownCustomerError
from tests.integration.batch.batch_changes import change, sent
from tests.integration.batch.batch_world import (
    CUSTOMER,
    STG_SUB,
    WRITES,
    Killed,
    Wiretap,
    as_uuid,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from order_staging import BatchResult, PreviewResult, RunResult
    from tests.integration.batch.batch_world import Row, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PRICE = "numeric_mkr5cact"
NAMES = (CUSTOMER, "GREYSON", "greyson ", "PELOTON", None)
"""Three of them are one customer; a row without any is invalid."""
SENT = ("SENDING", "UNKNOWN")
"""States of rows of which nobody knows whether they are on the board: a run looks for them there."""
VALUES: dict[str, tuple[Any, ...]] = {
    "CUSTOMER PRICE": ("12", "13", "n/a", None),
    "ORDER TYPE": ("ACTIVE", "NEW 1", "NEW 2"),
    "AAG SEASON": ("2025 FALL", "2027 FALL"),
    "S": (None, 1, 8),
    "M": (5, 6, 6, 6, -4),
    "L": (None, 6),
}


SEEDS = (12, 22, 25, 28, 33, 35)
"""Of the first sixty those that bring the most together: changes left by runs that died, conflicts, items that
people deleted, moves, rows gone from the source or recognised, and rows that wait."""


class History:
    """What happens to a world before it is previewed: drawn from a seed, and told in `log`."""

    def __init__(self, world: World, seed: int, patch: pytest.MonkeyPatch) -> None:
        self.world, self.random, self.patch = world, Random(seed), patch  # noqa: S311 - no secret
        self.log: list[str] = []
        self.uuids = 10**12 * (seed + 1)

    def fresh_uuid(self) -> UUID:
        self.uuids += 1
        return UUID(int=self.uuids)

    def act(self) -> None:
        acts: dict[Callable[[], None], float] = {
            self.load: 2,
            self.edit: 6,
            self.rebuild: 0.5,
            self.double: 0.2,
            self.forget: 0.5,
            self.people: 4,
            self.run: 1,
            self.die: 3,
            self.stage: 1,
            self.items_alone: 1,
        }
        act = self.random.choices(list(acts), list(acts.values()))[0]
        self.log.append(act.__name__)
        act()

    def load(self) -> None:
        self.world.add(*(self.line() for _ in range(self.random.randint(1, 4))))

    def line(self) -> Row:
        draw = self.random
        name = draw.choices(NAMES, (6, 3, 1, 3, 0.2))[0]
        values = {column: draw.choice(found) for column, found in VALUES.items() if draw.random() < 0.3}
        # No business key belongs to two customers: the preview cannot tell which of them a run comes to first.
        number = draw.randint(1, 8) + {"PELOTON": 100, None: 200}.get(name, 0)
        known = {"CUSTOMER NAME": name, "PO NUMBER": draw.choice(("4755", "4755 ", "9999"))}
        uuid = None if draw.random() < 0.03 else self.fresh_uuid()
        return order_line(number, **(known | {"record_uuid": uuid} | values))

    def chosen(self, most: int) -> list[str]:
        found = {row["record_uuid"] for row in self.world.database.rows("ORDERS_UNIFIED")}
        uuids = sorted(str(as_uuid(each)) for each in found if each is not None)
        return self.random.sample(uuids, min(len(uuids), most))

    def set(self, uuid: str, column: str, value: object) -> None:
        statement = f'UPDATE "ORDERS_UNIFIED" SET "{column}" = :value WHERE record_uuid = :uuid'
        self.world.database.execute(statement, value=value, uuid=UUID(uuid).hex)

    def edit(self) -> None:
        for uuid in self.chosen(3):
            column = self.random.choice(["CUSTOMER PRICE", *VALUES])
            self.set(uuid, column, self.random.choice(VALUES[column]))

    def rebuild(self) -> None:
        for uuid in self.chosen(3):
            self.set(uuid, "record_uuid", self.fresh_uuid().hex)

    def double(self) -> None:
        match self.chosen(2):
            case [uuid, other]:
                self.set(uuid, "record_uuid", UUID(other).hex)

    def forget(self) -> None:
        for uuid in self.chosen(1):
            statement = 'DELETE FROM "ORDERS_UNIFIED" WHERE record_uuid = :uuid'
            self.world.database.execute(statement, uuid=UUID(uuid).hex)

    def people(self) -> None:
        items = self.world.sandbox.items()
        if not items:
            return
        item, person = self.random.choice(items), self.world.sandbox.person
        below = self.world.sandbox.subitems(item.id)
        kind = self.random.random()
        if kind < 0.6:
            for each in items:
                person.change_values(each.id, {PRICE: self.random.choice(("11", "12"))})
        elif kind < 0.8 or not below:
            person.delete_item(item.id)
        else:
            person.delete_item(self.random.choice(below).id)

    def run(self) -> None:
        self.world.run(changes=self.random.random() < 0.5)

    def stage(self) -> None:
        self.world.service().load_new_orders_to_staging(CUSTOMER)

    def items_alone(self) -> None:
        self.world.run(subitems=False)

    def die(self) -> None:
        moment, kind = self.random.choice(("before", "after")), self.random.choice(("items", "subitems"))
        with self.patch.context() as patch:
            Wiretap.killing(moment, 1).on(patch, kind)
            try:
                self.world.run(changes=self.random.random() < 0.8)
            except Killed:
                self.world.forget_leases()

    def choice(self) -> tuple[list[str] | None, Row]:
        """Draw what is previewed, and run: customers, and options."""
        draw = self.random
        options: Row = {"changes": draw.random() < 0.8}
        if draw.random() < 0.3:
            options["po"] = draw.choice(("4755", "9999"))
        if draw.random() < 0.3:
            options["limit"] = draw.randint(1, 4)
        return draw.choice((None, ["GREYSON"], ["greyson clothiers", "PELOTON"])), options


@pytest.mark.parametrize("seed", SEEDS)
def test_a_preview_tells_what_the_run_then_does(
    world: World, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(world, seed, monkeypatch)
    history.load()
    history.run()
    for _ in range(4):
        for _ in range(history.random.randint(1, 4)):
            history.act()
        customers, options = history.choice()
        history.log.append(f"{customers} {options}")
        try:
            told = world.service().preview(customers, rows=100, **options)
        except UnknownCustomerError:
            continue
        before = Before(world)
        done = world.service().process_customers(customers, **options)
        wrong = list(before.differences(told, done, with_changes=options["changes"]))
        assert not wrong, (history.log, wrong)


class Before:
    """What was there when a run began: which of its numbers the preview cannot know."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.executed, self.requests = len(world.sandbox.executed), len(world.sandbox.requests)
        states = world.states() + world.states(STG_SUB)
        self.in_doubt = any(states[state] for state in SENT)
        self.on_its_way = bool(states["API_SUCCESS"])

    def differences(
        self, told: PreviewResult, done: RunResult, *, with_changes: bool
    ) -> Iterator[tuple[Any, ...]]:
        """List each number that the preview told otherwise than the run made it."""
        forecasts = {each.customer: each for each in told.customers}
        assert forecasts.keys() <= {batch.customer for batch in done.batches}
        relinked = any(batch.orders.relinked for batch in done.batches)
        compares = with_changes or told.total("waiting_changes")
        known = not (compares and (relinked or self.on_its_way))
        for batch in done.batches:
            forecast = forecasts.get(batch.customer)
            for name, made in numbers(batch, known=known).items():
                found = sum(getattr(forecast, each) for each in name.split(" + ")) if forecast else 0
                if found != made:
                    yield batch.customer, name, found, made
        if not known:
            return
        mutations = [one.operation for one in self.world.sandbox.executed[self.executed :]]
        written = sum(operation.startswith(WRITES) for operation in mutations)
        requests = len(self.world.sandbox.requests) - self.requests
        groups = sum(batch.groups.created for batch in done.batches)
        pairs = [("groups", told.new_groups, groups)]
        if not self.in_doubt:
            pairs += [
                ("mutations", told.estimate.mutations, written),
                ("calls", told.estimate.calls, requests),
            ]
        yield from ((name, found, made) for name, found, made in pairs if found != made)


def numbers(batch: BatchResult, *, known: bool) -> dict[str, int]:
    """Give the numbers of a batch by the names, or sums of names, that a preview has for them."""
    orders, subitems = batch.orders, batch.subitems
    found = {"items": orders.loaded, "subitems": subitems.loaded, "relinked": orders.relinked}
    found["items + waiting_orders"] = orders.on_board + orders.rejected
    if not known:
        return found
    found["subitems + waiting_subitems + sizes_changed"] = (
        subitems.on_board + subitems.changed + subitems.rejected
    )
    found["conflicts"] = orders.conflicts + subitems.conflicts
    both = ("invalid", "updated", "moved", "removed", "deleted", "unchanged")
    return found | {name: getattr(orders, name) for name in both}


@pytest.mark.parametrize("customers", [1, 3])
def test_calls_and_mutations_are_those_that_the_run_makes(world: World, customers: int) -> None:
    names = (CUSTOMER, "PELOTON", "ZED")[:customers]
    for name in names:
        world.add(*order_lines(2, **{"CUSTOMER NAME": name}))
    assert _foreseen(world) == 8 * customers - customers
    world.add(order_line(9, **{"AAG SEASON": "2026 FALL", "CUSTOMER NAME": names[-1]}))
    world.database.execute(
        """UPDATE "ORDERS_UNIFIED" SET "CUSTOMER PRICE" = '7', "S" = 9 WHERE "AAG ORDER NUMBER" = 'JOO-00001'"""
    )
    world.database.execute(
        """UPDATE "ORDERS_UNIFIED" SET "AAG SEASON" = '2027 FALL' WHERE "AAG ORDER NUMBER" = 'JOO-00002'"""
    )
    # A price, a size, and what goes to another, new group is changed and moved.
    assert _foreseen(world, changes=True) == 5 * customers + 4


def _foreseen(world: World, **options: Any) -> int:
    """Check that a run makes the calls and mutations that its preview told; give the mutations."""
    told = world.service().preview(**options).estimate
    executed, requests = len(world.sandbox.executed), len(world.sandbox.requests)
    world.service().process_customers(**options)
    mutations = len(sent(world, executed))
    assert (told.calls, told.mutations) == (len(world.sandbox.requests) - requests, mutations)
    return mutations


def test_changes_that_a_run_left_are_decided_anew_and_counted_once(
    world: World, delivered: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = delivered(3)
    change(world, rows[0], **{"CUSTOMER PRICE": "12"})
    change(world, rows[1], **{"CUSTOMER PRICE": "12", "S": 9, "L": 4})
    with monkeypatch.context() as patch:
        Wiretap.killing("after", 1).on(patch)
        with pytest.raises(Killed):
            world.run(changes=True)
    world.forget_leases()
    # What was sent is no edit of people's, and a change that the source has taken back is sent no more.
    change(world, rows[0], **{"CUSTOMER PRICE": None})
    change(world, rows[1], **{"CUSTOMER PRICE": "13", "S": 3})
    for with_changes in (False, True):
        found = world.service().preview([CUSTOMER], changes=with_changes)
        (customer,) = found.customers
        assert (customer.waiting_changes, customer.waiting_subitems, customer.waiting_orders) == (2, 1, 0)
        assert (customer.updated, customer.sizes_changed, customer.conflicts) == (2, 0, 0)
        assert (found.estimate.mutations, found.tells_changes) == (3, True)
    before = len(world.sandbox.executed)
    result = world.run()
    assert (result.orders.updated, result.subitems.created, result.orders.conflicts) == (2, 1, 0)
    assert len(sent(world, before)) == 3
    assert world.service().preview([CUSTOMER], changes=True).status == "nothing_to_do"
