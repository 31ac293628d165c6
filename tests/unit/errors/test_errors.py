"""Errors as facts: they may be passed on between processes."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from order_staging import errors

NOW = datetime(2026, 11, 24, tzinfo=UTC)
MADE = [
    errors.ConfigurationError("give one of them"),
    errors.SettingError("ORDER_STAGING_ALIASES", "is no number"),
    errors.DataFileError("mapping.yaml", 7, "there twice"),
    errors.UnknownCustomerError("GRAYSON", ["GREYSON CLOTHIERS"]),
    errors.UnknownBatchError(uuid4()),
    errors.TransformationError("prices 3", uuid4(), "no such price"),
    errors.MissingDependencyError("pyodbc", "mssql"),
    errors.LeaseHeldError("GREYSON CLOTHIERS", "elsewhere:4711", NOW),
    errors.TransientError("the board is locked", status=423, code="LOCKED", wait=2.5),
    errors.StoppedError("asked to end"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_is_the_same_after_it_was_passed_on(error: errors.OrderStagingError) -> None:
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301 - our own
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
