"""What is said of changes against sending everything again, and a run of both on a small scale."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.changes import main
from benchmarks.changes_database import build, change_prices
from benchmarks.changes_ground import Way, bring_changes, send_everything
from benchmarks.changes_measures import Measure, computed, growth, missed_targets, ratios, table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOTHING = Measure("nothing", 1000, 0, 4000, 3, 3, 0, 400, 10.0, 9.0, 20.0, 120.0)
FEW = replace(NOTHING, name="few", source_rows=100, sizes=400, seconds=1.0, cpu=1.0, grown=15.0)
FOUND = replace(NOTHING, name="found", production_rows=10, reads=4, calls=5, mutations=10)
AGAIN = replace(NOTHING, name="again")
SENT = Measure("sent", 0, 0, 0, 0, 2, 40, 400_000, 33.0, 1.5, 5.0, 130.0)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a benchmark does to the log of its process."""
    yield
    structlog.reset_defaults()


@given(st.integers(1, 1000))
def test_sending_is_multiplied_and_reading_is_counted_once(factor: int) -> None:
    whole = computed(NOTHING, SENT, factor)
    assert (whole.calls, whole.mutations, whole.points) == (2 * factor, 40 * factor, 400_000 * factor)
    assert (whole.source_rows, whole.rows) == (1000, 5000)
    assert whole.seconds == pytest.approx(10 + 33 * factor)
    assert whole.cpu == pytest.approx(9 + 1.5 * factor)
    assert (whole.grown, whole.peak) == (20, 130)


def test_the_table_has_a_line_for_each_way_and_all_its_figures() -> None:
    heads, *lines = table([NOTHING, SENT])
    assert [line.split()[0] for line in lines] == ["nothing", "sent"]
    assert lines[1].split()[1:] == ["0", "0", "0", "0", "40", "2", "400,000", "33.0", "1.5", "5", "130"]
    assert {len(heads)} == {len(line) for line in lines}


def test_ratios_are_of_the_re_send_to_the_detection() -> None:
    lines = ratios(FOUND, computed(NOTHING, SENT, 50))
    assert any(line.split() == ["calls", "100", ":", "5", "20.0", "times", "as", "many"] for line in lines)
    assert ratios(NOTHING, SENT)[3].endswith("-")


def test_growth_compares_what_was_computed_and_what_memory_was_added() -> None:
    assert growth(FEW, NOTHING) == "10 times the rows take 9.0 times the CPU seconds and +5 MB of memory"


def test_no_target_is_missed_where_just_the_changes_are_sent() -> None:
    assert missed_targets(10, FEW, NOTHING, FOUND, AGAIN) == []


def test_what_is_sent_beyond_the_changes_misses_a_target() -> None:
    missed = missed_targets(10, FEW, replace(NOTHING, mutations=1), replace(FOUND, mutations=9), FOUND)
    assert missed == [
        "nothing: 1 mutations, 0 are wanted",
        "found: 9 mutations, 10 are wanted",
        "found: 10 mutations, 0 are wanted",
    ]


def test_memory_that_grows_with_the_rows_misses_a_target() -> None:
    assert missed_targets(10, FEW, replace(NOTHING, grown=41.0), FOUND, AGAIN) == [
        "nothing: 26 MB more than few"
    ]


def test_a_sample_that_does_not_divide_the_rows_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rows", "200", "--sample", "30"])
    assert "must divide" in capsys.readouterr().err


def test_only_what_changed_is_sent_and_a_second_run_sends_nothing(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    build(path, 40)
    nothing = bring_changes(Way("nothing", path, 4))
    # Two more are the customer, who is looked up in the source, and the number of doubled UUIDs.
    assert (nothing.source_rows, nothing.sizes, nothing.mutations) == (42, 160, 0)
    change_prices(path, 4)
    assert bring_changes(Way("changes", path, 4)).mutations == 4
    again = bring_changes(Way("again", path, 4))
    assert (again.mutations, again.calls) == (0, nothing.calls)


def test_a_re_send_reads_every_order_line_and_sends_the_sample(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    build(path, 40)
    read, sent = send_everything(Way("sent", path, 20))
    assert (read.source_rows, read.mutations) == (40, 0)
    assert (sent.source_rows, sent.mutations, sent.calls) == (0, 20, 1)
    assert sent.seconds >= 20 * 0.829
