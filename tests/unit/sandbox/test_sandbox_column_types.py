import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.sandbox.column_types import Writing, parse, shown_text, shown_value, simple_value
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Column
from order_staging.sandbox.texts import utf16_length

NOW = "2026-11-02T09:30:00Z"
CREATING = Writing(create_labels=True, now=NOW)
KEEPING = Writing(create_labels=False, now=NOW)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
READ_ONLY = [
    "mirror",
    "formula",
    "item_id",
    "last_updated",
    "subtasks",
    "auto_number",
    "creation_log",
    "board_relation",
]


def _column(kind: str, **labels: int) -> Column:
    return Column("it", "It", kind, labels={number: name for name, number in labels.items()})


def _refusal(kind: str, value: object, writing: Writing = CREATING) -> str:
    with pytest.raises(Refusal) as refused:
        parse(_column(kind, A=1), value, writing)
    return refused.value.code


@given(text=st.text(min_size=1))
def test_any_text_reads_back_as_it_was_written(text: str) -> None:
    column = _column("text")
    stored = parse(column, text, KEEPING)
    assert shown_text(column, stored) == text
    assert json.loads(shown_value(stored) or "") == text


@given(day=st.dates())
def test_any_date_reads_back_as_it_was_written(day: date) -> None:
    column = _column("date")
    stored = parse(column, {"date": day.isoformat()}, KEEPING)
    assert shown_text(column, stored) == day.isoformat()


@given(number=st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_any_numeric_text_is_a_number_and_stays_as_written(number: object) -> None:
    assert parse(_column("numbers"), f"{number:f}", KEEPING) == f"{number:f}"


@given(labels=st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=20, unique=True))
def test_dropdown_labels_are_numbered_from_1_and_read_back(labels: list[str]) -> None:
    column = _column("dropdown")
    stored = parse(column, {"labels": labels}, CREATING)
    assert stored == {"ids": list(range(1, len(labels) + 1))}
    assert shown_text(column, stored) == ", ".join(labels)


@given(value=ANY_JSON, kind=st.sampled_from(["text", "long_text", "numbers", "date", "dropdown", "status"]))
def test_any_value_is_taken_or_refused_and_what_is_taken_can_be_shown(value: object, kind: str) -> None:
    column = _column(kind, A=1)
    shown: str | None = None
    code = "ColumnValueException"
    try:
        shown = shown_text(column, parse(column, value, CREATING))
    except Refusal as refusal:
        code = refusal.code
    assert code == "ColumnValueException"
    assert isinstance(shown, str | None)


@given(text=st.text())
def test_lengths_are_counted_as_javascript_counts_them(text: str) -> None:
    assert utf16_length(text) == sum(1 + (ord(character) > 0xFFFF) for character in text)


@pytest.mark.parametrize("kind", READ_ONLY)
def test_refuses_to_write_what_monday_makes_itself(kind: str) -> None:
    assert _refusal(kind, "x") == "InvalidColumnTypeException"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("text", {"text": "x"}),
        ("numbers", 5),
        ("numbers", "5 USD"),
        ("numbers", "1,250"),
        ("numbers", "NaN"),
        ("date", "2025-08-01"),
        ("date", {"date": "2025-02-30"}),
        ("date", {"date": "01.08.2025"}),
        ("date", {"date": "2025-08-01", "time": "25:00:00"}),
        ("dropdown", "A"),
        ("dropdown", {"labels": "A"}),
        ("dropdown", {"labels": ["A"], "ids": [1]}),
        ("dropdown", {"labels": [""]}),
        ("dropdown", {"labels": [1]}),
        ("dropdown", {"ids": [9]}),
        ("dropdown", {"ids": [True]}),
        ("status", {"label": " "}),
        ("status", "A"),
        ("status", {"label": None}),
        ("status", {"index": 9}),
        ("status", {"index": "9" * 5_000}),
        ("status", {"label": "9"}),
        ("long_text", "x"),
        ("long_text", {"text": None}),
    ],
)
def test_refuses_a_value_of_the_wrong_form(kind: str, value: object) -> None:
    assert _refusal(kind, value) == "ColumnValueException"


@pytest.mark.parametrize("value", [{"labels": ["B"]}, {"label": "B"}])
def test_refuses_a_missing_label_unless_it_is_to_be_created(value: dict[str, object]) -> None:
    kind = "dropdown" if "labels" in value else "status"
    with pytest.raises(Refusal, match="label does not exist in column"):
        parse(_column(kind, A=1), value, KEEPING)
    assert parse(_column(kind, A=1), value, CREATING) is not None


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", None, ""),
        ("text", "", ""),
        ("numbers", None, ""),
        ("date", None, ""),
        ("date", {}, ""),
        ("long_text", None, ""),
        ("long_text", {"text": ""}, ""),
        ("dropdown", None, None),
        ("dropdown", {"labels": []}, None),
        ("status", {}, None),
    ],
)
def test_an_empty_value_clears_a_column(kind: str, value: object, text: str | None) -> None:
    column = _column(kind)
    stored = parse(column, value, KEEPING)
    assert stored is None
    assert shown_text(column, stored) == text
    assert shown_value(stored) is None


def test_an_empty_text_makes_a_number_nought() -> None:
    assert parse(_column("numbers"), "", KEEPING) == "0"


def test_a_status_label_of_digits_is_taken_for_the_number_of_a_label() -> None:
    assert parse(_column("status", A=1), {"label": "1"}, KEEPING) == {"index": 1}


def test_refuses_long_text_over_2000_characters() -> None:
    assert parse(_column("long_text"), {"text": "\N{T-SHIRT}" * 1_000}, KEEPING) is not None
    assert _refusal("long_text", {"text": "\N{T-SHIRT}" * 1_000 + "x"}) == "ColumnValueException"


def test_refuses_a_status_label_over_30_characters() -> None:
    assert parse(_column("status"), {"label": "x" * 30}, CREATING) is not None
    assert _refusal("status", {"label": "x" * 31}) == "ColumnValueException"


def test_a_status_column_takes_40_labels_numbered_like_their_colours() -> None:
    column = _column("status")
    for number in range(40):
        parse(column, {"label": f"L{number}"}, CREATING)
    assert list(column.labels)[:6] == [0, 1, 2, 3, 4, 6]
    assert sorted(column.labels) == [*range(20), *range(101, 111), *range(151, 161)]
    with pytest.raises(Refusal, match="at most 40 labels"):
        parse(column, {"label": "L40"}, CREATING)


def test_a_dropdown_column_takes_500_labels() -> None:
    column = _column("dropdown")
    parse(column, {"labels": [f"L{number}" for number in range(500)]}, CREATING)
    with pytest.raises(Refusal, match="at most 500 labels"):
        parse(column, {"labels": ["L500"]}, CREATING)


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("text", "x", "x"),
        ("numbers", "4.50", "4.50"),
        ("date", "2025-08-01", "2025-08-01"),
        ("date", "2025-08-01 10:30:00", "2025-08-01 10:30:00"),
        ("dropdown", "A, B", "A, B"),
        ("status", "A", "A"),
        ("long_text", "x\ny", "x\ny"),
        ("dropdown", "", None),
    ],
)
def test_a_value_written_as_plain_text_reads_back(kind: str, text: str, shown: str | None) -> None:
    column = _column(kind)
    assert shown_text(column, parse(column, simple_value(column, text), CREATING)) == shown
