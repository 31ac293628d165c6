"""Runs within an event loop, beside other work, ended in order after some time.

A service does one run at a time; several at once are several services. Whoever is stopped leaves nothing half done:
the next run goes on.

Usage: python examples/event_loop.py SECONDS CUSTOMER...
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from order_staging import BatchService, LeaseHeldError, Settings


async def bring(settings: Settings, customer: str, seconds: float) -> str:
    """Bring a customer's new orders, for so many seconds at most; tell how it went."""
    service = BatchService(settings)
    asyncio.get_running_loop().call_later(seconds, service.request_stop)
    try:
        result = await service.process_customer_batch_async(customer)
    except LeaseHeldError as error:
        return f"{customer}: {error}"
    return f"{result.customer}: {result.status}, {result.orders.created} new"


async def beat(every: float) -> None:
    """Do something else meanwhile."""
    while True:
        await asyncio.sleep(every)
        print("still at work")


async def main(seconds: float, customers: list[str]) -> None:
    """Bring all customers' new orders at the same time."""
    settings = Settings.load()
    beating = asyncio.create_task(beat(every=10))
    for line in await asyncio.gather(*(bring(settings, customer, seconds) for customer in customers)):
        print(line)
    beating.cancel()
    with suppress(asyncio.CancelledError):
        await beating


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), sys.argv[2:]))
