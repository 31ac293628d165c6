"""Histories that were faults once, and are fixed here lest they come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import fault_presets
from tests.integration.batch.batch_world import KEY_COLUMN
from tests.integration.guarantees.history_troubles import LAG
from tests.integration.guarantees.test_any_history import Histories

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("operation", ["create_item", "create_subitem"])
def test_a_search_that_lags_and_keys_that_mean_nothing_make_nothing_twice(
    sqlite_template: Path, operation: str
) -> None:
    """Sent again under its key after one look alone, a lost request was executed twice."""
    Histories.template = sqlite_template
    history = Histories()
    try:
        history.begin([("a row", 1, "1")] * 2, keys="ignored", key_column=KEY_COLUMN, aliases=2)
        lost = fault_presets.execute_then_drop(operation=operation)
        lags = fault_presets.stale_search(LAG, times=None)
        history.a_run_with_faults([], with_changes=False, channel="items", faults=[lost, lags])
        history.the_guarantees_hold()
    finally:
        history.teardown()
