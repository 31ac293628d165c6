"""Numbers: read as the source writes them, brought to a column's scale, written as monday.com wants them."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from order_staging.transform.limits import FieldLimit
    from order_staging.transform.mapping import NumberFormat

DEFAULT_PRECISION = 38
"""The digits of a number whose column sets no limit: SQL Server's most."""

NOT_A_NUMBER = "is not a number"


def read_number(value: object, number_format: NumberFormat) -> Decimal | None:
    """Read an int, a float, a Decimal or text as the exact number it says; None where it says none.

    Truth values, infinities and NaN are no numbers.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal):
        number = Decimal(value)
        return number if number.is_finite() else None
    if isinstance(value, float):
        value = repr(value)  # the shortest text for it: 0.1 is meant, not 0.1000000000000000055
    if not isinstance(value, str):
        return None
    return _from_text(value, number_format)


def fit_number(number: Decimal, limit: FieldLimit) -> tuple[Decimal | None, str | None]:
    """Bring a number to a column's scale, halves rounded away from zero.

    Returns the number and, where rounding changed it, a note; or no number and why it does not fit.
    """
    precision = limit.precision or DEFAULT_PRECISION
    if limit.scale is None:
        return _fit_unrounded(number, precision)
    whole_digits = precision - limit.scale
    rounded = _rounded(number, limit.scale, precision) if _whole_digits(number) <= whole_digits else None
    # Rounding may carry into a new digit: 999.995 -> 1000.00.
    if rounded is None or _whole_digits(rounded) > whole_digits:
        return None, f"has more than {whole_digits} digits before the decimal point"
    return rounded, None if rounded == number else f"is rounded to {number_text(rounded)}"


def number_text(number: Decimal) -> str:
    """Write a number plainly: no exponent, no superfluous zeros, no negative zero ("28.86", "0", "1200")."""
    if not number:
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _from_text(text: str, number_format: NumberFormat) -> Decimal | None:
    if _is_plain(text):
        return Decimal(text)
    match = _pattern(number_format).fullmatch(text.strip())
    if match is None:
        return None
    digits = (
        match["digits"].replace(number_format.thousands, "") if number_format.thousands else match["digits"]
    )
    try:
        return Decimal(f"{match['sign'] or match['inner_sign'] or ''}{digits}{match['rest']}")
    except InvalidOperation:  # an exponent beyond anything Decimal knows
        return None


def _is_plain(text: str) -> bool:
    """Tell whether text is digits, perhaps with a point among them: what every format reads."""
    return text.isascii() and (text.isdigit() or (text[:1].isdigit() and text.replace(".", "", 1).isdigit()))


@lru_cache(maxsize=16)
def _pattern(number_format: NumberFormat) -> re.Pattern[str]:
    """Compile how numbers are written: one sign at most, and ASCII digits only."""
    prefixes = "|".join(re.escape(prefix) for prefix in number_format.prefixes)
    prefix = rf"(?:(?:{prefixes})[ ]*)?" if prefixes else ""
    separator = re.escape(number_format.thousands)
    grouped = rf"|[0-9]{{1,3}}(?:{separator}[0-9]{{3}})+" if separator else ""
    return re.compile(
        rf"(?P<sign>[+-])?{prefix}(?P<inner_sign>(?(sign)(?!)|[+-]))?"
        rf"(?P<digits>[0-9]+{grouped}|(?=\.[0-9]))(?P<rest>(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)"
    )


def _whole_digits(number: Decimal) -> int:
    """Count the digits before the decimal point, 0 for numbers below 1."""
    return max(number.adjusted() + 1, 0) if number else 0


def _rounded(number: Decimal, scale: int, precision: int) -> Decimal:
    step, context = _step_of(scale, precision)
    rounded = number.quantize(step, rounding=ROUND_HALF_UP, context=context)
    return rounded or rounded.copy_abs()  # -0.001 rounds to a zero with a sign


@lru_cache(maxsize=64)
def _step_of(scale: int, precision: int) -> tuple[Decimal, Context]:
    return Decimal((0, (1,), -scale)), Context(prec=precision + 1, Emin=MIN_EMIN, Emax=MAX_EMAX)


def _fit_unrounded(number: Decimal, precision: int) -> tuple[Decimal | None, str | None]:
    if not number:
        return Decimal(0), None
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    if _whole_digits(number) + max(decimals, 0) > precision:
        return None, f"has more than {precision} digits"
    return number, None
