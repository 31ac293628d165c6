"""How long a request waits, against a model of the server: fixed and sliding windows, other users, estimates."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from order_staging.monday.costs import Request
from order_staging.monday.limits import Limit, Limits, Refusal
from order_staging.monday.quotas import COMPLEXITY, CONCURRENCY, MINUTE, Quota, Shortage, Spent

if TYPE_CHECKING:
    from collections.abc import Callable

WINDOW = 60.0
HANDFUL = 5
ITEM = Request("create_item")


@dataclass
class Server:
    """An account's points of a minute, and what of it the answers tell."""

    quota: int = 1_000_000
    cost: int = 10_000
    factor: float = 1.0
    sliding: bool = False
    headers: bool = True
    report: bool = True
    numbers: bool = False
    names_time: bool = True
    uses: deque[list[float]] = field(default_factory=deque)
    done: int = 0
    refusals: int = 0

    def left(self, now: float) -> float:
        while self.uses and now - self.uses[0][0] >= WINDOW:
            if self.sliding:
                self.uses.popleft()
            else:
                self.uses.clear()
        return max(0.0, self.quota - sum(points for _, points in self.uses))

    def reset(self, now: float) -> float | None:
        return float(math.ceil(self.uses[0][0] + WINDOW - now)) if self.uses else None

    def others_use(self, points: float, now: float) -> None:
        points = min(points, self.left(now))
        if points:
            self.uses.append([now, points])

    def quotas(self, now: float) -> dict[str, Quota]:
        left = self.left(now)
        told = Quota(limit=self.quota, remaining=left, window=WINDOW, reset=self.reset(now))
        return {COMPLEXITY: told} if self.headers else {}


def asked_of(
    server: Server, limits: Limits, request: Request, now: float, latency: float
) -> tuple[bool, float]:
    """Send one request; tell whether it was executed, and when the answer came."""
    sending = limits.send(request, now)
    at, then = now + latency / 2, now + latency
    left, estimate = server.left(at), server.cost * request.count * server.factor
    if estimate > left:
        server.refusals += 1
        wait = (server.reset(at) or 1.0) if server.names_time else None
        short = Shortage(cost=estimate, left=left, limit=server.quota) if server.numbers else None
        limits.refused(sending, then, Refusal(Limit.COMPLEXITY, wait, server.quotas(at), short))
        limits.end(sending)
        return False, then
    true = server.cost * request.count
    server.uses.append([at, true])
    after = server.left(at)
    spent = Spent(before=after + true, after=after, query=true, reset=server.reset(at) or 0.0)
    limits.answered(sending, then, server.quotas(at), spent if server.report else None)
    limits.end(sending)
    server.done += request.count
    return True, then


def run(
    server: Server,
    *,
    count: int,
    requests: int,
    latency: float,
    others: Callable[[float], float] | None = None,
) -> float:
    """Send so many requests one after another; give the seconds that it took."""
    limits, now = Limits(), 0.0
    told: tuple[float, float] | None = None
    for _ in range(requests):
        for _ in range(1000):
            if others is not None:
                server.others_use(others(now), now)
            request = Request("create_item", count)
            delay = limits.delay(request, now).seconds
            assert 0 <= delay <= WINDOW + 2
            if delay:
                now += delay
                continue
            need = limits.costs.each("create_item")
            if told and need and now < told[1] and not server.sliding:
                assert told[0] >= need * count, "sent into a budget that is known to be too small"
            executed, now = asked_of(server, limits, request, now, latency)
            quota = server.quotas(now).get(COMPLEXITY)
            told = (quota.remaining or 0.0, now + (quota.reset or 0.0)) if quota and others is None else None
            if executed:
                break
        else:
            raise AssertionError("the request never came through")
    return now


kinds = st.booleans()
costs = st.sampled_from([10_000, 30_000])
quota_sizes = st.sampled_from([1_000_000, 5_000_000, 10_000_000])
counts = st.integers(1, 25)
latencies = st.floats(0.05, 20)


@given(kinds, costs, quota_sizes, counts, latencies, st.sampled_from([0.7, 1.0, 1.3, 2.0]))
@settings(max_examples=40)
def test_a_long_run_alone_meets_a_handful_of_refusals_at_most(
    sliding: bool, cost: int, quota: int, count: int, latency: float, factor: float
) -> None:
    assume(cost * count * max(factor, 1) <= quota)
    server = Server(quota=quota, cost=cost, sliding=sliding, factor=factor)
    run(server, count=count, requests=120, latency=latency)
    assert server.refusals <= HANDFUL
    assert server.done == 120 * count


@given(kinds, costs, counts, latencies, kinds, kinds, kinds)
@settings(max_examples=40)
def test_it_gets_on_with_whatever_the_answers_tell(
    sliding: bool, cost: int, count: int, latency: float, headers: bool, report: bool, numbers: bool
) -> None:
    server = Server(cost=cost, sliding=sliding, headers=headers, report=report, numbers=numbers)
    run(server, count=count, requests=60, latency=latency)
    assert server.done == 60 * count
    if headers or report:
        assert server.refusals <= HANDFUL


@given(kinds, costs, st.integers(1, 20), st.floats(0.1, 3), st.integers(0, 2**32), st.floats(0, 0.6))
@settings(max_examples=40)
def test_a_shared_budget_starves_nobody(
    sliding: bool, cost: int, count: int, latency: float, seed: int, share: float
) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    server = Server(cost=cost, sliding=sliding)
    taken_until = [0.0]

    def others(now: float) -> float:
        seconds, taken_until[0] = now - taken_until[0], now
        return random.uniform(0, 2) * share * server.quota / WINDOW * min(seconds, WINDOW)

    seconds = run(server, count=count, requests=60, latency=latency, others=others)
    assert server.done == 60 * count
    # The rest of the budget would have done; waiting for a whole window now and then doubles it at most.
    alone = 60 * count * cost / (server.quota * (1 - share)) * WINDOW
    assert seconds <= 60 * latency + 4 * alone + 10 * WINDOW


@pytest.mark.parametrize("sliding", [False, True])
@pytest.mark.parametrize("cost", [10_000, 30_000])
def test_a_run_alone_uses_nearly_all_of_the_budget(cost: int, *, sliding: bool) -> None:
    server = Server(cost=cost, sliding=sliding)
    seconds = run(server, count=5, requests=200, latency=0.5)
    windows = 200 / (server.quota // (5 * cost))
    assert seconds <= (windows + 1) * (WINDOW + 4)


def quota_of(left: float, limit: float = 1_000_000, reset: float | None = 60) -> dict[str, Quota]:
    return {COMPLEXITY: Quota(limit=limit, remaining=left, window=60, reset=reset)}


def answered(limits: Limits, request: Request, now: float, left: float, points: float, **more: float) -> None:
    sending = limits.send(request, now)
    limits.answered(
        sending, now, quota_of(left, **more), Spent(before=left + points, after=left, query=points)
    )
    limits.end(sending)


def refused(limits: Limits, request: Request, now: float, refusal: Refusal) -> bool:
    sending = limits.send(request, now)
    never = limits.refused(sending, now, refusal)
    limits.end(sending)
    return never


class TestCosts:
    def test_the_first_request_of_a_kind_just_goes(self) -> None:
        limits = Limits()
        assert limits.most_at_once("create_item") is None
        assert limits.delay(Request("create_item", 100), 0).seconds == 0
        assert limits.delay(Request("delete_item", 100), 0).seconds == 0

    def test_before_a_kind_is_known_the_dearest_of_its_kin_stands_in(self) -> None:
        limits = Limits()
        answered(limits, Request("create_group"), 0, 900_000, 30_000)
        answered(limits, ITEM, 0, 890_000, 10_000)
        assert limits.costs.each("create_subitem") == 30_000
        assert limits.costs.each("delete_item") is None
        answered(limits, Request("create_subitem"), 0, 880_000, 10_000)
        assert limits.costs.each("create_subitem") == 10_000

    def test_nothing_leaves_where_nothing_is_left_whatever_it_costs(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 0, 10_000)
        assert limits.delay(Request("create_subitem"), 1).seconds == 59

    @pytest.mark.parametrize(
        ("cost", "quota", "most"), [(10_000, 1e6, 100), (30_000, 1e6, 33), (10_000, 1e7, 500), (2e6, 1e6, 1)]
    )
    def test_as_many_fit_as_a_minute_and_a_request_have_points(
        self, cost: float, quota: float, most: int
    ) -> None:
        limits = Limits()
        answered(limits, Request("create_item", 4), 0, 1000, 4 * cost, limit=quota)
        assert limits.most_at_once("create_item") == most

    def test_a_request_that_fails_in_part_does_not_make_mutations_cheap(self) -> None:
        limits = Limits()
        answered(limits, Request("create_item", 10), 0, 900_000, 100_000)
        answered(limits, Request("create_item", 10), 1, 890_000, 10_000)
        assert limits.costs.each("create_item") == 9_000

    def test_without_a_report_the_fall_of_what_is_left_tells_the_cost(self) -> None:
        limits = Limits()
        for left in (990_000, 980_000, 700_000, 690_000):
            sending = limits.send(ITEM, 0)
            limits.answered(sending, 0, quota_of(left))
            limits.end(sending)
        # Others have used the budget, too: the smallest fall is nearest to the truth.
        assert limits.costs.each("create_item") == 10_000

    def test_more_than_any_request_may_cost_is_sent_in_parts_from_then_on(self) -> None:
        limits = Limits()
        limits.too_complex(Request("create_item", 100), Shortage(cost=6e6, most=5e6))
        assert limits.most_at_once("create_item") == 83
        assert limits.never_fits(Request("create_item", 100)) == 6e6
        assert limits.never_fits(Request("create_item", 83)) is None
        # A single one may always try.
        assert limits.never_fits(ITEM) is None

    def test_more_than_any_request_may_cost_is_fewer_next_time_without_numbers_too(self) -> None:
        limits = Limits()
        limits.too_complex(Request("create_item", 100), Shortage())
        assert limits.most_at_once("create_item") == 99


class TestRefusals:
    @pytest.mark.parametrize("limit", list(Limit))
    def test_one_holds_everything_back_for_as_long_as_the_server_asks(self, limit: Limit) -> None:
        limits = Limits()
        assert not refused(limits, ITEM, 0, Refusal(limit, 22.0))
        assert limits.delay(Request("Board"), 2).seconds == 20
        assert limits.delay(Request("Board"), 22).seconds == 0

    def test_one_teaches_that_more_was_needed_than_was_left(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 11_000, 10_000, reset=10)
        refused(limits, ITEM, 1, Refusal(Limit.COMPLEXITY, 5.0, quota_of(11_000, reset=5)))
        assert limits.costs.each("create_item") == 11_001

    def test_one_that_nothing_explains_raises_a_need_step_by_step_and_not_without_end(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 500_000, 10_000)
        needs = []
        for _ in range(12):
            refused(limits, ITEM, 1, Refusal(Limit.COMPLEXITY, 1.0, quota_of(500_000)))
            needs.append(limits.costs.each("create_item"))
        assert (needs[0], needs[-1]) == (12_500, 40_000)

    def test_more_points_than_a_minute_has_never_fit(self) -> None:
        short = Shortage(cost=1_000_001, left=500_000, limit=1_000_000)
        assert refused(Limits(), Request("create_item", 99), 0, Refusal(Limit.COMPLEXITY, 5.0, {}, short))

    def test_headers_that_tell_of_a_full_budget_are_believed_the_second_time(self) -> None:
        limits, request = Limits(), Request("create_item", 50)
        refusal = Refusal(Limit.COMPLEXITY, 5.0, quota_of(1_000_000, reset=None))
        assert not refused(limits, request, 0, refusal)
        assert refused(limits, request, 6, refusal)

    @pytest.mark.parametrize("wait", [None, 30.0])
    def test_one_of_the_minutes_requests_is_waited_for(self, wait: float | None) -> None:
        limits = Limits()
        refused(limits, ITEM, 100, Refusal(Limit.MINUTE, wait))
        assert limits.delay(Request("Board"), 100).seconds == (wait or 60)


class TestOthersInFlight:
    def test_what_they_need_is_kept_for_them(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 15_000, 10_000, reset=30)
        first = limits.send(ITEM, 1)
        assert limits.delay(ITEM, 1).seconds == math.inf
        limits.answered(first, 2, quota_of(5_000, reset=28), Spent(15_000, 5_000, 10_000, 28))
        limits.end(first)
        assert limits.delay(ITEM, 2).seconds == 29

    @pytest.mark.parametrize("quota", [None, 1_000_000.0])
    def test_they_are_counted_when_everything_is_believed_to_be_back_too(self, quota: float | None) -> None:
        limits, request = Limits(), Request("create_item", 40)
        sending = limits.send(request, 0)
        told = {COMPLEXITY: Quota(limit=quota, remaining=600_000, reset=60)}
        limits.answered(sending, 0, told, Spent(1_000_000, 600_000, 400_000, 60))
        limits.end(sending)
        for _ in range(2):
            assert limits.delay(request, 200).seconds == 0
            limits.send(request, 200)
        assert limits.delay(request, 200).seconds == math.inf

    def test_one_without_an_answer_may_have_been_charged(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 15_000, 10_000, reset=30)
        sending = limits.send(ITEM, 1)
        limits.unanswered(sending, 5)
        limits.end(sending)
        assert limits.delay(ITEM, 5).seconds == 26

    def test_the_older_of_two_answers_does_not_bring_points_back(self) -> None:
        limits = Limits()
        answered(limits, ITEM, 0, 100_000, 10_000)
        first, second = limits.send(ITEM, 1), limits.send(ITEM, 1)
        for sending, now, left in ((second, 2, 5_000), (first, 3, 95_000)):
            limits.answered(sending, now, quota_of(left), Spent(left + 10_000, left, 10_000, 57))
            limits.end(sending)
        assert limits.delay(ITEM, 3).seconds > 50

    def test_where_no_more_may_be_in_flight_one_of_ours_is_waited_for(self) -> None:
        limits = Limits()
        first, second = limits.send(ITEM, 0), limits.send(ITEM, 0)
        full = {CONCURRENCY: Quota(limit=40, remaining=0)}
        limits.answered(first, 1, full)
        limits.end(first)
        assert limits.delay(ITEM, 1).seconds == math.inf
        limits.answered(second, 2, full)
        limits.end(second)
        assert limits.delay(ITEM, 2).seconds == 0

    def test_a_refusal_for_too_many_in_flight_lowers_their_number_for_a_while(self) -> None:
        limits = Limits()
        sendings = [limits.send(ITEM, 0) for _ in range(3)]
        limits.refused(sendings[0], 1, Refusal(Limit.CONCURRENCY))
        limits.end(sendings[0])
        assert limits.delay(ITEM, 1).seconds == math.inf
        assert limits.delay(ITEM, 100).seconds == 0

    def test_the_minutes_requests_are_counted_while_they_are_under_way(self) -> None:
        limits = Limits()
        sending = limits.send(ITEM, 0)
        limits.answered(sending, 0, {MINUTE: Quota(limit=1000, remaining=1, window=60)})
        limits.end(sending)
        sending = limits.send(ITEM, 1)
        assert limits.delay(ITEM, 1).seconds == math.inf
        limits.answered(sending, 1, {MINUTE: Quota(limit=1000, remaining=0, window=60)})
        limits.end(sending)
        # No time is told: the oldest of ours is back a minute after it.
        assert limits.delay(ITEM, 2).seconds == 58


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["answered", "failed", "unanswered", "refused", "too_complex"]),
            st.floats(0, 100),
            st.none() | st.floats(0, 2e6),
            st.none() | st.floats(0, 100),
            st.sampled_from(list(Limit)),
            st.integers(1, 20),
        ),
        max_size=30,
    )
)
def test_whatever_is_told_no_wait_is_longer_than_a_window_or_the_servers_own(
    events: list[tuple[str, float, float | None, float | None, Limit, int]],
) -> None:
    limits, now = Limits(), 0.0
    for event, pause, left, reset, limit, count in events:
        now += pause
        sending = limits.send(Request("create_item", count), now)
        told = {COMPLEXITY: Quota(limit=1e6, remaining=left, reset=reset), MINUTE: Quota(remaining=left)}
        match event:
            case "answered":
                limits.answered(sending, now, told)
            case "failed":
                limits.failed(sending, now, told)
            case "unanswered":
                limits.unanswered(sending, now)
            case "refused":
                limits.refused(sending, now, Refusal(limit, reset, told))
            case _:
                limits.too_complex(sending.request, Shortage(cost=left))
        limits.end(sending)
        assert 0 <= limits.delay(Request("create_item", count), now).seconds <= 101
