"""What was refused is listed with the step that is right for its kind."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from order_staging.models import ErrorType
from order_staging.reporting.failures import FailureView, Unresolved
from order_staging.reporting.looking import NEXT, failures_page


def shown(*views: FailureView) -> list[str]:
    stream = StringIO()
    Console(file=stream, width=200).print(failures_page(Unresolved(views, len(views))))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def failure(kind: str | None, *, retried: int = 0, given_up: bool = False) -> FailureView:
    return FailureView("order", 1, None, "C", "4755", "N", kind, "why", None, None, retried, given_up, None)


@pytest.mark.parametrize("kind", ErrorType)
def test_the_next_step_is_that_of_the_kind(kind: ErrorType) -> None:
    last = shown(failure(kind), failure(kind))[-1]
    assert last == f"Next: {NEXT[kind]}"
    assert ("retry" in last) == (kind in {ErrorType.REJECTED, ErrorType.CONFLICT})


def test_of_several_kinds_each_has_its_step_and_one_of_earlier_scripts_is_retried() -> None:
    lines = shown(failure("INVALID"), failure("OLD"), failure("DELETED"), failure(None))
    assert lines[-3:] == [
        "INVALID: correct the source; the next run looks at it again by itself",
        "DELETED: restore it, or order-staging run --all --changes --recreate-deleted",
        "Any other: order-staging retry --error-id ERROR",
    ]


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (failure("REJECTED"), "REJECTED: why"),
        (failure("REJECTED", retried=1), "REJECTED: why (retried once)"),
        (
            failure("REJECTED", retried=6, given_up=True),
            "REJECTED: why (retried 6 times, and now only by --error-id)",
        ),
    ],
)
def test_a_reason_says_how_often_its_row_was_retried(view: FailureView, told: str) -> None:
    assert shown(view)[2].endswith(told)
