"""What monday.com wants to be sent: column ids and values, and their JSON text."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from order_staging.transform.mapping import FieldType
from order_staging.transform.numbers import number_text
from order_staging.transform.values import is_empty, plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.transform.mapping import BoardMapping
    from order_staging.transform.sizes import Size


def item_column_values(mapping: BoardMapping, values: Mapping[str, object]) -> dict[str, object]:
    """Give an item's values by column id, from values by field title: `Order.values`, or a row of STG or MON.

    None, blank text and fields that `values` lacks are left out; titles that the mapping lacks are passed
    over. Raises `decimal.InvalidOperation`, `ValueError` or `TypeError` where a field of numbers or dates
    holds none.
    """
    return {
        field.column: column_value(field.type, values[field.title])
        for field in mapping.fields
        if not is_empty(values.get(field.title))
    }


def subitem_column_values(mapping: BoardMapping, size: Size) -> dict[str, object]:
    """Give a subitem's values by column id."""
    subitems = mapping.subitems
    return {
        subitems.size.column: column_value(subitems.size.type, size.label),
        subitems.quantity.column: column_value(subitems.quantity.type, size.quantity),
    }


def column_value(column_type: FieldType, value: object) -> object:
    """Put one value that is not empty into the shape that monday.com wants for a column of this type."""
    match column_type:
        case FieldType.TEXT:
            return plain_text(value)
        case FieldType.LONG_TEXT:
            return {"text": plain_text(value)}
        case FieldType.NUMBERS:
            return number_text(Decimal(plain_text(value)))
        case FieldType.DATE:
            return {"date": _day(value).isoformat()}
        case FieldType.DROPDOWN:
            return {"labels": [plain_text(value)]}
        case FieldType.STATUS:
            return {"label": plain_text(value)}


def encode(values: Mapping[str, object]) -> str:
    """Write values as compact JSON text: the same values give the same text, in whatever order they come."""
    return json.dumps(values, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True)


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        return date.fromisoformat(value.strip())
    raise TypeError(f"{value!r} is not a date")
