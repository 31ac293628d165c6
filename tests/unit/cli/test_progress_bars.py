"""What a terminal shows of progress: its frames, and the log lines above them."""

from __future__ import annotations

import io

import pytest
import structlog
from rich.console import Console

from order_staging import logs
from order_staging.batch import Progress, RowRefused, RunBegan, Step, StepBegan, Waiting
from order_staging.cli.progress_bars import Bars
from order_staging.models import ErrorType

CUSTOMER = "GREYSON CLOTHIERS"
SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"


def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=80, height=24)


def written(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def frame(bars: Bars, width: int = 80) -> list[str]:
    """Draw what is shown now, without colours."""
    plain = Console(file=io.StringIO(), width=width, no_color=True, height=24)
    plain.print(bars.frame())
    return [line.rstrip() for line in written(plain).splitlines()]


@pytest.fixture
def bars() -> Bars:
    """Give a run of two customers, ten seconds after its items have begun."""
    moments = iter((0.0, 0.0, 0.0, 5.0))
    made = Bars(console(), lambda: next(moments, 10.0))
    made.hear(RunBegan((CUSTOMER, "RHYTHM")))
    made.hear(StepBegan(CUSTOMER, Step.ITEMS, 1240))
    made.hear(Progress(CUSTOMER, Step.ITEMS, 20, 1240))
    made.hear(Progress(CUSTOMER, Step.ITEMS, 40, 1240))
    return made


def test_it_shows_the_customer_the_step_counts_rate_and_time_left_within_the_width(bars: Bars) -> None:
    heading, items = frame(bars)
    assert "GREYSON CLOTHIERS (1 of 2)" in heading
    assert heading.endswith(" 0:10")
    assert items.split()[0] == "items"
    assert items.endswith("40/1,240  4.0/s  5:00 left")
    # A terminal echoes Ctrl-C as ^C: there is room for it.
    assert max(len(heading), len(items)) <= 76


def test_what_lies_within_a_step_waits_and_a_stop_are_shown_below_it(bars: Bars) -> None:
    bars.hear(StepBegan(CUSTOMER, Step.RECOVER, 3))
    bars.hear(Waiting(32.0, "3 rows without an answer may still arrive"))
    bars.hear(RowRefused(CUSTOMER, ErrorType.REJECTED, None, None, None, None, (), "why", known=False))
    bars.stopping()
    heading, _, recover, waiting, stopping = frame(bars)
    assert heading.endswith(" 1 refused, 0:10")
    assert recover.split()[0] == "settling"
    assert recover.endswith("0/3")
    assert waiting == "  waiting for 0:32: 3 rows without an answer may still arrive"
    assert stopping.startswith("  stopping once what is in flight is recorded")
    bars.hear(Progress(CUSTOMER, Step.RECOVER, 1, 3))
    assert not any("waiting" in line for line in frame(bars))


@pytest.mark.parametrize("width", [20, 40, 59, 60, 200])
def test_it_fits_into_any_terminal(bars: Bars, width: int) -> None:
    bars._console.width = width
    bars.hear(Waiting(99.0, "monday.com is busy " * 20))
    lines = frame(bars, width)
    assert len(lines) == 3
    assert all(len(line) <= max(1, width - 4) for line in lines)


def test_before_anything_is_told_it_says_that_it_connects() -> None:
    (heading,) = frame(Bars(console(), lambda: 0.0))
    assert heading.split()[-2:] == ["connecting", "0:00"]


def test_log_lines_go_above_it_whole_and_in_the_end_nothing_is_left_and_the_cursor_is_shown() -> None:
    terminal = console()
    logs.configure(stream=io.StringIO(), secrets=["s3cret"])
    bars = Bars(terminal, lambda: 0.0)
    long = "x" * 100

    def interrupted() -> None:
        with bars.drawn():
            structlog.get_logger().warning("order.invalid", why=f"[bold]{long} s3cret")
            structlog.get_logger().info("delivery.sent", rows=20)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    shown = written(terminal)
    assert "order.invalid" in shown
    assert f"[bold]{long} {logs.HIDDEN}" in shown
    assert "delivery.sent" not in shown
    assert shown.rfind(SHOW) > shown.rfind(HIDE) > -1
    after = structlog.get_config()
    assert len(after["processors"]) == len(logs.processors(json=False, colors=False, secrets=()))
    structlog.reset_defaults()


def test_without_unicode_it_is_drawn_in_ascii() -> None:
    ascii_only = Console(
        file=io.TextIOWrapper(io.BytesIO(), encoding="ascii"),
        force_terminal=True,
        width=80,
        legacy_windows=False,
    )
    bars = Bars(ascii_only, lambda: 0.0)
    bars.hear(StepBegan("ASA", Step.LOAD, None))
    ascii_only.print(bars.frame())
    ascii_only.file.flush()
