"""The mapping and the board are compared before anything is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from order_staging.batch.preflight import misfits, require_columns, require_fitting, unstorable
from order_staging.errors import ConfigurationError
from order_staging.monday import Board, BoardColumn
from order_staging.transform import Field, load_mapping

MAPPING = load_mapping(None)
COLUMNS = tuple(BoardColumn(field.column, field.title, field.type) for field in MAPPING.fields)
BOARD = Board(MAPPING.board_id, "Customer Master Schedule", 0, None, (), COLUMNS)
SIZE, QUANTITY = MAPPING.subitems.size, MAPPING.subitems.quantity
SUBITEMS = Board(
    2,
    "Subitems",
    0,
    None,
    (),
    (BoardColumn(SIZE.column, "Size", SIZE.type), BoardColumn(QUANTITY.column, "Order Qty", QUANTITY.type)),
)


def without(board: Board, column_id: str) -> Board:
    return replace(board, columns=tuple(column for column in board.columns if column.id != column_id))


def retyped(board: Board, column_id: str, column_type: str) -> Board:
    changed = BoardColumn(column_id, "x", column_type)
    return replace(board, columns=(*without(board, column_id).columns, changed))


def test_a_board_with_every_column_fits() -> None:
    require_fitting(MAPPING, BOARD, SUBITEMS, None)
    require_fitting(MAPPING, BOARD, None, None)


@pytest.mark.parametrize("field", MAPPING.fields, ids=lambda field: field.title)
def test_any_column_that_is_gone_is_named(field: Field) -> None:
    with pytest.raises(ConfigurationError) as caught:
        require_fitting(MAPPING, without(BOARD, field.column), SUBITEMS, None)
    assert f"{field.column}, the column of {field.title!r}, is not there" in str(caught.value)


def test_a_column_that_drifted_to_another_type_is_named_with_both_types() -> None:
    drifted = retyped(BOARD, "numeric_mksfr0r2", "text")
    with pytest.raises(ConfigurationError, match="'FREIGHT', is of type text and not numbers"):
        require_fitting(MAPPING, drifted, SUBITEMS, None)


def test_all_misfits_are_told_at_once() -> None:
    drifted = without(retyped(BOARD, "numeric_mksfr0r2", "text"), "text_mkr5wya6")
    with pytest.raises(ConfigurationError) as caught:
        require_fitting(MAPPING, drifted, without(SUBITEMS, SIZE.column), "text_key")
    for word in ("numeric_mksfr0r2", "text_mkr5wya6", "text_key", SIZE.column):
        assert word in str(caught.value)


def test_the_key_column_must_be_there_and_hold_text() -> None:
    with pytest.raises(ConfigurationError, match=r"ORDER_STAGING_KEY_COLUMN.*is not there"):
        require_fitting(MAPPING, BOARD, SUBITEMS, "text_key")
    numbers = retyped(BOARD, "text_key", "numbers")
    with pytest.raises(ConfigurationError, match="is of type numbers and not text"):
        require_fitting(MAPPING, numbers, SUBITEMS, "text_key")
    require_fitting(MAPPING, retyped(BOARD, "text_key", "text"), SUBITEMS, "text_key")


def titled(board: Board, column_id: str, title: str, column_type: str) -> Board:
    return replace(board, columns=(*board.columns, BoardColumn(column_id, title, column_type)))


FREIGHT = MAPPING.field_by_title("FREIGHT").column


def test_a_column_that_moved_is_told_with_its_probable_new_home() -> None:
    moved = titled(without(BOARD, FREIGHT), "numeric_new", " Freight ", "numbers")
    (found,) = misfits(MAPPING, moved, SUBITEMS, None)
    assert found.subject == "FREIGHT"
    assert "but the board has ' Freight ' as numeric_new, of type numbers" in found.message
    assert found.advice == "set column: numeric_new and type: numbers in the mapping (ORDER_STAGING_MAPPING)"
    with pytest.raises(ConfigurationError, match="numeric_new, of type numbers"):
        require_fitting(MAPPING, moved, SUBITEMS, None)


def test_of_several_columns_with_the_title_the_one_of_the_fitting_type_is_the_probable_home() -> None:
    moved = titled(
        titled(without(BOARD, FREIGHT), "text_a", "FREIGHT", "text"), "numeric_b", "FREIGHT", "numbers"
    )
    (found,) = misfits(MAPPING, moved, SUBITEMS, None)
    assert "numeric_b" in found.advice


def test_a_column_that_nobody_can_write_is_no_home() -> None:
    moved = titled(without(BOARD, FREIGHT), "lookup_x", "FREIGHT", "mirror")
    (found,) = misfits(MAPPING, moved, SUBITEMS, None)
    assert "lookup_x" not in found.message


@pytest.mark.parametrize(
    ("column_type", "words"),
    [
        ("mirror", "is of type mirror and not numbers, and monday.com lets nobody write such a column"),
        ("formula", "is of type formula and not numbers, and monday.com lets nobody write such a column"),
        ("people", "is of type people and not numbers, and we do not write such a column"),
        ("board_relation", "is of type board_relation and not numbers, and we do not write such a column"),
        ("text", "is of type text and not numbers"),
    ],
)
def test_a_column_that_became_one_we_cannot_write_says_so(column_type: str, words: str) -> None:
    (found,) = misfits(MAPPING, retyped(BOARD, FREIGHT, column_type), SUBITEMS, None)
    assert found.message.endswith(words)


def test_fields_that_our_tables_cannot_hold_are_found_in_each_table() -> None:
    document = MAPPING.model_copy(
        update={
            "fields": tuple(
                field.model_copy(update={"type": "text"}) if field.title == "FREIGHT" else field
                for field in MAPPING.fields
            )
        }
    )
    found = unstorable(document)
    assert [finding.subject for finding in found] == ["FREIGHT", "FREIGHT"]
    with pytest.raises(ConfigurationError, match="'FREIGHT' is of type text"):
        require_columns(document)
