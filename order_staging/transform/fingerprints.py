"""Recognises a row that has no UUID by what it says."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.transform.mapping import UUID_COLUMN
from order_staging.transform.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping


def fingerprint(row: Mapping[str, object]) -> str:
    """Give the SHA-256 (64 hexadecimal digits) of a row's values by column, without its `record_uuid`.

    Two rows have the same one exactly if they say the same, whichever database and driver they come from:
    numbers of any type are equal by value (28.86 and 28.8600, 1 and true), and so are a date and its
    midnight; the text "1" and the number 1 are not. NULL counts as absent, so that a new size column changes
    nothing.
    """
    facts = [
        (column, *_canonical(value))
        for column, value in sorted(row.items())
        if value is not None and column != UUID_COLUMN
    ]
    return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()


def _canonical(value: object) -> tuple[str, str]:
    match value:
        case str():
            return "text", value
        case int():
            return "number", str(int(value))
        case Decimal() | float():
            return "number", _canonical_number(Decimal(str(value)))
        case datetime() if value.tzinfo is not None or value.time() != time.min:
            return "time", value.isoformat()
        case date():
            return "date", value.isoformat()[:10]
        case _:
            return "other", str(value)


def _canonical_number(number: Decimal) -> str:
    return number_text(number) if number.is_finite() else str(number)
