from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.delivery_ground import Ground
from benchmarks.delivery_orders import SIZES, board_lines, order_rows
from benchmarks.delivery_scripts import RowByRowScript
from order_staging.sandbox import STANDARD
from order_staging.settings import Channel

if TYPE_CHECKING:
    from benchmarks.leaping_clock import LeapingClock

ORDERS = 4
ROWS = ORDERS + ORDERS * SIZES
GROUPS = 4


@pytest.fixture(scope="module")
def ground() -> Ground:
    rows = order_rows(ORDERS)
    return Ground(STANDARD, rows, board_lines(rows))


@pytest.mark.parametrize("channel", [Channel.ITEMS, Channel.BULK])
def test_this_project_brings_every_row_once(ground: Ground, channel: Channel) -> None:
    measure = ground.ours("ours", channel)
    assert (measure.lost, measure.doubled, measure.refusals) == (0, 0, 0)
    assert measure.points_of_mutations == 10_000 * (ROWS + GROUPS)
    assert measure.seconds >= 0.829 * ROWS


def test_a_script_sends_every_row_by_itself_and_pauses_before_it(ground: Ground) -> None:
    measure = ground.script("script", lambda url, token, clock: script(url, token, clock, ground))
    assert (measure.calls, measure.lost, measure.doubled) == (ROWS + GROUPS, 0, 0)
    assert measure.points == measure.points_of_mutations == 10_000 * (ROWS + GROUPS)
    assert measure.seconds >= 0.929 * ROWS


def test_rows_that_are_on_the_board_twice_are_counted_as_doubled(ground: Ground) -> None:
    def twice(url: str, token: str, clock: LeapingClock) -> None:
        script(url, token, clock, ground)
        script(url, token, clock, ground)

    measure = ground.script("twice", twice)
    assert (measure.lost, measure.doubled) == (0, ROWS)


def test_rows_that_a_limit_refused_are_counted_as_lost(ground: Ground) -> None:
    # Four groups, an item and its first subitem; then every further item is refused, and so are three subitems.
    few = replace(ground, plan=replace(STANDARD, calls=GROUPS + 2))
    measure = few.script("script", lambda url, token, clock: script(url, token, clock, few))
    assert (measure.lost, measure.doubled) == (ROWS - 2, 0)
    assert measure.refusals == (SIZES - 1) + (ORDERS - 1)


def script(url: str, token: str, clock: LeapingClock, ground: Ground) -> None:
    RowByRowScript(url, token, clock.pause).deliver(ground.lines)
