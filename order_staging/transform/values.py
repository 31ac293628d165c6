"""Reads source values as what a field's type holds, and tells what does not fit.

A reading is a pair: the value, and a problem in words. Empty or blank is (None, None); what does not fit is
(None, problem); a value with a problem arrives, but not quite as it was.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.transform.mapping import FieldType
from order_staging.transform.numbers import NOT_A_NUMBER, fit_number, read_number

if TYPE_CHECKING:
    from order_staging.transform.limits import FieldLimit
    from order_staging.transform.mapping import NumberFormat

NAME_LENGTH = 255
"""monday.com's limit for the names of items, subitems and groups, and for dropdown labels."""

LONG_TEXT_LENGTH = 2_000
STATUS_LABEL_LENGTH = 30
TEXT_BYTES = 65_535

Value = str | Decimal | date
Reading = tuple[Value | None, str | None]

_MONDAYS_LENGTHS = {
    FieldType.LONG_TEXT: LONG_TEXT_LENGTH,
    FieldType.DROPDOWN: NAME_LENGTH,
    FieldType.STATUS: STATUS_LABEL_LENGTH,
}
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ][0-9:.+Z-]+)?")


def read_value(
    value: object, field_type: FieldType, limit: FieldLimit, number_format: NumberFormat
) -> Reading:
    """Read one source value for a field of this type, within its column's and monday.com's limits."""
    if is_empty(value):
        return None, None
    match field_type:
        case FieldType.NUMBERS:
            number = read_number(value, number_format)
            return (None, NOT_A_NUMBER) if number is None else fit_number(number, limit)
        case FieldType.DATE:
            day = read_date(value)
            return day, "is not a date" if day is None else None
        case _:
            return _read_words(value, field_type, limit.max_length)


def is_empty(value: object) -> bool:
    """Tell whether a source value says nothing: NULL, or text without anything but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())


def plain_text(value: object) -> str:
    """Write any source value as text; numbers without an exponent, days as YYYY-MM-DD."""
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def read_date(value: object) -> date | None:
    """Read a date, a datetime or ISO text (YYYY-MM-DD, a time of day may follow) as a day; None for all else.

    A date column holds days: the time of day is no part of what is read.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = _DATE.fullmatch(value.strip()) if isinstance(value, str) else None
    try:
        return datetime.fromisoformat(match[0]).date() if match else None
    except ValueError:  # the 30th of February, an hour 25
        return None


def text_problem(text: str, max_length: int | None) -> str | None:
    """Say why text cannot be stored or sent, or None where it can.

    Lengths count UTF-16 code units, as NVARCHAR and JavaScript do: most emoji count twice.
    """
    if "\0" in text:
        return "holds a NUL character"
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    if max_length is not None and utf16_length(text) > max_length:
        return f"is longer than {max_length} characters"
    return f"takes more than {TEXT_BYTES:,} bytes" if size > TEXT_BYTES else None


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of text."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def shortest(*lengths: int | None) -> int | None:
    """Give the smallest of the limits that there are, None where there is none."""
    return min((length for length in lengths if length is not None), default=None)


def _read_words(value: object, field_type: FieldType, max_length: int | None) -> Reading:
    if isinstance(value, bytes | bytearray | memoryview):
        return None, "is binary data, not text"
    text = plain_text(value)
    if field_type in {FieldType.DROPDOWN, FieldType.STATUS}:
        text = text.strip()
    problem = text_problem(text, shortest(max_length, _MONDAYS_LENGTHS.get(field_type)))
    # monday.com would take the text for the number of another label.
    if problem is None and field_type is FieldType.STATUS and text.isascii() and text.isdigit():
        problem = "is a number, which cannot be a status label"
    return (None, problem) if problem else (text, None)
