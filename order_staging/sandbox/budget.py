"""The complexity budget of a minute: estimated, charged, and corrected once the true cost is known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from order_staging.sandbox.windows import QuotaWindow, Use, WindowKind

MINUTE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Complexity:
    """What was left before a request, what it cost and what is left after it, in points; seconds to the reset."""

    before: int
    query: int
    after: int
    reset_in_x_seconds: int


class Budget:
    """The points of each minute; takes the clock, how many there are, and the kind of window."""

    def __init__(self, clock: Callable[[], datetime], points: int, kind: WindowKind) -> None:
        self.window = QuotaWindow(clock, points, MINUTE, kind)

    def charge(self, estimate: int) -> "Charge":
        """Take the estimate of a request, even where it is more than is left."""
        return Charge(self.window, self.window.take(estimate))


class Charge:
    """What one request was charged: its estimate first, and what it cost in truth once that is known."""

    def __init__(self, window: QuotaWindow, use: Use) -> None:
        self._window = window
        self._use = use

    @property
    def points(self) -> int:
        """What it comes to by now."""
        return self._use.amount

    def settle(self, cost: int) -> Complexity:
        """Correct the charge to the true cost, in points; it may be settled again when more is known."""
        self._window.correct(self._use, cost)
        after = self._window.left
        # Points that were not there are a debt of the next minute, and were not there before either.
        before = min(self._window.quota, after + cost)
        return Complexity(before, cost, after, self._window.resets_in() or 0)
