"""What is said of detection against plain SQL, and both on a small scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from benchmarks.databases import SQLiteDatabases
from benchmarks.detect import COUNT, FIND, main, measure
from benchmarks.detect_ground import build
from benchmarks.detect_measures import Search, missed_targets, table

if TYPE_CHECKING:
    from pathlib import Path

FEW = Search(FIND, 1000, [1.0, 9.0, 1.0], [1.0, 9.0, 1.0], [10] * 8)
MANY = replace(FEW, among=10_000, ours=[12.0] * 3, plain=[10.0] * 3)


def test_growth_is_told_of_the_same_search_among_fewer_rows() -> None:
    heads, few, many = table([FEW, MANY])
    assert few.split() == [*FIND.split(), "1,000", "1.000", "1.000", "1.00"]
    assert many.split()[-5:] == ["1.20", "x", "12.0", "x", "10.0"]
    assert len(heads) == len(many)


def test_a_target_is_a_ratio_and_every_new_row_has_to_be_found() -> None:
    assert missed_targets("sqlite", [FEW, MANY], 10) == []
    (slow,) = missed_targets("sqlite", [replace(MANY, ours=[16.0] * 3)], 10)
    assert "1.60 times" in slow
    (short,) = missed_targets("sqlite", [replace(FEW, found=[10, 9])], 10)
    assert "9 rows found, of 10" in short


def test_rows_that_are_no_multiple_of_the_new_ones_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--among", "30", "--new", "20"])
    assert "must be a multiple" in capsys.readouterr().err


def test_both_find_and_count_the_new_rows_among_the_delivered_ones(tmp_path: Path) -> None:
    url = build(SQLiteDatabases(tmp_path), "delivered", 60, 20)
    searches = measure(url, 60, 1)
    assert [search.name for search in searches] == [FIND, COUNT]
    assert [set(search.found) for search in searches] == [{20}, {20}]
