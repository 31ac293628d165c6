"""The gate before every request: it waits until monday.com's limits let the request through.

What is known is `limits.Limits`; here are the clock, the sleep, and the requests that wait for each other.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from order_staging.errors import RequestTooLargeError, TransientError
from order_staging.monday.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from random import Random

    from order_staging.monday.costs import Request
    from order_staging.monday.limits import Delay, Quotas, Refusal, Sending
    from order_staging.monday.outcomes import Usage
    from order_staging.monday.quotas import Quota, Shortage, Spent

log = structlog.get_logger(__name__)

LONGEST_WAIT = 300.0
"""Seconds that we wait at the server's word within a run; beyond that the run ends and goes on later."""
TOO_MANY = 429


def utc_now() -> datetime:
    """Tell the time in UTC, without a time zone."""
    return datetime.now(UTC).replace(tzinfo=None)


class Stopwatch:
    """Seconds that never go back, though the clock may, and that go on by what was slept at least."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Take the clock."""
        self._now = now
        self._last = now()
        self._seconds = 0.0

    def seconds(self) -> float:
        """Tell how many seconds have passed."""
        now = self._now()
        self._seconds += max(0.0, (now - self._last).total_seconds())
        self._last = now
        return self._seconds

    def at_least(self, seconds: float) -> None:
        """Go on to so many seconds, if they have not passed yet."""
        self._seconds = max(self.seconds(), seconds)


class Turn:
    """One request that is under way; tell it what came of the request."""

    def __init__(self, limits: Limits, sending: Sending, seconds: Callable[[], float]) -> None:
        """Take the model, what was kept for the request, and the seconds that have passed."""
        self._limits = limits
        self._sending = sending
        self._seconds = seconds

    def answered(self, quotas: Mapping[str, Quota], spent: Spent | None) -> None:
        """Take in the answer to a request that was executed."""
        self._limits.answered(self._sending, self._seconds(), quotas, spent)

    def failed(self, quotas: Mapping[str, Quota]) -> None:
        """Take in the headers of any other answer."""
        self._limits.failed(self._sending, self._seconds(), quotas)

    def unanswered(self) -> None:
        """Take in that no answer came."""
        self._limits.unanswered(self._sending, self._seconds())

    def refused(self, refusal: Refusal) -> bool:
        """Take in a refusal by a limit; tell whether the request can never fit."""
        return self._limits.refused(self._sending, self._seconds(), refusal)

    def too_complex(self, shortage: Shortage) -> None:
        """Take in that no request may cost so much."""
        self._limits.too_complex(self._sending.request, shortage)


class Gate:
    """Lets requests through as monday.com's limits allow; all of a client's requests pass the same gate."""

    def __init__(
        self,
        usage: Usage,
        *,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        random: Random,
        on_wait: Callable[[float, str], None] | None = None,
    ) -> None:
        """Take what counts waits, the clock (naive UTC), the sleep in seconds, randomness, and whom to tell."""
        self._limits = Limits()
        self._usage = usage
        self._watch = Stopwatch(now)
        self._sleep = sleep
        self._random = random
        self._on_wait = on_wait
        self._returned = asyncio.Event()

    def most_at_once(self, kind: str) -> int | None:
        """Tell how many mutations of a kind fit into one request; None: not known yet."""
        return self._limits.most_at_once(kind)

    @property
    def quotas(self) -> Quotas:
        """Tell what the account may use a minute."""
        return self._limits.quotas

    def delay(self, request: Request) -> Delay:
        """Tell how long a request would have to wait now."""
        return self._limits.delay(request, self._watch.seconds())

    def hold(self, seconds: float) -> None:
        """Hold every request back for so long."""
        self._limits.hold(seconds, self._watch.seconds())

    async def sleep(self, seconds: float) -> None:
        """Sleep, and count the time as passed."""
        until = self._watch.seconds() + seconds
        await self._sleep(seconds)
        self._watch.at_least(until)

    @asynccontextmanager
    async def turn(
        self, request: Request, going_on: Callable[[], Awaitable[None]] | None
    ) -> AsyncIterator[Turn]:
        """Wait for a request's turn, and keep what it needs while the block runs.

        `going_on` is awaited after each wait, and what it raises ends it. Raises `TransientError` where the wait
        would be longer than a run waits, and `RequestTooLargeError` where waiting does not help.
        """
        await self._wait(request, going_on)
        sending = self._limits.send(request, self._watch.seconds())
        try:
            yield Turn(self._limits, sending, self._watch.seconds)
        finally:
            self._limits.end(sending)
            self._returned.set()
            self._returned = asyncio.Event()

    async def _wait(self, request: Request, going_on: Callable[[], Awaitable[None]] | None) -> None:
        while True:
            self._require_fitting(request)
            delay = self.delay(request)
            if delay.seconds == 0:
                return
            if math.isinf(delay.seconds):
                await self._returned.wait()
            else:
                await self._wait_for(delay)
            if going_on is not None:
                await going_on()

    async def _wait_for(self, delay: Delay) -> None:
        if delay.seconds > LONGEST_WAIT:
            words = f"monday.com asks us to wait for {math.ceil(delay.seconds)} seconds; run again later"
            raise TransientError(words, wait=delay.seconds, status=TOO_MANY)
        # Not all runners that share the account at the same moment.
        seconds = delay.seconds + self._random.uniform(0, 1)
        log.info("monday.pacing", seconds=round(seconds, 1), budget=delay.budget)
        self._usage.waited += seconds
        if self._on_wait is not None:
            self._on_wait(seconds, f"monday.com's limit ({delay.budget})")
        await self.sleep(seconds)

    def _require_fitting(self, request: Request) -> None:
        points = self._limits.never_fits(request)
        if points is not None:
            raise RequestTooLargeError(
                f"{request} need {math.ceil(points)} points, more than monday.com gives; fewer at a time may pass"
            )
