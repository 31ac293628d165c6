"""Drift of one order line: found exactly where the three sides differ, and told as a run would decide it."""

from __future__ import annotations

import json
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch.changes.decisions import decide
from order_staging.batch.changes.lines import Line, Side, SizeLine
from order_staging.batch.drift.comparing import UNNAMED, Rules, compare
from order_staging.batch.drift.findings import Drift, DriftKind, DriftResult
from order_staging.batch.results import RunResult
from order_staging.models import Operation
from order_staging.monday import BoardItem, BoardSubitem
from order_staging.reporting import drift_page
from order_staging.repositories import DeliveredSize
from order_staging.transform import (
    BoardMapping,
    FieldType,
    OnConflict,
    Order,
    RemovedSize,
    Verdict,
    load_mapping,
)

PACKAGED = load_mapping()
NUMBERS = [field for field in PACKAGED.fields if field.type is FieldType.NUMBERS][:4]
VALUE = st.sampled_from((None, "1", "1.0", "2", "3"))
SIDES = st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=4, max_size=4)
UUID_, KEY = UUID(int=1), "key"
SIZE, QUANTITY = PACKAGED.subitems.size.column, PACKAGED.subitems.quantity.column


def mapping_of(rule: OnConflict) -> BoardMapping:
    """Let one rule decide all conflicts, of four columns of numbers."""
    fields = tuple(field.model_copy(update={"on_conflict": rule}) for field in NUMBERS)
    subitems = PACKAGED.subitems.model_copy(update={"on_conflict": rule})
    return PACKAGED.model_copy(update={"fields": fields, "subitems": subitems})


def columns(values: list[str | None]) -> dict[str, object]:
    return {field.column: value for field, value in zip(NUMBERS, values, strict=True) if value is not None}


def line_of(base: dict[str, object], source: dict[str, object], *sizes: SizeLine) -> Line:
    order = Order(UUID_, "C", "1", "name", "group", {}, (), ())
    return Line(order, 7, Side("name", "group", base), Side("name", "group", source), sizes=sizes)


def plain(*sizes: SizeLine) -> Line:
    return line_of({}, {}, *sizes)


def subitem(number: int, size: str, quantity: str) -> BoardSubitem:
    return BoardSubitem(number, f"Size {size}", {SIZE: {"labels": [size]}, QUANTITY: quantity})


def item_of(*subitems: BoardSubitem, **values: object) -> BoardItem:
    return BoardItem(7, "name", "active", "g", "group", values, subitems)


def found(line: Line, item: BoardItem | None, rule: OnConflict = OnConflict.SOURCE) -> list[Drift]:
    return compare(Rules(mapping_of(rule), None, recreate_deleted=False), "C", line, item)


@given(drawn=SIDES, rule=st.sampled_from(OnConflict))
def test_a_field_is_found_where_its_sides_differ_and_a_repair_sends_what_a_run_would(
    drawn: list[tuple[str | None, str | None, str | None]], rule: OnConflict
) -> None:
    base, source, board = (columns(list(side)) for side in zip(*drawn, strict=True))
    line, item = line_of(base, source), item_of(**board)
    findings = {one.field: one for one in found(line, item, rule)}
    differing = {
        field.title
        for field, values in zip(NUMBERS, drawn, strict=True)
        if len({None if value is None else float(value) for value in values}) > 1
    }
    assert set(findings) == differing
    sent = {title for title, one in findings.items() if one.repair.startswith("send")}
    assert sent == set(decide(mapping_of(rule), line, item).sent)


@pytest.mark.parametrize("state", [None, "archived", "deleted"])
def test_an_item_that_is_gone_is_one_finding(state: str | None) -> None:
    item = None if state is None else BoardItem(7, "other", state, "g", "elsewhere")
    (finding,) = found(plain(SizeLine("S", 3, DeliveredSize(11, 3, None))), item)
    assert (finding.kind, finding.board) == (DriftKind.MISSING_ITEM, state)


@pytest.mark.parametrize("key", [None, str(UUID(int=2)), "something else"])
def test_a_key_that_is_not_the_rows_uuid_is_wrong(key: str | None) -> None:
    rules = Rules(mapping_of(OnConflict.SOURCE), KEY, recreate_deleted=False)
    values = {} if key is None else {KEY: key}
    (finding,) = compare(rules, "C", plain(), item_of(**values))
    assert (finding.kind, finding.board) == (DriftKind.WRONG_KEY, key)
    assert compare(rules, "C", plain(), item_of(**{KEY: f" {str(UUID_).upper()} "})) == []


def test_a_size_whose_subitem_production_cannot_name_is_found_by_its_name() -> None:
    size = SizeLine("S", 3, DeliveredSize(None, 3, None), differs=False)
    assert found(plain(size), item_of(subitem(11, "S", "3"))) == []


def test_a_second_subitem_of_a_size_is_doubled_and_another_one_is_extra() -> None:
    size = SizeLine("S", 3, DeliveredSize(11, 3, None))
    findings = found(
        plain(size), item_of(*(subitem(11, "S", "3"), subitem(12, "S", "3"), subitem(13, "XS", "1")))
    )
    assert [(one.kind, one.subitem_id) for one in findings] == [
        (DriftKind.DOUBLED_SUBITEM, 12),
        (DriftKind.EXTRA_SUBITEM, 13),
    ]


def test_a_size_whose_subitem_nothing_names_is_left() -> None:
    size = SizeLine("S", 3, DeliveredSize(None, 2, None))
    assert [one.repair for one in found(plain(size), item_of())] == [UNNAMED]


def test_what_was_kept_of_a_size_and_is_no_payload_counts_as_not_kept() -> None:
    size = SizeLine("S", 3, DeliveredSize(11, 3, None), recorded="written by another job")
    assert found(plain(size), item_of(subitem(11, "S", "3"))) == []


def test_a_subitem_of_a_size_that_is_not_looked_at_is_not_extra() -> None:
    line = replace(plain(), delivered_below=frozenset({11}))
    assert found(line, item_of(subitem(11, "S", "3"))) == []


@st.composite
def sizes(draw: st.DrawFn) -> tuple[SizeLine, BoardSubitem]:
    """Draw a size, and a subitem that is its own: by its id, or by its name alone."""
    quantity, was = draw(st.integers(0, 2)), draw(st.none() | st.integers(0, 2))
    number = draw(st.sampled_from((11, None)))
    known = draw(st.booleans()) or quantity == 0
    delivered = DeliveredSize(number, was, None) if known else None
    names = st.sampled_from(("Size S", "Sz. S", "mine"))
    labels = st.sampled_from((None, {"labels": ["S"]}, {"labels": ["L"]}))
    kept = {"item_name": draw(names), "column_values": {SIZE: draw(labels)}}
    recorded = draw(st.sampled_from((None, "junk", json.dumps(kept)))) if known else None
    differs = delivered is None or quantity != was or draw(st.booleans())
    name = draw(names) if known and number else "Size S"
    values: dict[str, object] = {SIZE: draw(labels), QUANTITY: draw(st.sampled_from((None, "0", "1", "2")))}
    return SizeLine("S", quantity, delivered, recorded, differs), BoardSubitem(11, name, values)


@given(drawn=sizes(), rule=st.sampled_from(OnConflict), removed=st.sampled_from(RemovedSize))
def test_of_a_size_the_words_of_a_repair_are_what_a_run_decides(
    drawn: tuple[SizeLine, BoardSubitem], rule: OnConflict, removed: RemovedSize
) -> None:
    size, below = drawn
    mapping = mapping_of(rule)
    subitems = mapping.subitems.model_copy(update={"removed": removed})
    mapping = mapping.model_copy(update={"subitems": subitems})
    line, item = plain(size), item_of(below)
    findings = compare(Rules(mapping, None, recreate_deleted=False), "C", line, item)
    (decision,) = decide(mapping, line, item).sizes
    words: dict[str, set[str | None]] = {}
    for one in findings:
        words.setdefault(one.repair.split()[0], set()).add(one.field)
    if decision.operation is Operation.DELETE:
        assert words.keys() == {"delete"}
        assert "Order Qty" in words["delete"]
        return
    assert words.get("send", set()) == set(decision.sent)
    assert "delete" not in words
    agreed = {one.title for one in decision.changes if one.merged.verdict is Verdict.AGREED}
    recorded = agreed if decision.operation is Operation.UPDATE else set()
    assert words.get("record", set()) == recorded
    assert {one.title for one in decision.changes} <= {one.field for one in findings}


def test_a_size_that_nobody_orders_and_that_is_gone_is_forgotten() -> None:
    (finding,) = found(plain(SizeLine("S", 0, DeliveredSize(11, 3, None))), item_of())
    assert finding.repair == "forget it: the source orders none any more"
    assert found(plain(SizeLine("S", 0, None)), item_of()) == []


def test_a_repair_that_was_broken_off_leaves_what_was_found() -> None:
    finding = Drift(DriftKind.EXTRA_ITEM, "C", "a [b]", "left", item_id=5)
    result = DriftResult(("C",), 1, 2, (finding,), RunResult())
    assert (result.is_clean, result.to_dict()["left"]) == (False, None)
    assert "not compared again" in " ".join(map(str, drift_page(result).renderables))  # type: ignore[union-attr]
    assert DriftResult(("C",), 1, 2, (finding,), RunResult(), ()).is_clean
