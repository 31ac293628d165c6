"""Runs of the benchmark of memory on a small scale, with its board in another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from benchmarks.memory_ground import board, filled
from benchmarks.memory_run import STEPS, measured
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 60


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with board() as found:
        yield found


def created(address: str) -> dict[str, int]:
    with urlopen(address.replace("/v2", "/created")) as answer:  # noqa: S310 - the board on this machine
        told: dict[str, int] = json.load(answer)
    return {"CreateItems": 0, "files": 0, "CreateSubitems": 0} | told


@pytest.mark.parametrize("channel", [Channel.ITEMS, Channel.BULK])
def test_every_order_line_comes_to_production_and_the_board_was_asked_for_no_more(
    address: str, channel: Channel, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    filled(url, ROWS)
    before = created(address)
    peaks = measured(address, url, channel)
    asked = {kind: count - before[kind] for kind, count in created(address).items()}
    # Two sizes for one order line in ten.
    assert (peaks.orders, peaks.subitems) == (ROWS, ROWS // 10 * 2)
    assert (asked["CreateItems"] + asked["files"], asked["CreateSubitems"]) == (ROWS, peaks.subitems)
    assert (asked["files"] > 0) is (peaks.jobs > 0) is (channel is Channel.BULK)
    # The peak only grows, step by step.
    assert list(peaks.steps) == [*STEPS, "end"]
    assert sorted(peaks.steps.values()) == list(peaks.steps.values())
    assert peaks.peak == peaks.steps["end"] >= peaks.imported > 0
