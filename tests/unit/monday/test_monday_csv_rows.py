"""Items as lines of a file: what a file carries, it carries as it is."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday import NewItem
from order_staging.monday.csv_rows import cells, header, labels_of, line, obstacle

if TYPE_CHECKING:
    from collections.abc import Mapping

VALUES = {
    "text1": "JOO-00505",
    "long1": {"text": "two\nlines"},
    "num1": "28.86",
    "date1": {"date": "2025-06-01"},
    "drop1": {"labels": ["A", "B"]},
    "status1": {"label": "Done"},
}


def item(values: Mapping[str, object], name: str = "STYLE") -> NewItem:
    return NewItem(name, "topics", json.dumps(values))


def read(file: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(file.decode(), newline="")))


def test_each_type_of_value_is_what_people_would_read() -> None:
    assert cells(item(VALUES)) == {
        "name": "STYLE",
        "text1": "JOO-00505",
        "long1": "two\nlines",
        "num1": "28.86",
        "date1": "2025-06-01",
        "drop1": "A,B",
        "status1": "Done",
    }


def test_the_name_comes_first_and_columns_without_a_value_are_empty() -> None:
    columns = ["num1", "text1", "drop1"]
    assert read(header(columns) + line(item({"text1": "x", "num1": "1"}), columns)) == [
        ["name", "num1", "text1", "drop1"],
        ["STYLE", "1", "x", ""],
    ]


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_not_refused_is_read_back_as_it_was(text: str) -> None:
    sent = item({"text1": text, "long1": {"text": text}}, text)
    if obstacle(sent) is None:
        assert read(line(sent, ["text1", "long1"])) == [[text, text, text]]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"text1": "<NULL>"}, "text1 is the text <NULL>"),
        ({"long1": {"text": "<NULL>"}}, "long1 is the text <NULL>"),
        ({"text1": " x"}, "text1 begins or ends with a blank"),
        ({"long1": {"text": "x\n"}}, "long1 begins or ends with a blank"),
        ({"text1": "a\rb"}, "text1 has a carriage return"),
        ({"text1": "a\0b"}, "text1 has a carriage return or NUL"),
        ({"text1": "\ud83d"}, "text1 is not valid Unicode"),
        ({"drop1": {"labels": ["NAVY, WHITE"]}}, "drop1 has a label with a comma"),
        ({"status1": {"label": "12"}}, "status1 has a label of digits"),
    ],
)
def test_what_a_file_would_change_is_named(values: dict[str, object], words: str) -> None:
    assert (obstacle(item(values)) or "").startswith(words)


def test_a_name_that_a_file_would_change_is_named() -> None:
    assert (obstacle(item({}, "<NULL>")) or "").startswith("name is the text <NULL>")


@pytest.mark.parametrize(
    "values",
    [
        {"text1": "NULL"},
        {"text1": 'say "hi", twice'},
        {"text1": "a\nb"},
        {"text1": "نص 🧵 織物"},
        {"drop1": {"labels": ["<null>"]}},
        {"drop1": {"labels": ["12"]}},
        {"status1": {"label": "12 EACH, BOXED"}},
        VALUES,
    ],
)
def test_what_a_file_carries_as_it_is_has_no_obstacle(values: dict[str, object]) -> None:
    assert obstacle(item(values)) is None


def test_labels_are_those_of_dropdowns_and_statuses() -> None:
    assert sorted(labels_of(VALUES)) == [("drop1", "A"), ("drop1", "B"), ("status1", "Done")]
