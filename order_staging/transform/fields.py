"""Reads one field of order lines: its rule, its type, its limits, and what is said of what does not fit."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from order_staging.transform.limits import NO_LIMIT
from order_staging.transform.notes import Note
from order_staging.transform.rules import apply_rule
from order_staging.transform.values import Value, plain_text, read_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.transform.customers import Customers
    from order_staging.transform.limits import Limits
    from order_staging.transform.mapping import Field, NumberFormat

REMEMBERED = 1024
"""Source values of a field whose readings are kept: customers, seasons, styles, dates and prices repeat."""

REPEATING = frozenset({str, int, date, type(None)})
"""Types of which equal values are read alike: decimals are not, as 1.1 and 1.10 are two texts."""


class FieldReading(NamedTuple):
    """What a field makes of a source value: `note` lets the row pass, `problem` makes it invalid."""

    value: Value | None
    note: Note | None = None
    problem: Note | None = None


class FieldReader:
    """Reads one field, source value after source value; what it has read lately it does not work out again."""

    def __init__(self, mapped: Field, limits: Limits, customers: Customers, numbers: NumberFormat) -> None:
        self._mapped = mapped
        self._limit = limits.get(mapped.title, NO_LIMIT)
        self._customers = customers
        self._numbers = numbers
        self.read_again: Callable[[object], FieldReading] = lru_cache(REMEMBERED)(self.read)
        """Reads a source value of one of the types that are `REPEATING`."""

    def read(self, source: object) -> FieldReading:
        """Read a source value of any type."""
        mapped = self._mapped
        ruled = apply_rule(mapped.rule, source, self._customers)
        value, words = read_value(ruled, mapped.type, self._limit, self._numbers)
        if words is None:
            if value is None and mapped.required:
                return FieldReading(None, problem=Note(mapped.title, "", "is empty, and is required"))
            return FieldReading(value)
        if value is None and mapped.refuses_misfits:
            return FieldReading(None, problem=Note(mapped.title, plain_text(source), words))
        left_out = "; left out" if value is None else ""
        return FieldReading(value, note=Note(mapped.title, plain_text(source), words + left_out))
