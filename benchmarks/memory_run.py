"""One run of the library in a process of its own, and the memory that the process took for it.

Without arguments it has imported what a run uses, and that is all. Prints what it found as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from bisect import bisect_right
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.orm import Session

from order_staging import BatchService, Settings
from order_staging.batch import Outside
from order_staging.batch.context import utc_now
from order_staging.database import create_engine
from order_staging.models import Batch
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

CUSTOMER = "GREYSON CLOTHIERS"
KEY_COLUMN = "text_source_uuid"
TOKEN = "sandbox-token"  # noqa: S105 - opens nothing but the sandbox
STEPS = {
    "load": "staging_load_completed",
    "items": "items_creation_completed",
    "subitems": "subitems_creation_completed",
    "promotion": "promotion_completed",
    "cleanup": "cleanup_completed",
}
"""The steps of a run, and where a batch says when each was completed."""
LOOK = 0.02
"""Seconds between two looks at the memory."""
STATUS = Path("/proc/self/status")
BYTES = 1 if sys.platform == "darwin" else 1024
"""What the system counts the peak in."""


@dataclass(frozen=True)
class Peaks:
    """What a run needed: megabytes of resident memory (1,000,000 bytes), and what it brought to production."""

    imported: float
    """The peak when everything was imported and nothing done."""
    steps: dict[str, float] = field(default_factory=dict)
    """The peak up to the end of each step."""
    cpu: float = 0.0
    """Seconds of processor time that the process took, imports included."""
    orders: int = 0
    subitems: int = 0
    jobs: int = 0
    """Bulk imports."""

    @property
    def peak(self) -> float:
        """The peak of the whole process."""
        return max(self.steps.values(), default=self.imported)


def peak() -> float:
    """Tell the most resident memory that this process has had, in megabytes.

    `getrusage` tells the most of whoever started the process where that was more; Linux's own count does not.
    """
    if STATUS.exists():
        (kilobytes,) = (line.split()[1] for line in STATUS.read_text().splitlines() if "VmHWM" in line)
        return int(kilobytes) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES / 1e6


class SkippingClock:
    """A clock that waits for nothing: what is slept counts as passed."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time in UTC without its time zone."""
        return utc_now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Let others go on, and no time pass."""
        self._ahead += timedelta(seconds=seconds)
        await asyncio.sleep(0)


class Watch:
    """Looks at the peak all the while, in a thread of its own, and knows when it was how high."""

    def __init__(self, clock: SkippingClock) -> None:
        """Take the clock by which to remember."""
        self._clock = clock
        self._moments: list[datetime] = []
        self._peaks: list[float] = []
        self._over = Event()

    @contextmanager
    def watching(self) -> Iterator[Watch]:
        """Look for as long as the block runs."""
        thread = Thread(target=self._look, name="watch", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()

    def until(self, moment: datetime | None = None) -> float:
        """Tell the peak up to a moment (None: now)."""
        seen = len(self._moments) if moment is None else bisect_right(self._moments, moment)
        return self._peaks[max(1, seen) - 1]

    def _look(self) -> None:
        over = False
        while not over:
            over = self._over.wait(LOOK)
            found = peak()
            if not self._peaks or found > self._peaks[-1]:
                self._moments.append(self._clock.now())
                self._peaks.append(found)


def measured(url: str, database: str, channel: Channel) -> Peaks:
    """Process the customer of a database, whose order lines go to the board at `url`.

    Raises `RuntimeError` where anything failed: it would have taken other memory.
    """
    imported = peak()
    clock = SkippingClock()
    settings = Settings.load(
        database_url=database, monday_url=url, monday_token=TOKEN, key_column=KEY_COLUMN, channel=channel
    )
    outside = Outside(clock.now, clock.sleep, Random(4755))  # noqa: S311 - for backoff alone
    with Watch(clock).watching() as watch:
        result = BatchService(settings, outside=outside).process_customer_batch(CUSTOMER)
    if result.error or result.failed_rows:
        raise RuntimeError(f"the run failed: {result.to_dict()}")
    engine = create_engine(database)
    with Session(engine) as session:
        batch = session.get_one(Batch, result.batch_id)
        steps = {step: watch.until(getattr(batch, column)) for step, column in STEPS.items()}
    engine.dispose()
    return Peaks(
        imported=imported,
        steps=steps | {"end": watch.until()},
        cpu=time.process_time(),
        orders=result.orders.promoted,
        subitems=result.subitems.promoted,
        jobs=result.api.bulk_jobs,
    )


def main(arguments: Sequence[str]) -> None:
    """Take the board's address, the database's URL and the channel; nothing for the floor."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    if arguments:
        url, database, channel = arguments
        found = measured(url, database, Channel(channel))
    else:
        found = Peaks(imported=peak(), cpu=time.process_time())
    print(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(sys.argv[1:])
