"""The three-way merge of one value: what was last acknowledged, what the source says, what the board says.

All three are in the shapes that `column_value` makes ("text", {"text": ..}, "4.5", {"date": ..}, {"labels":
[..]}, {"label": ..}), or None. A date may have a "time" that people set. Names and groups' titles are merged
as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from order_staging.transform.mapping import PLAIN_NUMBERS, FieldType, OnConflict
from order_staging.transform.numbers import read_number
from order_staging.transform.values import plain_text, read_date

if TYPE_CHECKING:
    from decimal import Decimal

    from order_staging.transform.values import Value


class Verdict(StrEnum):
    """What a merge finds."""

    UNCHANGED = "unchanged"
    """The source says what was acknowledged: the board is left alone, whatever it says."""

    AGREED = "agreed"
    """The source changed, and the board says the same already."""

    SEND = "send"
    """The source changed, and the board still says what was acknowledged."""

    CONFLICT = "conflict"
    """Both changed, to different values: the mapping decides."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The outcome of a merge.

    `acknowledged` is the value that counts as acknowledged from now on, or once the change is delivered where
    `sends` is true: the next merge's base. `on_conflict` is who decided a conflict, None where there is none.
    """

    verdict: Verdict
    acknowledged: object
    on_conflict: OnConflict | None = None

    @property
    def sends(self) -> bool:
        """Whether the source's value is to be sent to the board."""
        return self.verdict is Verdict.SEND or self.on_conflict is OnConflict.SOURCE


def merge(
    column_type: FieldType, base: object, source: object, board: object, on_conflict: OnConflict
) -> Merged:
    """Merge a value: `base` was last acknowledged, `source` and `board` are what the two sides say now.

    Raises nothing: a value of any shape is compared by what it says.
    """
    if same(column_type, base, source):
        return Merged(Verdict.UNCHANGED, base)
    if same(column_type, source, board):
        return Merged(Verdict.AGREED, source)
    if same(column_type, base, board):
        return Merged(Verdict.SEND, source)
    # A conflict that is only reported keeps its base, so that the next merge finds it again.
    acknowledged = base if on_conflict is OnConflict.REPORT else source
    return Merged(Verdict.CONFLICT, acknowledged, on_conflict)


def same(column_type: FieldType, left: object, right: object) -> bool:
    """Tell whether two values say the same in a column of this type.

    Numbers are equal by value, labels of a dropdown in any order, text without its outer blanks and whichever
    way its lines end; a day and a time of that day differ. None, "", {}, {"text": ""} and {"labels": []} all
    say nothing. A value in another type's shape (the mapping has changed since) is compared by what it says.
    """
    return _meaning(column_type, left) == _meaning(column_type, right)


def cleared(column_type: FieldType) -> object:
    """Give what monday.com is sent to empty a column of this type: "" for text, None (null) for all others.

    In a column of numbers "" would be 0.
    """
    return "" if column_type is FieldType.TEXT else None


def decoded(column_type: FieldType, value: object) -> Value | None:
    """Read a value back as what a row of our tables holds: the inverse of `column_value`.

    Several labels become "A, B". None stands for nothing, and for a number or a date that cannot be read; a
    date loses its time. Raises nothing.
    """
    text = _text(value)
    match column_type:
        case FieldType.NUMBERS:
            return read_number(text, PLAIN_NUMBERS)
        case FieldType.DATE:
            return read_date(text)
        case _:
            return text or None


def _meaning(column_type: FieldType, value: object) -> object:
    """Reduce a value to what it says; values that say the same are equal, and nothing is empty."""
    if column_type is FieldType.DROPDOWN:
        return frozenset(map(_trimmed, _words(value)))
    text = _trimmed(_text(value))
    match column_type:
        case FieldType.NUMBERS:
            return _number_or_text(text)
        case FieldType.DATE:
            return _moment_or_text(text)
        case _:
            return text


def _number_or_text(text: str) -> Decimal | str:
    number = read_number(text, PLAIN_NUMBERS)
    return text if number is None else number


def _moment_or_text(text: str) -> str:
    day = read_date(text)
    if day is None:
        return text
    # A midnight that people set is a time, too.
    return text if text == day.isoformat() else datetime.fromisoformat(text).isoformat()


def _trimmed(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _text(value: object) -> str:
    return ", ".join(_words(value))


def _words(value: object) -> tuple[str, ...]:
    """Give all that a value says, in its order; what is blank says nothing."""
    match value:
        case None:
            return ()
        case {"labels": said} | {"label": said} | {"text": said}:
            return _words(said)
        case {"date": day, **others}:
            moment = " ".join((*_words(day), *_words(others.get("time"))))
            return (moment,) if moment else ()
        case Mapping():  # of no type that we write; sorted, because a mapping's order says nothing
            return tuple(sorted(f"{key}: {word}" for key, said in value.items() for word in _words(said)))
        case list() | tuple():
            return tuple(word for said in value for word in _words(said))
        case _:
            text = plain_text(value)
            return (text,) if text.strip() else ()
