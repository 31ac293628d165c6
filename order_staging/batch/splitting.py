"""A request that is refused as a whole because of one row: how it is taken apart until the row is found. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

ROUNDS = 3
"""How often rows whose outcome is unknown are settled and sent again before a run gives up on them."""

NAMED = re.compile(r"\$[a-z]+(\d+)\b")
"""A variable of a request, numbered by its row, as monday's refusals name it."""


def parts(rows: Sequence[T], words: str) -> list[Sequence[T]]:
    """Cut the rows of a refused request in two: the row that the refusal names and the others, else halves.

    What is more likely to be accepted comes first: once it is, the request as such is known to be right.
    """
    named = {int(number) for number in NAMED.findall(words)}
    if len(named) == 1 and (place := named.pop()) < len(rows):
        blamed = [row for number, row in enumerate(rows) if number == place]
        others = [row for number, row in enumerate(rows) if number != place]
        return [others, blamed] if others else [blamed]
    middle = math.ceil(len(rows) / 2)
    return [part for part in (rows[:middle], rows[middle:]) if part]


def rows_a_request(aliases: int, attempt: int) -> int:
    """Tell how many rows travel together at an attempt, counted from 0, of `ROUNDS`.

    A row at which monday.com fails takes its neighbours along into the unknown; they are sent in ever smaller
    companies, and alone in the end: 20, 5, 1.
    """
    return max(1, math.ceil(math.pow(aliases, 1 - attempt / (ROUNDS - 1))))


def even_share(wanted: int, fitting: int) -> int:
    """Tell how many rows a request carries so that requests of one size use up what fits into one budget.

    Of 33 that fit, 20 at a time would leave 13 unused until the next minute; 16 at a time use 32.
    """
    return max(1, fitting // math.ceil(fitting / wanted))
