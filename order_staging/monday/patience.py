"""How often one request is tried, and how long between two times.

Failures and refusals are counted apart. A failure, or a refusal that names no time, is one of so many attempts. A
refusal by a limit with a time is no failure: an account that others keep busy is waited for, for half an hour of
waits or 60 refusals a request, whichever comes first; monday.com counts each refusal as a tenth of a daily call.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from order_staging.errors import RateLimitError, TransientError
from order_staging.monday.limits import Limit
from order_staging.monday.quotas import longest

if TYPE_CHECKING:
    from random import Random

    from tenacity import RetryCallState

    from order_staging.monday.costs import Request
    from order_staging.monday.pacing import Gate

LONGEST_BACKOFF = 60.0
"""Seconds; where the server names none."""
MOST_WAITED = 1800.0
"""Seconds in all that one request waits for limits."""
MOST_REFUSALS = 60
MOST_SHORTAGES = 4
"""Refusals for complexity after which several mutations are sent fewer at a time rather than once more."""


def backoff(attempt: int, random: Random) -> float:
    """Choose the seconds before the next of several attempts, random and longer each time."""
    return random.uniform(0, min(LONGEST_BACKOFF, 2.0 ** min(attempt, 10)))


class Patience:
    """Counts what became of one request, for tenacity."""

    def __init__(self, request: Request, gate: Gate, max_attempts: int, random: Random) -> None:
        """Take the request, the gate that other requests wait at, how often to fail, and randomness."""
        self._request = request
        self._gate = gate
        self._max_attempts = max_attempts
        self._random = random
        self._attempts = 0
        self._refusals = 0
        self._shortages = 0
        self._waited = 0.0

    @property
    def too_large(self) -> bool:
        """Whether the request had better be sent in parts: it is refused for its points again and again."""
        return self._request.mutations > 1 and self._shortages >= MOST_SHORTAGES

    def wait(self, state: RetryCallState) -> float:
        """Choose the seconds before the next attempt; after a refusal all other requests wait as long."""
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, RateLimitError):
            return self._after_failure(error.wait if isinstance(error, TransientError) else None)
        self._refusals += 1
        self._shortages += error.limit == Limit.COMPLEXITY
        delay = self._gate.delay(self._request).seconds
        asked = longest(error.wait, delay if 0 < delay < math.inf else None)
        if asked is None:
            seconds = self._after_failure(None)
        else:
            # Refused again and again, we ask less and less often.
            patient = backoff(self._refusals - 1, self._random) if self._refusals > 1 else 0.0
            seconds = max(asked, patient) + self._random.uniform(0, 1)
        self._waited += seconds
        self._gate.hold(seconds)
        return seconds

    def is_over(self, _: RetryCallState) -> bool:
        """Tell whether the request was tried often enough."""
        return (
            self.too_large
            or self._attempts >= self._max_attempts
            or self._waited > MOST_WAITED
            or self._refusals >= MOST_REFUSALS
        )

    def _after_failure(self, asked: float | None) -> float:
        self._attempts += 1
        if asked is None:
            return backoff(self._attempts, self._random)
        # A little later than asked, and not all runners at the same moment.
        return asked + self._random.uniform(0, 1)
