"""A preview is laid out within 80 columns, and as a page on which nothing but ours is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from order_staging.batch import (
    ChangedBy,
    CustomerForecast,
    Duplicate,
    Estimate,
    FieldChange,
    GroupForecast,
    NewItem,
    NewLabels,
    NewPayload,
    PreviewResult,
    Remarked,
    Shown,
)
from order_staging.reporting import preview_page
from order_staging.reporting.preview_html import preview_html

NOW = datetime(2026, 11, 23, 21, 0)  # noqa: DTZ001 - naive UTC, as everywhere
KEY = UUID(int=7)
WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=120)


def shown(*rows: Any, more: int = 0) -> Shown[Any]:
    return Shown(20, len(rows) + more, list(rows))


def result_of(word: str = "word", *, more: int = 0, **parts: Any) -> PreviewResult:
    """Make a preview of one row of each kind, with a word in every place that somebody else writes."""
    values: dict[str, Any] = {
        "board": word,
        "board_id": 7,
        "with_changes": True,
        "customers": (CustomerForecast(word, items=1, subitems=2, relinked=3, conflicts=1, removed=2),),
        "groups": (GroupForecast(word, exists=False, items=1, subitems=2, waiting=1),),
        "items": shown(NewItem(word, KEY, word, word, {"STYLE": word}, {word: 3}), more=more),
        "payloads": (NewPayload(word, word, {"item_name": word}, ({"item_name": word},)),),
        "changes": shown(
            FieldChange(word, KEY, 1, word, word, word, word, word, word, word, ChangedBy.BOTH, word),
            more=more,
        ),
        "warnings": shown(Remarked(word, KEY, word, word, (word,)), more=more),
        "invalid": shown(Remarked(word, None, None, None, (word, word)), more=more),
        "duplicates": shown(Duplicate(word, word, word, word, word, word, 2, "staged"), more=more),
        "labels": (NewLabels("color", word, 3, (word,)),),
        "estimate": Estimate(10, 20, 1, 1.5, 4.5, "requests a minute", 100),
        "field_titles": ("STYLE",),
    }
    return PreviewResult(**values | parts)


def text(result: PreviewResult) -> str:
    stream = StringIO()
    console = Console(file=stream, width=80, markup=False, highlight=False, emoji=False)
    for part in preview_page(result).renderables:
        console.print(part, soft_wrap=isinstance(part, str))
    return stream.getvalue()


@given(WORDS)
@settings(max_examples=25)
def test_tables_fit_80_columns(word: str) -> None:
    told = text(result_of(word, payloads=()))
    assert max(len(line) for line in told.splitlines()) <= 80


def test_what_is_not_listed_is_counted() -> None:
    told = text(result_of(more=7))
    assert told.count(": 7 more; --rows shows as many as you like") == 5
    assert "7 more" in preview_html(result_of(more=7), NOW)
    assert "more; --rows" not in text(result_of())


def test_the_sentences_say_what_the_numbers_do_not() -> None:
    told = " ".join(text(result_of()).split())
    assert "3 recognised under a new UUID, and not created again" in told
    assert "about 10 calls, 1 bulk import among them and 1.5 to 4.5 minutes (by requests a minute)" in told
    assert "100 calls are left today." in told
    assert '"item_name": "word"' in told
    assert "Nothing was written" in told


def test_calls_that_do_not_suffice_today_are_said() -> None:
    scarce = replace(result_of().estimate, calls_left=1)
    assert "1 call is left today: a run would pause" in text(result_of(estimate=scarce))


def test_nothing_to_do_is_one_sentence() -> None:
    empty = result_of(
        customers=(),
        groups=(),
        payloads=(),
        labels=(),
        estimate=Estimate(3, 0, 0, 0.0, 0.0, "", None),
        items=shown(),
        changes=shown(),
        warnings=shown(),
        invalid=shown(),
        duplicates=shown(),
    )
    assert text(empty).splitlines()[0] == "Nothing to do: a run would send nothing."
    assert empty.status == "nothing_to_do"
    assert "No group would get anything." in preview_html(empty, NOW)


class Outline(HTMLParser):
    """Takes down a page's headings, tags and attributes, and that tags close as they open."""

    VOID = frozenset({"meta", "br", "hr", "link"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headings: list[int] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


HOSTILE = """<script>alert("x")</script><img src='https://evil.example/'>{{ 7 * 7 }}&amp;"""


def test_whatever_is_in_a_text_is_no_markup() -> None:
    page = preview_html(result_of(HOSTILE), NOW)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page


def test_the_page_is_whole_and_asks_nothing_of_the_network() -> None:
    outline = Outline(preview_html(result_of(HOSTILE), NOW))
    assert outline.open == []
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in outline.tags}
    assert not any({"src", "href"} & attributes.keys() for _, attributes in outline.tags)


def test_headings_descend_step_by_step_and_tables_have_captions_and_scopes() -> None:
    outline = Outline(preview_html(result_of(), NOW))
    assert outline.headings[0] == 1
    assert outline.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(outline.headings))
    names = [tag for tag, _ in outline.tags]
    assert names.count("table") == names.count("caption") == 6
    assert all("scope" in attributes for tag, attributes in outline.tags if tag == "th")
    assert ("html", {"lang": "en"}) in outline.tags


def luminance(color: str) -> float:
    digits = color.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        ("ink", "paper"),
        ("faint", "paper"),
        ("ink", "band"),
        ("new", "new-paper"),
        ("there", "there-paper"),
        ("bad", "bad-paper"),
    ],
)
def test_text_stands_out_from_its_background(scheme: int, ink: str, paper: str) -> None:
    template = files("order_staging.reporting").joinpath("templates/preview.html.j2").read_text("utf-8")
    roots = re.findall(r":root \{(.*?)\}", template, re.DOTALL)
    colors = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+)", roots[scheme]))
    assert contrast(colors[ink], colors[paper]) >= 4.5
