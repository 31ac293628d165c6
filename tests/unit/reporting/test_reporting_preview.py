"""A preview is laid out within 80 columns, and as a page on which nothing but ours is markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
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
from order_staging.reporting.html.preview import preview_html
from order_staging.reporting.preview import sides
from tests.unit.reporting.html_pages import Page

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
        "groups": shown(GroupForecast(word, exists=False, items=1, subitems=2, waiting=1), more=more),
        "items": shown(NewItem(word, KEY, word, word, {"STYLE": word}, {word: 3}), more=more),
        "payloads": (NewPayload(word, word, {"item_name": word}, ({"item_name": word},)),),
        "changes": shown(
            FieldChange(word, KEY, 1, word, word, word, word, word, word, word, ChangedBy.BOTH, word),
            more=more,
        ),
        "warnings": shown(Remarked(word, KEY, word, word, (word,)), more=more),
        "invalid": shown(Remarked(word, None, None, None, (word, word)), more=more),
        "duplicates": shown(
            Duplicate(word, word, {word: word, "PO NUMBER": word, "COLOR": ""}, 2, "staged"), more=more
        ),
        "labels": (NewLabels("color", word, 3, 1 + more, (word,), 37),),
        "estimate": Estimate(10, 20, 1, 1.5, 4.5, "requests a minute", 100),
        "field_titles": ("STYLE",),
    }
    return PreviewResult(**values | parts)


def page(result: PreviewResult) -> str:
    return preview_html(result, NOW, lambda words: words)


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
    assert told.count(": 7 more; --rows shows as many as you like") == 6
    assert page(result_of(more=7)).count("… and 7 ") == 6
    assert told.count("word and 7 more") == page(result_of(more=7)).count("word and 7 more") == 1
    labels = result_of(more=7).to_dict()["labels"]
    room = {"room": 37, "fits": True}
    assert labels == [
        {"column": "color", "title": "word", "exists": 3, "total": 8, "labels": ("word",), **room}
    ]
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


def test_labels_that_a_column_does_not_take_are_a_warning() -> None:
    crowded = result_of("STYLE", labels=(NewLabels("color", "STYLE", 500, 1234, ("word",), 0, fits=False),))
    warned = "STYLE takes 0 more labels, and 1,234 would come: monday.com rejects what needs the others"
    assert warned in " ".join(text(crowded).split())
    assert warned in page(crowded)
    assert '<span class="badge warning">0</span>' in page(crowded)
    assert "more labels, and" not in text(result_of())


@pytest.mark.parametrize(
    ("field", "delivered", "source", "board", "told"),
    [
        ("PRICE", "10", None, "10", ("10", "(empty)", "10")),
        ("PRICE", "10", None, None, ("10", "(empty)", "(empty)")),
        ("PRICE", None, "10", "11", ("(empty)", "10", "11")),
        ("PRICE", "10", "11", None, ("10", "11", "(empty)")),
        # A new subitem, and an item that people took away.
        ("Order Qty", None, "3", None, ("", "3", "")),
        ("Title", "a", "b", None, ("a", "b", "")),
    ],
)
def test_a_side_that_was_emptied_says_so(
    field: str, delivered: str | None, source: str | None, board: str | None, told: tuple[str, ...]
) -> None:
    change = FieldChange("C", KEY, 1, "name", field, "sent", None, delivered, source, board)
    assert tuple(sides(change).values()) == told
    result = result_of(changes=shown(change))
    assert text(result).count("(empty)") == told.count("(empty)")
    assert page(result).count("(empty)") == told.count("(empty)")


def test_nothing_to_do_is_one_sentence() -> None:
    empty = result_of(
        customers=(),
        groups=shown(),
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
    assert "No group would get anything." in page(empty)


HOSTILE = """<script>alert("x")</script><img src='https://evil.example/'>{{ 7 * 7 }}&amp;"""


def test_whatever_is_in_a_text_is_no_markup() -> None:
    told = page(result_of(HOSTILE))
    assert "<script" not in told
    assert "<img" not in told
    assert "&lt;script&gt;" in told
    assert "{{ 7 * 7 }}" in told


def test_the_page_is_whole_and_asks_nothing_of_the_network() -> None:
    read = Page(page(result_of(HOSTILE)))
    assert not {"script", "link", "img", "iframe"} & set(read.tags())
    assert read.values("src") == read.values("href") == []


def test_headings_descend_step_by_step_and_tables_have_captions_and_scopes() -> None:
    read = Page(page(result_of()))
    levels = [int(tag[1]) for tag in read.tags() if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert read.tags().count("table") == read.tags().count("caption") == 6
    assert all("scope" in attributes for tag, attributes in read.elements if tag == "th")
    assert ("html", {"lang": "en"}) in read.elements
    assert set(read.values("aria-labelledby")) <= set(read.values("id"))


def test_what_must_not_be_shown_is_hidden() -> None:
    told = preview_html(result_of("a<token>"), NOW, lambda text: text.replace("a<token>", "[hidden]"))
    assert "token" not in told
    assert "[hidden]" in told
