"""Who works on a customer: a lease with a fencing number, renewed while its holder lives."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from order_staging.errors import LeaseHeldError, LeaseLostError, OrderStagingError, PersistenceError
from order_staging.failpoints import Failpoint, reach
from order_staging.unit_of_work import Hold

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from order_staging.batch.context import RunContext
    from order_staging.unit_of_work import UnitOfWork

log = structlog.get_logger(__name__)


@asynccontextmanager
async def holding(context: RunContext, customer: str) -> AsyncIterator[Hold]:
    """Have a customer's lease for an `async with` block.

    Raises `LeaseHeldError` where another runner has it. While the block runs, the lease is renewed every third of
    its time; where that fails, the run is told to stop, and the next commit raises `LeaseLostError`.
    """
    acquiring = asyncio.ensure_future(_acquire(context, customer))
    try:
        hold = await asyncio.shield(acquiring)
    except asyncio.CancelledError:
        # The database may be at it: what it takes is given back, and nobody waits for another answer of it.
        with suppress(OrderStagingError):
            await _release(context, await acquiring)
        raise
    heartbeat = asyncio.create_task(_beat(context, hold))
    try:
        yield hold
    finally:
        heartbeat.cancel()
        with suppress(asyncio.CancelledError):
            await heartbeat
        await _release(context, hold)


async def _release(context: RunContext, hold: Hold) -> None:
    # A lease that was lost needs no release, and one that cannot be released runs out by itself.
    with suppress(PersistenceError):
        await context.database.run(lambda uow: uow.batches.release(hold.customer, hold.fence))


async def _acquire(context: RunContext, customer: str) -> Hold:
    seconds = timedelta(seconds=context.settings.lease_seconds)
    holder = f"{socket.gethostname()}:{os.getpid()}:{context.outside.random.getrandbits(32):08x}"

    def acquire(uow: UnitOfWork) -> int:
        now = context.outside.now()
        fence = uow.batches.acquire(customer, holder, now=now, until=now + seconds)
        if fence is None:
            lease = uow.batches.lease(customer)
            if lease is not None and lease.holder == holder:
                # The answer to our commit was lost, and it took place.
                return lease.fence
            other = (lease and lease.holder) or "another runner"
            raise LeaseHeldError(customer, other, (lease and lease.expires_date) or now)
        return fence

    fence = await context.database.run(acquire)
    reach(Failpoint.LEASE_TAKEN)
    return Hold(customer, fence, lambda: context.outside.now() + seconds)


async def _beat(context: RunContext, hold: Hold) -> None:
    while True:
        # Real time, not that of `Outside`: other processes watch this clock.
        await asyncio.sleep(context.settings.lease_seconds / 3)
        try:
            await context.database.run(lambda _: None, hold)
        except LeaseLostError as error:
            log.warning("lease.lost", customer=hold.customer, fence=hold.fence, reason=str(error))
            context.stop.set()
            return
        except PersistenceError as error:
            # The next beat tries again; until the lease runs out nothing is lost.
            log.warning("lease.beat_failed", customer=hold.customer, reason=str(error))
