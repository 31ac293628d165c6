"""A board is read from an answer in any of its versions' forms."""

from __future__ import annotations

from typing import Any

import pytest

from order_staging.monday.board import BoardGroup, board_of, groups_of


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
