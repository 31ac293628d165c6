"""Plain lines of progress: what they say, and how seldom."""

from __future__ import annotations

from uuid import uuid4

import pytest

from order_staging.batch import (
    BatchBegan,
    BatchEnded,
    BatchResult,
    Event,
    Progress,
    RowRefused,
    RunBegan,
    Step,
    StepBegan,
    StepEnded,
    Waiting,
)
from order_staging.cli.progress_lines import Lines
from order_staging.cli.progress_story import WORDS, duration, one_line, speed
from order_staging.models import ErrorType

CUSTOMER = "GREYSON CLOTHIERS"


class Page:
    """Lines, and the clock they are written by."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.lines: list[str] = []
        self._of_progress = Lines(self.lines.append, lambda: self.now)

    def tell(self, event: Event, after: float = 0.0) -> None:
        self.now += after
        self._of_progress.hear(event)

    def step(self, step: Step, total: int | None, *reached: int, every: float, ends: bool = True) -> None:
        """Tell of a step that comes so far each time, and ends there."""
        self.tell(StepBegan(CUSTOMER, step, total))
        for done in reached:
            self.tell(Progress(CUSTOMER, step, done, total), after=every)
        if ends:
            self.tell(StepEnded(CUSTOMER, step, max(reached, default=0), total))


@pytest.fixture
def page() -> Page:
    return Page()


def test_a_long_step_says_every_ten_seconds_how_far_it_is_and_at_its_end_how_it_went(page: Page) -> None:
    page.tell(RunBegan(("A", CUSTOMER)))
    page.step(Step.ITEMS, 1240, 200, 400, 600, 800, 1240, every=6)
    assert page.lines == [
        "progress: GREYSON CLOTHIERS (2 of 2): items: 400 of 1,240 (32%), 33 a second, about 0:25 left",
        "progress: GREYSON CLOTHIERS (2 of 2): items: 800 of 1,240 (64%), 33 a second, about 0:13 left",
        "progress: GREYSON CLOTHIERS (2 of 2): items: 1,240 done in 0:30, 41 a second",
    ]


def test_without_a_total_there_is_no_time_left(page: Page) -> None:
    page.step(Step.LOAD, None, 2000, 4000, every=11)
    assert page.lines == [
        "progress: GREYSON CLOTHIERS: staging: 2,000, 182 a second",
        "progress: GREYSON CLOTHIERS: staging: 4,000, 182 a second",
        "progress: GREYSON CLOTHIERS: staging: 4,000 done in 0:22, 182 a second",
    ]


def test_short_steps_and_those_with_nothing_to_do_say_nothing(page: Page) -> None:
    page.step(Step.PROMOTE, 50, 50, every=0.3)
    page.step(Step.RELINK, None, every=30)
    assert page.lines == []


def test_a_step_that_is_broken_off_says_where(page: Page) -> None:
    page.step(Step.SUBITEMS, 90, 20, every=5)
    assert page.lines == ["progress: GREYSON CLOTHIERS: subitems: left at 20 of 90 after 0:05"]


def test_a_step_within_another_has_lines_of_its_own(page: Page) -> None:
    page.step(Step.ITEMS, 90, every=0, ends=False)
    page.step(Step.RECOVER, 4, 4, every=65)
    page.tell(Progress(CUSTOMER, Step.ITEMS, 90, 90), after=1)
    assert [line.split(": ", 2)[2] for line in page.lines] == [
        "settling unknown: 4 of 4 (100%), 3.7 a minute, about 0:00 left",
        "settling unknown: 4 done in 1:05, 3.7 a minute",
        "items: 90 of 90 (100%), 1.4 a second, about 0:00 left",
    ]


def test_waits_are_told_but_not_each_of_them(page: Page) -> None:
    page.tell(StepBegan(CUSTOMER, Step.ITEMS, 9))
    for _ in range(5):
        page.tell(Waiting(32, "monday.com's limit (complexity)"), after=4)
    assert page.lines == [
        "progress: GREYSON CLOTHIERS: waiting for 0:32: monday.com's limit (complexity)",
        "progress: GREYSON CLOTHIERS: waiting for 0:32: monday.com's limit (complexity)",
    ]


def test_a_check_is_nobodys(page: Page) -> None:
    page.tell(StepBegan(None, Step.CHECK, None))
    page.tell(Progress(None, Step.CHECK, 1000, 5000), after=20)
    assert page.lines == ["progress: reading orders: 1,000 of 5,000 (20%), 50 a second"]


def test_other_events_make_no_line_and_an_end_without_a_beginning_does_no_harm(page: Page) -> None:
    page.tell(BatchBegan(uuid4(), CUSTOMER, resumed=False), after=99)
    page.tell(RowRefused(CUSTOMER, ErrorType.INVALID, None, None, None, None, (), "why", known=False))
    page.tell(BatchEnded(BatchResult(CUSTOMER)), after=99)
    page.tell(StepEnded(CUSTOMER, Step.LOAD, 3, 3), after=99)
    assert page.lines == []


def test_a_name_can_neither_break_a_line_nor_steer_a_terminal(page: Page) -> None:
    page.tell(StepBegan('A\n::{"outputs":{}}::\x1b[2J', Step.CHECK, None))
    page.tell(Progress(None, Step.CHECK, 1, None), after=20)
    assert page.lines == ['progress: A ::{"outputs":{}}:: [2J: reading orders: 1, 3.0 a minute']


def test_every_step_has_words() -> None:
    assert set(WORDS) == set(Step)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (59.6, "1:00"), (74, "1:14"), (3599.4, "59:59"), (3725, "1:02:05")]
)
def test_times_are_said_as_on_a_clock(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (12345.6, "12,346 a second"),
        (9.94, "9.9 a second"),
        (1, "1.0 a second"),
        (0.5, "30 a minute"),
        (0.05, "3.0 a minute"),
    ],
)
def test_rates_have_two_digits_at_least(rate: float, words: str) -> None:
    assert speed(rate) == words


def test_one_line_keeps_what_people_write() -> None:
    assert one_line(" ÅSA  NORTH\r\n(EU) 👕 ") == "ÅSA NORTH (EU) 👕"
