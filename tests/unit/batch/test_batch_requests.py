"""A request's key is a digest of its bytes: what comes out otherwise is another request, and is not sent again."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from order_staging.batch.payloads import item_payload
from order_staging.batch.requests import KEY_KNOWN, Request, may_be_sent_again, new_request, same_request
from order_staging.models import StagedOrder
from order_staging.monday import NewItem
from order_staging.transform import load_mapping

MAPPING = load_mapping(None)
BOARD = 18391
NOW = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - as the database keeps it
MINUTE = timedelta(minutes=1)


def staged(number: int = 1, **changes: object) -> StagedOrder:
    facts: dict[str, object] = {
        "stg_id": number,
        "stg_batch_id": UUID(int=1),
        "stg_retry_count": 0,
        "stg_created_date": NOW,
        "source_uuid": UUID(int=number),
        "title": f"JWHD10012{number}WHITE",
        "group": "GREYSON CLOTHIERS 2025 FALL",
    }
    return StagedOrder(**(facts | changes))


def sent(row: StagedOrder, request: Request[StagedOrder]) -> StagedOrder:
    """Let a row be as it is once its request has left."""
    row.stg_idempotency_key, row.stg_sent_date, row.stg_key_date = request.key, NOW, NOW
    row.stg_status = "UNKNOWN"
    return row


def request_of(*rows: StagedOrder, group: str = "topics", board: int = BOARD) -> Request[StagedOrder]:
    return new_request(*parts(*rows, group=group), board)


def again(*rows: StagedOrder, group: str = "topics", board: int = BOARD) -> Request[StagedOrder] | None:
    return same_request(*parts(*rows, group=group), board)


def parts(*rows: StagedOrder, group: str) -> tuple[list, list]:  # type: ignore[type-arg] # as a request takes them
    made = [(row, item_payload(MAPPING, "key", row)) for row in rows]
    return made, [[NewItem(payload.name, group, payload.column_values)] for _, payload in made]


def test_a_request_that_is_made_anew_is_the_same_one() -> None:
    rows = staged(1), staged(2)
    request = request_of(*rows)
    found = again(*(sent(row, request) for row in rows))
    assert found is not None
    assert (found.key, found.ids) == (request.key, {1, 2})


@pytest.mark.parametrize(
    "changes",
    [{"title": "OTHER"}, {"customer_price": 3}, {"stg_batch_id": UUID(int=9)}, {"stg_retry_count": 1}],
)
def test_a_row_that_has_changed_makes_it_another(changes: dict[str, object]) -> None:
    rows = staged(1), staged(2)
    request = request_of(*rows)
    for name, value in changes.items():
        setattr(rows[1], name, value)
    assert again(*(sent(row, request) for row in rows)) is None


def test_another_order_fewer_rows_another_group_or_board_make_it_another() -> None:
    first, second = staged(1), staged(2)
    request = request_of(first, second)
    sent(first, request)
    sent(second, request)
    assert again(second, first) is None
    assert again(first) is None
    assert again(first, second, group="other") is None
    assert again(first, second, board=1) is None
    assert again(first, second) is not None


def test_the_next_attempt_has_another_key() -> None:
    row = staged()
    first = request_of(row)
    assert request_of(sent(row, first)).key != first.key


@pytest.mark.parametrize(
    ("changes", "may"),
    [
        ({}, True),
        ({"stg_key_date": NOW - KEY_KNOWN}, True),
        ({"stg_key_date": NOW - KEY_KNOWN - MINUTE}, False),
        # Our clock was put back, or is another machine's: nobody knows how old the key is.
        ({"stg_key_date": NOW + MINUTE}, False),
        ({"stg_key_date": None}, False),
        ({"stg_status": "API_SUCCESS"}, False),
        ({"stg_status": "PENDING"}, False),
    ],
)
def test_only_what_is_unknown_as_a_whole_and_young_is_sent_again(
    changes: dict[str, object], may: bool
) -> None:
    rows = [staged(1), staged(2)]
    for row in rows:
        sent(row, request_of(*rows))
    for name, value in changes.items():
        setattr(rows[1], name, value)
    assert may_be_sent_again(rows, NOW) is may


def test_a_key_is_relied_on_for_less_than_monday_keeps_it() -> None:
    assert timedelta(minutes=20) < KEY_KNOWN <= timedelta(minutes=28)
