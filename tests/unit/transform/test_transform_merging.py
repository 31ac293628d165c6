from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.column_values import column_value
from order_staging.transform.mapping import FieldType, OnConflict
from order_staging.transform.merging import Merged, Verdict, cleared, decoded, merge, same
from order_staging.transform.values import is_empty

TEXT, LONG_TEXT, NUMBERS = FieldType.TEXT, FieldType.LONG_TEXT, FieldType.NUMBERS
DATE, DROPDOWN, STATUS = FieldType.DATE, FieldType.DROPDOWN, FieldType.STATUS

NOTHING: tuple[object, ...] = (None, "", {}, {"text": ""}, {"labels": []}, " \n")

# Of each type: what is said, in all the ways of saying it. Two rows of a pool never say the same.
POOLS: dict[FieldType, tuple[tuple[object, ...], ...]] = {
    TEXT: (NOTHING, ("a", " a\n", {"text": "a"}), ("b\nb", "b\r\nb", "b\rb "), ("A",)),
    LONG_TEXT: (
        NOTHING,
        ({"text": "a"}, {"text": "a\n"}, {"text": "a", "changed_at": "2025-03-01"}),
        ({"text": "b\r\nb"}, {"text": "b\nb"}),
        ({"text": "b b"}, "b b"),
    ),
    NUMBERS: (NOTHING, ("4.5", "4.50", 4.5, "+4.5"), ("0", "-0.00", 0, "0E+2"), ("n/a", " n/a", {"text": "n/a"})),
    DATE: (
        NOTHING,
        ({"date": "2025-03-01"}, {"date": "2025-03-01", "time": None}, "2025-03-01", date(2025, 3, 1)),
        ({"date": "2025-03-01", "time": "10:30:00"}, {"date": "2025-03-01", "time": "10:30"}),
        ({"date": "2025-03-01", "time": "00:00:00"}, "2025-03-01T00:00:00"),
    ),
    DROPDOWN: (
        NOTHING,
        ({"labels": ["A"]}, {"labels": [" A ", ""]}, "A"),
        ({"labels": ["A", "B"]}, {"labels": ["B", "A "]}, ["B", "A", "A"]),
        ({"labels": ["A, B"]}, {"labels": ["A, B "]}),
    ),
    STATUS: (NOTHING, ({"label": "A"}, {"label": "A "}, "A"), ({"label": "B"},), ({"label": "a"},)),
}  # fmt: skip

TYPES = st.sampled_from(FieldType)
ODD_SHAPES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.dates()
    | st.datetimes()
    | st.text(max_size=5)
    | st.sampled_from(["12", "2025-03-01", "2025-03-01 25:00", "1E999999", "\ud83d"]),
    lambda shapes: (
        st.lists(shapes, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "label", "labels", "date", "time", "ids", "index", "\n"]),
            shapes,
            max_size=3,
        )
    ),
    max_leaves=6,
)

WORDS = st.text(min_size=1, max_size=20).filter(lambda text: not is_empty(text))
ROW_VALUES: dict[FieldType, st.SearchStrategy[object]] = {
    NUMBERS: st.decimals(min_value=-(10**14), max_value=10**14, places=4),
    DATE: st.dates(),
}


@dataclass(frozen=True)
class Sides:
    """Three values as two sides may spell them, and which of them say the same (by what the pool says)."""

    column_type: FieldType
    base: object
    source: object
    board: object
    said: tuple[int, int, int]

    @property
    def source_changed(self) -> bool:
        return self.said[0] != self.said[1]

    @property
    def board_changed(self) -> bool:
        return self.said[0] != self.said[2]

    @property
    def agree(self) -> bool:
        return self.said[1] == self.said[2]

    def merged(self, on_conflict: OnConflict) -> Merged:
        return merge(self.column_type, self.base, self.source, self.board, on_conflict)

    def board_after(self, merged: Merged) -> object:
        return self.source if merged.sends else self.board

    def merged_again(self, merged: Merged, on_conflict: OnConflict) -> Merged:
        return merge(
            self.column_type, merged.acknowledged, self.source, self.board_after(merged), on_conflict
        )


def said_by(column_type: FieldType) -> list[tuple[int, object]]:
    return [(said, value) for said, values in enumerate(POOLS[column_type]) for value in values]


@st.composite
def all_sides(draw: st.DrawFn) -> Sides:
    column_type = draw(TYPES)
    (a, base), (b, source), (c, board) = (draw(st.sampled_from(said_by(column_type))) for _ in range(3))
    return Sides(column_type, base, source, board, (a, b, c))


SIDES = all_sides()
CHOICES = st.sampled_from(OnConflict)


@given(SIDES, CHOICES)
def test_an_unchanged_source_never_sends_whatever_people_did(sides: Sides, on_conflict: OnConflict) -> None:
    merged = sides.merged(on_conflict)
    assert (merged.verdict is Verdict.UNCHANGED) == (not sides.source_changed)
    if not sides.source_changed:
        assert merged == Merged(Verdict.UNCHANGED, sides.base)
        assert not merged.sends


@given(SIDES, CHOICES)
def test_a_changed_source_is_always_sent_to_a_board_that_people_left_alone(
    sides: Sides, on_conflict: OnConflict
) -> None:
    merged = sides.merged(on_conflict)
    sent_without_conflict = sides.source_changed and not sides.board_changed
    assert (merged.verdict is Verdict.SEND) == sent_without_conflict
    if sent_without_conflict:
        assert merged == Merged(Verdict.SEND, sides.source)
        assert merged.sends


@given(SIDES, CHOICES)
def test_what_both_sides_say_alike_is_acknowledged_and_never_sent(
    sides: Sides, on_conflict: OnConflict
) -> None:
    merged = sides.merged(on_conflict)
    assert (merged.verdict is Verdict.AGREED) == (sides.source_changed and sides.agree)
    if sides.agree:
        assert not merged.sends
        assert same(sides.column_type, merged.acknowledged, sides.source)


@given(SIDES, CHOICES)
def test_only_different_changes_of_both_sides_are_a_conflict_and_the_mapping_decides_it(
    sides: Sides, on_conflict: OnConflict
) -> None:
    merged = sides.merged(on_conflict)
    conflict = sides.source_changed and sides.board_changed and not sides.agree
    assert (merged.verdict is Verdict.CONFLICT) == conflict
    assert merged.on_conflict is (on_conflict if conflict else None)
    if conflict:
        assert merged.sends == (on_conflict is OnConflict.SOURCE)
        assert merged.acknowledged == (sides.base if on_conflict is OnConflict.REPORT else sides.source)


@pytest.mark.parametrize("column_type", FieldType)
def test_what_is_sent_is_the_source_and_no_merge_acknowledges_anything_but_base_or_source(
    column_type: FieldType,
) -> None:
    values = said_by(column_type)
    verdicts = set()
    for (a, base), (b, source), (c, board) in product(values, repeat=3):
        for on_conflict in OnConflict:
            sides = Sides(column_type, base, source, board, (a, b, c))
            merged = sides.merged(on_conflict)
            verdicts.add((merged.verdict, merged.on_conflict))
            assert merged.acknowledged in (base, source)
            assert not merged.sends or sides.source_changed
    assert len(verdicts) == 6, "every combination of three values was met"


@given(SIDES, CHOICES)
def test_a_second_merge_sends_nothing_and_only_a_reported_conflict_is_met_again(
    sides: Sides, on_conflict: OnConflict
) -> None:
    first = sides.merged(on_conflict)
    second = sides.merged_again(first, on_conflict)
    assert not second.sends
    if first.on_conflict is OnConflict.REPORT:
        assert second == first
    else:
        assert second.verdict is Verdict.UNCHANGED
    third = sides.merged_again(second, on_conflict)
    assert third == second


@given(SIDES, SIDES)
def test_a_settled_conflict_comes_back_only_with_another_change_of_the_source(
    sides: Sides, later: Sides
) -> None:
    settled = sides.merged(OnConflict.BOARD).acknowledged
    again = merge(sides.column_type, settled, later.source, sides.board, OnConflict.BOARD)
    if same(sides.column_type, settled, later.source):
        assert again.verdict is Verdict.UNCHANGED
    else:
        assert again.verdict is not Verdict.UNCHANGED


def test_people_settle_a_reported_conflict_by_taking_either_value() -> None:
    reported = merge(NUMBERS, "10", "12", "11", OnConflict.REPORT)
    base = reported.acknowledged
    assert merge(NUMBERS, base, "12", "12", OnConflict.REPORT) == Merged(Verdict.AGREED, "12")
    assert merge(NUMBERS, base, "12", "10", OnConflict.REPORT) == Merged(Verdict.SEND, "12")
    assert merge(NUMBERS, base, "11.0", "11", OnConflict.REPORT) == Merged(Verdict.AGREED, "11.0")


@pytest.mark.parametrize(
    ("base", "source", "board", "verdict", "sends"),
    [
        ("28.86", "28.86", "28.86", Verdict.UNCHANGED, False),
        ("28.86", "28.8600", "31", Verdict.UNCHANGED, False),  # a planner's price stays
        ("28.86", "28.86", None, Verdict.UNCHANGED, False),  # and so does a cleared one
        ("28.86", "30", "28.860", Verdict.SEND, True),
        ("28.86", "30", "30.00", Verdict.AGREED, False),
        ("28.86", "30", "31", Verdict.CONFLICT, True),
        ("28.86", "30", None, Verdict.CONFLICT, True),
        ("28.86", None, "28.86", Verdict.SEND, True),  # cleared in the source: cleared on the board
        ("28.86", None, "", Verdict.AGREED, False),
        (None, "30", None, Verdict.SEND, True),
        (None, "30", "31", Verdict.CONFLICT, True),
        (None, "0", None, Verdict.SEND, True),  # 0 is a price, nothing is none
    ],
)
def test_a_price_corrected_by_either_side(
    base: object, source: object, board: object, verdict: Verdict, sends: bool
) -> None:
    merged = merge(NUMBERS, base, source, board, OnConflict.SOURCE)
    assert (merged.verdict, merged.sends) == (verdict, sends)


@pytest.mark.parametrize("on_conflict", OnConflict)
def test_a_name_is_merged_as_text(on_conflict: OnConflict) -> None:
    old, new = "JWHD100120NAVYAG-1", "JWHD100120BLACKAG-1"
    assert merge(TEXT, old, new, old, on_conflict).verdict is Verdict.SEND
    assert merge(TEXT, old, old, "hold! " + old, on_conflict).verdict is Verdict.UNCHANGED
    assert merge(TEXT, old, new, "hold! " + old, on_conflict).verdict is Verdict.CONFLICT


@pytest.mark.parametrize("column_type", FieldType)
def test_values_are_the_same_exactly_if_they_say_the_same(column_type: FieldType) -> None:
    values = said_by(column_type)
    wrong = [
        (left, right)
        for (one, left), (other, right) in product(values, repeat=2)
        if same(column_type, left, right) != (one == other)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("column_type", "before", "after"),
    [
        (NUMBERS, "12", "12.0"),
        (NUMBERS, {"text": " 12 "}, "12.0"),
        (NUMBERS, {"labels": ["12"]}, 12),
        (TEXT, {"text": "a"}, "a"),
        (TEXT, {"labels": ["A", "B"]}, "A, B"),
        (TEXT, {"date": "2025-03-01"}, "2025-03-01"),
        (TEXT, {"date": "2025-03-01", "time": "10:00:00"}, "2025-03-01 10:00:00"),
        (LONG_TEXT, "a", {"text": "a"}),
        (LONG_TEXT, {"label": "EACH"}, {"text": "EACH"}),
        (DATE, "2025-03-01", {"date": "2025-03-01"}),
        (DATE, {"text": "soon"}, "soon"),
        (DROPDOWN, "A", {"labels": ["A"]}),
        (DROPDOWN, {"label": "A"}, {"labels": ["A"]}),
        (STATUS, {"labels": ["A"]}, {"label": "A"}),
        (STATUS, {"index": 5, "ids": [1, 2]}, {"ids": [1, 2], "index": 5}),
    ],
)
def test_a_value_from_before_the_type_changed_is_compared_by_what_it_says(
    column_type: FieldType, before: object, after: object
) -> None:
    assert same(column_type, before, after)
    assert not same(column_type, before, "something else")


@given(TYPES, ODD_SHAPES, ODD_SHAPES, ODD_SHAPES, CHOICES)
def test_every_shape_is_the_same_as_itself_and_the_order_of_two_does_not_matter(
    column_type: FieldType, left: object, right: object, third: object, on_conflict: OnConflict
) -> None:
    assert same(column_type, left, left)
    assert same(column_type, left, right) == same(column_type, right, left)
    if same(column_type, left, right):
        assert same(column_type, left, third) == same(column_type, right, third)
    assert merge(column_type, left, left, third, on_conflict).verdict is Verdict.UNCHANGED


@given(TYPES, ODD_SHAPES)
def test_every_shape_is_decoded_as_what_a_row_can_hold(column_type: FieldType, value: object) -> None:
    row_value = decoded(column_type, value)
    expected = {NUMBERS: Decimal, DATE: date}.get(column_type, str)
    assert row_value is None or type(row_value) is expected
    if same(column_type, value, None):
        assert row_value is None
    elif expected is str:
        assert row_value


@pytest.mark.parametrize("column_type", FieldType)
@given(st.data())
def test_what_was_sent_is_decoded_as_the_rows_value(column_type: FieldType, data: st.DataObject) -> None:
    value = data.draw(ROW_VALUES.get(column_type, WORDS))
    assert decoded(column_type, column_value(column_type, value)) == value


@pytest.mark.parametrize("column_type", FieldType)
def test_an_empty_column_is_decoded_as_none(column_type: FieldType) -> None:
    assert [decoded(column_type, value) for value in NOTHING] == [None] * len(NOTHING)
    assert decoded(column_type, cleared(column_type)) is None


@pytest.mark.parametrize(
    ("column_type", "value", "row_value"),
    [
        (TEXT, " 4755 ", " 4755 "),
        (LONG_TEXT, {"text": "two\r\nlines"}, "two\r\nlines"),
        (NUMBERS, "4.50", Decimal("4.5")),
        (NUMBERS, {"text": "12"}, Decimal(12)),
        (NUMBERS, "n/a", None),
        (NUMBERS, "1,234", None),
        (DATE, {"date": "2025-03-01"}, date(2025, 3, 1)),
        (DATE, {"date": "2025-03-01", "time": "10:00:00"}, date(2025, 3, 1)),
        (DATE, datetime(2025, 3, 1, 10, tzinfo=UTC), date(2025, 3, 1)),
        (DATE, {"date": "soon"}, None),
        (DATE, "2025-02-30", None),
        (DROPDOWN, {"labels": ["B", "A"]}, "B, A"),
        (DROPDOWN, {"labels": ["A", ""]}, "A"),
        (STATUS, {"label": "EACH"}, "EACH"),
        (STATUS, {"index": 5}, "index: 5"),
        (TEXT, {"date": "2025-03-01", "time": "10:00:00"}, "2025-03-01 10:00:00"),
    ],
)
def test_a_value_of_the_board_is_decoded_as_a_rows(
    column_type: FieldType, value: object, row_value: object
) -> None:
    assert decoded(column_type, value) == row_value


@pytest.mark.parametrize("column_type", FieldType)
def test_text_is_cleared_with_empty_text_and_all_else_with_null_never_a_number_with_text(
    column_type: FieldType,
) -> None:
    assert cleared(column_type) == ("" if column_type is TEXT else None)
    assert same(column_type, cleared(column_type), None)
