"""Pages hold what was decided: escaped, offline, with headings and captions; and what is decided is right."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from uuid import UUID

import pygal
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_staging.models import BatchStatus, ErrorType
from order_staging.reporting.reports import (
    BatchFacts,
    BoardLinks,
    batch_page,
    batch_report,
    period_page,
    period_report,
)
from order_staging.reporting.reports.facts import FailureKind, Throughput
from order_staging.reporting.reports.scales import scale
from order_staging.reporting.status import UNKNOWN, BatchDetail, BatchView, ImportView
from order_staging.repositories import FailedRow, FailureCount, Kind, LandedOrder, PastBatch
from tests.unit.reporting.html_pages import Page

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 11, 23, 2, 30)  # noqa: DTZ001 - naive UTC
NOW = START + timedelta(hours=7)
EARLIER = START - timedelta(days=3)
BOARD = "https://acme.example.com/boards/7"
BATCH = UUID("1f0c2a9e-0000-4000-8000-000000000001")
FIELDS = ["CUSTOMER PRICE"]


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def view(
    status: str = BatchStatus.COMPLETED, customer: str = "GREYSON", error: str | None = None
) -> BatchView:
    return BatchView(
        batch_id=str(BATCH),
        customer=customer,
        status=status,
        started=START,
        ended=after(125),
        seconds=125,
        total_records=6,
        successful_records=4,
        failed_records=2,
        orders_processed=4,
        subitems_processed=1_234,
        api_calls_made=9,
        api_failures=0,
        retries_attempted=0,
        started_by="me@host",
        error_summary=error,
    )


def facts(words: str = "said", status: str = BatchStatus.COMPLETED_WITH_ERRORS) -> BatchFacts:
    """Give a batch in which `words` stand wherever the tables have text of others."""
    detail = BatchDetail(
        batch=replace(view(status, words, words), started_by=words),
        steps={"staging_load_completed": after(5), "items_creation_completed": after(60)},
        staged_orders={words: 1},
        staged_subitems={"UNKNOWN": 2},
        failures=2,
        warnings=[f"{words}: CUSTOMER PRICE: 'x' is not a number; left out", words],
        imports=[ImportView(words, words, 3, words)],
    )
    steps = scale(START, after(125))
    counts = [1] + [0] * (steps.steps - 1)
    order = FailedRow(Kind.ORDER, 1, words, words, words, 422, START, START, None)
    size = FailedRow(Kind.SUBITEM, 1, words, words, words, None, START, None, 4711)
    return BatchFacts(
        detail=detail,
        last=after(125),
        throughput=Throughput(steps, counts, counts),
        landed=[LandedOrder(words, words, 42, START)],
        landed_in_all=4,
        failures=[
            FailureKind(Kind.ORDER, ErrorType.REJECTED, 3, 1, [order]),
            FailureKind(Kind.SUBITEM, words, 1, 0, [size]),
        ],
    )


def page_of(found: BatchFacts, clean: Callable[[str], str] = str) -> Page:
    report = batch_report(found, now=NOW, links=BoardLinks(BOARD), fields=FIELDS)
    return Page(batch_page(report, clean))


def past(words: str = "GREYSON", number: int = 1, **facts: object) -> PastBatch:
    found = PastBatch(UUID(int=number), words, BatchStatus.COMPLETED, START, after(60), 10, 40, 0)
    return replace(found, **facts)  # type: ignore[arg-type] # columns of the test's choice


def period_of(batches: list[PastBatch], failures: list[FailureCount]) -> Page:
    report = period_report(batches, failures, since=START - timedelta(days=30), now=NOW)
    return Page(period_page(report, str))


PERIOD = ([past()], [FailureCount(Kind.ORDER, ErrorType.INVALID, "GREYSON", resolved=False, rows=3)])
PLAIN, PLAIN_PERIOD = page_of(facts()), period_of(*PERIOD)
PAGES = pytest.mark.parametrize("page", [PLAIN, PLAIN_PERIOD], ids=["batch", "period"])
TEXT = st.text(min_size=1, max_size=40) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "]]>", "{{ 7 * 7 }}", "&amp;", "א\u202eב"]
)


@settings(max_examples=15)
@given(TEXT)
def test_no_text_adds_an_element_or_an_attribute_to_the_page_of_a_batch(words: str) -> None:
    page = page_of(facts(words))
    plain = [(tag, set(attributes)) for tag, attributes in PLAIN.elements]
    assert [(tag, set(attributes)) for tag, attributes in page.elements] == plain
    assert page.text.count(words) >= 8


@settings(max_examples=15)
@given(TEXT)
def test_no_text_adds_an_element_to_the_page_of_some_time(words: str) -> None:
    page = period_of(
        [past(words, status=words)], [FailureCount(Kind.ORDER, words, words, resolved=False, rows=3)]
    )
    assert page.tags() == PLAIN_PERIOD.tags()
    assert page.text.count(words) >= 3


@PAGES
def test_a_page_loads_nothing_and_runs_nothing(page: Page) -> None:
    assert not {"script", "link", "img", "iframe", "object", "image", "use", "base", "form"} & {*page.tags()}
    assert not page.values("src") + page.values("xlink:href")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    (policy,) = [text for text in page.values("content") if "default-src" in text]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'"
    elsewhere = {*re.findall(r"https?://[^\s\"'<]+", page.source)} - {"http://www.w3.org/2000/svg"}
    assert all(address.startswith(BOARD) for address in elsewhere)
    assert "url(" not in page.source
    assert "@import" not in page.source


def test_an_http_status_is_told_where_it_says_more_than_the_words() -> None:
    found = facts()
    assert "said (HTTP 422)" in PLAIN.text
    (row,) = found.failures[0].shown
    single = replace(found.failures[0], shown=[replace(row, http_status=200)])
    assert "HTTP" not in page_of(replace(found, failures=[single])).text


def test_items_of_the_board_are_links_where_its_address_is_known() -> None:
    assert set(PLAIN.values("href")) == {BOARD, f"{BOARD}/pulses/42", f"{BOARD}/pulses/4711"}
    without = batch_report(facts(), now=NOW, links=BoardLinks(), fields=FIELDS)
    page = Page(batch_page(without, str))
    assert page.values("href") == []
    assert "4711" in page.text


@PAGES
def test_a_page_can_be_read_without_seeing_it(page: Page) -> None:
    assert ("html", {"lang": "en"}) in page.elements
    assert page.tags().count("h1") == 1
    levels = [int(tag[1]) for tag in page.tags() if re.fullmatch("h[1-6]", tag)]
    assert all(deeper - level <= 1 for level, deeper in pairwise(levels))
    assert page.tags().count("caption") == page.tags().count("table") > 0
    heads = [attributes for tag, attributes in page.elements if tag == "th"]
    assert all(attributes.get("scope") in {"col", "row"} for attributes in heads)
    images = [attributes for _, attributes in page.elements if attributes.get("role") == "img"]
    assert len(images) == page.tags().count("svg") > 0
    assert all(len(attributes["aria-label"]) > 20 for attributes in images)
    assert set(page.values("aria-labelledby")) <= set(page.values("id"))
    assert len(page.values("id")) == len(set(page.values("id")))


def test_what_must_not_be_shown_is_hidden_also_where_it_would_be_escaped() -> None:
    secret = "a<&>token"
    page = page_of(facts(secret), lambda text: text.replace(secret, "[hidden]"))
    assert secret not in page.text
    assert "[hidden]" in page.text
    assert page.tags() == PLAIN.tags()


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_can_be_told_from_their_ground(scheme: int) -> None:
    styles = re.findall(r":root \{(.*?)\}", PLAIN.source, re.DOTALL)
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", styles[scheme]))
    for ground in ("page", "card"):
        for name in ("ink", "soft", "link", "good", "warning", "bad", "neutral"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    for name in ("one", "two", "three", "four", "five", "six"):
        assert contrast(colours[name], colours["card"]) >= 3, name


def contrast(one: str, other: str) -> float:
    """Compare two colours as the Web Content Accessibility Guidelines do."""
    lights = []
    for colour in (one, other):
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        lights.append(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
    return max(lights) / min(lights)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (
            BatchStatus.COMPLETED,
            None,
            "4 order lines and 1,234 sizes reached the board in 2 min 5 s, and nothing",
        ),
        (
            BatchStatus.COMPLETED_WITH_ERRORS,
            None,
            "in 2 min 5 s. Failed: 3 order lines (rejected) and 1 size (odd). 1 of them are mended by now.",
        ),
        (
            BatchStatus.PAUSED,
            "the day is over",
            "paused after 4 order lines and 1,234 sizes: a later run goes on",
        ),
        (BatchStatus.FAILED, "no disk", "The batch failed after 4 order lines and 1,234 sizes. no disk."),
        (BatchStatus.ITEMS_CREATED, None, "has not come to an end: it is ITEMS_CREATED, with 4 order lines"),
        ("Odd", None, "has not come to an end: it is Odd,"),
    ],
)
def test_a_sentence_says_what_happened(status: str, error: str | None, words: str) -> None:
    found = facts("odd")
    batch = view(status, error=error)
    if words.startswith("has not come to an end"):
        batch = replace(batch, ended=None)
    told = replace(found, detail=replace(found.detail, batch=batch))
    assert words in batch_report(told, now=NOW, links=BoardLinks(), fields=()).sentence


def test_a_step_begins_when_the_one_before_it_ends_and_never_ends_before() -> None:
    steps: dict[str, datetime | None] = {
        "staging_load_completed": after(5),
        "items_creation_completed": after(2),
        "promotion_completed": after(9),
    }
    found = facts()
    told = replace(found, detail=replace(found.detail, steps=steps))
    timeline = batch_report(told, now=NOW, links=BoardLinks(), fields=()).timeline
    assert [(step.name, step.after, step.seconds) for step in timeline] == [
        ("Load", 0, 5),
        ("Items", 5, 0),
        ("Promotion", 5, 4),
        ("Closing", 9, 116),
    ]


def test_what_is_not_shown_is_counted() -> None:
    assert "… and 2 rows more; order-staging errors --batch 1f0c2a9e" in PLAIN.text
    assert "… and 3 order lines more in MON_CustMasterSchedule." in PLAIN.text
    batches = [past(f"C{number}", number) for number in range(130)]
    failures = [FailureCount(Kind.ORDER, None, f"C{number}", resolved=True, rows=1) for number in range(60)]
    page = period_of(batches, failures)
    assert "… and 80 customers more." in page.text
    assert "… and 10 customers more." in page.text
    assert "… and 45 customers more with failures, which the chart leaves out." in page.text
    assert "which the chart leaves out" not in PLAIN_PERIOD.text
    assert "… and 30 batches more; order-staging status lists them." in page.text


def test_the_page_of_some_time_sums_its_batches_up() -> None:
    batches = [
        past(number=1, orders=30, failed=10, ended=after(100), status=BatchStatus.COMPLETED_WITH_ERRORS),
        past("RHYTHM", number=2, orders=10, started=EARLIER, ended=EARLIER + timedelta(seconds=20)),
        past(number=3, orders=0, subitems=0, ended=None, status=BatchStatus.FAILED),
    ]
    letters = [
        FailureCount(Kind.ORDER, ErrorType.INVALID, "GREYSON", resolved=False, rows=8),
        FailureCount(Kind.SUBITEM, ErrorType.INVALID, "GREYSON", resolved=True, rows=1),
        FailureCount(Kind.ORDER, ErrorType.REJECTED, None, resolved=False, rows=2),
    ]
    report = period_report(batches, letters, since=START - timedelta(days=30), now=NOW)
    assert report.sentence == (
        "3 batches of 2 customers brought 40 order lines and 80 sizes to the board; 10 order lines failed. "
        "Of the batches, 1 failed, 1 completed with errors."
    )
    assert [(fact.name, fact.value) for fact in report.facts] == [
        ("Success", "80.0%"),
        ("Batches without a failed row", "33.3%"),
        ("Duration, median", "1 min"),
        ("Duration, longest", "1 min 40 s"),
    ]
    greyson, rhythm = report.customers
    assert (greyson.name, greyson.batches, greyson.success, greyson.mean) == (
        "GREYSON",
        2,
        "75.0%",
        "1 min 40 s",
    )
    assert (rhythm.name, rhythm.clean) == ("RHYTHM", 1)
    assert [(each.name, each.rows, each.waiting, each.kinds) for each in report.failures] == [
        ("GREYSON", 9, 8, {"invalid": 9}),
        ("no customer", 2, 2, {"rejected": 2}),
    ]
    places = [place for place, orders in enumerate(report.volume.orders) if orders]
    assert [report.volume.orders[place] for place in places] == [10, 30]
    assert places[1] - places[0] == 3


def test_a_batch_that_runs_or_waits_has_no_failed_row_before_one_fails() -> None:
    open_ones = [
        past(number=1, status=BatchStatus.PAUSED),
        past(number=2, status=BatchStatus.STAGING_LOADED, ended=None),
    ]
    report = period_report(open_ones, [], since=START, now=NOW)
    assert ("Batches without a failed row", "100%") in [(fact.name, fact.value) for fact in report.facts]
    assert report.tone == "warning"


def test_a_batch_that_was_resumed_took_from_its_start_to_its_end() -> None:
    batch = replace(view(), ended=after(172_800), seconds=1)
    report = batch_report(
        replace(facts(), detail=replace(facts().detail, batch=batch)), now=NOW, links=BoardLinks(), fields=()
    )
    assert " in 2 d, " in report.sentence
    assert "1 s" not in [fact.value for fact in report.facts]


@pytest.mark.parametrize(("status", "word"), [("Success", "Success"), (UNKNOWN, "unknown")])
def test_batches_of_earlier_scripts_have_ended_whatever_their_word_for_it(status: str, word: str) -> None:
    batch = replace(view(status), ended=START - timedelta(hours=1))
    told = replace(facts(), detail=replace(facts().detail, batch=batch))
    report = batch_report(told, now=NOW, links=BoardLinks(), fields=())
    assert report.sentence == f"4 order lines and 1,234 sizes reached the board; the batch ended as {word}."
    assert all("-" not in fact.value for fact in report.facts)


def test_a_time_without_a_batch_says_so() -> None:
    assert "No batch began in this time." in period_of([], []).text


def test_a_batch_of_which_nothing_is_known_has_a_page() -> None:
    batch = replace(view(), started=None, ended=None, seconds=None, orders_processed=0, failed_records=0)
    bare = BatchFacts(BatchDetail(batch, {}, {}, {}, 0), NOW, None, [], 0, [])
    page = page_of(bare)
    for words in ("No step was completed.", "Nothing failed", "Every value arrived as it was."):
        assert words in page.text
    assert "svg" not in page.tags()


def test_charts_leave_no_finder_behind_that_warns_of_every_module_that_is_not_there() -> None:
    assert not [finder for finder in sys.meta_path if isinstance(finder, pygal.PluginImportFixer)]
