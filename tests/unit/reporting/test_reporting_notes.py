"""A batch's notes are read back by field, whatever names and values say."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from order_staging.reporting.reports.notes import EXAMPLES, OTHERS, warnings
from order_staging.transform.notes import Note

FIELDS = ["CUSTOMER", "CUSTOMER PRICE", "USA ONLY LSTP 75% EX WORKS", "DROP"]
NOTES = st.builds(
    Note,
    st.sampled_from(FIELDS),
    st.text(max_size=30),
    st.sampled_from(["is not a number; left out", "is longer than 30 characters; left out", "is rounded"]),
)


@given(st.text(st.characters(exclude_characters=":"), max_size=20), st.lists(NOTES, min_size=1, max_size=5))
@example("A", [Note("DROP", "it's \"; CUSTOMER: x", "is rounded"), Note("CUSTOMER", "", "is rounded")])
def test_every_warning_is_counted_under_its_field(name: str, notes: list[Note]) -> None:
    found = warnings([f"{name}: {'; '.join(note.sentence() for note in notes)}"], FIELDS)
    told = {
        (entry.name, f"{entry.name}: {words}")
        for entry in found.fields
        for row, words in entry.examples
        if row == name
    }
    assert found.rows == len(notes)
    assert found.others == []
    assert told <= {(note.column, note.sentence()) for note in notes}


@given(st.lists(st.text(max_size=80), max_size=5))
def test_a_note_that_is_about_no_field_is_kept_as_it_is(lines: list[str]) -> None:
    assert warnings(lines, ["A FIELD THAT NOBODY NAMES"]).others == lines


def test_the_most_frequent_field_comes_first_with_a_few_examples() -> None:
    lines = ["a: DROP: is rounded", *(f"{row}: CUSTOMER: is rounded" for row in range(9))]
    first, second = warnings(lines, FIELDS).fields
    assert (first.name, first.rows, len(first.examples)) == ("CUSTOMER", 9, EXAMPLES)
    assert (second.name, second.rows, second.examples) == ("DROP", 1, [("a", "is rounded")])


def test_of_very_many_other_notes_some_are_kept_and_the_rest_counted() -> None:
    found = warnings((f"note {number}" for number in range(OTHERS + 7)), FIELDS)
    assert (len(found.others), found.more) == (OTHERS, 7)


def test_without_any_field_every_line_is_another_note() -> None:
    assert warnings(["a: DROP: is rounded"], []).others == ["a: DROP: is rounded"]
