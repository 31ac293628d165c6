"""Which rows travel by bulk import, and which go first because of their labels."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.batch.channels import (
    Candidate,
    Survey,
    cover,
    least_to_import,
    obstacle_to_imports,
    plan,
    worth_importing,
)
from order_staging.settings import Settings

LABELS = [("color", name) for name in "ABCDEF"]

rows = st.lists(
    st.tuples(
        st.sampled_from(["spring", "fall"]), st.frozensets(st.sampled_from(LABELS), max_size=3), st.booleans()
    ),
    max_size=12,
).map(lambda found: [Candidate(place, *facts) for place, facts in enumerate(found)])


def row(stg_id: int, *labels: str, group: str = "fall", fits_file: bool = True) -> Candidate:
    return Candidate(stg_id, group, frozenset(("color", label) for label in labels), fits_file)


def planned(candidates: list[Candidate], least: int) -> tuple[list[int], dict[str, list[int]]]:
    found = plan(Survey(candidates), least)
    return found.first, {group: list(lot) for group, lot in found.imports.items()}


def test_rows_without_new_labels_are_imported_by_group() -> None:
    found = planned([row(1), row(2, group="spring"), row(3)], 1)
    assert found == ([], {"fall": [1, 3], "spring": [2]})


def test_a_group_below_the_least_number_of_rows_is_not_imported() -> None:
    found = planned([row(1), row(2), row(3, group="spring")], 2)
    assert found == ([], {"fall": [1, 2]})


def test_rows_that_no_file_can_carry_are_not_imported_and_do_not_count() -> None:
    assert planned([row(1), row(2, fits_file=False)], 2) == ([], {})


def test_one_row_of_several_that_bring_a_label_goes_first() -> None:
    assert planned([row(1, "A"), row(2, "A"), row(3, "A")], 1) == ([1], {"fall": [2, 3]})


def test_a_row_that_goes_as_an_item_anyhow_brings_the_label_before_others() -> None:
    first, imports = planned(
        [row(1, "A", "B"), row(2, "A"), row(3, "A", fits_file=False), row(4, "B"), row(5)], 1
    )
    assert first == [3, 1]
    assert imports == {"fall": [2, 4, 5]}


def test_labels_of_groups_that_are_not_imported_send_nobody_first() -> None:
    assert planned([row(1), row(2), row(3, "A", group="spring")], 2) == ([], {"fall": [1, 2]})


def test_a_group_that_shrinks_below_the_least_number_goes_as_items_altogether() -> None:
    assert planned([row(1, "A"), row(2, "B")], 2) == ([], {})


def test_of_the_rows_that_bring_a_label_the_first_of_those_that_bring_most_is_remembered() -> None:
    survey = Survey([row(1, "A"), row(2, "A", "B"), row(3)])
    survey.add([row(4, "B", "A"), row(5, "C", fits_file=False), row(6, "C", group="spring")])
    assert [found.stg_id for found in survey.bringing()] == [2, 5, 6]
    assert {group: list(lot) for group, lot in survey.lots.items()} == {"fall": [1, 2, 3, 4], "spring": [6]}


def test_rows_whose_labels_others_bring_are_given_back() -> None:
    chosen = cover([row(1, "A", "B"), row(2, "B", "C", "D"), row(3, "A", "E", "F")], set(LABELS))
    assert [found.stg_id for found in chosen] == [2, 3]


@given(rows, st.integers(1, 4))
def test_every_row_travels_once_and_no_import_meets_a_label_that_nobody_brought(
    candidates: list[Candidate], least: int
) -> None:
    first, imports = planned(candidates, least)
    by_id = {candidate.stg_id: candidate for candidate in candidates}
    imported = [stg_id for ids in imports.values() for stg_id in ids]
    assert len({*first, *imported}) == len(first) + len(imported)
    brought = {label for stg_id in first for label in by_id[stg_id].new_labels}
    for group, ids in imports.items():
        assert len(ids) >= least
        for stg_id in ids:
            assert by_id[stg_id].group == group
            assert by_id[stg_id].fits_file
            assert by_id[stg_id].new_labels <= brought


@given(rows)
def test_a_cover_is_no_more_than_twice_the_smallest(candidates: list[Candidate]) -> None:
    wanted = {label for candidate in candidates for label in candidate.new_labels}
    chosen = cover(candidates, wanted)
    assert {label for candidate in chosen for label in candidate.new_labels} >= wanted
    smallest = next(
        size
        for size in range(len(candidates) + 1)
        for some in combinations(candidates, size)
        if {label for candidate in some for label in candidate.new_labels} >= wanted
    )
    # With at most three labels a row the greedy choice is within 1 + 1/2 + 1/3 of the smallest.
    assert len(chosen) <= smallest * 11 / 6


@pytest.mark.parametrize(("aliases", "rows_"), [(1, 25), (3, 25), (4, 28), (20, 140), (100, 700)])
def test_an_import_is_worth_its_calls_and_its_time(aliases: int, rows_: int) -> None:
    assert worth_importing(aliases) == rows_


def with_settings(**values: Any) -> Settings:
    chosen: dict[str, Any] = {"key_column": "key", "aliases": 20} | values
    return Settings(**chosen)


def test_from_how_many_rows_on_a_run_imports() -> None:
    assert least_to_import(with_settings(channel="auto")) == 140
    assert least_to_import(with_settings(channel="bulk")) == 1
    assert least_to_import(with_settings(channel="items")) is None


@pytest.mark.parametrize(
    ("closed", "why"),
    [({"key_column": None}, "ORDER_STAGING_KEY_COLUMN"), ({"monday_api_version": "2026-04"}, "2026-04")],
)
def test_no_rows_are_imported_where_imports_are_not_open_to_us(closed: dict[str, Any], why: str) -> None:
    settings = with_settings(channel="bulk", **closed)
    assert why in str(obstacle_to_imports(settings))
    assert least_to_import(settings) is None


def test_nothing_keeps_imports_from_us_with_a_key_and_their_version() -> None:
    assert obstacle_to_imports(with_settings(channel="items")) is None
