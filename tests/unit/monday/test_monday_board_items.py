"""What the board shows comes back in the shape in which it was sent, for every type of column."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday.board_items import BoardItem, BoardSubitem, board_item, board_value
from order_staging.sandbox.column_types import Writing, chosen_labels, parse, shown_text, shown_value
from order_staging.sandbox.state import Column
from order_staging.transform.column_values import column_value
from order_staging.transform.mapping import FieldType

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

WRITING = Writing(create_labels=True, now="2026-11-23T06:40:00Z")
decoded = pytest.mark.parametrize("decoded", [False, True], ids=["JSON text", "read JSON"])
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=15).filter(
    lambda text: text.strip() == text and not text.isdecimal()
)


def answer(column: Column, sent: object, *, decoded: bool) -> dict[str, Any]:
    """Show what a column holds once a value was sent, as an answer has it; `decoded`: not as JSON text."""
    stored = parse(column, sent, WRITING)
    value = shown_value(stored)
    shown: dict[str, Any] = {
        "id": column.id,
        "type": column.type,
        "text": shown_text(column, stored),
        "value": json.loads(value) if decoded and value is not None else value,
    }
    if column.type == "dropdown":
        chosen = chosen_labels(column, stored)
        shown["values"] = [{"id": str(key), "label": label} for key, label in chosen.items()]
    return shown


def comes_back(field_type: FieldType, value: object, *, decoded: bool) -> None:
    sent = column_value(field_type, value)
    assert board_value(answer(Column("it", "It", field_type.value), sent, decoded=decoded)) == sent


@decoded
class TestWhatWasSentComesBack:
    @given(value=words)
    def test_text(self, value: str, decoded: bool) -> None:
        comes_back(FieldType.TEXT, value, decoded=decoded)

    @pytest.mark.parametrize("value", ["4755", "4.50", '"x"', "{}", "null", "[1]", "0"])
    def test_text_that_looks_like_json(self, value: str, *, decoded: bool) -> None:
        comes_back(FieldType.TEXT, value, decoded=decoded)
        comes_back(FieldType.LONG_TEXT, value, decoded=decoded)

    @given(value=words)
    def test_long_text(self, value: str, decoded: bool) -> None:
        comes_back(FieldType.LONG_TEXT, value, decoded=decoded)

    @given(value=st.decimals(allow_nan=False, allow_infinity=False, places=4))
    def test_numbers(self, value: Decimal, decoded: bool) -> None:
        comes_back(FieldType.NUMBERS, value, decoded=decoded)

    @given(value=st.dates())
    def test_a_date(self, value: date, decoded: bool) -> None:
        comes_back(FieldType.DATE, value, decoded=decoded)

    @given(value=words)
    def test_a_status(self, value: str, decoded: bool) -> None:
        comes_back(FieldType.STATUS, value, decoded=decoded)

    @given(value=words)
    def test_a_dropdown(self, value: str, decoded: bool) -> None:
        comes_back(FieldType.DROPDOWN, value, decoded=decoded)

    @given(labels=st.lists(words, min_size=1, max_size=4, unique=True))
    def test_several_labels_of_a_dropdown_with_commas_in_them(self, labels: list[str], decoded: bool) -> None:
        sent = {"labels": [*labels, "WHITE, BLUE", "a,b"]}
        column = Column("it", "It", "dropdown")
        assert board_value(answer(column, sent, decoded=decoded)) == {
            "labels": list(dict.fromkeys(sent["labels"]))
        }

    def test_the_time_that_people_set_on_a_date(self, *, decoded: bool) -> None:
        sent = {"date": "2026-11-23", "time": "06:40:00"}
        assert board_value(answer(Column("it", "It", "date"), sent, decoded=decoded)) == sent

    @pytest.mark.parametrize("kind", [kind.value for kind in FieldType])
    def test_a_cleared_value_is_none(self, kind: str, *, decoded: bool) -> None:
        assert board_value(answer(Column("it", "It", kind), None, decoded=decoded)) is None


class TestNumbers:
    @pytest.mark.parametrize(
        ("shown", "plain"),
        [
            ("4.50", "4.5"),
            ("0.00", "0"),
            ("-0", "0"),
            ("1200", "1200"),
            (".5", "0.5"),
            ("7.", "7"),
            ("1E+3", "1000"),
            ("12345678901234567890.10", "12345678901234567890.1"),
        ],
    )
    @pytest.mark.parametrize("form", [json.dumps, str])
    def test_one_is_written_plainly_however_it_is_shown(self, shown: str, plain: str, form: Any) -> None:
        column_value = {"type": "numbers", "text": shown, "value": form(shown)}
        assert board_value(column_value) == plain

    def test_one_that_json_has_as_a_number_keeps_its_digits(self) -> None:
        assert board_value({"type": "numbers", "text": "", "value": 28.86}) == "28.86"

    def test_one_without_a_raw_value_is_its_text(self) -> None:
        assert board_value({"type": "numbers", "text": "28.860", "value": None}) == "28.86"

    @pytest.mark.parametrize("shown", ["n/a", "NaN"])
    def test_what_is_no_number_is_kept_as_it_is(self, shown: str) -> None:
        assert board_value({"type": "numbers", "text": shown, "value": json.dumps(shown)}) == shown


@pytest.mark.parametrize(
    "value", [None, "{}", {}, '{"date":null,"icon":"x"}', '{"date":""}', "not JSON", "[]", '{"date"']
)
def test_a_date_without_a_day_is_none(value: object) -> None:
    assert board_value({"type": "date", "text": "", "value": value}) is None


def test_a_date_whose_time_is_empty_has_none() -> None:
    value = '{"date":"2026-11-23","time":"","changed_at":"2026-11-23T06:40:00Z"}'
    assert board_value({"type": "date", "text": "", "value": value}) == {"date": "2026-11-23"}


def test_a_column_that_people_gave_another_type_shows_its_text() -> None:
    assert board_value({"type": "people", "text": "Ann, Bob", "value": "{}"}) == "Ann, Bob"
    assert board_value({"type": "mirror", "text": None, "value": None}) is None


ANSWER: dict[str, Any] = {
    "id": "12559470820",
    "name": "4755",
    "state": "active",
    "group": {"id": "topics", "title": "Orders"},
    "column_values": [
        {"id": "a", "type": "text", "text": "x", "value": '"x"'},
        {"id": "b", "type": "text", "text": "", "value": None},
        {"id": "c", "type": "text", "text": "z", "value": '"z"'},
    ],
    "subitems": [
        {"id": "2", "name": "Size M", "state": "active", "column_values": []},
        {"id": "3", "name": "Size L", "state": "deleted", "column_values": []},
        {
            "id": "4",
            "name": "Size S",
            "state": None,
            "column_values": [
                {"id": "q", "type": "numbers", "text": "7", "value": '"7"'},
                {"id": "r", "type": "numbers", "text": "8", "value": '"8"'},
            ],
        },
    ],
}


def test_an_item_has_the_columns_that_were_asked_for_and_have_a_value_and_its_active_subitems() -> None:
    sizes = (BoardSubitem(2, "Size M"), BoardSubitem(4, "Size S", {"q": "7"}))
    expected = BoardItem(12559470820, "4755", "active", "topics", "Orders", {"a": "x"}, sizes)
    assert board_item(ANSWER, ["a", "b"], ["q"]) == expected


@pytest.mark.parametrize(
    ("state", "active"), [("active", True), ("archived", False), ("deleted", False), (None, True)]
)
def test_an_item_is_active_unless_monday_says_otherwise(state: str | None, *, active: bool) -> None:
    assert board_item(ANSWER | {"state": state}, [], []).active is active


def test_an_item_whose_group_is_gone_has_none() -> None:
    item = board_item(ANSWER | {"group": None, "subitems": None}, [], [])
    assert (item.group_id, item.group, item.subitems) == ("", "", ())
