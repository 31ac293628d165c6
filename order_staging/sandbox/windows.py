"""A quota over a span of time: fixed windows, or one that slides."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil


class WindowKind(StrEnum):
    """When what was used comes back."""

    FIXED = "fixed"
    "All of it together, one span after the first use of the window."
    SLIDING = "sliding"
    "Each use by itself, one span after it."


@dataclass(slots=True)
class Use:
    """Something that was taken from a quota, and whether the window still counts it."""

    time: datetime
    amount: int
    counted: bool = True


class QuotaWindow:
    """A quota that comes back with time.

    Takes the clock, what may be used within a span, the span and the kind. More than the quota may be taken:
    what is left is then nought, and of a fixed window the debt is carried into the next one. `total` is what
    was used over all spans.
    """

    def __init__(self, clock: Callable[[], datetime], quota: int, span: timedelta, kind: WindowKind) -> None:
        self.quota = quota
        self.total = 0
        self._clock = clock
        self._span = span
        self._kind = kind
        self._uses: deque[Use] = deque()
        self._used = 0

    @property
    def left(self) -> int:
        """What may still be used now."""
        self._expire()
        return max(0, self.quota - self._used)

    def change(self, quota: int, kind: WindowKind) -> None:
        """Let the quota and the kind of window be others from now on; what was used stays used."""
        self._expire()
        self.quota = quota
        self._kind = kind

    def take(self, amount: int) -> Use:
        """Use so much of the quota, even more than is left."""
        self._expire()
        use = Use(self._clock(), amount)
        self._uses.append(use)
        self._used += amount
        self.total += amount
        return use

    def correct(self, use: Use, amount: int) -> None:
        """Say what a use came to in truth.

        Once its window is over, only what it used beyond what it was counted with counts, from now on.
        """
        self._expire()
        more, use.amount = amount - use.amount, amount
        if use.counted:
            self._used += more
            self.total += more
        elif more > 0:
            self.take(more)

    def resets_in(self) -> int | None:
        """Whole seconds until something comes back, None where nothing was used."""
        self._expire()
        return self._until(self._uses[0]) if self._uses else None

    def wait_for(self, amount: int) -> int:
        """Whole seconds until so much is left; until everything is back where it is more than the quota."""
        self._expire()
        missing = amount - (self.quota - self._used)
        if missing <= 0 or not self._uses:
            return 0
        if self._kind is WindowKind.FIXED:
            return self._until(self._uses[0])
        for use in self._uses:
            missing -= use.amount
            if missing <= 0:
                return self._until(use)
        return self._until(self._uses[-1])

    def _until(self, use: Use) -> int:
        return max(1, ceil((use.time + self._span - self._clock()).total_seconds()))

    def _expire(self) -> None:
        now = self._clock()
        if not self._uses or now - self._uses[0].time < self._span:
            return
        debt = max(0, self._used - self.quota) if self._kind is WindowKind.FIXED else 0
        while self._uses and (self._kind is WindowKind.FIXED or now - self._uses[0].time >= self._span):
            use = self._uses.popleft()
            use.counted = False
            self._used -= use.amount
        if debt:
            self._uses.append(Use(now, debt))
            self._used += debt
