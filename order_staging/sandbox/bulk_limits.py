"""What an account may import within an hour."""

from collections import deque
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)


class HourlyUse:
    """How much was used during the last hour, of jobs or of rows; `now` must not go backwards."""

    def __init__(self) -> None:
        self._uses: deque[tuple[datetime, int]] = deque()

    def add(self, amount: int, now: datetime) -> None:
        """Take note of a use."""
        self._uses.append((now, amount))

    def used(self, now: datetime) -> int:
        """How much was used within the hour that ends now."""
        while self._uses and self._uses[0][0] + HOUR <= now:
            self._uses.popleft()
        return sum(amount for _, amount in self._uses)

    def wait(self, amount: int, limit: int, now: datetime) -> timedelta:
        """How long it is until so much more stays within the limit, nothing where it does now.

        An amount above the limit never does; the wait is an hour then.
        """
        if amount > limit:
            return HOUR
        excess = self.used(now) + amount - limit
        wait = timedelta()
        for moment, used in self._uses:
            if excess <= 0:
                break
            excess -= used
            wait = moment + HOUR - now
        return wait
