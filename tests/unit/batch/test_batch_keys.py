"""The business key: what queries are told of the mapping's key fields; and a staged row's order number."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, Date, Integer, MetaData, Numeric, Table, Text, Unicode, Uuid
from sqlalchemy.types import NullType

from order_staging.batch.keys import business_key
from order_staging.batch.preflight import incomparable, require_comparable
from order_staging.batch.rows import order_number
from order_staging.errors import ConfigurationError
from order_staging.models import StagedOrder, StagedSubitem
from order_staging.repositories import SourceShape
from order_staging.repositories.source import TolerantDate
from order_staging.transform import BoardMapping, load_mapping

MAPPING = load_mapping()


def numbered_by(title: str) -> BoardMapping:
    """Give the mapping with one key field."""
    fields = tuple(field.model_copy(update={"key": field.title == title}) for field in MAPPING.fields)
    return MAPPING.model_copy(update={"fields": fields})


def test_the_packaged_key_is_five_fields_of_which_style_and_colour_are_cleaned() -> None:
    assert business_key(MAPPING) == (
        ("AAG ORDER NUMBER", "AAG ORDER NUMBER", False, True),
        ("PO NUMBER", "PO NUMBER", False, False),
        ("CUSTOMER ALT PO", "CUSTOMER ALT PO", False, False),
        ("CUSTOMER STYLE", "STYLE", True, True),
        ("CUSTOMER COLOUR DESCRIPTION", "COLOR", True, True),
    )


@pytest.mark.parametrize("title", ["CATEGORY", "UNIT OF MEASURE", "STYLE DESCRIPTION"])
def test_labels_are_cleaned_without_a_rule_and_other_text_by_the_rule(title: str) -> None:
    ((_, _, cleaned, _),) = business_key(numbered_by(title))
    assert cleaned


def test_a_staged_row_tells_the_number_that_the_mapping_says() -> None:
    order = StagedOrder(aag_order_number="JOO-1", po_number="4755", pattern_id="P")
    size = StagedSubitem(aag_order_number="JOO-1", po_number="4755")
    told = {
        title: (order_number(order, numbered_by(title)), order_number(size, numbered_by(title)))
        for title in ("AAG ORDER NUMBER", "PO NUMBER", "PATTERN ID")
    }
    assert told == {
        "AAG ORDER NUMBER": ("JOO-1", "JOO-1"),
        "PO NUMBER": ("4755", "4755"),
        "PATTERN ID": ("P", None),
    }


@pytest.mark.parametrize(
    ("held", "fits"),
    [
        (Text(), True),
        (Unicode(20), True),
        (NullType(), True),
        (Integer(), False),
        (Numeric(10, 2), False),
        (Date(), False),
        (TolerantDate(), False),
        (Uuid(), False),
    ],
)
def test_a_key_is_text_in_the_source(held: Text, fits: bool) -> None:
    shape = SourceShape(Table("ORDERS_UNIFIED", MetaData(), Column("PO NUMBER", held)), ())
    assert (incomparable(numbered_by("PO NUMBER"), shape) == []) == fits
    if not fits:
        with pytest.raises(ConfigurationError, match="key reads 'PO NUMBER', which holds no text"):
            require_comparable(numbered_by("PO NUMBER"), shape)
