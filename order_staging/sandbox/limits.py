"""The limits of an account: what a request may still use, and what headers tell of it.

A request is held against them in this order: requests from its address in ten seconds (before its token is
looked at), calls of the day, requests of the minute, requests in flight; then, if it would be executed, the
points of one request and the points of the minute. The first that is exceeded refuses it. A request refused by
a limit of the account is a tenth of a daily call; one refused for its points is a request of the minute, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from math import ceil

from order_staging.sandbox.budget import MINUTE, Budget, Charge
from order_staging.sandbox.plans import IP_REQUESTS, REQUEST_COMPLEXITY, Plan
from order_staging.sandbox.windows import QuotaWindow, WindowKind

CONCURRENCY_RETRY_SECONDS = 15
IP_SPAN = timedelta(seconds=10)
TENTHS = 10
"""Daily calls are counted in tenths: a refused request is one tenth."""


class Limit(StrEnum):
    """What a request may exceed."""

    IP = "ip"
    DAILY = "daily"
    MINUTE = "minute"
    CONCURRENCY = "concurrency"
    COMPLEXITY = "complexity"
    REQUEST_COMPLEXITY = "request_complexity"


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that refuses a request: seconds to wait, and of complexity the cost, what is left and the quota."""

    limit: Limit
    retry_in_seconds: int = 0
    cost: int = 0
    left: int = 0
    quota: int = 0


@dataclass(frozen=True, slots=True)
class Quota:
    """How many there are of something, what is left of them, and the seconds until something comes back, if any."""

    limit: int
    left: int
    resets_in: int | None = None


@dataclass(frozen=True, slots=True)
class DailyCalls:
    """The calls of this day in UTC, tenths included, and how many there may be."""

    used: float
    limit: int


class Limits:
    """What an account has used of its plan; takes the plan, the clock and the kind of window of its minutes."""

    def __init__(self, plan: Plan, clock: Callable[[], datetime], kind: WindowKind) -> None:
        self.plan = plan
        self._clock = clock
        self._address = QuotaWindow(clock, IP_REQUESTS, IP_SPAN, WindowKind.FIXED)
        self._minute = QuotaWindow(clock, plan.requests, MINUTE, kind)
        self._budget = Budget(clock, plan.complexity, kind)
        self._in_flight = 0
        self._day: date | None = None
        self._tenths = 0

    def change(self, plan: Plan, kind: WindowKind) -> None:
        """Let the plan and the kind of window be others from now on; what was used stays used."""
        self.plan = plan
        self._minute.change(plan.requests, kind)
        self._budget.window.change(plan.complexity, kind)

    def knock(self) -> Exceeded | None:
        """Count a request of an address, whosever it is."""
        if self.plan.refuses and self._address.left < 1:
            return Exceeded(Limit.IP, self._address.wait_for(1))
        self._address.take(1)
        return None

    def enter(self, *, free_reading: bool) -> Exceeded | None:
        """Let a request of the account in, or say why not; what was let in has to `leave`.

        A request that does nothing but ask for the complexity (`free_reading`) is a tenth of a daily call.
        """
        exceeded = self._exceeded() if self.plan.refuses else None
        if exceeded is not None:
            self._count(1)
            return exceeded
        self._count(1 if free_reading else TENTHS)
        self._minute.take(1)
        self._in_flight += 1
        return None

    def leave(self) -> None:
        """End a request that was let in."""
        self._in_flight -= 1

    def charge(self, cost: int, estimate: int) -> Charge | Exceeded:
        """Take the estimated points of a request that would cost so many, or say why it is refused."""
        if self.plan.refuses and max(cost, estimate) > REQUEST_COMPLEXITY:
            return Exceeded(Limit.REQUEST_COMPLEXITY, cost=max(cost, estimate))
        window = self._budget.window
        if self.plan.refuses and estimate > window.left:
            self._count(1 - TENTHS)
            wait = window.wait_for(estimate) or int(MINUTE.total_seconds())
            return Exceeded(Limit.COMPLEXITY, wait, estimate, window.left, window.quota)
        return self._budget.charge(estimate)

    def daily(self) -> DailyCalls:
        """The calls of this day."""
        return DailyCalls((self._tenths if self._day == self._today() else 0) / TENTHS, self.plan.calls)

    @property
    def points(self) -> int:
        """The points that all requests have cost."""
        return self._budget.window.total

    @property
    def complexity(self) -> Quota:
        """The points of this minute."""
        return _quota(self._budget.window)

    @property
    def requests(self) -> Quota:
        """The requests of this minute."""
        return _quota(self._minute)

    @property
    def in_flight(self) -> Quota:
        """The requests that may be in flight together."""
        return Quota(self.plan.concurrency, max(0, self.plan.concurrency - self._in_flight))

    def headers(self, exceeded: Exceeded | None = None) -> dict[str, str]:
        """The headers that tell the quotas and what is left of them; takes what refused the request, if any."""
        policy = [
            f'"minuteRate";q={self.plan.requests};w=60',
            f'"concurrency";q={self.plan.concurrency};qu="concurrent-requests"',
            f'"complexityMinute";q={self.plan.complexity};w=60;qu="content-bytes"',
        ]
        reset = self._budget.window.resets_in()
        left = [
            _left("minuteRate", self._minute.left, _wait(exceeded, Limit.MINUTE)),
            _left("concurrency", self.in_flight.left, _wait(exceeded, Limit.CONCURRENCY)),
            _left("complexityMinute", self._budget.window.left, reset),
        ]
        return {"RateLimit-Policy": ", ".join(policy), "RateLimit": ", ".join(left)}

    def _exceeded(self) -> Exceeded | None:
        if self._day == self._today() and self._tenths >= self.plan.calls * TENTHS:
            return Exceeded(Limit.DAILY, self._until_midnight())
        if self._minute.left < 1:
            return Exceeded(Limit.MINUTE, self._minute.wait_for(1))
        if self._in_flight >= self.plan.concurrency:
            return Exceeded(Limit.CONCURRENCY, CONCURRENCY_RETRY_SECONDS)
        return None

    def _count(self, tenths: int) -> None:
        today = self._today()
        self._tenths = tenths + (self._tenths if self._day == today else 0)
        self._day = today

    def _today(self) -> date:
        return self._clock().astimezone(UTC).date()

    def _until_midnight(self) -> int:
        midnight = datetime.combine(self._today() + timedelta(days=1), time(), UTC)
        return ceil((midnight - self._clock()).total_seconds())


def _quota(window: QuotaWindow) -> Quota:
    return Quota(window.quota, window.left, window.resets_in())


def _left(name: str, left: int, wait: int | None) -> str:
    return f'"{name}";r={left}' + ("" if wait is None else f";t={wait}")


def _wait(exceeded: Exceeded | None, limit: Limit) -> int | None:
    return exceeded.retry_in_seconds if exceeded is not None and exceeded.limit is limit else None
