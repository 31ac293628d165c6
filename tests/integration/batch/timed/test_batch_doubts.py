"""Requests that are executed late, or wait before they leave: nothing is believed absent before it surely is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from order_staging import MondayClient
from order_staging.batch.context import Outside
from order_staging.monday import NewSubitemOf, Unknown
from order_staging.sandbox import Behaviour, fault_presets
from order_staging.sandbox.idempotency import IDEMPOTENCY
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import Killed, order_line, order_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from order_staging.monday import Mutation, Outcome
    from order_staging.sandbox import MovingClock
    from tests.integration.batch.batch_world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

DELAY = {"recovery_delay": 5}
LATE = timedelta(seconds=30)


class Late:
    """A monday.com that executes one request for items half a minute after its connection was lost."""

    def __init__(self, world: World, clock: MovingClock, which: int) -> None:
        """Take the number of the request, from 1."""
        self.clock, self.which, self.number = clock, which, 0
        self.before_it_leaves = timedelta(0)
        self.kills_at = 0
        self._due: list[tuple[datetime, MondayClient, Any, str | None]] = []
        self._send = MondayClient.carry_out
        world.outside = Outside(now=clock.naive, sleep=self.sleep)

    async def carry_out(
        self, client: MondayClient, rows: Sequence[Sequence[Mutation]], *, idempotency_key: str | None = None
    ) -> list[list[Outcome]]:
        if any(isinstance(mutation, NewSubitemOf) for row in rows for mutation in row):
            return await self._send(client, rows, idempotency_key=idempotency_key)
        self.number += 1
        if self.number == self.kills_at:
            raise Killed
        if self.number != self.which:
            return await self._send(client, rows, idempotency_key=idempotency_key)
        self.clock.advance(self.before_it_leaves.total_seconds())
        left = self.clock.naive()
        self._due.append((left + LATE, client, rows, idempotency_key))
        return [[Unknown("lost", sent=left)] for _ in rows]

    async def sleep(self, seconds: float) -> None:
        end = self.clock.naive() + timedelta(seconds=seconds)
        while self._due and self._due[0][0] <= end:
            due, client, rows, key = self._due.pop(0)
            self.clock.advance((due - self.clock.naive()).total_seconds())
            await self._send(client, rows, idempotency_key=key)
        self.clock.advance(max(0.0, (end - self.clock.naive()).total_seconds()))

    def listen(self, patch: pytest.MonkeyPatch) -> None:
        late = self

        async def carry_out(
            client: MondayClient, rows: Sequence[Sequence[Mutation]], **options: Any
        ) -> list[list[Outcome]]:
            return await late.carry_out(client, rows, **options)

        patch.setattr(MondayClient, "carry_out", carry_out)

    @property
    def is_over(self) -> bool:
        """Whether the late request was executed."""
        return self.number >= self.which and not self._due


class TestKeysThatMeanNothing:
    """Each of these must hold by the board alone."""

    @pytest.fixture
    def behaviour(self) -> Behaviour:
        return Behaviour(idempotency=IDEMPOTENCY["ignored"])

    def test_a_request_that_is_executed_late_is_not_sent_again(
        self, world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.add(*order_lines(2))
        late = Late(world, clock, 1)
        late.listen(monkeypatch)
        result = world.run(settings=DELAY)
        assert late.is_over
        assert (result.orders.adopted, late.number) == (2, 1)
        check(world)

    def test_a_request_that_is_executed_late_when_it_left_again_is_not_sent_a_third_time(
        self, world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.add(*order_lines(2))
        late = Late(world, clock, 2)
        late.kills_at = 1
        late.listen(monkeypatch)
        with pytest.raises(Killed):
            world.run(settings=DELAY)
        world.forget_leases()
        clock.advance(600)
        result = world.run(settings=DELAY)
        assert late.is_over
        assert (result.orders.adopted, late.number) == (2, 2)
        check(world)

    def test_doubt_begins_when_a_request_leaves_and_not_with_its_intent(
        self, world: World, clock: MovingClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.add(*order_lines(2))
        late = Late(world, clock, 1)
        # As long as a request may wait for limits: its key is too old by then.
        late.before_it_leaves = timedelta(minutes=26)
        late.listen(monkeypatch)
        result = world.run(settings=DELAY)
        assert late.is_over
        assert (result.orders.adopted, late.number) == (2, 1)
        check(world)


def test_an_item_that_a_name_was_matched_with_may_turn_out_to_be_another_rows(world: World) -> None:
    """Of two rows of one name one was never executed, and the other is there: only its key tells which."""
    world.add(order_line(1), order_line(1))
    world.sandbox.faults.add(fault_presets.drop_before(operation="create_item"))
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="create_item"))
    result = world.run(settings=DELAY | {"key_column": None, "aliases": 1})
    assert result.status == "COMPLETED"
    assert len(world.sandbox.items()) == len(
        {row["Item ID"] for row in world.database.rows("MON_CustMasterSchedule")}
    )
    assert len(world.sandbox.subitems()) == 4
    for item in world.sandbox.items():
        assert len(world.sandbox.subitems(item.id)) == 2
