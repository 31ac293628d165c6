"""Answers kept by idempotency key, so that a mutation sent twice runs once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from order_staging.sandbox.answers import Answer

KEPT = timedelta(minutes=30)


@dataclass(slots=True)
class _Kept:
    since: datetime
    answer: Answer | None = None


class IdempotencyKeys:
    """The keys of the last half hour; takes the clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._keys: dict[str, _Kept] = {}

    def claim(self, key: str) -> bool:
        """Take a key for a first run; false where it was taken before."""
        self._keys = {name: kept for name, kept in self._keys.items() if self._clock() - kept.since < KEPT}
        if key in self._keys:
            return False
        self._keys[key] = _Kept(self._clock())
        return True

    def answer(self, key: str) -> Answer | None:
        """The answer kept for a key that was taken, None while its first run goes on."""
        return self._keys[key].answer

    def settle(self, key: str, answer: Answer | None) -> None:
        """End the first run of a key: keep its answer, or set the key free where there is none to keep."""
        if answer is None:
            self._keys.pop(key, None)
        else:
            self._keys[key] = _Kept(self._clock(), answer)
