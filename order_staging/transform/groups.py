"""In which group of the board an order line stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def group_title(customer: str, seasons: Sequence[object]) -> str:
    """Join a customer and the first season that says something, trimmed, with one blank between.

    Where no season does (all are NULL, empty or blank) the customer alone is the group: there the order line
    is in plain sight of the people who plan that customer, and they can move it once the season is known.
    """
    for season in seasons:
        text = "" if season is None else str(season).strip()
        if text:
            return f"{customer} {text}"
    return customer
