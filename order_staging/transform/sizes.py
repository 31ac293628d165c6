"""Sizes: the columns of a row that become subitems."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from order_staging.transform.limits import NO_LIMIT, FieldLimit
from order_staging.transform.mapping import PLAIN_NUMBERS
from order_staging.transform.notes import Note
from order_staging.transform.numbers import NOT_A_NUMBER, read_number
from order_staging.transform.values import NAME_LENGTH, is_empty, plain_text, shortest, text_problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from order_staging.transform.mapping import BoardMapping

LARGEST_QUANTITY = 2_147_483_647
"""The largest INT of SQL Server."""


@dataclass(frozen=True, slots=True)
class Size:
    """A size of an order line, by its column's name, and how many pieces of it are ordered (1 or more)."""

    label: str
    quantity: int


def sizes_of(
    row: Mapping[str, object], size_columns: Sequence[str], limit: FieldLimit = NO_LIMIT
) -> tuple[tuple[Size, ...], tuple[Note, ...]]:
    """Read the sizes with a quantity above 0, in the order of the columns; NULL and 0 make none.

    Returns them, and the problems that make the order line invalid: a quantity that is negative, no whole
    number or beyond an INT, and a label that is longer than `limit`. Raises `KeyError` where the row lacks a
    column.
    """
    sizes, problems = [], []
    # Most have none: those are passed over as quickly as can be.
    for column, value in [(name, row[name]) for name in size_columns if row[name] is not None]:
        quantity, problem = _quantity(value)
        if quantity:
            problem = _label_problem(column, limit.max_length)
        if problem:
            problems.append(Note(column, plain_text(value), problem))
        elif quantity:
            sizes.append(Size(column, quantity))
    return tuple(sizes), tuple(problems)


def subitem_name(mapping: BoardMapping, size: Size) -> str:
    """Name the subitem of a size, such as "Size XL"."""
    return mapping.subitems.name.replace("{size}", size.label)


@lru_cache(maxsize=1024)
def _label_problem(column: str, max_length: int | None) -> str | None:
    return text_problem(column, shortest(max_length, NAME_LENGTH))


def _quantity(value: object) -> tuple[int, str | None]:
    if type(value) is int and 0 <= value <= LARGEST_QUANTITY:
        return value, None
    if is_empty(value):
        return 0, None
    number = read_number(value, PLAIN_NUMBERS)
    problem = NOT_A_NUMBER if number is None else _quantity_problem(number)
    return (0, problem) if number is None or problem else (int(number), None)


def _quantity_problem(number: Decimal) -> str | None:
    if number < 0:
        return "is negative"
    if number > LARGEST_QUANTITY:
        return f"is more than {LARGEST_QUANTITY:,}"
    return None if number == number.to_integral_value() else "is not a whole number"
