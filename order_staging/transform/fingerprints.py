"""Recognises by what they say: a row that has no UUID, and the rules that rows go through."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.transform.customers import Customers
from order_staging.transform.mapping import UUID_COLUMN
from order_staging.transform.numbers import number_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.transform.mapping import BoardMapping


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
    return _sha256(facts)


def rules_fingerprint(mapping: BoardMapping, customers: Customers, version: str) -> str:
    """Give the SHA-256 (64 hexadecimal digits) of all that decides what a source row becomes on the board.

    That is the mapping without its board and its options for conflicts and removed sizes, the customers, and
    the library's `version`, because rules are code. Orders that say nothing (of fields, prefixes, customers
    and aliases) do not count, nor do spellings of an alias that are one to us.
    """
    rules = mapping.model_dump(
        mode="json",
        exclude={
            "board_id": True,
            "name": True,
            "title_on_conflict": True,
            "group": {"on_conflict"},
            "fields": {"__all__": {"on_conflict"}},
            "subitems": {"on_conflict", "removed"},
        },
    )
    rules["fields"].sort(key=lambda field: field["column"])
    rules["numbers"]["prefixes"].sort()
    names = sorted(
        (customer.name, sorted({Customers.key(name) for name in (customer.name, *customer.aliases)}))
        for customer in customers.customers
    )
    return _sha256([version, rules, names])


def _sha256(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("ascii")).hexdigest()


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
