"""What exit code an error stands for that ended a command before or outside a batch."""

from __future__ import annotations

import datetime as dt

import pytest

from order_staging.cli.program import exit_code
from order_staging.errors import (
    AuthenticationError,
    ConfigurationError,
    DailyLimitError,
    LeaseHeldError,
    OrderStagingError,
    RateLimitError,
    TransientError,
)

TOMORROW = dt.datetime(2026, 11, 25)  # noqa: DTZ001 - naive UTC
MEANINGS = [
    pytest.param(ConfigurationError("the mapping lacks a board"), 2, id="a configuration"),
    pytest.param(AuthenticationError("no such token", status=401), 2, id="a token"),
    pytest.param(LeaseHeldError("GREYSON", "another", TOMORROW), 4, id="a customer that is held"),
    pytest.param(DailyLimitError("no call is left", TOMORROW), 75, id="a day's calls"),
    pytest.param(TransientError("busy", status=503), 75, id="a status"),
    pytest.param(RateLimitError("slowly", limit="minute", status=429), 75, id="a limit with a status"),
    pytest.param(
        RateLimitError("slowly", limit="complexity", code="COMPLEXITY_BUDGET_EXHAUSTED"),
        75,
        id="a limit where HTTP says 200",
    ),
    pytest.param(TransientError("the connection was refused"), 1, id="an answer that never came"),
    pytest.param(OrderStagingError("anything else"), 1, id="anything else"),
]


@pytest.mark.parametrize(("error", "code"), MEANINGS)
def test_an_error_has_the_exit_code_of_what_can_be_done_about_it(error: OrderStagingError, code: int) -> None:
    assert exit_code(error) == code
