"""The business key as the mapping has it: what order lines are found again by. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.repositories.keys import KeyPart
from order_staging.transform import LABELS, Rule

if TYPE_CHECKING:
    from order_staging.repositories.keys import BusinessKey
    from order_staging.transform import BoardMapping


def business_key(mapping: BoardMapping) -> BusinessKey:
    """Tell queries what the key's fields are."""
    return tuple(
        KeyPart(
            field.source,
            field.title,
            cleaned=field.rule is Rule.CLEAN_TEXT or field.type in LABELS,
            required=field.required,
        )
        for field in mapping.key_fields
    )
