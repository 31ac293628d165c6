"""Reads source values as what a field's type holds, and tells what does not fit.

A reading is a pair: the value, and a problem in words. Empty or blank is (None, None); what does not fit is
(None, problem); a value with a problem arrives, but not quite as it was.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from order_staging.transform.mapping import LABELS, FieldType
from order_staging.transform.numbers import NOT_A_NUMBER, fit_number, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.transform.limits import FieldLimit
    from order_staging.transform.mapping import NumberFormat

NAME_LENGTH = 255
"""monday.com's limit for the names of items, subitems and groups.

Nobody says what it is for dropdown labels, so it is taken for theirs, too (docs/monday.md, "Not known").
"""

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


def value_reader(
    field_type: FieldType, limit: FieldLimit, number_format: NumberFormat
) -> Callable[[object], Reading]:
    """Make what reads source values for a field of this type, within its column's and monday.com's limits."""
    match field_type:
        case FieldType.NUMBERS:
            return partial(_read_number, limit, number_format)
        case FieldType.DATE:
            return _read_day
        case _:
            longest = shortest(limit.max_length, _MONDAYS_LENGTHS.get(field_type))
            is_status = field_type is FieldType.STATUS
            is_label = field_type in LABELS
            return partial(_read_words, longest, is_label=is_label, is_status=is_status)


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
        size = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    if max_length is not None and not fits(text, max_length):
        return f"is longer than {max_length} characters"
    return f"takes more than {TEXT_BYTES:,} bytes" if size > TEXT_BYTES else None


def fits(text: str, length: int) -> bool:
    """Tell whether text has at most `length` UTF-16 code units: never more than two a character."""
    return len(text) * 2 <= length or utf16_length(text) <= length


def utf16_length(text: str) -> int:
    """Count the UTF-16 code units of text."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def shortest(*lengths: int | None) -> int | None:
    """Give the smallest of the limits that there are, None where there is none."""
    return min((length for length in lengths if length is not None), default=None)


def _read_number(limit: FieldLimit, number_format: NumberFormat, value: object) -> Reading:
    if is_empty(value):
        return None, None
    number = read_number(value, number_format)
    return (None, NOT_A_NUMBER) if number is None else fit_number(number, limit)


def _read_day(value: object) -> Reading:
    if is_empty(value):
        return None, None
    day = read_date(value)
    return day, "is not a date" if day is None else None


def _read_words(max_length: int | None, value: object, *, is_label: bool, is_status: bool) -> Reading:
    if is_empty(value):
        return None, None
    if isinstance(value, bytes | bytearray | memoryview):
        return None, "is binary data, not text"
    text = plain_text(value)
    if is_label:
        text = text.strip()
    problem = text_problem(text, max_length)
    # monday.com would take the text for the number of another label.
    if problem is None and is_status and text.isascii() and text.isdigit():
        problem = "is a number, which cannot be a status label"
    return (None, problem) if problem else (text, None)
