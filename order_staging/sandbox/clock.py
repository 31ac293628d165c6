"""Clocks of the sandbox: the true one, and one that tests move."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class MovingClock:
    """A clock that stands still until it is moved; takes the aware moment it starts at.

    Its `sleep` moves it instead of waiting, so two sleepers at once make
    it go on by both their waits. Raises `ValueError` for a start without a time zone.
    """

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError("A clock starts at a moment with a time zone")
        self._now = start.astimezone(UTC)

    def __call__(self) -> datetime:
        """The moment in UTC."""
        return self._now

    def naive(self) -> datetime:
        """The moment in UTC without its time zone, as databases keep it."""
        return self._now.replace(tzinfo=None)

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds; raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("A clock does not go back")
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        """Move on by so many seconds, and let other tasks of the event loop have a turn."""
        self.advance(seconds)
        await asyncio.sleep(0)
