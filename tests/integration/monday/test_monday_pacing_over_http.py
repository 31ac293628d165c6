"""The client paces itself by what the sandbox's plans allow: one clock for both sides, and no real waiting."""

from __future__ import annotations

import asyncio
from itertools import product
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.errors import DailyLimitError, RequestTooLargeError
from order_staging.monday import ChangeValues, Created, MondayClient, MoveItem, Mutation, NewItem, NewSubitem
from order_staging.sandbox import MutationCosts, Sandbox, SandboxServer
from order_staging.sandbox.behaviour import Behaviour
from order_staging.sandbox.clock import MovingClock
from order_staging.sandbox.plans import ENTERPRISE, FREE, PRO, STANDARD, Plan
from order_staging.sandbox.refused_by_limits import RefusalStyle
from order_staging.sandbox.windows import WindowKind
from tests.guarantees.lengths import in_turn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

BOARD_ID = 9200517329
HANDFUL = 5
PLANS = pytest.mark.parametrize("plan", [FREE, STANDARD, PRO, ENTERPRISE], ids=lambda plan: plan.name)
COSTS = pytest.mark.parametrize("cost", [10_000, 30_000])
WINDOWS = pytest.mark.parametrize("window", list(WindowKind))


@pytest.fixture
def clock() -> MovingClock:
    return MovingClock()


class Account:
    """A sandbox of a plan, and what connects to it."""

    def __init__(self, clock: MovingClock, plan: Plan, cost: int | MutationCosts, **behaviour: Any) -> None:
        self.clock = clock
        self.sandbox = Sandbox(
            plan=plan, clock=clock, sleep=clock.sleep, mutation_cost=cost, behaviour=Behaviour(**behaviour)
        )

    def client(self, url: str) -> MondayClient:
        return MondayClient(
            token="sandbox-token",
            board_id=BOARD_ID,
            url=url,
            now=self.clock.naive,
            sleep=self.clock.sleep,
            random=Random(1),  # noqa: S311 - spreads retries, keeps no secret
        )


async def connected(account: Account) -> AsyncIterator[MondayClient]:
    async with SandboxServer(account.sandbox) as server, account.client(server.url) as client:
        yield client


async def create(client: MondayClient, clock: MovingClock, *, requests: int, count: int) -> None:
    """Create groups of items' size by several requests; each takes the seconds that it takes in truth."""
    for number in range(requests):
        items = [NewItem(f"I{number}-{place}", "topics", "{}") for place in range(count)]
        outcomes = await client.create_items_with_retry(items)
        assert all(isinstance(outcome, Created) for outcome in outcomes)
        clock.advance(0.8)


@PLANS
@COSTS
@WINDOWS
async def test_a_long_run_meets_a_handful_of_refusals_at_most(
    clock: MovingClock, plan: Plan, cost: int, window: WindowKind
) -> None:
    account = Account(clock, plan, cost, window=window)
    requests, count = (19, 10) if plan is FREE else (70, 20)
    async for client in connected(account):
        await create(client, clock, requests=requests, count=count)
        assert client.usage.refusals <= HANDFUL
        assert client.most_at_once("create_item") == min(plan.complexity, 5_000_000) // cost
    assert len(account.sandbox.items()) == requests * count


@pytest.mark.parametrize(
    ("told", "account_of"),
    in_turn(
        [*product(RefusalStyle, [False, True], [0.8, 1.0, 1.5])], [*product([10_000, 30_000], WindowKind)]
    ),
)
async def test_so_does_one_whatever_the_server_tells(
    clock: MovingClock, told: tuple[RefusalStyle, bool, float], account_of: tuple[int, WindowKind]
) -> None:
    (style, headers, factor), (cost, window) = told, account_of
    account = Account(
        clock, FREE, cost, window=window, refusals=style, rate_limit_headers=headers, estimate_factor=factor
    )
    async for client in connected(account):
        await create(client, clock, requests=33, count=6)
        assert client.usage.refusals <= HANDFUL


@WINDOWS
async def test_several_lanes_share_the_budget(clock: MovingClock, window: WindowKind) -> None:
    account = Account(clock, FREE, 30_000, window=window)
    async for client in connected(account):
        await asyncio.gather(*(create(client, clock, requests=6, count=7) for _ in range(4)))
        assert client.usage.refusals <= HANDFUL
    assert len(account.sandbox.items()) == 168


async def test_two_runners_share_an_account_without_talking_to_each_other(clock: MovingClock) -> None:
    account = Account(clock, STANDARD, 30_000)
    async with (
        SandboxServer(account.sandbox) as server,
        account.client(server.url) as one,
        account.client(server.url) as other,
    ):
        await asyncio.gather(
            create(one, clock, requests=40, count=20), create(other, clock, requests=40, count=20)
        )
    assert len(account.sandbox.items()) == 1600


async def test_subitems_have_a_cost_of_their_own(clock: MovingClock) -> None:
    account = Account(clock, FREE, 10_000)
    async for client in connected(account):
        parent = await client.create_item_with_retry(NewItem("A", "topics", "{}"))
        # Before its own cost is known its kin's stands in.
        assert client.most_at_once("create_subitem") == 100
        for number in range(30):
            sizes = [(parent, NewSubitem(f"S{number}-{place}", "{}")) for place in range(3)]
            await client.create_subitems_with_retry(sizes)
        assert client.most_at_once("create_subitem") == 100
        assert client.usage.refusals <= HANDFUL


@WINDOWS
@pytest.mark.parametrize("factor", [1.0, 1.5])
@pytest.mark.parametrize("change", [3_000, 30_000])
async def test_requests_that_change_and_move_items_are_paced_by_the_cost_of_each_kind(
    clock: MovingClock, window: WindowKind, factor: float, change: int
) -> None:
    costs = MutationCosts(10_000, {"change_multiple_column_values": change, "move_item_to_group": 1_000})
    account = Account(clock, FREE, costs, window=window, estimate_factor=factor)
    async for client in connected(account):
        await create(client, clock, requests=2, count=10)
        group = account.sandbox.person.add_group("Moved")
        items = [int(item.id) for item in account.sandbox.items()]
        for number in range(40):
            rows: list[list[Mutation]] = [
                [ChangeValues(BOARD_ID, item, f'{{"text_mkr5ej2x":"{number}"}}'), MoveItem(item, group)]
                for item in items[: 1 + number % 20]
            ]
            rows[0] = rows[0][:1]
            outcomes = await client.carry_out(rows)
            assert all(isinstance(outcome, Created) for row in outcomes for outcome in row)
            clock.advance(0.8)
        assert client.usage.refusals <= HANDFUL
        # What is known of creations is as it was.
        assert client.most_at_once("create_item") in range(60, 101)


async def test_more_items_than_a_minute_has_points_for_are_to_be_sent_in_parts(clock: MovingClock) -> None:
    account = Account(clock, FREE, 30_000)
    async for client in connected(account):
        with pytest.raises(RequestTooLargeError):
            await client.create_items_with_retry([NewItem("A", "topics", "{}")] * 40)
        assert account.sandbox.executed == ()
        most = client.most_at_once("create_item")
        assert most is not None
        assert most < 40


async def test_the_days_calls_end_a_run_and_say_when_the_next_ones_come(clock: MovingClock) -> None:
    tiny = Plan("tiny", 10_000_000, 1_000, 40, 2)
    account = Account(clock, tiny, 10_000)
    async for client in connected(account):
        with pytest.raises(
            DailyLimitError, match="it ends at 2026-11-03 00:00 UTC; run again then"
        ) as caught:
            await create(client, clock, requests=9, count=1)
    assert f"{caught.value.until:%Y-%m-%d %H:%M:%S}" == "2026-11-03 00:00:00"


async def test_the_requests_of_a_minute_are_waited_for_before_they_are_refused(clock: MovingClock) -> None:
    slow = Plan("slow", 10_000_000, 10, 40, 1_000)
    account = Account(clock, slow, 10_000)
    async for client in connected(account):
        await create(client, clock, requests=45, count=1)
        assert (client.usage.refusals, client.usage.waited > 100) == (0, True)
