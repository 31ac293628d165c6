"""What the database's columns can hold, as far as the rules must know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldLimit:
    """What one column holds: text of `max_length` UTF-16 code units, or a number.

    A number has `precision` digits, `scale` of them after the decimal point. None means that the column sets
    no limit of its own.
    """

    max_length: int | None = None
    precision: int | None = None
    scale: int | None = None


NO_LIMIT = FieldLimit()

Limits = Mapping[str, FieldLimit]
"""Limits by column: a field's title, or `Title`, `Group` and `Size`. A column that is not there has none."""
