import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_staging.transform.groups import group_title

BLANKS = st.sampled_from([None, "", " ", "\t\n", "\u00a0"])


@pytest.mark.parametrize(
    ("seasons", "title"),
    [
        ([None, "2025 FALL"], "GREYSON CLOTHIERS 2025 FALL"),
        (["2026 SPRING", "2025 FALL"], "GREYSON CLOTHIERS 2026 SPRING"),
        (["", "2025 FALL"], "GREYSON CLOTHIERS 2025 FALL"),
        (["  ", " 2025 FALL "], "GREYSON CLOTHIERS 2025 FALL"),
        ([2025, None], "GREYSON CLOTHIERS 2025"),
        ([None, " "], "GREYSON CLOTHIERS"),
        ([], "GREYSON CLOTHIERS"),
    ],
)
def test_the_group_is_the_customer_and_the_first_season_that_says_something(
    seasons: list[object], title: str
) -> None:
    assert group_title("GREYSON CLOTHIERS", seasons) == title


@given(st.lists(BLANKS), st.text().filter(str.strip), st.lists(st.text()))
def test_seasons_that_say_nothing_change_nothing(
    blanks: list[object], season: str, others: list[str]
) -> None:
    assert group_title("RHYTHM", [*blanks, season, *others]) == f"RHYTHM {season.strip()}"
