"""Reads one field of order lines: its rule, its type, its limits, and what is said of what does not fit."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from order_staging.transform.limits import NO_LIMIT
from order_staging.transform.notes import Note
from order_staging.transform.rules import applied_rule
from order_staging.transform.values import Value, plain_text, value_reader

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.transform.customers import Customers
    from order_staging.transform.limits import Limits
    from order_staging.transform.mapping import Field, NumberFormat

REMEMBERED = 2048
"""Source values of a field whose readings are kept: customers, seasons, styles, dates and prices repeat."""

REPEATING = frozenset({str, int, date, type(None)})
"""Types of which equal values are read alike: decimals are not, as 1.1 and 1.10 are two texts."""


FieldReading = tuple[Value | None, Note | None, Note | None]
"""The value that a field makes of a source value, a note that lets the row pass, a problem that does not."""


class FieldReader:
    """Reads one field, source value after source value; what it has read lately it does not work out again."""

    def __init__(self, mapped: Field, limits: Limits, customers: Customers, numbers: NumberFormat) -> None:
        self._title = mapped.title
        self._rule = None if mapped.rule is None else applied_rule(mapped.rule, customers)
        self._value_of = value_reader(mapped.type, limits.get(mapped.title, NO_LIMIT), numbers)
        self._required = mapped.required
        self._refuses_misfits = mapped.refuses_misfits
        self.read_again: Callable[[object], FieldReading] = lru_cache(REMEMBERED)(self.read)
        """Reads a source value of one of the types that are `REPEATING`."""

    def read(self, source: object) -> FieldReading:
        """Read a source value of any type."""
        value, words = self._value_of(source if self._rule is None else self._rule(source))
        if words is None and (value is not None or not self._required):
            return value, None, None
        return self._with_words(source, value, words)

    def _with_words(self, source: object, value: Value | None, words: str | None) -> FieldReading:
        if words is None:
            return None, None, Note(self._title, "", "is empty, and is required")
        if value is None and self._refuses_misfits:
            return None, None, Note(self._title, plain_text(source), words)
        left_out = "; left out" if value is None else ""
        return value, Note(self._title, plain_text(source), words + left_out), None
