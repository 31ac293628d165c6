"""What the API tells of itself is read as far as it goes, and what it keeps to itself is None."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from order_staging.monday.account import (
    DailyCalls,
    Standing,
    access_of,
    daily_calls_of,
    user_of,
    versions_of,
)

TODAY = date(2026, 11, 23)


def test_the_version_that_answers_and_the_current_one_are_told_apart() -> None:
    listed = [
        {"value": "2026-07", "kind": "maintenance"},
        {"value": "2026-10", "kind": "current"},
        {"value": "2026-01", "kind": "old_previous_maintenance"},
        {"value": "2027-01", "kind": "release_candidate"},
        {"value": "x", "kind": "something new"},
    ]
    versions = versions_of({"version": listed[0], "versions": listed})
    assert versions is not None
    assert (versions.used, versions.current) == ("2026-07", "2026-10")
    assert versions.standings == {
        "2026-07": Standing.MAINTENANCE,
        "2026-10": Standing.CURRENT,
        "2026-01": Standing.MAINTENANCE,
        "2027-01": Standing.CANDIDATE,
        "x": Standing.UNKNOWN,
    }


def test_without_a_list_the_version_that_answers_is_known_all_the_same() -> None:
    versions = versions_of({"version": {"value": "2026-10", "kind": "current"}, "versions": None})
    assert versions is not None
    assert versions.current == "2026-10"


@pytest.mark.parametrize("kind", ["view_only", "View Only", "VIEW_ONLY"])
def test_a_users_kind_is_read_however_it_is_spelt(kind: str) -> None:
    user = user_of({"me": {"id": "7", "name": "N", "kind": kind, "status": "ACTIVE"}})
    assert user is not None
    assert (user.kind, user.status) == ("view_only", "active")


def test_a_boards_owners_are_known_by_their_ids() -> None:
    access = access_of({"boards": [{"permissions": "Owners", "owners": [{"id": "7"}, None, {"id": 8}]}]})
    assert access is not None
    assert (access.permissions, access.owners) == ("owners", frozenset({"7", "8"}))


def test_the_calls_of_today_alone_are_counted() -> None:
    days = [{"day": "2026-11-22", "usage": 900}, {"day": "2026-11-23T00:00:00Z", "usage": 40}]
    told = {"daily_limit": {"base": 1000, "total": 1500}, "daily_analytics": {"by_day": days}}
    assert daily_calls_of({"platform_api": told}, TODAY) == DailyCalls(limit=1500, used=40)
    assert DailyCalls(limit=10, used=40).left == 0


@pytest.mark.parametrize(
    "told",
    [
        None,
        {},
        {"daily_limit": None, "daily_analytics": None},
        {"daily_limit": {"base": 1000, "total": None}, "daily_analytics": None},
        {"daily_limit": {"base": None, "total": None}, "daily_analytics": {"by_day": None}},
    ],
)
def test_what_is_not_told_of_the_calls_is_not_guessed(told: Any) -> None:
    assert daily_calls_of({"platform_api": told}, TODAY) is None


def test_the_base_is_the_limit_where_no_total_is_told() -> None:
    told = {"daily_limit": {"base": 1000, "total": None}, "daily_analytics": {"by_day": None}}
    assert daily_calls_of({"platform_api": told}, TODAY) == DailyCalls(limit=1000, used=0)


def test_a_refused_part_is_none() -> None:
    assert versions_of({}) is None
    assert user_of({"me": None}) is None
    assert access_of({"boards": []}) is None
    assert access_of({"boards": [{"permissions": None}]}) is None
