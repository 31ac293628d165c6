"""What requests of several kinds of mutations teach about the cost of each."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday.costs import FADING, GROWTH, Costs, Request
from order_staging.monday.limits import Limit, Limits, Refusal
from order_staging.monday.quotas import COMPLEXITY, Quota, Shortage, Spent

CHANGE, MOVE, CREATE = "change_multiple_column_values", "move_item_to_group", "create_item"
MIXED = Request(CHANGE, 3, ((MOVE, 2),))
points = st.floats(100, 100_000)
counts = st.integers(1, 20)
kinds = st.lists(st.sampled_from([CHANGE, MOVE, CREATE, "archive_item"]), unique=True, min_size=1)
requests = kinds.flatmap(
    lambda names: st.lists(counts, min_size=len(names), max_size=len(names)).map(
        lambda numbers: Request(names[0], numbers[0], tuple(zip(names[1:], numbers[1:], strict=True)))
    )
)


def costs(**charged: float) -> Costs:
    words = {"change": CHANGE, "move": MOVE, "create": CREATE}
    return Costs({words[word]: cost for word, cost in charged.items()})


def test_a_request_counts_and_names_all_its_mutations() -> None:
    assert MIXED.mutations == 5
    assert str(MIXED) == "3 times change_multiple_column_values and 2 times move_item_to_group"


def test_a_mixed_request_needs_what_its_kinds_need_together() -> None:
    assert costs(change=10_000, move=500).need(MIXED) == 31_000


def test_a_kind_of_unknown_cost_adds_nothing_to_what_is_needed() -> None:
    assert costs(change=10_000).need(MIXED) == 30_000
    assert costs().need(MIXED) == 1


@given(requests, points)
def test_where_no_kind_is_known_all_mutations_share_the_charge_equally(
    request: Request, charged: float
) -> None:
    learnt = Costs()
    learnt.learn(request, charged, None)
    assert learnt.charged.keys() == {kind for kind, _ in request.kinds}
    for cost in learnt.charged.values():
        assert cost == pytest.approx(charged / request.mutations)


@given(requests, st.dictionaries(st.sampled_from([CHANGE, MOVE, CREATE, "archive_item"]), points, min_size=4))
def test_a_charge_as_expected_leaves_what_is_known_of_each_kind(
    request: Request, known: dict[str, float]
) -> None:
    learnt = Costs(dict(known))
    learnt.learn(request, learnt.need(request), None)
    assert learnt.charged == pytest.approx(known)


def test_a_kind_that_is_new_costs_what_those_known_leave() -> None:
    learnt = costs(change=10_000)
    learnt.learn(MIXED, 31_000, None)
    assert learnt.charged == {CHANGE: 10_000, MOVE: 500}


def test_a_charge_below_what_is_known_is_shared_with_the_new_kind() -> None:
    learnt = costs(change=10_000)
    learnt.learn(MIXED, 20_000, None)
    # The cost that is known fades; the new kind counts like the one that is known.
    assert learnt.charged == {CHANGE: FADING * 10_000, MOVE: 4_000}


def test_mutations_that_fail_do_not_make_any_kind_cheap() -> None:
    learnt = costs(change=10_000, move=500)
    learnt.learn(MIXED, 3_100, None)
    assert learnt.charged == pytest.approx({CHANGE: 9_000, MOVE: 450})


def test_a_dearer_request_raises_its_kinds_in_proportion() -> None:
    learnt = costs(change=10_000, move=500)
    learnt.learn(MIXED, 62_000, None)
    assert learnt.charged == pytest.approx({CHANGE: 20_000, MOVE: 1_000})


@given(st.lists(st.tuples(requests, points), min_size=1, max_size=10))
def test_a_request_that_was_charged_is_never_taken_for_cheaper_the_next_time(
    charges: list[tuple[Request, float]],
) -> None:
    learnt = Costs()
    for request, charged in charges:
        learnt.learn(request, charged, None)
        assert learnt.need(request) >= charged * (1 - 1e-9)


@given(requests, points)
def test_what_was_there_before_is_the_most_that_a_request_can_have_needed(
    request: Request, before: float
) -> None:
    learnt = Costs(needed={kind: 1e9 for kind, _ in request.kinds})
    learnt.learn(request, 0, before)
    assert learnt.need(request) == pytest.approx(before)


def test_a_refusal_raises_every_kind_step_by_step() -> None:
    learnt = costs(change=10_000, move=500)
    learnt.raise_need(MIXED, None)
    assert learnt.need(MIXED) == pytest.approx(GROWTH * 31_000)
    assert learnt.each(MOVE) == pytest.approx(GROWTH * 500)


def test_a_refusal_of_unknown_kinds_teaches_that_more_was_needed_than_was_left() -> None:
    learnt = costs()
    learnt.raise_need(MIXED, 9_999)
    assert learnt.need(MIXED) == pytest.approx(10_000)


@given(requests, points)
def test_a_need_that_monday_names_is_the_need(request: Request, need: float) -> None:
    learnt = Costs(needed={CHANGE: 10_000})
    learnt.set_need(request, need)
    assert learnt.need(request) == pytest.approx(need)


class TestLimits:
    def answered(self, limits: Limits, request: Request, charged: float, left: float = 900_000) -> None:
        sending = limits.send(request, 0)
        told = {COMPLEXITY: Quota(limit=1_000_000, remaining=left, window=60, reset=60)}
        limits.answered(sending, 0, told, Spent(left + charged, left, charged, 60))
        limits.end(sending)

    def test_how_many_of_a_kind_fit_is_known_from_mixed_requests_too(self) -> None:
        limits = Limits()
        self.answered(limits, Request(CHANGE), 10_000)
        self.answered(limits, MIXED, 70_000)
        assert (limits.most_at_once(CHANGE), limits.most_at_once(MOVE)) == (100, 50)

    def test_mixed_mutations_that_no_minute_has_points_for_never_fit(self) -> None:
        limits = Limits()
        self.answered(limits, MIXED, 50_000)
        assert limits.never_fits(Request(CHANGE, 60, ((MOVE, 41),))) == 1_010_000
        assert limits.never_fits(Request(CHANGE, 60, ((MOVE, 40),))) is None

    def test_a_mixed_request_waits_until_all_of_it_is_there(self) -> None:
        limits = Limits()
        self.answered(limits, MIXED, 50_000, left=49_999)
        assert limits.delay(MIXED, 0).seconds > 0
        assert limits.delay(Request(CHANGE, 3), 0).seconds == 0

    def test_what_a_mixed_request_needs_is_kept_for_it_while_it_is_under_way(self) -> None:
        limits = Limits()
        self.answered(limits, MIXED, 50_000)
        sending = limits.send(MIXED, 1)
        assert (sending.need, limits.complexity.reserved) == (50_000, 50_000)
        limits.end(sending)
        assert limits.complexity.reserved == 0

    def test_more_than_any_request_may_cost_is_known_of_all_its_kinds(self) -> None:
        limits = Limits()
        limits.too_complex(MIXED, Shortage(cost=6e6, most=5e6))
        assert limits.never_fits(MIXED) == pytest.approx(6e6)
        assert limits.most_at_once(CHANGE) == limits.most_at_once(MOVE) == 4

    def test_without_a_report_the_fall_of_what_is_left_is_shared(self) -> None:
        limits = Limits()
        for left in (950_000, 900_000, 200_000):
            sending = limits.send(MIXED, 0)
            told = {COMPLEXITY: Quota(limit=1_000_000, remaining=left, window=60, reset=60)}
            limits.answered(sending, 0, told)
            limits.end(sending)
        assert limits.costs.need(MIXED) == pytest.approx(50_000)

    def test_a_refusal_that_names_the_cost_is_believed(self) -> None:
        limits = Limits()
        self.answered(limits, MIXED, 50_000)
        sending = limits.send(MIXED, 1)
        short = Shortage(cost=80_000, left=60_000, limit=1_000_000)
        assert not limits.refused(sending, 1, Refusal(Limit.COMPLEXITY, 5.0, {}, short))
        limits.end(sending)
        assert limits.costs.need(MIXED) == pytest.approx(80_000)
        assert math.isfinite(limits.delay(MIXED, 1).seconds)
