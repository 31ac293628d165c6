from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.limits import NO_LIMIT, FieldLimit
from order_staging.transform.mapping import FieldType, load_mapping
from order_staging.transform.values import (
    Reading,
    is_empty,
    plain_text,
    read_date,
    text_problem,
    utf16_length,
    value_reader,
)

FORMAT = load_mapping().numbers
ALL_CHARACTERS = st.text(alphabet=st.characters(exclude_categories=[]), max_size=60)
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.binary(),
    ALL_CHARACTERS,
)
LIMITS = st.builds(
    FieldLimit,
    max_length=st.one_of(st.none(), st.integers(1, 50)),
    precision=st.just(18),
    scale=st.one_of(st.none(), st.integers(0, 4)),
)
WORDS = (FieldType.TEXT, FieldType.LONG_TEXT, FieldType.DROPDOWN, FieldType.STATUS)


def reading(value: object, field_type: FieldType, max_length: int | None = None) -> Reading:
    return value_reader(field_type, FieldLimit(max_length=max_length), FORMAT)(value)


@given(ANYTHING, st.sampled_from(FieldType), LIMITS)
def test_a_value_arrives_or_was_empty_or_there_is_a_problem(
    value: object, field_type: FieldType, limit: FieldLimit
) -> None:
    result, problem = value_reader(field_type, limit, FORMAT)(value)
    if result is None:
        assert is_empty(value) == (problem is None)
    elif isinstance(result, str):
        assert problem is None
        assert result.strip() == plain_text(value).strip()


@given(ANYTHING, st.sampled_from(FieldType), LIMITS)
def test_a_value_that_was_read_is_read_again_as_it_is(
    value: object, field_type: FieldType, limit: FieldLimit
) -> None:
    result, _ = value_reader(field_type, limit, FORMAT)(value)
    assert value_reader(field_type, limit, FORMAT)(result) == (result, None)


@given(ALL_CHARACTERS, st.sampled_from(WORDS), LIMITS)
def test_text_that_passes_can_be_stored_and_sent(text: str, field_type: FieldType, limit: FieldLimit) -> None:
    result, _ = value_reader(field_type, limit, FORMAT)(text)
    if isinstance(result, str):
        assert "\0" not in result
        assert limit.max_length is None or len(result.encode("utf-16-le")) // 2 <= limit.max_length


@pytest.mark.parametrize("empty", [None, "", " ", "\n\t", "\u3000"])
@pytest.mark.parametrize("field_type", list(FieldType))
def test_empty_and_blank_are_nothing_in_every_type(empty: object, field_type: FieldType) -> None:
    assert reading(empty, field_type) == (None, None)


@pytest.mark.parametrize(
    "text", ['J\'ai "dit"', "两件套 👗", "שלום", "two\nlines", " blanks stay ", "e\u0301"]
)
def test_text_arrives_as_it_is(text: str) -> None:
    assert reading(text, FieldType.TEXT) == (text, None)
    assert reading(text, FieldType.LONG_TEXT) == (text, None)


@pytest.mark.parametrize("field_type", [FieldType.DROPDOWN, FieldType.STATUS])
def test_labels_are_trimmed(field_type: FieldType) -> None:
    assert reading(" 2025 FALL\n", field_type) == ("2025 FALL", None)


@pytest.mark.parametrize(
    ("field_type", "most"), [(FieldType.LONG_TEXT, 2_000), (FieldType.DROPDOWN, 255), (FieldType.STATUS, 30)]
)
def test_mondays_limits_hold_to_the_character(field_type: FieldType, most: int) -> None:
    assert reading("x" * most, field_type) == ("x" * most, None)
    assert reading("x" * (most + 1), field_type) == (None, f"is longer than {most} characters")


@pytest.mark.parametrize("field_type", WORDS)
def test_the_columns_limit_holds_where_it_is_tighter(field_type: FieldType) -> None:
    assert reading("x" * 20, field_type, 20) == ("x" * 20, None)
    assert reading("x" * 21, field_type, 20) == (None, "is longer than 20 characters")


def test_text_holds_65535_bytes() -> None:
    assert reading("é" * 32_767 + "x", FieldType.TEXT)[1] is None
    assert reading("é" * 32_768, FieldType.TEXT) == (None, "takes more than 65,535 bytes")


def test_an_emoji_counts_twice_as_it_does_in_the_database() -> None:
    assert reading("👗" * 10, FieldType.TEXT, 20) == ("👗" * 10, None)
    assert reading("👗" * 10 + "x", FieldType.TEXT, 20)[0] is None


@given(st.text())
def test_lengths_are_those_of_utf_16(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "words"), [("a\0b", "NUL"), ("a\ud83d", "surrogate"), ("\udc57", "surrogate")]
)
@pytest.mark.parametrize("field_type", WORDS)
def test_text_that_no_database_or_json_can_hold_does_not_fit(
    text: str, words: str, field_type: FieldType
) -> None:
    value, problem = reading(text, field_type)
    assert value is None
    assert words in (problem or "")


@pytest.mark.parametrize("label", ["5", " 42 "])
def test_a_number_is_no_status_label_because_monday_would_take_it_for_another_labels_id(label: str) -> None:
    assert reading(label, FieldType.STATUS) == (None, "is a number, which cannot be a status label")
    assert reading(label, FieldType.DROPDOWN) == (label.strip(), None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (6109100000, "6109100000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("6109.10"), "6109.10"),
        (date(2025, 3, 1), "2025-03-01"),
        (1.5, "1.5"),
    ],
)
def test_other_types_become_text(value: object, text: str) -> None:
    assert reading(value, FieldType.TEXT) == (text, None)


@pytest.mark.parametrize("binary", [b"abc", bytearray(b"abc"), memoryview(b"abc")])
def test_binary_data_is_not_taken_for_text(binary: object) -> None:
    assert reading(binary, FieldType.TEXT) == (None, "is binary data, not text")


@pytest.mark.parametrize(
    "value",
    [
        date(2025, 3, 1), datetime(2025, 3, 1, 23, 59, tzinfo=UTC), "2025-03-01", " 2025-03-01 ",
        "2025-03-01T00:00:00", "2025-03-01 23:59:59.123", "2025-03-01T00:00:00Z", "2025-03-01T00:00:00+10:00",
    ],
)  # fmt: skip
def test_days_are_read_as_they_are_written(value: object) -> None:
    assert reading(value, FieldType.DATE) == (date(2025, 3, 1), None)


@pytest.mark.parametrize(
    "value",
    [
        "01/03/2025", "2025-02-30", "2025-3-1", "20250301", "2025-W09-6", "2025-03-01T25:00", "２０２５-03-01",
        "2025-03-01 soon", "2025-03-01T", "TBC", 45717, 1.0, True, b"2025-03-01",
    ],
)  # fmt: skip
def test_what_is_no_iso_day_does_not_fit(value: object) -> None:
    assert reading(value, FieldType.DATE) == (None, "is not a date")


@given(st.dates())
def test_a_day_written_in_iso_is_read_back(day: date) -> None:
    assert read_date(day.isoformat()) == read_date(day) == day


@given(st.datetimes())
def test_a_moment_is_its_day(moment: datetime) -> None:
    assert read_date(moment) == read_date(moment.isoformat()) == read_date(str(moment)) == moment.date()


def test_numbers_are_read_with_the_columns_scale() -> None:
    limit = FieldLimit(precision=18, scale=2)
    assert value_reader(FieldType.NUMBERS, limit, FORMAT)("$1,234.5") == (Decimal("1234.50"), None)
    assert value_reader(FieldType.NUMBERS, limit, FORMAT)("n/a") == (None, "is not a number")
    assert value_reader(FieldType.NUMBERS, NO_LIMIT, FORMAT)("0") == (Decimal(0), None)


def test_text_without_a_limit_has_no_problem() -> None:
    assert text_problem("x" * 10_000, None) is None
