"""What a caller may ask for: misspelt keywords and values of another type are refused before anything is done."""

from __future__ import annotations

from typing import Any

import pytest

from order_staging.batch.options import Filters, LoadOptions, Options, require_options
from order_staging.batch.preview.reading import PreviewOptions
from order_staging.errors import ConfigurationError


@pytest.mark.parametrize(
    ("given", "known"),
    [
        ({}, Options),
        ({"po": "4755", "aag_season": None, "customer_season": "2025 FALL", "limit": 1}, LoadOptions),
        ({"po": None, "limit": None, "subitems": False, "changes": True}, Options),
        ({"rows": 0, "payloads": 3, "changes": False}, PreviewOptions),
    ],
)
def test_what_a_method_takes_passes(given: dict[str, Any], known: type) -> None:
    require_options(given, known)


@pytest.mark.parametrize(
    ("given", "known", "told"),
    [
        (
            {"po_number": "4755"},
            Options,
            "'po_number' is no option here; there are aag_season, archive_most, ",
        ),
        ({"limit": 1}, Filters, "'limit' is no option here; there are aag_season, customer_season, po$"),
        ({"recreate_deleted": True}, PreviewOptions, "'recreate_deleted' is no option here; "),
    ],
)
def test_a_keyword_that_is_none_is_refused_as_python_does(
    given: dict[str, Any], known: type, told: str
) -> None:
    with pytest.raises(TypeError, match=told):
        require_options(given, known)


@pytest.mark.parametrize(
    ("given", "known", "told"),
    [
        ({"po": 4755}, Filters, "the option po=4755 should be a valid string; correct it"),
        ({"limit": 0}, LoadOptions, "the option limit=0 should be greater than or equal to 1; correct it"),
        ({"limit": True}, Options, "the option limit=True should be a valid integer; correct it"),
        ({"changes": "no"}, Options, "the option changes='no' should be a valid boolean; correct it"),
        ({"payloads": -1}, PreviewOptions, "the option payloads=-1 should be greater than or equal to 0"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_option(
    given: dict[str, Any], known: type, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"^{told}"):
        require_options(given, known)
