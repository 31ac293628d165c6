"""How much do aliases save? The same orders through the same code, one a request and several a request.

All runs meet the same latency of the sandbox, a fixed time a request. What is compared is the number of requests
and the ratio of the durations; the durations themselves mean nothing on another machine. At monday.com its own time
for each mutation comes on top: what is saved in requests is exact, and what is saved in time is an upper bound.

Usage: python benchmarks/aliases.py [ORDERS]
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from order_staging.monday import Created, MondayClient, NewItem
from order_staging.sandbox import Fault, FaultKind, Sandbox, SandboxServer

BOARD = 9200517329
PER_REQUEST = 0.02
"""Seconds of latency a request: the sandbox has it for a request, whatever is in it."""


async def deliver(orders: int, aliases: int) -> tuple[int, float]:
    """Create items, `aliases` a request; give the number of requests and the seconds it took."""
    sandbox = Sandbox()
    sandbox.faults.add(Fault(FaultKind.DELAY, operation="create_item", times=orders, seconds=PER_REQUEST))
    values = json.dumps({"text_mkr5wya6": "JOO-00505", "numeric_mkr5cact": "28.86"})
    items = [NewItem(f"JWHD{number:06}WHITEJOO-00505", "topics", values) for number in range(orders)]
    async with (
        SandboxServer(sandbox) as server,
        MondayClient(token=sandbox.token, board_id=BOARD, url=server.url) as client,
    ):
        started = time.perf_counter()
        for start in range(0, orders, aliases):
            outcomes = await client.create_items_with_retry(items[start : start + aliases])
            if not all(isinstance(outcome, Created) for outcome in outcomes):
                sys.exit(f"not everything was created: {outcomes}")
        return client.usage.calls, time.perf_counter() - started


async def main(orders: int) -> None:
    """Measure one, five, ten, twenty and fifty items a request, and print the ratios to one."""
    alone_calls, alone_seconds = await deliver(orders, 1)
    print(f"{orders} items, {PER_REQUEST * 1000:.0f} ms of latency a request")
    print(f"{'aliases':>8} {'requests':>9} {'requests saved':>15} {'times as fast':>14}")
    print(f"{1:>8} {alone_calls:>9} {'':>15} {1:>14.1f}")
    for aliases in (5, 10, 20, 50):
        calls, seconds = await deliver(orders, aliases)
        print(f"{aliases:>8} {calls:>9} {1 - calls / alone_calls:>15.0%} {alone_seconds / seconds:>14.1f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
