"""A board is read from an answer in any of its versions' forms."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.monday.board import BoardGroup, board_of, column_of, groups_of


def described(**changes: Any) -> dict[str, Any]:
    return {
        "id": "9200517329",
        "name": "Customer Master Schedule",
        "items_count": 3,
        "items_limit": 10_000,
        "groups": [{"id": "topics", "title": "Orders", "archived": False, "deleted": False}],
        "columns": [{"id": "name", "title": "Name", "type": "name", "archived": False, "settings": "{}"}],
    } | changes


def subtasks(settings: object) -> dict[str, Any]:
    column = {"id": "s", "title": "Subitems", "type": "subtasks", "archived": False, "settings": settings}
    return described(columns=[column])


@pytest.mark.parametrize("settings", [{"boardIds": [77]}, {"boardIds": ["77"]}, '{"boardIds":[77]}'])
def test_the_board_of_the_subitems_is_in_the_columns_settings_as_text_or_object(settings: object) -> None:
    assert board_of(subtasks(settings)).subitem_board_id == 77


@pytest.mark.parametrize("settings", [None, "", {}, "{}", {"boardIds": []}, {"boardIds": [None]}])
def test_there_is_no_board_of_subitems_before_the_first_one(settings: object) -> None:
    assert board_of(subtasks(settings)).subitem_board_id is None


def test_archived_columns_are_not_there() -> None:
    column = {"id": "x", "title": "X", "type": "text", "archived": True, "settings": None}
    assert board_of(described(columns=[column])).column("x") is None


def test_archived_and_deleted_groups_are_not_there_and_the_others_keep_their_order() -> None:
    groups = [
        {"id": "a", "title": "A", "archived": True, "deleted": False},
        {"id": "b", "title": "B", "archived": False, "deleted": True},
        {"id": "c", "title": "C", "archived": None, "deleted": None},
        {"id": "d", "title": "C"},
    ]
    assert groups_of(described(groups=groups)) == (BoardGroup("c", "C"), BoardGroup("d", "C"))


@pytest.mark.parametrize(("found", "known"), [(None, None), (10_000, 10_000)])
def test_a_board_says_what_it_may_hold_where_monday_says_it(found: int | None, known: int | None) -> None:
    assert board_of(described(items_limit=found)).items_limit == known


def test_a_board_without_groups_has_none() -> None:
    assert board_of(described(groups=None)).groups == ()


def labels_of(**settings: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    column = column_of({"id": "d", "title": "D", "type": "dropdown", **settings})
    return column.labels, column.deactivated_labels


TYPED = {
    "labels": [
        {"id": 1, "label": "A", "is_deactivated": False},
        {"id": 2, "label": "B", "is_deactivated": True},
        {"id": 7, "label": "C"},
    ]
}
LEGACY = {"labels": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}, {"id": 7, "name": "C"}]}


@pytest.mark.parametrize("settings", [TYPED, json.dumps(TYPED)])
def test_labels_are_in_the_settings_as_text_or_object_and_deactivated_ones_apart(settings: object) -> None:
    assert labels_of(settings=settings) == (("A", "C"), ("B",))


def test_the_older_settings_name_deactivated_labels_by_their_ids() -> None:
    assert labels_of(settings_str=json.dumps(LEGACY)) == (("A", "B", "C"), ())
    assert labels_of(settings_str=json.dumps(LEGACY | {"deactivated_labels": [2]})) == (("A", "C"), ("B",))


def test_labels_of_a_status_in_the_older_settings_stand_by_position_where_there_is_one() -> None:
    labels = {"0": "Done", "1": "Open", "5": "", "11": "New"}
    assert labels_of(settings={"labels": labels}) == (("Done", "Open", "New"), ())
    positions = {"1": 0, "0": 1}
    assert labels_of(settings={"labels": labels, "labels_positions_v2": positions})[0] == (
        "Open",
        "Done",
        "New",
    )


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(labels=JSON_VALUES, others=JSON_VALUES, as_text=st.booleans())
def test_settings_of_any_other_shape_tell_nothing_and_break_nothing(
    labels: object, others: object, *, as_text: bool
) -> None:
    settings = {
        "labels": labels,
        "deactivated_labels": others,
        "labels_positions_v2": others,
        "boardIds": others,
    }
    column = column_of(
        {"id": "d", "title": "D", "type": "status", "settings": json.dumps(settings) if as_text else settings}
    )
    assert all(isinstance(label, str) and label for label in column.labels + column.deactivated_labels)


@pytest.mark.parametrize("settings", ["no JSON", "[1]", "7", 7, [1], True])
def test_settings_that_are_no_object_tell_nothing(settings: object) -> None:
    assert labels_of(settings=settings) == ((), ())
