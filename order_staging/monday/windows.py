"""A quota over a minute, as far as the client can know it: what is left, and when something comes back.

monday.com does not say whether a window is fixed (everything comes back at the reset) or slides (each charge comes
back by itself, a window after it was made). We begin with the former, and learn from what is left after a reset:
in a window that slides our own charges of the last minute are still missing then. Everything here is pure; moments
are seconds of one clock.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile

MINUTE = 60.0
CUT_OFF = 1.0
"""Seconds that may be missing in the whole seconds to a reset that headers and bodies tell."""
NOTABLE = 0.01
"""The share of a quota below which our own charges prove nothing about the kind of window."""
NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class _Charge:
    sent: float
    answered: float
    amount: float


@dataclass
class Window:
    """One quota that comes back with time; amounts are points or requests."""

    quota: float | None = None
    """As the server told it; None: not said."""
    span: float = MINUTE
    sliding: bool = False
    reserved: float = 0.0
    """Asked for by requests that have no answer yet."""
    _left: float | None = None
    _seen: float = -math.inf
    _reset: float | None = None
    _charges: deque[_Charge] = field(default_factory=deque)
    _largest: float = 0.0

    @property
    def size(self) -> float:
        """The quota, or the most that was ever left where nobody told it."""
        return self._largest if self.quota is None else self.quota

    def wait(self, need: float, now: float) -> float:
        """Tell after how many seconds so much is believed to be there.

        0: now; infinite: once a request of ours has come back. More than all there is counts as all of it, and no
        wait goes beyond a window after the last answer, as nobody knows what others have used since.
        """
        if self.size:
            need = min(need, self.size)
        if self._available(now) - self.reserved >= need:
            return 0.0
        if self.reserved > 0 and self._earliest(need, now, 0.0) == 0:
            return math.inf
        return self._earliest(need, now, self.reserved)

    def left(self, now: float) -> float:
        """Tell what is believed to be left; infinite where nothing is known."""
        return self._available(now)

    def observe(self, sent: float, now: float, left: float, reset: float | None, amount: float) -> None:
        """Take in an answer to a request sent at `sent`: what is left after it, and what it was charged itself.

        `reset` is in seconds from now, None where the answer does not say.
        """
        self._take_in(sent, now, left, amount)
        if amount > 0:
            self._charges.append(_Charge(sent, now, amount))
        self._trim()
        self._reset = None if reset is None else now + reset + CUT_OFF

    def exhausted(
        self, sent: float, now: float, left: float, wait: float | None, reset: float | None = None
    ) -> None:
        """Take in a refusal: so much is left, and it is too little; `wait` is the server's own, in seconds."""
        self._take_in(sent, now, left, 0.0)
        self._trim()
        if wait is not None:
            self._reset = now + wait
        elif reset is not None:
            self._reset = now + reset + CUT_OFF
        elif self._reset is not None and self._reset <= now:
            self._reset = None

    def lose(self, sent: float, now: float, amount: float) -> None:
        """Take in that a request has no answer, or none that tells: it may have been charged."""
        self._charges.append(_Charge(sent, now, amount))
        if self._left is not None:
            self._left = max(0.0, self._left - amount)

    def _take_in(self, sent: float, now: float, left: float, amount: float) -> None:
        self._learn_kind(sent, now, left, amount)
        self._largest = max(self._largest, left + amount)
        reset_passed = self._reset is not None and now >= self._reset
        if sent < self._seen and self._left is not None and not reset_passed:
            # Another answer came while this one was under way: nobody knows which of them is the newer.
            left = min(left, self._left)
        # A charge that may be back already is part of what is left, and must not count once more.
        self._charges = deque(charge for charge in self._charges if charge.sent + self.span > now)
        self._left, self._seen = left, now

    def _learn_kind(self, sent: float, now: float, left: float, amount: float) -> None:
        reset = self._reset_moment()
        if reset is None or sent < reset or not self.size:
            return
        missing = sum(charge.amount for charge in self._charges if charge.sent + self.span > now)
        if missing >= NOTABLE * self.size:
            self.sliding = self.size - left - amount >= NEARLY_ALL * missing

    def _trim(self) -> None:
        """Forget the oldest charges that cannot be among what is missing: they came back with a reset."""
        surplus = sum(charge.amount for charge in self._charges) - (self.size - (self._left or 0.0))
        while self._charges and surplus > 0:
            oldest = self._charges.popleft()
            if oldest.amount > surplus:
                self._charges.appendleft(_Charge(oldest.sent, oldest.answered, oldest.amount - surplus))
            surplus -= oldest.amount

    def _earliest(self, need: float, now: float, reserved: float) -> float:
        if self._available(now) - reserved >= need:
            return 0.0
        latest = self._seen + self.span
        moments = [charge.answered + self.span for charge in self._charges]
        reset = self._reset_moment()
        moments += [latest] if reset is None else [latest, reset]
        for moment in sorted(moments):
            if now < moment and self._available(moment) - reserved >= need:
                return moment - now
        return max(0.0, latest - now)

    def _available(self, moment: float) -> float:
        if self._left is None:
            return math.inf
        reset = self._reset_moment()
        over = moment >= self._seen + self.span
        if over or (not self.sliding and reset is not None and moment >= reset):
            return self.size or math.inf
        if not self.sliding:
            return self._left
        back = takewhile(lambda charge: charge.answered + self.span <= moment, self._charges)
        return min(self.size, self._left + sum(charge.amount for charge in back))

    def _reset_moment(self) -> float | None:
        """Tell when something comes back: as the server said, or a window after our oldest charge."""
        if self._reset is not None:
            return self._reset
        return self._charges[0].answered + self.span if self._charges else None
