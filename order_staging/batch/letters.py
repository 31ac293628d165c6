"""Dead letters: rows of the ERR tables, made from what was refused. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from order_staging.batch.rows import attributes, clipped
from order_staging.models import ErrorType
from order_staging.transform import fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

    from order_staging.models import FailedOrder, FailedSubitem, StagedOrder, StagedSubitem
    from order_staging.transform import InvalidOrder, Order


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a staged row goes to the ERR table: kind, words, and the HTTP status where there was one."""

    kind: ErrorType
    message: str
    status: int | None = None


def invalid_order(
    order: InvalidOrder, source: Mapping[str, Any], batch_id: UUID, customer: str, now: datetime
) -> dict[str, Any]:
    """Make the dead letter of a source row that we refuse."""
    return {
        "batch_id": batch_id,
        "customer_batch": clipped(customer, 100),
        "order_number": clipped(order.order_number, 100),
        "item_name": clipped(order.title, 500),
        "group_name": clipped(order.group, 200),
        "error_type": ErrorType.INVALID,
        "error_message": "\n".join(problem.sentence() for problem in order.problems),
        "retry_count": 0,
        "max_retries_reached": False,
        "created_date": now,
        "original_data": as_json(source),
        "source_uuid": order.source_uuid,
        "source_fingerprint": fingerprint(source),
    }


def waiting_order(order: Order, why: Refusal, batch_id: UUID, customer: str, now: datetime) -> dict[str, Any]:
    """Make the dead letter of a delivered order line that waits for a person's decision."""
    return {
        "batch_id": batch_id,
        "customer_batch": clipped(customer, 100),
        "order_number": clipped(order.order_number, 100),
        "item_name": clipped(order.title, 500),
        "group_name": clipped(order.group, 200),
        "error_type": why.kind,
        "error_message": why.message,
        "retry_count": 0,
        "max_retries_reached": False,
        "created_date": now,
        "original_data": as_json(order.values),
        "source_uuid": order.source_uuid,
    }


def tried_again(letter: FailedOrder | FailedSubitem, now: datetime, most: int) -> dict[str, Any]:
    """Tell what changes on an unresolved letter whose row was tried again in vain; `most` retries are its share."""
    count = (letter.retry_count or 0) + 1
    return {
        "err_id": letter.err_id,
        "retry_count": count,
        "last_retry_date": now,
        "max_retries_reached": count >= most,
    }


def once_more(
    letter: FailedOrder | FailedSubitem, news: Mapping[str, Any], now: datetime, most: int
) -> dict[str, Any]:
    """Tell what an unresolved letter says once its row is refused again: what a new one would, and the retries."""
    facts = {name: value for name, value in news.items() if name != "created_date"}
    return facts | tried_again(letter, now, most)


RETRIED = "\nRetried: "


def with_word(message: str | None, word: str) -> str:
    """Add to a letter's message what its last retry came to, in place of what the one before did."""
    return f"{(message or '').partition(RETRIED)[0]}{RETRIED}{word}"


def refused_order(row: StagedOrder, number: str | None, refusal: Refusal, now: datetime) -> dict[str, Any]:
    """Make the dead letter of a staged order, which has the order's `number`."""
    return _refused(row, refusal, now) | {
        "original_stg_id": row.stg_id,
        "customer_batch": row.stg_customer_batch,
        "order_number": clipped(number, 100),
        "item_name": clipped(row.title, 500),
        "group_name": clipped(row.group, 200),
    }


def refused_subitem(
    row: StagedSubitem, number: str | None, name: str, refusal: Refusal, now: datetime
) -> dict[str, Any]:
    """Make the dead letter of a staged subitem that was to be named `name`, of the order with this `number`."""
    return _refused(row, refusal, now) | {
        "original_stg_subitem_id": row.stg_id,
        "parent_item_id": row.stg_monday_parent_item_id,
        "order_number": clipped(number, 100),
        "size_label": row.size,
        "order_qty": row.order_qty,
        "subitem_name": clipped(name, 200),
    }


def _refused(row: StagedOrder | StagedSubitem, refusal: Refusal, now: datetime) -> dict[str, Any]:
    return {
        "batch_id": row.stg_batch_id,
        "api_payload": row.stg_api_payload,
        "error_type": refusal.kind,
        "error_message": refusal.message,
        "http_status_code": refusal.status,
        "retry_count": 0,
        "max_retries_reached": False,
        "created_date": now,
        "original_data": as_json(business_values(row)),
        "source_uuid": row.source_uuid,
    }


def business_values(row: StagedOrder | StagedSubitem) -> dict[str, Any]:
    """Read a staged row by column name, without what is only about its delivery."""
    names = attributes(type(row))
    return {name: getattr(row, key) for name, key in names.items() if not name.startswith("stg_")}


def as_json(values: Mapping[str, Any]) -> str:
    """Write a row as JSON without its NULLs; what JSON has no form for (dates, decimals, UUIDs) as text."""
    present = {name: value for name, value in values.items() if value is not None}
    return json.dumps(present, ensure_ascii=False, default=str)
