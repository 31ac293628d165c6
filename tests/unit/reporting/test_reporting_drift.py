"""A comparison is laid out with the three sides of each difference."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from order_staging.batch import Drift, DriftKind, DriftResult
from order_staging.reporting import drift_page


@pytest.mark.parametrize(
    ("kind", "empty"),
    [
        (DriftKind.DIFFERING_FIELD, ["source"]),
        (DriftKind.WRONG_KEY, ["source"]),
        # Of an item as a whole there is no value that could be empty.
        (DriftKind.EXTRA_ITEM, []),
    ],
)
def test_the_side_of_a_value_that_was_emptied_says_so(kind: DriftKind, empty: list[str]) -> None:
    finding = Drift(kind, "C", "name", "left", field="PRICE", delivered="33.96", board="33.96")
    stream = StringIO()
    Console(file=stream, width=80).print(drift_page(DriftResult(("C",), 1, 2, (finding,))))
    told = stream.getvalue()
    assert [side for side in ("source", "delivered", "board") if f"{side}: (empty)" in told] == empty
    assert "delivered: 33.96" in told
