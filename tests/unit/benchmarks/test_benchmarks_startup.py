from __future__ import annotations

import pytest

from benchmarks.startup import (
    EVERYTHING,
    HELP,
    IMPORT,
    NOTHING,
    STARTS,
    by_package,
    missed_targets,
    with_bytecode,
)

QUICK = {start: [0.1, 0.2, 0.9] for start in STARTS}

PROFILE = """
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   _frozen_importlib_external
import time:      2000 |       2100 |     json
import time:       300 |        400 |     yaml._yaml
import time:        50 |         50 |   _yaml
import time:        70 |       3000 | order_staging.errors
"""


def test_what_does_nothing_is_taken_off_and_an_outlier_does_not_count() -> None:
    assert missed_targets(QUICK) == []
    assert missed_targets(QUICK | {IMPORT: [0.44, 0.44, 9.0]}) == []


def test_a_target_is_a_difference_in_seconds() -> None:
    slow = QUICK | {IMPORT: [0.46] * 3, HELP: [0.54] * 3, EVERYTHING: [9.0] * 3}
    assert missed_targets(slow) == [
        f"import order_staging: 0.260 s more than {NOTHING.name}, the target is 0.25 s"
    ]


def test_imports_are_summed_up_by_package() -> None:
    assert by_package(PROFILE) == {"the standard library": 2100, "yaml": 350, "order_staging": 70}


@pytest.mark.parametrize("unwanted", ["PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"])
def test_bytecode_is_written_whatever_this_process_does(unwanted: str) -> None:
    assert with_bytecode("there", {"PATH": "x", unwanted: "1"}) == {
        "PATH": "x",
        "PYTHONPYCACHEPREFIX": "there",
    }
