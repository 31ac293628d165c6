"""What is said of a run's memory."""

from __future__ import annotations

import resource
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from benchmarks import memory, memory_run
from benchmarks.memory import Run, Way, missed_targets, ratios, table
from benchmarks.memory_run import STEPS, Peaks, SkippingClock, Watch, peak
from order_staging.settings import Channel

if TYPE_CHECKING:
    from datetime import datetime

WAY = Way("SQLite", Channel.AUTO)
OTHER = Way("SQLite", Channel.ITEMS)


def run(rows: int, megabytes: float, way: Way = WAY) -> Run:
    steps = dict.fromkeys(STEPS, 100.0) | {"end": megabytes}
    return Run(way, rows, Peaks(90.0, steps, 12.0, orders=rows, subitems=rows // 5, jobs=4))


def test_runs_are_compared_with_the_smallest_of_their_way_from_ten_thousand_rows_on() -> None:
    runs = [run(100_000, 150), run(1_000, 50), run(10_000, 120), run(30_000, 180, OTHER)]
    assert ratios(runs) == [1.25, None, 1.0, 1.0]


def test_a_run_within_its_memory_misses_nothing() -> None:
    assert missed_targets([run(1_000, 50), run(10_000, 160), run(500_000, 192)]) == []


def test_too_much_memory_and_too_much_growth_miss_a_target_each() -> None:
    assert missed_targets([run(1_000, 200), run(10_000, 120), run(100_000, 145)]) == [
        "SQLite, auto, 1,000 rows: 200 MB, at most 200 are wanted",
        "SQLite, auto, 100,000 rows: 1.21 times what the fewest take, at most 1.2 are wanted",
    ]


def test_a_line_has_the_peaks_of_the_steps_and_the_whole() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        console.print(table(Peaks(90.4, cpu=2.0), [run(10_000, 120)]))
    _, floor, line = (text for text in captured.get().splitlines() if "floor" in text or "auto" in text)
    assert floor.split()[-2:] == ["90", "2"]
    assert line.split()[2:] == [
        *["10,000", "2,000", "4", "100", "100", "100", "100", "100", "120", "30", "1.00", "12"],
    ]


@pytest.mark.parametrize(("megabytes", "code"), [(150.0, 0), (250.0, 1)])
def test_a_target_that_is_missed_ends_the_benchmark_with_1(
    megabytes: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(memory, "filled", lambda url, _: Path(url.removeprefix("sqlite:///")).touch())
    monkeypatch.setattr(memory, "board", lambda: nullcontext("http://board"))
    monkeypatch.setattr(memory, "process", lambda *_: run(40, megabytes).peaks)
    assert memory.main(["--rows", "40", "--by-items", "--on-postgres"]) == code
    assert ("MISSED SQLite, auto, 40 rows: 250 MB" in capsys.readouterr().out) is (code == 1)


async def test_a_clock_that_skips_is_ahead_by_what_was_slept() -> None:
    clock = SkippingClock()
    before = clock.now()
    await clock.sleep(3600)
    assert timedelta(hours=1) <= clock.now() - before < timedelta(hours=1, minutes=10)


def test_a_watch_tells_the_peak_up_to_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, peaks = SkippingClock(), iter([100.0, 110.0, 105.0, 130.0])
    moments: list[datetime] = []

    def next_peak() -> float:
        moments.append(clock.now())
        return next(peaks, 130.0)

    monkeypatch.setattr(memory_run, "peak", next_peak)
    with Watch(clock).watching() as watch:
        while len(moments) < 5:
            pass
    assert watch.until() == 130.0
    assert watch.until(moments[3] - timedelta(microseconds=1)) == 110.0
    assert watch.until(moments[0] - timedelta(hours=1)) == 100.0


def test_the_peak_is_the_process_own_where_the_system_tells_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = tmp_path / "status"
    status.write_text("Name:\tpython\nVmPeak:\t  999999 kB\nVmHWM:\t  125000 kB\nVmRSS:\t  90000 kB\n")
    monkeypatch.setattr(memory_run, "STATUS", status)
    assert peak() == 128.0


def test_the_peak_is_what_the_system_counts_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_run, "STATUS", tmp_path / "nowhere")
    used = SimpleNamespace(ru_maxrss=125_000)
    monkeypatch.setattr(resource, "getrusage", lambda _: used)
    monkeypatch.setattr(memory_run, "BYTES", 1024)
    assert peak() == 128.0
