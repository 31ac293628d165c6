"""A job's own transformation comes before the rules, and changes nothing that rows are found again by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from order_staging.errors import TransformationError
from order_staging.transform import (
    InvalidOrder,
    Order,
    OrderRules,
    Transformation,
    load_customers,
    load_mapping,
)

if TYPE_CHECKING:
    from collections.abc import Callable

MAPPING = load_mapping()
SIZES = ["M", "XL"]
ROW: dict[str, object] = dict.fromkeys((*MAPPING.source_columns, *SIZES)) | {
    "record_uuid": uuid4(),
    "AAG ORDER NUMBER": "JOO-00505",
    "CUSTOMER NAME": "GREYSON",
    "CUSTOMER STYLE": "JWHD100120",
    "CUSTOMER COLOUR DESCRIPTION": "WHITE",
    "AAG SEASON": "2025 FALL",
    "ORDER TYPE": "ACTIVE",
    "XL": 3,
}


def apply(changes: dict[str, object] | ValueError) -> Order | InvalidOrder:
    def change(row: object) -> dict[str, object]:
        assert row == ROW
        if isinstance(changes, ValueError):
            raise changes
        return changes

    rules = OrderRules(MAPPING, load_customers(), {}, Transformation("1", change))
    return rules.apply(ROW, SIZES)


def reasons(changes: dict[str, object] | ValueError) -> list[str]:
    found = apply(changes)
    assert isinstance(found, InvalidOrder)
    assert found.order_number == "JOO-00505"
    return [problem.sentence() for problem in found.problems]


def test_the_rules_see_what_it_has_made_of_the_row() -> None:
    order = apply({"ORDER TYPE": "CANCELLED", "AAG SEASON": "2026 SPRING", "M": 2})
    assert isinstance(order, Order)
    assert (order.values["ORDER TYPE"], order.group) == ("CANCELLED", "GREYSON CLOTHIERS 2026 SPRING")
    assert [(size.label, size.quantity) for size in order.sizes] == [("M", 2), ("XL", 3)]


def test_no_change_is_no_change() -> None:
    assert apply({}) == OrderRules(MAPPING, load_customers(), {}).apply(ROW, SIZES)
    assert apply({"CUSTOMER NAME": "GREYSON"}) == apply({})


@pytest.mark.parametrize(
    "column",
    [
        "record_uuid",
        "CUSTOMER NAME",
        "AAG ORDER NUMBER",
        "CUSTOMER STYLE",
        "CUSTOMER COLOUR DESCRIPTION",
        "PO NUMBER",
        "CUSTOMER ALT PO",
    ],
)
def test_what_rows_are_found_again_by_makes_the_row_invalid_when_it_is_changed(column: str) -> None:
    (reason,) = reasons({column: "another"})
    assert reason == f"transformation: {column!r} was changed, and rows are found again by it"


def test_a_column_that_is_not_there_makes_the_row_invalid() -> None:
    assert reasons({"NOTE": "x"}) == ["transformation: 'NOTE' is no column of the row"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [(lambda row: row["DESTINATIONS"], "KeyError: 'DESTINATIONS'"), (lambda _: None, "it returned NoneType")],
)
def test_a_fault_of_the_function_is_told_with_its_version_and_the_row(
    changes: Callable[[object], Any], words: str
) -> None:
    rules = OrderRules(MAPPING, load_customers(), {}, Transformation("rush 7", changes))
    told = re.escape(f"the transformation 'rush 7' failed at the row {ROW['record_uuid']}: {words}; ")
    with pytest.raises(TransformationError, match=told):
        rules.apply(ROW, SIZES)


def test_what_it_refuses_is_invalid_in_its_own_words() -> None:
    assert reasons(ValueError("no samples on this board")) == ["transformation: no samples on this board"]
    assert reasons(ValueError()) == ["transformation: ValueError"]
