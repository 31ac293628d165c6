"""Decisions about changed order lines, for lines of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch.changes.decisions import Decision, SizeDecision, decide
from order_staging.batch.changes.lines import Line, Side, SizeLine
from order_staging.batch.changes.removal import looks_like_a_rebuild
from order_staging.batch.mutations import GROUP, TITLE
from order_staging.models import Operation
from order_staging.monday import BoardItem, BoardSubitem
from order_staging.repositories import DeliveredSize
from order_staging.transform import (
    BoardMapping,
    FieldType,
    OnConflict,
    Order,
    RemovedSize,
    Size,
    item_column_values,
    load_mapping,
)

if TYPE_CHECKING:
    from order_staging.transform.values import Value

PACKAGED = load_mapping()
WORDS = (None, "a", "b", "c")
VALUES: dict[FieldType, tuple[object, ...]] = {
    FieldType.TEXT: WORDS,
    FieldType.LONG_TEXT: (None, {"text": "a"}, {"text": "b"}, {"text": "c"}),
    FieldType.NUMBERS: (None, "1", "2", "3"),
    FieldType.DATE: (None, {"date": "2026-01-01"}, {"date": "2026-01-02"}, {"date": "2026-01-03"}),
    FieldType.DROPDOWN: (None, {"labels": ["a"]}, {"labels": ["b"]}, {"labels": ["c"]}),
    FieldType.STATUS: (None, {"label": "a"}, {"label": "b"}, {"label": "c"}),
}
SOURCES: dict[FieldType, tuple[str | None, ...]] = {
    FieldType.NUMBERS: (None, "1", "2", "3"),
    FieldType.DATE: (None, "2026-01-01", "2026-01-02", "2026-01-03"),
}
RULES = st.sampled_from(OnConflict)
CHOICE = st.integers(0, 3)


def with_rules(rule: OnConflict, removed: RemovedSize = RemovedSize.ZERO) -> BoardMapping:
    """Let one rule decide all conflicts."""
    return PACKAGED.model_copy(
        update={
            "fields": tuple(field.model_copy(update={"on_conflict": rule}) for field in PACKAGED.fields),
            "group": PACKAGED.group.model_copy(update={"on_conflict": rule}),
            "title_on_conflict": rule,
            "subitems": PACKAGED.subitems.model_copy(update={"on_conflict": rule, "removed": removed}),
        }
    )


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, BoardItem]:
    """Draw a line and its item: every field with values of its own on all three sides."""
    base: dict[str, object] = {}
    board: dict[str, object] = {}
    values: dict[str, Value | None] = {}
    for field in PACKAGED.fields:
        pool = VALUES[field.type]
        for side in (base, board):
            if (value := pool[draw(CHOICE)]) is not None:
                side[field.column] = value
        values[field.title] = SOURCES.get(field.type, WORDS)[draw(CHOICE)]
    names = [str(draw(st.sampled_from(WORDS[1:]))) for _ in range(6)]
    order = Order(UUID(int=1), "C", "1", names[0], names[1], values, (), ())
    source = Side(names[0], names[1], item_column_values(PACKAGED, values))
    line = Line(order, 7, Side(names[2], names[3], base), source)
    return line, BoardItem(7, names[4], "active", "g", names[5], board)


def applied(decision: Decision, item: BoardItem) -> BoardItem:
    """Do on the board what is sent."""
    columns = {field.title: field.column for field in PACKAGED.fields}
    values = dict(item.values)
    for title in decision.sent:
        if title in columns:
            values.pop(columns[title], None)
            if (value := decision.line.source.columns.get(columns[title])) is not None:
                values[columns[title]] = value
    name = decision.line.source.name if TITLE in decision.sent else item.name
    group = decision.line.source.group if GROUP in decision.sent else item.group
    return replace(item, name=name, group=group, values=values)


def acknowledged(decision: Decision, mapping: BoardMapping) -> Line:
    """Take what counts as acknowledged for the next run's base."""
    _, payload = decision.acknowledged(mapping, {})
    titles = {change.title: change.merged.acknowledged for change in decision.changes}
    group = str(titles.get(GROUP, decision.line.source.group))
    return replace(decision.line, base=Side(payload.name, group, payload.columns))


@given(drawn=lines(), rule=RULES)
def test_what_is_sent_is_what_the_source_changed_and_nothing_else(
    drawn: tuple[Line, BoardItem], rule: OnConflict
) -> None:
    line, item = drawn
    decision = decide(with_rules(rule), line, item)
    assert set(decision.sent) <= set(line.differing(PACKAGED))
    assert {change.title for change in decision.changes} == set(line.differing(PACKAGED))
    assert (decision.operation is Operation.MOVE) == (GROUP in decision.sent)


@given(drawn=lines(), rule=RULES)
def test_once_a_decision_is_carried_out_the_next_one_sends_nothing(
    drawn: tuple[Line, BoardItem], rule: OnConflict
) -> None:
    line, item = drawn
    mapping = with_rules(rule)
    first = decide(mapping, line, item)
    second = decide(mapping, acknowledged(first, mapping), applied(first, item))
    assert second.sent == []
    left = {change.title for change in first.conflicts} if rule is OnConflict.REPORT else set()
    assert {change.title for change in second.changes} == left
    assert len(second.undecided) == len(left)


@given(drawn=lines())
def test_where_the_source_wins_the_board_says_what_the_source_changed_and_keeps_all_else(
    drawn: tuple[Line, BoardItem],
) -> None:
    line, item = drawn
    decision = decide(PACKAGED, line, item)
    board = applied(decision, item)
    for title, _, base, source in line.values(PACKAGED):
        columns = {field.title: field.column for field in PACKAGED.fields}
        before, now = (
            {TITLE: one.name, GROUP: one.group}.get(title) or one.values.get(columns.get(title, ""))
            for one in (item, board)
        )
        assert now == (before if base == source else source)


@given(drawn=lines(), state=st.sampled_from(["archived", "deleted", None]))
def test_an_item_that_is_gone_is_left_alone(drawn: tuple[Line, BoardItem], state: str | None) -> None:
    line, item = drawn
    decision = decide(PACKAGED, line, None if state is None else replace(item, state=state))
    assert (decision.gone, decision.sent, decision.sizes) == (True, [], ())


@given(base=CHOICE, source=CHOICE, board=CHOICE, rule=RULES, removed=st.sampled_from(RemovedSize))
def test_a_quantity_settles_after_one_decision(
    base: int, source: int, board: int, rule: OnConflict, removed: RemovedSize
) -> None:
    mapping = with_rules(rule, removed)
    deletes = removed is RemovedSize.DELETE and source == 0
    if base == source and not deletes:
        return
    size = decided(mapping, base, source, board)
    if base == source:
        # What we had set to 0 is deleted, unless people ordered some of it since.
        assert size.operation is (None if board else Operation.DELETE)
        return
    undecided = rule is OnConflict.REPORT and len({base, source, board}) == 3
    assert (size.operation is None) == undecided
    if undecided:
        assert size.quantity == base
    elif size.operation is Operation.DELETE:
        assert deletes
    else:
        sends = board not in {base, source} and rule is OnConflict.SOURCE
        assert bool(size.sent) == (base != source and (board == base or sends))
        assert size.quantity == source


def decided(mapping: BoardMapping, base: int, source: int, board: int) -> SizeDecision:
    line = SizeLine("M", source, DeliveredSize(9, base, None))
    columns: dict[str, object] = {
        mapping.subitems.quantity.column: str(board),
        mapping.subitems.size.column: {"labels": ["M"]},
    }
    item = BoardItem(7, "n", "active", "g", "G", {}, (BoardSubitem(9, "Size M", columns),))
    order = Order(UUID(int=1), "C", "1", "n", "G", {}, (), (Size("M", source),) if source else ())
    side = Side("n", "G")
    (size,) = decide(mapping, Line(order, 7, side, side, sizes=(line,)), item).sizes
    return size


def size_item(*subitems: BoardSubitem) -> BoardItem:
    return BoardItem(7, "n", "active", "g", "G", {}, subitems)


def subitem(number: int, name: str, label: str | None, quantity: str) -> BoardSubitem:
    below = PACKAGED.subitems
    labels = {"labels": [label]} if label else None
    return BoardSubitem(number, name, {below.size.column: labels, below.quantity.column: quantity})


def decided_sizes(
    mapping: BoardMapping, item: BoardItem, *sizes: SizeLine, delivered_below: frozenset[int] = frozenset()
) -> tuple[SizeDecision, ...]:
    order, side = Order(UUID(int=1), "C", "1", "n", "G", {}, (), ()), Side("n", "G")
    line = Line(order, 7, side, side, sizes=sizes, delivered_below=delivered_below)
    return decide(mapping, line, item).sizes


@pytest.mark.parametrize("looked_at", [True, False], ids=["both looked at", "the new one alone"])
def test_a_new_size_takes_over_no_subitem_of_another_size_whatever_people_named_it(looked_at: bool) -> None:
    item, large = size_item(subitem(1, "Size XL", "L", "2")), SizeLine("L", 3, DeliveredSize(1, 2, None))
    new = SizeLine("XL", 5)
    if looked_at:
        known, found = decided_sizes(PACKAGED, item, large, new)
        assert (known.operation, known.subitem_id) == (Operation.UPDATE, 1)
    else:
        (found,) = decided_sizes(PACKAGED, item, new, delivered_below=frozenset({1}))
    assert (found.operation, found.subitem_id) == (Operation.CREATE, None)


def test_a_new_size_takes_over_a_subitem_of_its_name_beside_one_of_another_size() -> None:
    item = size_item(subitem(1, "Size XL", "L", "2"), subitem(2, "Size XL", None, "2"))
    (found,) = decided_sizes(PACKAGED, item, SizeLine("XL", 5), delivered_below=frozenset({1}))
    assert (found.operation, found.subitem_id, found.sent) == (Operation.UPDATE, 2, ("Size", "Order Qty"))


def test_a_name_that_a_person_must_decide_about_is_not_recorded_as_delivered() -> None:
    recorded = '{"item_name": "Sz. M", "column_values": {}}'
    line = SizeLine("M", 5, DeliveredSize(1, 5, "other"), recorded)
    (found,) = decided_sizes(with_rules(OnConflict.REPORT), size_item(subitem(1, "mine", "M", "5")), line)
    assert (found.operation, found.is_settled, len(found.changes)) == (None, False, 1)


def test_of_a_subitem_that_people_made_an_undecided_quantity_does_not_count_as_acknowledged() -> None:
    mapping, item = with_rules(OnConflict.REPORT), size_item(subitem(1, "Size M", None, "7"))
    (found,) = decided_sizes(mapping, item, SizeLine("M", 5))
    assert (found.operation, found.sent, found.quantity) == (Operation.UPDATE, ("Size",), 0)


@pytest.mark.parametrize(
    ("removed", "delivered", "rebuilt"),
    [(1, 1, True), (9, 10, False), (11, 11, True), (11, 22, False), (12, 22, True), (5000, 100_000, False)],
)
def test_much_that_is_gone_at_once_looks_like_a_rebuild(removed: int, delivered: int, rebuilt: bool) -> None:
    assert looks_like_a_rebuild(removed, delivered) is rebuilt
