"""The rules that go beyond copying; each takes a source value and gives the one to go on with."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from order_staging.transform.mapping import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.transform.customers import Customers

_ORDER_TYPES = {"active": "RECEIVED", "cancelled": "CANCELLED"}


def applied_rule(rule: Rule, customers: Customers) -> Callable[[object], object]:
    """Give the function that applies a field's rule to a source value."""
    match rule:
        case Rule.CANONICAL_CUSTOMER:
            return customers.canonical
        case Rule.CLEAN_TEXT:
            return clean_text
        case Rule.ORDER_TYPE:
            return order_type
        case Rule.TRUE_IS_ZERO:
            return true_is_zero


def clean_text(value: object) -> object:
    """Remove control characters (Unicode category Cc) from text, then blanks at its ends.

    Tabs and newlines are control characters too: they are removed, not turned into blanks, so that "A", a tab
    and "B" become "AB".
    """
    if not isinstance(value, str):
        return value
    # Trimmed last: a control character may stand outside of a blank.
    return "".join(character for character in value if unicodedata.category(character) != "Cc").strip()


def order_type(value: object) -> object:
    """Turn ACTIVE into RECEIVED, and CANCELLED in any case into CANCELLED; leave anything else as it is."""
    return _ORDER_TYPES.get(value.strip().casefold(), value) if isinstance(value, str) else value


def true_is_zero(value: object) -> object:
    """Turn the text TRUE, in any case, and the truth value into 0; leave anything else as it is."""
    is_true = value is True or (isinstance(value, str) and value.strip().casefold() == "true")
    return 0 if is_true else value
