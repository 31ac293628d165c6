"""Tables are read in 80 columns and fewer, and what somebody copies is whole, whatever stands in them."""

from __future__ import annotations

import re
from collections import Counter
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from order_staging.reporting.tables import GAP, LEAST, Column, Listing, Sentences, fitted, shaded

ID = "0f6a1c9e-3d1f-4c7b-9d53-2f1d2b1c3a4e"
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "M", "Z"]), max_size=200)
ROWS = st.lists(st.tuples(WORDS, WORDS, st.integers(0, 10**9), WORDS), max_size=4)


def shown(table: Listing | Sentences, width: int = 80, *, colours: bool = False) -> list[str]:
    stream = StringIO()
    system = "standard" if colours else None
    console = Console(file=stream, width=width, color_system=system, force_terminal=colours, emoji=False)  # type: ignore[arg-type]  # a literal
    console.print(table, crop=False)
    return stream.getvalue().splitlines()


def table_of(rows: list[tuple[str, str, int, str]]) -> Listing:
    listing = Listing(
        Column("Id", whole=True), "Customer", "Name", Column("Rows", number=True, spare=True), below="Why"
    )
    for customer, name, number, why in rows:
        listing.add_row(ID, customer, name, str(number), below=why)
    return listing


@given(ROWS, st.integers(48, 220))
def test_no_line_is_too_long_no_letter_is_lost_and_ids_are_whole(
    rows: list[tuple[str, str, int, str]], width: int
) -> None:
    lines = shown(table_of(rows), width)
    assert all(cell_len(line) <= width for line in lines)
    assert sum(ID in line for line in lines) == len(rows)
    words = "".join(word for customer, name, _, why in rows for word in (customer, name, why))
    assert Counter(words) <= Counter("".join(lines))


@given(ROWS)
def test_on_a_terminal_narrower_than_an_id_the_id_is_whole_all_the_same(
    rows: list[tuple[str, str, int, str]],
) -> None:
    assert sum(ID in line for line in shown(table_of(rows), 20)) == len(rows)


def test_where_there_is_room_a_row_is_one_line_for_grep() -> None:
    row = ("GREYSON", "N", 3, "STYLE: is empty\nCOLOR: is empty")
    lines = shown(table_of([row]), 32_768)
    assert lines[2].split() == [ID, "GREYSON", "N", "3", "STYLE:", "is", "empty;", "COLOR:", "is", "empty"]
    assert len(lines) == 3


def test_a_reason_stands_below_its_row_where_it_finds_no_room_beside_it() -> None:
    lines = shown(table_of([("GREYSON", "N", 3, "because " * 12)]))
    assert lines[2].startswith(ID)
    assert lines[3].startswith("    because")
    assert lines[4].startswith("    because")


def test_what_can_be_done_without_goes_before_rows_are_taken_apart() -> None:
    columns = [Column("Id", whole=True), Column("Customer"), Column("Rows", number=True, spare=True)]
    leasts = [LEAST] * 3
    assert fitted(columns, [36, 30, 9], 80, leasts) == [36, 30, 9]
    assert fitted(columns, [36, 30, 9], 70, leasts) == [36, 21, 9]
    assert fitted(columns, [36, 30, 9], 36 + GAP + LEAST, leasts) == [36, LEAST, 0]
    assert fitted(columns, [36, 30, 9], 36 + GAP + LEAST - 1, leasts) is None


def test_an_id_that_is_known_by_its_beginning_is_whole_where_there_is_room() -> None:
    table = Listing(Column("Id", whole=True, short=8), "Customer")
    table.add_row(ID, "GREYSON CLOTHIERS")
    assert shown(table, 80)[2].split() == [ID, "GREYSON", "CLOTHIERS"]
    assert shown(table, 40)[2].split() == [ID[:8], "GREYSON", "CLOTHIERS"]


def test_states_are_broken_between_their_words_and_before_names() -> None:
    table = Listing("Customer", Column("Status", state=True))
    table.add_row("HARBOUR STREET", shaded("COMPLETED_WITH_ERRORS"))
    assert shown(table, 80)[2].split() == ["HARBOUR", "STREET", "COMPLETED_WITH_ERRORS"]
    assert [line.split() for line in shown(table, 30)[2:]] == [
        ["HARBOUR", "STREET", "COMPLETED"],
        ["WITH", "ERRORS"],
    ]


def test_a_status_has_its_colour_and_plain_text_has_no_escape_sequence() -> None:
    table = Listing("Status", title="Batches", note="Times are UTC.")
    table.add_row(shaded("FAILED"))
    assert "\x1b[31mFAILED\x1b[0m" in "\n".join(shown(table, colours=True))
    assert "\x1b" not in "\n".join(shown(table))


def test_a_terminal_obeys_nothing_that_stands_in_a_cell() -> None:
    table = Listing("Customer")
    table.add_row("A\x1b[2J\x1b]0;owned\x07B\r\x85\u202ec\ttab\nline")
    assert shown(table)[2:] == ["A\ufffd[2J\ufffd]0;owned\ufffdB\ufffd\ufffdc tab line"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\u2028", "\u2029", "\n\n"])
def test_a_row_is_one_line_whatever_ends_a_line_in_its_cells(end: str) -> None:
    lines = shown(table_of([(f"GREY{end}SON{end}", f"N{end}M", 3, "STYLE: is empty\nCOLOR: is empty")]), 400)
    assert len(lines) == 3
    assert lines[2].startswith(ID)
    assert re.search("GREY.* SON .*N.* M .*STYLE: is empty; COLOR: is empty", lines[2])


def test_words_are_whole_in_columns_of_words_and_a_list_takes_over_where_they_find_no_room() -> None:
    table = Listing(Column("", whole=True), Column("What", words=True), Column("Finding", words=True))
    table.add_row("PROBLEM", "ORDERS_UNIFIED", "ORDER_STAGING_MONDAY_TOKEN is set")
    for width in range(26, 60):
        lines = shown(table, width)
        assert all(
            any(word in line for line in lines) for word in ("ORDERS_UNIFIED", "ORDER_STAGING_MONDAY_TOKEN")
        )
    assert len(shown(table, 51)) > len(shown(table, 60)) == 3


def test_sentences_are_broken_between_words() -> None:
    assert shown(Sentences("one two three", "four"), 9) == ["one two", "three", "four"]


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        Listing("A", "B").add_row("a")
