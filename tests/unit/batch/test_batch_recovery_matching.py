"""Rows of one name and items of that name, where no key column tells them apart."""

from __future__ import annotations

import pytest

from order_staging.batch.lookups import matched
from order_staging.models import StagedOrder


@pytest.mark.parametrize(
    ("rows", "items", "expected"),
    [
        ([1], [], {}),
        ([1], [10], {1: [10]}),
        ([1, 2], [10], {1: [10]}),
        ([1, 2], [10, 11], {1: [10], 2: [11]}),
        ([1], [10, 11], {1: [10, 11]}),
        ([1, 2], [10, 11, 12], {1: [10, 11, 12], 2: [10, 11, 12]}),
        ([], [], {}),
    ],
)
def test_items_are_given_out_once_each_in_order_and_too_many_are_a_conflict(
    rows: list[int], items: list[int], expected: dict[int, list[int]]
) -> None:
    assert matched([StagedOrder(stg_id=row) for row in rows], items) == expected
