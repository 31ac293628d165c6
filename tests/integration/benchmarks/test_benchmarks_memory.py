"""Runs of the benchmark of memory on a small scale, with its board."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from benchmarks.memory_board import Board
from benchmarks.memory_ground import filled
from benchmarks.memory_run import STEPS, measured
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 60


@contextmanager
def serving(board: Board) -> Iterator[str]:
    """Serve a board from a thread; give the address of its API."""
    started, loop, address = threading.Event(), asyncio.new_event_loop(), []
    over = asyncio.Event()

    async def serve() -> None:
        runner = web.AppRunner(board.application())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address.append(f"http://127.0.0.1:{runner.addresses[0][1]}/v2")
        started.set()
        await over.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    yield address[0]
    loop.call_soon_threadsafe(over.set)
    thread.join()
    loop.close()


@pytest.mark.parametrize("channel", [Channel.ITEMS, Channel.BULK])
def test_every_order_line_comes_to_production_and_the_board_was_asked_for_no_more(
    channel: Channel, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    filled(url, ROWS)
    board = Board()
    with serving(board) as address:
        peaks = measured(address, url, channel)
    # Two sizes for one order line in ten.
    assert (peaks.orders, peaks.subitems) == (ROWS, ROWS // 10 * 2)
    assert board.created["CreateItems"] + board.created.get("files", 0) == ROWS
    assert board.created["CreateSubitems"] == peaks.subitems
    assert (peaks.jobs > 0) is (channel is Channel.BULK)
    # The peak only grows, step by step.
    assert list(peaks.steps) == [*STEPS, "end"]
    assert sorted(peaks.steps.values()) == list(peaks.steps.values())
    assert peaks.peak == peaks.steps["end"] >= peaks.imported > 0
