from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.delivery_ground import latency
from benchmarks.delivery_measures import (
    Load,
    Measure,
    Place,
    lost_and_doubled,
    missed_targets,
    table,
)
from benchmarks.delivery_orders import SIZES, board_lines, order_rows
from order_staging.sandbox import Latency

LOAD = Load(items=1000, subitems=4000)
ITEMS = Measure("items", 255, 0, 0, 50_040_134, 50_040_000, 0, 4155.0, 0, 0)
BULK = replace(ITEMS, name="bulk", calls=233, uploads=4, downloads=4, seconds=3400.0)
PEER = replace(ITEMS, name="peer", calls=5004, seconds=4172.0)

PLACES = st.lists(st.sampled_from("abc"), min_size=1, max_size=2).map(tuple)


def test_every_order_has_four_sizes_and_the_seasons_have_equally_many() -> None:
    lines = board_lines(order_rows(200))
    assert {len(line.subitems) for line in lines} == {SIZES}
    assert Counter(line.group for line in lines).most_common()[-1][1] == 200 // 4
    assert len({line.key for line in lines}) == 200
    assert len({str(line.columns["dropdown_mkr5tgaa"]) for line in lines}) == 40


def test_the_same_seed_gives_the_same_orders() -> None:
    assert order_rows(50) == order_rows(50)


@given(st.lists(PLACES), st.lists(PLACES))
def test_lost_and_doubled_rows_make_up_the_whole_difference(first: list[Place], second: list[Place]) -> None:
    wanted, found = Counter(first), Counter(second)
    lost, doubled = lost_and_doubled(wanted, found)
    assert len(first) - lost + doubled == len(second)
    assert (lost == doubled == 0) == (wanted == found)


def test_no_target_is_missed_by_what_keeps_them() -> None:
    assert missed_targets(LOAD, ITEMS, BULK, [PEER]) == []


@pytest.mark.parametrize(
    ("items", "bulk", "words"),
    [
        ({"calls": 321}, {}, "items: 321 calls, the target is 320"),
        ({"calls": 320}, {}, None),
        ({}, {"calls": 253}, "bulk: 261 calls, the target is 260"),
        ({}, {"calls": 252}, None),
        ({"points": 51_040_801}, {}, "items: 51,040,801 points, the target is 51,040,800"),
        ({"points": 51_040_800}, {}, None),
        ({"lost": 1}, {}, "items: 1 rows lost, 0 doubled"),
        ({}, {"doubled": 2}, "bulk: 0 rows lost, 2 doubled"),
        ({"seconds": 4172.0}, {}, "items: 4,172.0 s, peer takes 4,172.0 s"),
    ],
)
def test_a_missed_target_is_said_with_its_bound(
    items: dict[str, Any], bulk: dict[str, Any], words: str | None
) -> None:
    missed = missed_targets(LOAD, replace(ITEMS, **items), replace(BULK, **bulk), [PEER])
    assert missed == ([words] if words else [])


def test_a_peer_that_lost_rows_is_not_the_faster_one() -> None:
    assert missed_targets(LOAD, ITEMS, BULK, [replace(PEER, seconds=10.0, lost=1)]) == []


def test_the_table_has_ratios_of_seconds_to_ours_where_all_rows_have_arrived() -> None:
    twice = replace(PEER, seconds=8310.0)
    _, complete, incomplete, ours = (
        line.split() for line in table([twice, replace(twice, lost=7), ITEMS], ITEMS)
    )
    assert complete == ["peer", "5,004", "0", "+", "0", "50,040,134", "0", "8,310", "2.00", "0", "0"]
    assert incomplete[-3:] == ["-", "7", "0"]
    assert ours[-3:] == ["1.00", "0", "0"]


@given(st.floats(0, 0.5))
def test_a_request_with_one_mutation_takes_what_was_recorded_whatever_the_share(share: float) -> None:
    for operation in ("create_item", "create_group", "boards"):
        assert latency(share).of([operation]) == pytest.approx(Latency().of([operation]))
    assert latency(share).of(["create_item"] * 20) == pytest.approx(
        Latency().of(["create_item"] * 20) - 19 * share
    )
