"""What is said of promotion against plain SQL, and both on a small scale: they write the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.databases import SQLiteDatabases, execute
from benchmarks.promote import main
from benchmarks.promote_ground import PATTERNS, build, by_plain_sql, by_us
from benchmarks.promote_measures import MARKING, MOST_TIMES, PLAIN, US, Measure, missed_targets, table
from benchmarks.promote_sql import ORDERS, SIZES
from order_staging.database import create_engine
from order_staging.models import Base

if TYPE_CHECKING:
    from pathlib import Path

ROWS = PATTERNS * 3
QUICK = Measure(2.0, 1.0, ROWS, ROWS)
MEASURES = {US: [QUICK], MARKING: [QUICK], PLAIN: [QUICK]}


def test_the_table_has_a_line_for_each_way_with_ratios_to_the_last() -> None:
    lines = table(MEASURES | {US: [replace(QUICK, promotion=8.0)]})
    assert lines[1].split() == [US, "8.00", "4.00", "1.00", "1.00", "9.00", "3.00", f"{ROWS / 9:,.0f}"]
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_targets_are_about_time_and_about_every_row(engine: str) -> None:
    assert missed_targets(engine, MEASURES, ROWS) == []
    slow = replace(QUICK, promotion=3 * max(most[engine] for most in MOST_TIMES.values()))
    assert len(missed_targets(engine, MEASURES | {US: [slow]}, ROWS)) == len(MOST_TIMES)
    (missed,) = missed_targets(engine, MEASURES | {US: [replace(QUICK, cleaned=ROWS - 1)]}, ROWS)
    assert "rows promoted and" in missed


def test_the_median_of_the_rounds_counts() -> None:
    rounds = {name: [QUICK] * 3 for name in MEASURES}
    once_slow = [replace(QUICK, promotion=900.0), QUICK, QUICK]
    assert missed_targets("sqlite", rounds | {US: once_slow}, ROWS) == []


def test_orders_that_are_no_multiple_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--orders", "7"])
    assert f"multiple of {PATTERNS}" in capsys.readouterr().err


def production(url: str) -> list[Any]:
    engine = create_engine(url)
    with engine.connect() as connection:
        tables = (Base.metadata.tables[name] for name in (ORDERS, SIZES))
        found = [sorted(map(repr, connection.execute(table.select()))) for table in tables]
    engine.dispose()
    return found


def test_promotion_and_plain_sql_bring_the_same_rows_to_production_and_leave_none(tmp_path: Path) -> None:
    place = SQLiteDatabases(tmp_path)
    build(place, "staged", PATTERNS, PATTERNS)
    found = {}
    for name in MEASURES:
        url = place.copy("staged", name)
        measure = by_us(url) if name == US else by_plain_sql("sqlite", url, marks=name == MARKING)
        assert (measure.promoted, measure.cleaned) == (ROWS, ROWS)
        assert execute(url, [f'DELETE FROM "STG_{ORDERS}"', f'DELETE FROM "STG_{SIZES}"']) == [0, 0]
        found[name] = production(url)
    assert [len(rows) for rows in found[PLAIN]] == [2 * PATTERNS, 4 * PATTERNS]
    assert found[US] == found[MARKING] == found[PLAIN]
