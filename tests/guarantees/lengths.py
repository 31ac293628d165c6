"""How much of the proofs is done: with `WHOLE_PROOFS=1` all of it, else what CI has the time for."""

from __future__ import annotations

import os
from itertools import product
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

First = TypeVar("First")
Second = TypeVar("Second")

WHOLE = "WHOLE_PROOFS" in os.environ


def in_turn(
    first: Iterable[First], second: Sequence[Second], *, whole: bool = WHOLE
) -> list[tuple[First, Second]]:
    """Pair each of the first with every one of the second or, where the proofs are not whole, with one in turn."""
    if whole:
        return [*product(first, second)]
    return [(one, second[place % len(second)]) for place, one in enumerate(first)]
