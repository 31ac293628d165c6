"""What is known of monday.com's limits, and how long the next request has to wait for them.

Nothing is assumed: costs and quotas are learnt from answers, and the first mutation of all just goes. The budgets
are the account's: what others use or free is seen in the next answer, so no wait goes beyond a window after the
last one. Everything here is pure; moments are seconds of one clock that never goes back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from order_staging.monday.costs import Costs
from order_staging.monday.quotas import COMPLEXITY, CONCURRENCY, MINUTE, Quota, Shortage
from order_staging.monday.windows import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.monday.costs import Request
    from order_staging.monday.quotas import Spent

REQUEST_POINTS = 5_000_000.0
"""Points that one request may cost, until a refusal names another number."""
FULL = 0.99
"""The share of a quota from which on nothing can be said to be missing from it."""

IMPORTS = "ingest_items"
"""The kind of request that starts a bulk import."""


class Limit(StrEnum):
    """What a request was refused for."""

    COMPLEXITY = "complexity"
    MINUTE = "minute"
    CONCURRENCY = "concurrency"
    ADDRESS = "address"
    FIELD = "field"
    OTHER = "other"


class Delay(NamedTuple):
    """Seconds before a request may be sent (infinite: once one of ours has come back), and what it waits for."""

    seconds: float
    budget: str


class Quotas(NamedTuple):
    """What the account may use a minute: points of complexity, and requests; None: the server has not said it."""

    points: float | None
    requests: float | None


@dataclass(frozen=True, slots=True)
class Sending:
    """A request that has left: when, and the points kept for it."""

    request: Request
    sent: float
    need: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal: the limit, the wait that the server names (seconds), its headers' quotas, and what was short."""

    limit: Limit
    wait: float | None = None
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    shortage: Shortage | None = None


class Limits:
    """The model: what is left of each quota, what requests cost, and until when everything is held back."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.complexity = Window()
        self.minute = Window()
        self.costs = Costs()
        self.in_flight = 0
        self._request_points = REQUEST_POINTS
        self._refused_in_full: Request | None = None
        self._at_once: int | None = None
        self._at_once_until = -math.inf
        self._held_until = -math.inf

    @property
    def quotas(self) -> Quotas:
        """Tell the quotas of a minute, as far as they are known."""
        return Quotas(self.complexity.quota, self.minute.quota)

    def delay(self, request: Request, now: float) -> Delay:
        """Tell how long a request has to wait, and for what."""
        delays = [
            Delay(self._held_until - now, "held"),
            Delay(self.complexity.wait(self.costs.need(request), now), Limit.COMPLEXITY),
            Delay(self.minute.wait(1.0, now), Limit.MINUTE),
        ]
        crowded = self._at_once is not None and now < self._at_once_until and self.in_flight >= self._at_once
        if self.in_flight and crowded:
            delays.append(Delay(math.inf, Limit.CONCURRENCY))
        longest_one = max(delays)
        return longest_one if longest_one.seconds > 0 else Delay(0.0, "")

    def never_fits(self, request: Request) -> float | None:
        """Tell the points of several mutations of known cost that no minute or request has; else None."""
        need = self.costs.known(request)
        most = min(self._request_points, math.inf if self.complexity.quota is None else self.complexity.quota)
        return None if need is None or request.mutations == 1 or need <= most else need

    def most_at_once(self, kind: str) -> int | None:
        """Tell how many mutations of a kind fit into one request, one at least; None: not known yet."""
        each = self.costs.each(kind)
        if each is None:
            return None
        quota = math.inf if self.complexity.quota is None else self.complexity.quota
        return max(1, int(min(self._request_points, quota) // max(1.0, each)))

    def hold(self, seconds: float, now: float) -> None:
        """Hold everything back for so long."""
        self._held_until = max(self._held_until, now + seconds)

    def send(self, request: Request, now: float) -> Sending:
        """Keep what a request needs, as it leaves now."""
        sending = Sending(request, now, self.costs.need(request) if self.costs.known(request) else 0.0)
        self.in_flight += 1
        self.complexity.reserved += sending.need
        self.minute.reserved += 1
        return sending

    def end(self, sending: Sending) -> None:
        """Give back what was kept for a request, whatever became of it; its answer has been taken in before."""
        self.in_flight -= 1
        self.minute.reserved -= 1
        # Nothing is kept for nobody, however the sums were rounded.
        self.complexity.reserved = (
            max(0.0, self.complexity.reserved - sending.need) if self.in_flight else 0.0
        )

    def answered(
        self, sending: Sending, now: float, quotas: Mapping[str, Quota], spent: Spent | None = None
    ) -> None:
        """Take in the answer to a request that was executed: its headers, and its own report where it has one."""
        self._refused_in_full = None
        quota = self._heard(sending, now, quotas)
        left = quota.remaining if quota.remaining is not None or spent is None else spent.after
        if left is None:
            self.complexity.lose(sending.sent, now, sending.need)
            return
        charged = self._charged(sending, now, left, spent)
        self.costs.learn(sending.request, charged, spent.before if spent else None)
        reset = quota.reset if quota.reset is not None or spent is None else spent.reset
        self.complexity.observe(sending.sent, now, left, reset, charged)

    def failed(self, sending: Sending, now: float, quotas: Mapping[str, Quota]) -> None:
        """Take in the headers of an answer that teaches nothing about costs: the request failed."""
        quota = self._heard(sending, now, quotas)
        if quota.remaining is None:
            self.complexity.lose(sending.sent, now, sending.need)
        else:
            self.complexity.observe(sending.sent, now, quota.remaining, quota.reset, 0.0)

    def unanswered(self, sending: Sending, now: float) -> None:
        """Take in that a request ended without an answer: it may have been charged all the same."""
        self.complexity.lose(sending.sent, now, sending.need)
        self.minute.lose(sending.sent, now, 1.0)

    def refused(self, sending: Sending, now: float, refusal: Refusal) -> bool:
        """Take in a refusal, and tell whether the request can never fit; if it can, everything waits as told."""
        self._sizes(refusal.quotas)
        self._slots(now, refusal.quotas)
        if refusal.limit is Limit.MINUTE:
            reset = refusal.quotas.get(MINUTE, Quota()).reset
            self.minute.exhausted(sending.sent, now, 0.0, refusal.wait, reset)
        else:
            self._requests_left(sending, now, refusal.quotas)
        if refusal.limit is Limit.CONCURRENCY:
            self._allow(self.in_flight - 1, now)
        too_large = refusal.limit is Limit.COMPLEXITY and self._short(sending, now, refusal)
        if refusal.wait is not None and not too_large and not _of_its_own(sending.request, refusal):
            self.hold(refusal.wait, now)
        return too_large

    def too_complex(self, request: Request, shortage: Shortage) -> None:
        """Take in that a request costs more than any may."""
        self._request_points = shortage.most or self._request_points
        # Without a number it costs more than the most there is, by a point at least.
        self.costs.exceeded(request, shortage.cost or self._request_points + 1)

    def _short(self, sending: Sending, now: float, refusal: Refusal) -> bool:
        request, window, shortage = sending.request, self.complexity, refusal.shortage or Shortage()
        quota = refusal.quotas.get(COMPLEXITY, Quota())
        window.quota = shortage.limit or window.quota
        left = quota.remaining if shortage.left is None else shortage.left
        if shortage.cost:
            self.costs.set_need(request, shortage.cost)
        else:
            self.costs.raise_need(request, left)
        believed = min(window.left(now), self.costs.need(request) - 1) if left is None else left
        reset = quota.reset if shortage.reset is None else shortage.reset
        window.exhausted(sending.sent, now, believed, refusal.wait, reset)
        if window.quota is None:
            return False
        if (shortage.cost or 0.0) > window.quota:
            return True
        # Headers alone may be wrong once: they are believed when they say the same of the same request again.
        again, self._refused_in_full = self._refused_in_full, None
        if left is not None and left >= FULL * window.quota:
            self._refused_in_full = request
        return request == again == self._refused_in_full

    def _charged(self, sending: Sending, now: float, left: float, spent: Spent | None) -> float:
        """Tell what a request was charged, by its own report or by the fall of what is left."""
        if spent is not None:
            if spent.query:
                return spent.query
            if spent.before is not None and spent.after is not None:
                return max(0.0, spent.before - spent.after)
        known = self.costs.charge(sending.request)
        before = self.complexity.left(now)
        fall = before - left if math.isfinite(before) and self.in_flight == 1 else 0.0
        # Others use the budget, too: of several falls the smallest is nearest to the truth.
        return min([*([fall] if fall > 0 else []), *([] if known is None else [known])], default=0.0)

    def _heard(self, sending: Sending, now: float, quotas: Mapping[str, Quota]) -> Quota:
        self._sizes(quotas)
        self._requests_left(sending, now, quotas)
        self._slots(now, quotas)
        return quotas.get(COMPLEXITY, Quota())

    def _sizes(self, quotas: Mapping[str, Quota]) -> None:
        for name, window in ((COMPLEXITY, self.complexity), (MINUTE, self.minute)):
            quota = quotas.get(name, Quota())
            window.quota = quota.limit or window.quota
            window.span = quota.window or window.span

    def _requests_left(self, sending: Sending, now: float, quotas: Mapping[str, Quota]) -> None:
        quota = quotas.get(MINUTE, Quota())
        if quota.remaining is None:
            self.minute.lose(sending.sent, now, 1.0)
        else:
            self.minute.observe(sending.sent, now, quota.remaining, quota.reset, 1.0)

    def _slots(self, now: float, quotas: Mapping[str, Quota]) -> None:
        free = quotas.get(CONCURRENCY, Quota()).remaining
        if free is not None:
            # The request that is answered here may or may not count among those in flight.
            self._allow(min(free, 1e6) + self.in_flight - 1, now)

    def _allow(self, requests: float, now: float) -> None:
        self._at_once = max(1, int(requests))
        self._at_once_until = now + self.minute.span


def _of_its_own(request: Request, refusal: Refusal) -> bool:
    """Tell whether a refusal says nothing of other requests: bulk imports have an hourly limit of their own."""
    return request.kind == IMPORTS and refusal.limit is Limit.OTHER
