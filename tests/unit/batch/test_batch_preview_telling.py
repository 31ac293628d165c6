"""What a preview tells of decisions, value by value, and of labels."""

from __future__ import annotations

from functools import partial
from itertools import count
from uuid import UUID

import pytest

from order_staging.batch import ChangedBy, FieldChange, Shown
from order_staging.batch.changes.decisions import decide
from order_staging.batch.changes.lines import Line, Side, SizeLine
from order_staging.batch.preview import telling
from order_staging.monday import Board, BoardColumn, BoardItem, BoardSubitem
from order_staging.repositories import DeliveredSize
from order_staging.transform import BoardMapping, OnConflict, Order, RemovedSize, load_mapping

MAPPING = load_mapping()
PRICE = MAPPING.field_by_title("CUSTOMER PRICE").column
LABEL, QUANTITY = MAPPING.subitems.size.column, MAPPING.subitems.quantity.column
ORDER = Order(UUID(int=1), "C", "1", "name", "group", {}, (), ())


def with_rule(rule: OnConflict, removed: RemovedSize = RemovedSize.ZERO) -> BoardMapping:
    fields = tuple(field.model_copy(update={"on_conflict": rule}) for field in MAPPING.fields)
    subitems = MAPPING.subitems.model_copy(update={"removed": removed})
    return MAPPING.model_copy(update={"fields": fields, "subitems": subitems})


def told(line: Line, item: BoardItem | None, mapping: BoardMapping = MAPPING) -> list[FieldChange]:
    return list(telling.changes_of("C", decide(mapping, line, item)))


def priced(delivered: str | None, source: str | None) -> Line:
    sides = ({PRICE: value} if value else {} for value in (delivered, source))
    base, now = (Side("name", "group", dict(columns)) for columns in sides)
    return Line(ORDER, 7, base, now)


def item(price: str | None = None, *subitems: BoardSubitem) -> BoardItem:
    return BoardItem(7, "name", "active", "g", "group", {PRICE: price} if price else {}, subitems)


@pytest.mark.parametrize(
    ("rule", "board", "outcome", "changed_by"),
    [
        (OnConflict.SOURCE, "1", telling.SENT, ChangedBy.SOURCE),
        (OnConflict.SOURCE, "2", telling.AGREED, ChangedBy.BOTH),
        (OnConflict.SOURCE, "3", telling.SENT_OVER, ChangedBy.BOTH),
        (OnConflict.BOARD, "3", telling.BOARD_STAYS, ChangedBy.BOTH),
        (OnConflict.REPORT, "3", telling.UNDECIDED, ChangedBy.BOTH),
    ],
)
def test_a_value_is_told_with_its_three_sides_who_changed_it_and_what_comes_of_it(
    rule: OnConflict, board: str, outcome: str, changed_by: ChangedBy
) -> None:
    (change,) = told(priced("1", "2"), item(board), with_rule(rule))
    assert (change.field, change.delivered, change.source, change.board) == (
        "CUSTOMER PRICE",
        "1",
        "2",
        board,
    )
    assert (change.outcome, change.changed_by, change.item_id) == (outcome, changed_by, 7)


def test_a_value_that_the_source_clears_is_nothing() -> None:
    (change,) = told(priced("1", None), item("1"))
    assert (change.source, change.outcome) == (None, telling.SENT)


def test_what_people_changed_alone_is_not_told() -> None:
    assert told(priced("1", "1"), item("9")) == []


def test_an_item_that_people_deleted_is_told_once() -> None:
    (change,) = told(priced("1", "2"), None)
    assert (change.field, change.outcome) == ("Title", telling.GONE)


def sized(quantity: int, delivered: int | None) -> Line:
    known = None if delivered is None else DeliveredSize(8, delivered, None)
    return Line(
        ORDER, 7, Side("name", "group"), Side("name", "group"), sizes=(SizeLine("M", quantity, known),)
    )


def subitem(quantity: str) -> BoardSubitem:
    return BoardSubitem(8, "Size M", {LABEL: {"labels": ["M"]}, QUANTITY: quantity})


def test_a_size_that_is_ordered_anew_is_a_new_subitem() -> None:
    (change,) = told(sized(4, None), item())
    assert (change.size, change.source, change.outcome) == ("M", "4", telling.NEW_SUBITEM)


def test_a_size_whose_subitem_people_deleted_is_left() -> None:
    (change,) = told(sized(4, 3), item())
    assert (change.size, change.outcome) == ("M", telling.GONE)
    assert told(sized(0, 3), item()) == []


def test_a_size_that_is_ordered_no_more_is_set_to_nothing_or_deleted() -> None:
    (zero,) = told(sized(0, 3), item(None, subitem("3")))
    assert (zero.delivered, zero.source, zero.outcome) == ("3", "0", telling.SENT)
    deletes = with_rule(OnConflict.SOURCE, RemovedSize.DELETE)
    (gone,) = told(sized(0, 3), item(None, subitem("3")), deletes)
    assert (gone.delivered, gone.outcome) == ("3", telling.DELETED_SUBITEM)


def test_mutations_are_counted_on_the_item_and_below_it() -> None:
    line = priced("1", "2")
    moved = Line(ORDER, 7, Side("name", "old", {PRICE: "1"}), Side("name", "group", {PRICE: "2"}))
    there = BoardItem(7, "name", "active", "g", "old", {PRICE: "1"})
    assert telling.mutations_of(decide(MAPPING, line, item("1"))) == (1, 0)
    assert telling.mutations_of(decide(MAPPING, moved, there)) == (2, 0)
    assert telling.mutations_of(decide(MAPPING, line, item("2"))) == (0, 0)
    assert telling.mutations_of(decide(MAPPING, sized(4, None), item())) == (0, 1)


def test_labels_that_a_column_lacks_are_new_and_a_board_of_subitems_may_not_be_there_yet() -> None:
    style = MAPPING.field_by_title("STYLE").column
    columns = (BoardColumn(style, "STYLE", "dropdown", labels=("a", "b")),)
    board = Board(1, "board", 0, None, (), columns)
    wanted = {style: {"b", "c"}, LABEL: {"M"}}
    found = {
        each.title: (each.exists, each.labels)
        for each in telling.new_labels(MAPPING, wanted, board, None, 20)
    }
    assert found == {"STYLE": (2, ("c",)), "Size": (0, ("M",))}
    assert telling.new_labels(MAPPING, {style: {"a"}}, board, None, 20) == ()
    (some,) = telling.new_labels(MAPPING, {style: {"b", "c", "d", "e"}}, board, None, 1)
    assert (some.total, some.labels, some.more) == (3, ("c",), 2)


@pytest.mark.parametrize(("taken", "room", "fits"), [(497, 2, True), (498, 1, False), (500, 0, False)])
def test_labels_have_the_room_that_a_column_has_left(taken: int, room: int, fits: bool) -> None:
    style = MAPPING.field_by_title("STYLE").column
    known = tuple(f"l{number}" for number in range(taken))
    board = Board(1, "b", 0, None, (), (BoardColumn(style, "STYLE", "dropdown", None, known, ("old",)),))
    # One that is deactivated takes its place already.
    (told,) = telling.new_labels(MAPPING, {style: {"new", "newer", "old"}}, board, None, 20)
    assert (told.total, told.room, told.fits) == (3, room, fits)


def test_some_of_many_are_kept_and_all_are_counted() -> None:
    shown: Shown[int] = Shown(2)
    made = count()
    for _ in range(4):
        shown.add_made(partial(next, made))
    assert (shown.total, shown.rows, shown.more, next(made)) == (4, [0, 1], 2, 2)
    some: Shown[int] = Shown(3)
    some.add(1)
    some.take_in([2, 3, 4], 9)
    assert (some.total, some.rows, some.room) == (10, [1, 2, 3], 0)
