"""The fate of failed rows that production has, or whose only source row is not what it was."""

from __future__ import annotations

from datetime import datetime

import pytest

from order_staging.batch.retry.fates import Fate, fate_of_order, fate_of_size
from order_staging.batch.retry.orders import surely_not_done
from order_staging.models import ErrorType, Operation, StagedOrder, StagedSubitem, StagingStatus

NOW = datetime(2026, 11, 23, 4, 0)  # noqa: DTZ001 - UTC without a zone, as the database keeps it
FAILED = StagingStatus.API_FAILED


@pytest.mark.parametrize(("rows", "fate"), [(0, Fate.GONE), (1, Fate.RECREATE), (2, Fate.STUCK)])
def test_what_was_to_be_created_again_is_decided_by_the_board(rows: int, fate: Fate) -> None:
    staged = StagedOrder(stg_status=FAILED, update_operation=Operation.CREATE)
    assert fate_of_order(ErrorType.REJECTED, staged, rows=rows, landed=True) is fate


def test_a_size_that_was_to_be_created_again_is_decided_by_the_board() -> None:
    staged = StagedSubitem(stg_status=FAILED, update_operation=Operation.CREATE)
    assert fate_of_size(staged, ordered=3, landed=True) is Fate.RECREATE
    assert fate_of_size(staged, ordered=0, landed=True) is Fate.GONE


@pytest.mark.parametrize("status", [FAILED, "PENDING", "SENDING", "UNKNOWN"])
def test_an_archiving_is_asked_for_however_far_it_came_while_its_row_is_gone(status: str) -> None:
    staged = StagedOrder(stg_status=StagingStatus(status), update_operation=Operation.ARCHIVE)
    assert fate_of_order(ErrorType.REJECTED, staged, rows=0, landed=True) is Fate.ARCHIVE
    assert fate_of_order(ErrorType.REJECTED, staged, rows=1, landed=True) is not Fate.ARCHIVE


@pytest.mark.parametrize(
    ("rows", "valid", "fate"), [(1, True, Fate.DOUBT), (1, False, Fate.STUCK), (2, False, Fate.STUCK)]
)
def test_a_conflict_is_in_doubt_only_while_its_row_is_one_valid_one(
    rows: int, valid: bool, fate: Fate
) -> None:
    staged = StagedOrder(stg_status=StagingStatus.CONFLICT, update_operation=Operation.CREATE)
    assert fate_of_order(ErrorType.CONFLICT, staged, rows=rows, landed=False, valid=valid) is fate


def test_only_of_what_takes_away_it_is_forgotten_that_it_was_sent_and_the_attempt_counts() -> None:
    staged = StagedOrder(update_operation=Operation.ARCHIVE, stg_sent_date=NOW, stg_retry_count=2)
    assert surely_not_done(staged) == {"stg_sent_date": None, "stg_retry_count": 3}
    assert surely_not_done(StagedOrder(update_operation=Operation.MOVE, stg_sent_date=NOW)) == {}
