"""The client against the sandbox, over HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from order_staging.errors import (
    AuthenticationError,
    DailyLimitError,
    DestinationError,
    OutcomeUnknownError,
    RateLimitError,
    RequestTooLargeError,
    TerminalError,
    TransientError,
)
from order_staging.monday import (
    Created,
    MondayClient,
    NewItem,
    NewSubitem,
    NotExecuted,
    Rejected,
    Unknown,
)
from order_staging.sandbox import Fault, FaultKind, Sandbox, SandboxServer, bodies, fault_presets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

KEY_COLUMN = "text_source_uuid"
BOARD_ID = 9200517329
INSTEAD, DROPPED = FaultKind.ANSWER_INSTEAD, FaultKind.EXECUTE_THEN_DROP


@dataclass
class Naps:
    """Sleeps without sleeping, and remembers for how long."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Halves(Random):
    """Randomness that always gives the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


class Barrier:
    """A sleep that ends for all once so many sleep."""

    def __init__(self, parties: int) -> None:
        self.missing = parties
        self.full = asyncio.Event()

    async def __call__(self, _: float) -> None:
        self.missing -= 1
        if not self.missing:
            self.full.set()
        await self.full.wait()


@pytest.fixture
def naps() -> Naps:
    return Naps()


@asynccontextmanager
async def connected(url: str, naps: Naps | None = None, **changes: Any) -> AsyncIterator[MondayClient]:
    values: dict[str, Any] = {
        "token": "sandbox-token",
        "board_id": BOARD_ID,
        "url": url,
        "key_column": KEY_COLUMN,
        "request_timeout": 10,
        "max_attempts": 3,
        "sleep": naps or Naps(),
        "random": Halves(),
    }
    async with MondayClient(**values | changes) as client:
        yield client


@pytest.fixture
async def client(sandbox_url: str, naps: Naps) -> AsyncIterator[MondayClient]:
    async with connected(sandbox_url, naps) as client:
        yield client


def items(*names: str, key: str | None = None) -> list[NewItem]:
    values = json.dumps({KEY_COLUMN: key} if key else {})
    return [NewItem(name, "topics", values) for name in names]


def names(sandbox: Sandbox) -> list[str]:
    return [item.name for item in sandbox.items()]


def titles(sandbox: Sandbox) -> list[str]:
    return [group.title for group in sandbox.groups()]


def asked(sandbox: Sandbox, operation: str) -> int:
    """Count the requests with a root field."""
    return sum(operation in request.operations for request in sandbox.requests)


def keys(sandbox: Sandbox) -> list[str | None]:
    return [request.headers.get("idempotency-key") for request in sandbox.requests]


def answer(
    body: str | Mapping[str, object], status: int = 429, headers: Mapping[str, str] | None = None, **more: Any
) -> Fault:
    return Fault(INSTEAD, status=status, body=body, headers=headers or {}, **more)


class TestBoard:
    async def test_it_is_read_with_its_columns_groups_and_capacity(self, client: MondayClient) -> None:
        board = await client.board()
        assert (board.id, board.name) == (BOARD_ID, "Customer Master Schedule")
        assert (board.items_count, board.items_limit) == (0, 10_000)
        assert [group.title for group in board.groups] == ["Orders"]
        column = board.column(KEY_COLUMN)
        assert column is not None
        assert column.type == "text"
        assert board.column("text_that_is_not_there") is None

    async def test_the_board_of_the_subitems_is_known_after_the_first_one(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        assert (await client.board()).subitem_board_id is None
        parent = await client.create_item_with_retry(items("A")[0])
        await client.create_subitem_with_retry(parent, NewSubitem("Size M", "{}"))
        assert (await client.board()).subitem_board_id == int(sandbox.subitem_board_id)

    async def test_another_board_leaves_the_groups_of_this_one_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        parent = await client.create_item_with_retry(items("A")[0])
        await client.create_subitem_with_retry(parent, NewSubitem("Size M", "{}"))
        await client.board()
        await client.board(int(sandbox.subitem_board_id))
        with pytest.raises(TerminalError, match="refused the group"):
            await client.ensure_group("S" * 256)  # looked for, not found among another board's
        assert await client.ensure_group("Orders") == "topics"

    async def test_a_board_that_is_not_there_names_the_setting(self, sandbox_url: str) -> None:
        async with connected(sandbox_url, board_id=404) as client:
            with pytest.raises(TerminalError, match=r"no board 404.*ORDER_STAGING_BOARD_ID"):
                await client.board()


class TestGroups:
    async def test_one_that_is_there_is_used(self, client: MondayClient, sandbox: Sandbox) -> None:
        group_id = sandbox.person.add_group("GREYSON CLOTHIERS 2025 FALL")
        assert await client.ensure_group("GREYSON CLOTHIERS 2025 FALL") == group_id
        assert sandbox.executed == ()

    async def test_those_that_are_missing_are_created_by_one_request(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        wanted = ["A", "Orders", "深 \N{T-SHIRT} \"'\n", "A"]
        groups = await client.ensure_groups(wanted)
        assert sorted(titles(sandbox)) == sorted(["A", "Orders", "深 \N{T-SHIRT} \"'\n"])
        assert groups == {group.title: group.id for group in sandbox.groups()}
        assert (client.groups.created, asked(sandbox, "create_group")) == (2, 1)

    async def test_one_is_looked_up_once(self, client: MondayClient, sandbox: Sandbox) -> None:
        await client.ensure_group("A")
        before = len(sandbox.requests)
        assert await client.ensure_group("A") == await client.ensure_group("A")
        assert len(sandbox.requests) == before

    async def test_no_titles_need_no_request(self, client: MondayClient, sandbox: Sandbox) -> None:
        assert await client.ensure_groups([]) == {}
        assert sandbox.requests == ()

    async def test_two_that_ask_at_once_create_it_once(self, client: MondayClient, sandbox: Sandbox) -> None:
        first, second = await asyncio.gather(client.ensure_group("A"), client.ensure_group("A"))
        assert first == second
        assert titles(sandbox).count("A") == 1

    async def test_one_that_somebody_else_created_meanwhile_is_used(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        await client.board()
        group_id = sandbox.person.add_group("A")
        assert await client.ensure_group("A") == group_id
        assert sandbox.executed == ()

    async def test_two_runners_that_create_it_at_the_same_time_end_with_the_same_one(self) -> None:
        sandbox = Sandbox(sleep=Barrier(2))
        # Both have seen a board without it before either creates it.
        sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_group", seconds=1, times=2))
        async with (
            SandboxServer(sandbox) as server,
            connected(server.url) as one,
            connected(server.url) as other,
        ):
            first, second = await asyncio.gather(one.ensure_group("A"), other.ensure_group("A"))
        assert titles(sandbox).count("A") == 2
        assert first == second

    async def test_the_lowest_of_several_with_the_title_is_used_as_new_ones_go_on_top(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        older = sandbox.person.add_group("A")
        newer = sandbox.person.add_group("A")
        assert sandbox.groups()[0].id == newer
        assert await client.ensure_group("A") == older

    @pytest.mark.parametrize("gone", ["archive_group", "delete_group"])
    async def test_one_that_people_put_away_is_not_used(
        self, client: MondayClient, sandbox: Sandbox, gone: str
    ) -> None:
        old = sandbox.person.add_group("A")
        getattr(sandbox.person, gone)(old)
        assert await client.ensure_group("A") != old
        assert titles(sandbox).count("A") == 1

    async def test_a_title_that_monday_refuses_is_named(self, client: MondayClient, sandbox: Sandbox) -> None:
        with pytest.raises(TerminalError, match=r"refused the group 'LLL") as caught:
            await client.ensure_groups(["L" * 256])
        assert caught.value.code is not None
        assert asked(sandbox, "create_group") == 1

    async def test_one_whose_creation_has_no_answer_is_found_and_not_created_again(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(Fault(DROPPED, operation="create_group"))
        assert await client.ensure_group("A") in {group.id for group in sandbox.groups()}
        assert titles(sandbox).count("A") == 1

    async def test_one_whose_creation_never_arrived_is_created(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_group"))
        await client.ensure_group("A")
        assert titles(sandbox).count("A") == 1

    async def test_one_that_the_board_does_not_show_yet_is_not_created_again(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        empty: dict[str, Any] = {"data": {"boards": [{"groups": []}]}}
        sandbox.faults.add(answer(empty, 200, operation="boards", times=2))
        group_id = await client.ensure_group("A")
        assert [group.id for group in sandbox.groups() if group.title == "A"] == [group_id]

    async def test_one_that_never_comes_to_be_is_an_unknown_outcome(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, operation="create_group", times=99))
        with pytest.raises(OutcomeUnknownError, match="'A' could not be created"):
            await client.ensure_group("A")

    async def test_many_are_created_by_few_requests(self, client: MondayClient, sandbox: Sandbox) -> None:
        groups = await client.ensure_groups([f"G{number}" for number in range(45)])
        assert len(set(groups.values())) == 45
        assert asked(sandbox, "create_group") == 3


class TestCreating:
    async def test_an_item_is_on_the_board_with_its_values(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        name = '深 \N{T-SHIRT} "it\'s" \\ \n שלום'
        values = {KEY_COLUMN: name, "dropdown_mkr5tgaa": {"labels": ["NEW"]}, "numeric_mkr5cact": "28.86"}
        item_id = await client.create_item_with_retry(NewItem(name, "topics", json.dumps(values)))
        (item,) = sandbox.items()
        assert (int(item.id), item.name, item.group_id) == (item_id, name, "topics")
        assert [item.text(column) for column in values] == [name, "NEW", "28.86"]

    async def test_a_subitem_is_below_its_item(self, client: MondayClient, sandbox: Sandbox) -> None:
        parent = await client.create_item_with_retry(items("A")[0])
        values = json.dumps({"dropdown_mkrak7qp": {"labels": ["XL"]}, "numeric_mkra7j8e": "7"})
        subitem_id = await client.create_subitem_with_retry(parent, NewSubitem("Size XL", values))
        (subitem,) = sandbox.subitems(str(parent))
        assert (int(subitem.id), subitem.name) == (subitem_id, "Size XL")
        assert (subitem.text("dropdown_mkrak7qp"), subitem.text("numeric_mkra7j8e")) == ("XL", "7")

    async def test_many_travel_by_one_request_and_keep_their_order(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        outcomes = await client.create_items_with_retry(items(*(f"I{n:03}" for n in range(100))))
        assert outcomes == [Created(item.id) for item in sandbox.items()]
        assert names(sandbox) == [f"I{n:03}" for n in range(100)]
        assert len(sandbox.requests) == 1
        assert client.usage.complexity == 100 * 10_000

    async def test_one_that_is_refused_leaves_its_neighbours_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        outcomes = await client.create_items_with_retry(items("A", "N" * 256, "C"))
        first, second, third = outcomes
        assert isinstance(second, Rejected)
        assert (second.code, second.status) == ("ItemNameTooLongException", 200)
        assert [first, third] == [Created(item.id) for item in sandbox.items()]
        assert client.usage.failures == 1

    async def test_a_subitem_that_is_refused_leaves_its_neighbours_alone(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        parent = await client.create_item_with_retry(items("A")[0])
        outcomes = await client.create_subitems_with_retry(
            [(parent, NewSubitem("S", "{}")), (404, NewSubitem("M", "{}")), (parent, NewSubitem("L", "{}"))]
        )
        assert isinstance(outcomes[1], Rejected)
        assert outcomes[1].code == "InvalidItemIdException"
        assert [outcomes[0], outcomes[2]] == [Created(item.id) for item in sandbox.subitems()]

    async def test_each_alias_has_the_outcome_that_is_its_own(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        limit = {"code": "FIELD_LIMIT_EXCEEDED", "status_code": 429, "retry_in_seconds": 15}
        sandbox.faults.add(Fault(FaultKind.EXECUTE_ALIAS_THEN_FAIL, alias=1, message="late"))
        sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, alias=2, message="busy", extensions=limit))
        sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, alias=3, message="oops"))
        sandbox.faults.add(
            Fault(FaultKind.FAIL_ALIAS, alias=4, message="rule", extensions=bodies.validation_rule("x"))
        )
        outcomes = await client.create_items_with_retry(items("A", "B", "C", "D", "E", "F"))
        assert [type(one) for one in outcomes] == [Created, Unknown, NotExecuted, Unknown, Rejected, Created]
        assert outcomes[2] == NotExecuted("FIELD_LIMIT_EXCEEDED: busy", 15)
        words = "rule; 'Quantity' must be at least [5]"
        assert outcomes[4] == Rejected(words, "DATA_VALIDATIONS_ERROR", 422)
        assert names(sandbox) == ["A", "B", "F"]

    @pytest.mark.parametrize(
        ("extensions", "kind"),
        [
            ({"code": "ColumnValueException", "status_code": 200}, TerminalError),
            ({"code": "INTERNAL_SERVER_ERROR", "status_code": 500}, OutcomeUnknownError),
            ({"code": "FIELD_LIMIT_EXCEEDED", "retry_in_seconds": 15}, TransientError),
        ],
    )
    async def test_a_single_one_raises_what_became_of_it(
        self,
        client: MondayClient,
        sandbox: Sandbox,
        extensions: dict[str, object],
        kind: type[DestinationError],
    ) -> None:
        sandbox.faults.add(Fault(FaultKind.FAIL_ALIAS, message="no", extensions=extensions, times=2))
        with pytest.raises(kind, match="no"):
            await client.create_item_with_retry(items("A")[0])
        with pytest.raises(kind, match="no"):
            await client.create_subitem_with_retry(1, NewSubitem("A", "{}"))
        assert sandbox.items() == []

    async def test_a_document_that_monday_refuses_executes_nothing(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        with pytest.raises(TerminalError, match="provided invalid value"):
            await client.create_items_with_retry([*items("A"), NewItem("B", "topics", "{")])
        assert sandbox.executed == ()


class TestTryingAgain:
    @pytest.mark.parametrize(
        ("fault", "wait"),
        [
            (answer(bodies.minute_limit(58)), 58),
            (answer(bodies.concurrency_limit(15), 200), 15),
            (answer(bodies.complexity_limit(22), 429, {"Retry-After": "30"}), 30),
            (answer(bodies.locked(), 423, {"Retry-After": "4"}), 4),
            (answer(bodies.idempotency_conflict(), 409, {"Retry-After": "1"}), 1),
            (answer(bodies.TOO_MANY_REQUESTS_PAGE, 429, {"Retry-After": "30"}), 30),
            (answer(bodies.refused("x", code="RATE_LIMIT_EXCEEDED", retryAfterMs=2500)), 2.5),
        ],
    )
    async def test_it_waits_as_long_as_the_server_asks_and_a_little_more(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps, fault: Fault, wait: float
    ) -> None:
        sandbox.faults.add(fault)
        assert await client.create_items_with_retry(items("A")) == [Created(sandbox.items()[0].id)]
        assert naps.seconds == [wait + 0.5]
        assert (client.usage.calls, client.usage.retries, client.usage.failures) == (2, 1, 1)

    async def test_without_a_wait_of_the_servers_it_waits_longer_each_time(
        self, sandbox: Sandbox, sandbox_url: str, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.documented_concurrency_limit(), times=9))
        async with connected(sandbox_url, naps, max_attempts=10) as client:
            await client.create_items_with_retry(items("A"))
        assert naps.seconds == [1, 2, 4, 8, 16, 30, 30, 30, 30]

    @pytest.mark.parametrize(
        "fault",
        [answer(bodies.documented_concurrency_limit(), times=9), answer(bodies.locked(), 423, times=9)],
        ids=["limit", "lock"],
    )
    async def test_it_ends_after_so_many_attempts(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps, fault: Fault
    ) -> None:
        sandbox.faults.add(fault)
        with pytest.raises(TransientError) as caught:
            await client.create_items_with_retry(items("A"))
        assert (caught.value.wait, caught.value.status) == (None, fault.status)
        assert (len(sandbox.requests), len(naps.seconds)) == (3, 2)
        assert sandbox.executed == ()

    async def test_an_account_that_others_keep_busy_for_ten_minutes_is_waited_for(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.minute_limit(50), times=12))
        await client.create_items_with_retry(items("A"))
        assert sum(naps.seconds) > 600
        assert (client.usage.refusals, client.usage.waited) == (12, sum(naps.seconds))
        assert names(sandbox) == ["A"]

    @pytest.mark.parametrize("seconds", [0, 1, 58, 290])
    async def test_half_an_hour_of_refusals_is_enough_and_few_of_them_are_asked_for(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps, seconds: int
    ) -> None:
        sandbox.faults.add(answer(bodies.minute_limit(seconds), times=999))
        with pytest.raises(RateLimitError):
            await client.create_items_with_retry(items("A"))
        assert 1200 < sum(naps.seconds) <= 1800
        assert client.usage.refusals == len(sandbox.requests) <= 70

    async def test_mutations_that_are_refused_for_their_points_again_and_again_are_to_be_sent_in_parts(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(answer(bodies.complexity_limit(22), times=9))
        with pytest.raises(RequestTooLargeError):
            await client.create_items_with_retry(items("A", "B"))
        assert len(sandbox.requests) <= 4
        assert sandbox.executed == ()

    async def test_more_than_one_request_may_cost_is_not_sent_again(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.request_too_complex(6_000_000), 429))
        with pytest.raises(RequestTooLargeError):
            await client.create_items_with_retry(items(*"ABCDEF"))
        assert (len(sandbox.requests), naps.seconds, client.most_at_once("create_item")) == (1, [], 5)

    async def test_groups_that_are_too_much_for_one_request_are_created_in_parts(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(answer(bodies.request_too_complex(), 429, operation="create_group"))
        groups = await client.ensure_groups([f"G{number}" for number in range(6)])
        assert len(set(groups.values())) == 6
        assert titles(sandbox).count("G0") == 1

    async def test_a_wait_that_is_too_long_for_a_run_is_not_waited(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.minute_limit(3600)))
        with pytest.raises(TransientError):
            await client.create_items_with_retry(items("A"))
        assert (len(sandbox.requests), naps.seconds) == (1, [])

    async def test_a_daily_limit_is_not_waited_for(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.daily_limit(1)))
        with pytest.raises(DailyLimitError, match=r"it ends at .* UTC; run again then"):
            await client.create_items_with_retry(items("A"))
        assert (len(sandbox.requests), naps.seconds) == (1, [])

    @pytest.mark.parametrize("operation", ["create_item", "create_subitem", "create_group"])
    async def test_every_mutation_has_a_key_of_its_own_and_keeps_it_when_sent_again(
        self, client: MondayClient, sandbox: Sandbox, operation: str
    ) -> None:
        sandbox.faults.add(answer(bodies.minute_limit(1), operation=operation, times=2))
        parent = await client.create_item_with_retry(items("A")[0])
        await client.create_subitem_with_retry(parent, NewSubitem("Size M", "{}"))
        await client.ensure_group("B")
        sent = [request for request in sandbox.requests if request.operations[0] == operation]
        others = [request for request in sandbox.requests if request.operations[0] != operation]
        (key,) = {request.headers.get("idempotency-key") for request in sent}
        assert (bool(key), len(sent)) == (True, 3)
        assert key not in {request.headers.get("idempotency-key") for request in others}

    async def test_a_key_that_is_given_is_sent_as_it_is(self, client: MondayClient, sandbox: Sandbox) -> None:
        await client.create_items_with_retry(items("A"), idempotency_key="k1")
        await client.create_subitems_with_retry([(1, NewSubitem("A", "{}"))], idempotency_key="k2")
        assert keys(sandbox) == ["k1", "k2"]

    async def test_reads_have_no_key(self, client: MondayClient, sandbox: Sandbox) -> None:
        await client.board()
        await client.items_of_group("topics")
        assert set(keys(sandbox)) == {None}

    async def test_the_same_key_and_items_again_create_nothing(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        first = await client.create_items_with_retry(items("A", "B"), idempotency_key="k")
        assert await client.create_items_with_retry(items("A", "B"), idempotency_key="k") == first
        assert names(sandbox) == ["A", "B"]

    async def test_a_duplicate_of_a_request_that_still_runs_is_unknown_in_the_end(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        # Somebody between us and monday.com sent it twice: the first one may well be executed.
        conflict = answer(bodies.idempotency_conflict(), 409, {"Retry-After": "1"}, times=9)
        sandbox.faults.add(conflict)
        (outcome,) = await client.create_items_with_retry(items("A"))
        assert isinstance(outcome, Unknown)
        assert len(sandbox.requests) == 3

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(DROPPED),
            Fault(FaultKind.DROP_BEFORE),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=502, body=bodies.BAD_GATEWAY_PAGE),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=bodies.internal_error()),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=500, body=bodies.crashed()),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=503, body=bodies.timeout()),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body=""),
            Fault(FaultKind.EXECUTE_THEN_ANSWER, status=200, body="{"),
        ],
        ids=lambda fault: f"{fault.kind}-{fault.status}",
    )
    @pytest.mark.parametrize("kind", ["items", "subitems"])
    async def test_a_mutation_whose_outcome_is_unknown_is_never_sent_twice(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps, fault: Fault, kind: str
    ) -> None:
        parent = await client.create_item_with_retry(items("A")[0])
        before = len(sandbox.executed)
        sandbox.faults.add(fault)
        if kind == "items":
            outcomes = await client.create_items_with_retry(items("B", "C"))
        else:
            two = [(parent, NewSubitem("S", "{}")), (parent, NewSubitem("M", "{}"))]
            outcomes = await client.create_subitems_with_retry(two)
        assert [type(outcome) for outcome in outcomes] == [Unknown, Unknown]
        assert len(sandbox.executed) - before == (0 if fault.kind is FaultKind.DROP_BEFORE else 2)
        assert (len(sandbox.requests), naps.seconds) == (2, [])

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(FaultKind.DROP_BEFORE),
            Fault(DROPPED),
            answer(bodies.BAD_GATEWAY_PAGE, 502),
            answer(bodies.internal_error(), 200),
            answer(bodies.timeout(), 503),
            answer(bodies.minute_limit(1)),
            answer(bodies.subgraph_limit("boards"), 200),
            answer(bodies.field_limit("boards", 3), 200),
        ],
        ids=lambda fault: f"{fault.kind}-{fault.status}",
    )
    async def test_a_read_is_sent_again_whatever_became_of_it(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps, fault: Fault
    ) -> None:
        sandbox.faults.add(fault)
        assert (await client.board()).id == BOARD_ID
        assert (len(sandbox.requests), len(naps.seconds)) == (2, 1)

    async def test_half_an_answer_to_a_read_is_asked_for_again_after_its_own_wait(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        sandbox.faults.add(answer(bodies.field_limit("boards", 15), 200))
        await client.board()
        assert naps.seconds == [15.5]

    async def test_a_limit_that_erases_a_whole_read_is_waited_for(
        self, client: MondayClient, sandbox: Sandbox, naps: Naps
    ) -> None:
        body = bodies.field_limit("page", 15) | {"data": None}
        sandbox.faults.add(answer(body, 200))
        assert await client.find_items_by_key(["k"]) == {}
        assert naps.seconds == [15.5]

    async def test_a_read_that_is_refused_is_not_sent_again(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(answer(bodies.refused("x", code="USER_ACCESS_DENIED"), 403))
        with pytest.raises(TerminalError):
            await client.board()
        assert len(sandbox.requests) == 1

    async def test_a_read_that_never_succeeds_ends_after_so_many_attempts(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(Fault(FaultKind.DROP_BEFORE, times=9))
        with pytest.raises(OutcomeUnknownError, match="connection was lost"):
            await client.board()
        assert len(sandbox.requests) == 3

    async def test_a_connection_that_cannot_be_made_never_sent_anything(self, naps: Naps) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/v2"
            async with connected(url, naps) as client:
                with pytest.raises(
                    TransientError, match=r"cannot be reached.*ORDER_STAGING_MONDAY_URL"
                ) as caught:
                    await client.create_items_with_retry(items("A"))
                assert (caught.value.status, client.usage.calls) == (None, 3)
        assert len(naps.seconds) == 2

    async def test_no_answer_in_time_leaves_a_mutation_unknown(
        self, sandbox: Sandbox, sandbox_url: str
    ) -> None:
        sandbox.faults.add(Fault(FaultKind.DELAY, seconds=0.6, operation="create_item"))
        async with connected(sandbox_url, request_timeout=0.2) as client:
            outcomes = await client.create_items_with_retry(items("A"))
            assert [type(outcome) for outcome in outcomes] == [Unknown]
            assert client.usage.calls == 1


class TestFinding:
    async def test_items_by_their_key(self, client: MondayClient, sandbox: Sandbox) -> None:
        created = [
            await client.create_item_with_retry(items(name, key=key)[0])
            for name, key in [("A", "k-a"), ("B", "k-b"), ("C", "k-b"), ("D", "k-d")]
        ]
        sandbox.person.delete_item(str(created[3]))
        found = await client.find_items_by_key(["k-a", "k-b", "k-d", "k-x"])
        assert found == {"k-a": created[:1], "k-b": created[1:3]}

    async def test_a_key_is_found_however_people_wrote_it(self, client: MondayClient) -> None:
        item_id = await client.create_item_with_retry(items("A", key="ABCDEF")[0])
        assert await client.find_items_by_key(["abcdef"]) == {"abcdef": [item_id]}

    async def test_no_keys_need_no_request(self, client: MondayClient, sandbox: Sandbox) -> None:
        assert await client.find_items_by_key([]) == {}
        assert sandbox.requests == ()

    async def test_many_keys_are_asked_for_in_several_queries(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        wanted = [f"k{number}" for number in range(1_001)]
        await client.create_items_with_retry([items(key, key=key)[0] for key in wanted[:3]])
        assert sorted(await client.find_items_by_key(wanted)) == ["k0", "k1", "k2"]
        assert asked(sandbox, "items_page_by_column_values") == 3

    async def test_keys_that_are_too_many_for_a_query_are_asked_for_in_halves(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        wanted = [f"k{number}" for number in range(8)]
        await client.create_items_with_retry([items(key, key=key)[0] for key in wanted])
        too_many = bodies.refused("Too many values", code="InvalidArgumentException")
        refusal = Fault(FaultKind.ANSWER_INSTEAD, status=200, body=too_many, times=3)
        sandbox.faults.add(replace(refusal, operation="items_page_by_column_values"))
        assert sorted(await client.find_items_by_key(wanted)) == wanted
        assert asked(sandbox, "items_page_by_column_values") == 7

    async def test_a_cursor_that_expires_begins_the_search_again_and_in_the_end_gives_up(
        self, client: MondayClient, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("order_staging.monday.searches.PAGE", 2)
        await client.create_items_with_retry(items("A", "B", "C"))
        sandbox.faults.add(fault_presets.expired_cursor(times=2))
        assert [name for _, name in await client.items_of_group("topics")] == ["A", "B", "C"]
        sandbox.faults.add(fault_presets.expired_cursor(times=3))
        with pytest.raises(TerminalError, match="expired"):
            await client.items_of_group("topics")

    async def test_items_of_a_key_that_fill_more_than_a_page_are_all_found(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        for _ in range(5):
            await client.create_items_with_retry([*items("copy", key="a")] * 100)
        last = await client.create_item_with_retry(items("last", key="b")[0])
        found = await client.find_items_by_key(["a", "b"])
        assert (len(found["a"]), found["b"]) == (500, [last])
        assert asked(sandbox, "next_items_page") == 1

    @pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1001])
    async def test_all_items_of_a_group_page_by_page(
        self, client: MondayClient, sandbox: Sandbox, count: int
    ) -> None:
        other = sandbox.person.add_group("Other")
        await client.create_item_with_retry(NewItem("elsewhere", other, "{}"))
        for start in range(0, count, 100):
            some = range(start, min(start + 100, count))
            await client.create_items_with_retry(items(*(f"I{number}" for number in some)))
        found = await client.items_of_group("topics")
        assert found == [(int(item.id), item.name) for item in sandbox.items() if item.group_id == "topics"]
        assert len(found) == count

    async def test_a_group_that_is_gone_has_no_items(self, client: MondayClient) -> None:
        assert await client.items_of_group("group_gone") == []

    async def test_subitems_by_their_items_without_those_that_never_were(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        with_, without = [await client.create_item_with_retry(item) for item in items("A", "B")]
        ids = [await client.create_subitem_with_retry(with_, NewSubitem(name, "{}")) for name in "SMX"]
        sandbox.person.delete_item(str(ids.pop()))
        found = await client.subitems_of([with_, without, 404])
        assert found == {with_: [(ids[0], "S"), (ids[1], "M")], without: []}

    async def test_subitems_of_many_items_are_asked_for_in_several_queries(
        self, client: MondayClient, sandbox: Sandbox
    ) -> None:
        for start in range(0, 150, 50):
            await client.create_items_with_retry(items(*(f"I{n}" for n in range(start, start + 50))))
        ids = [int(item.id) for item in sandbox.items()]
        assert list(await client.subitems_of(ids)) == ids
        assert asked(sandbox, "items") == 2


class TestSecrets:
    async def test_a_token_that_is_wrong_names_the_setting_and_not_the_token(
        self, sandbox: Sandbox, sandbox_url: str
    ) -> None:
        async with connected(sandbox_url, token="wrong-secret-token") as client:
            with pytest.raises(AuthenticationError, match="ORDER_STAGING_MONDAY_TOKEN") as caught:
                await client.create_items_with_retry(items("A"))
        assert "wrong-secret-token" not in str(caught.value)
        assert len(sandbox.requests) == 1

    @pytest.mark.parametrize(
        "fault",
        [
            Fault(DROPPED, times=9),
            answer(bodies.BAD_GATEWAY_PAGE, 502, times=9),
            answer(bodies.minute_limit(1), times=99),
            answer(bodies.refused("no"), 200, times=9),
        ],
        ids=lambda fault: f"{fault.kind}-{fault.status}",
    )
    async def test_the_token_is_in_no_error_and_no_log(
        self, client: MondayClient, sandbox: Sandbox, fault: Fault
    ) -> None:
        sandbox.faults.add(fault)
        with capture_logs() as logs, pytest.raises(DestinationError) as caught:
            await client.board()
        error: BaseException | None = caught.value
        while error is not None:
            assert sandbox.token not in f"{error} {error!r} {vars(error)}"
            error = error.__cause__ or error.__context__
        assert sandbox.token not in repr(logs)
        assert sandbox.token not in repr(vars(client)["_wire"].usage)

    async def test_the_token_travels_bare_and_with_the_version(
        self, sandbox: Sandbox, sandbox_url: str
    ) -> None:
        async with connected(sandbox_url, api_version="2026-07") as client:
            await client.board()
        (request,) = sandbox.requests
        assert (request.status, request.headers["api-version"]) == (200, "2026-07")


async def test_a_client_is_used_inside_its_block() -> None:
    client = MondayClient(token="t", board_id=1, url="http://127.0.0.1:9/v2")
    with pytest.raises(RuntimeError, match="async with"):
        await client.board()
