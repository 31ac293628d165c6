"""Who wrote a column last is read from the log of activity, whatever else is in it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from order_staging.monday.activity import newest_users


def entry(moment: object, user: str, item: object = 7, column: object = "price") -> dict[str, Any]:
    data = json.dumps({"pulse_id": item, "column_id": column})
    return {"created_at": moment, "user_id": user, "data": data}


def test_the_newest_entry_of_an_item_and_a_column_names_its_user() -> None:
    logs = [
        entry("9", "a"),
        entry("10", "b"),
        entry("8", "c"),
        entry("1", "d", 8),
        entry("1", "e", 7, "date"),
    ]
    assert newest_users(logs) == {(7, "price"): "b", (8, "price"): "d", (7, "date"): "e"}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"data": None, "created_at": "1", "user_id": "a"},
        {"data": "{", "created_at": "1", "user_id": "a"},
        {"data": "[]", "created_at": "1", "user_id": "a"},
        entry("yesterday", "a"),
        entry("1", "a", None),
        entry("1", "a", 7, None),
    ],
)
def test_what_is_no_entry_about_a_column_is_passed_over(odd: dict[str, Any]) -> None:
    assert newest_users([odd, entry("1", "b", 9)]) == {(9, "price"): "b"}
