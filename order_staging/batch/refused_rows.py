"""Events of refused rows, made from what their dead letters are made from. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from order_staging.batch.events import RowRefused
from order_staging.models import ErrorType, StagedSubitem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from order_staging.batch.letters import Refusal
    from order_staging.batch.record import BatchRecord
    from order_staging.models import FailedOrder, FailedSubitem, StagedOrder
    from order_staging.transform import InvalidOrder, Order


def invalid_row(record: BatchRecord, order: InvalidOrder, *, known: bool) -> RowRefused:
    """Tell of a source row that we refuse."""
    return _row(
        record,
        ErrorType.INVALID,
        "; ".join(problem.sentence() for problem in order.problems),
        known=known,
        row=order.source_uuid,
        order_number=order.order_number,
        name=order.title,
        columns=tuple(dict.fromkeys(problem.column for problem in order.problems)),
    )


def refused_row(
    record: BatchRecord,
    row: StagedOrder | StagedSubitem,
    why: Refusal,
    letter: Mapping[str, Any],
    *,
    known: bool,
) -> RowRefused:
    """Tell of a staged row that monday.com refused, or that a person must decide about; `letter` is its own."""
    return _row(
        record,
        why.kind,
        why.message,
        known=known,
        row=row.source_uuid,
        order_number=letter["order_number"],
        name=letter.get("subitem_name") or letter.get("item_name"),
        size=row.size if isinstance(row, StagedSubitem) else None,
    )


def waiting_row(record: BatchRecord, order: Order, why: Refusal, *, known: bool) -> RowRefused:
    """Tell of a delivered order line that waits for a person's decision."""
    return _row(
        record,
        why.kind,
        why.message,
        known=known,
        row=order.source_uuid,
        order_number=order.order_number,
        name=order.title,
    )


def kept_row(record: BatchRecord, letter: FailedOrder | FailedSubitem, word: str) -> RowRefused:
    """Tell of a dead letter whose row cannot be retried as things are."""
    return _row(
        record,
        ErrorType(letter.error_type or ErrorType.REJECTED),
        word,
        known=True,
        row=letter.source_uuid,
        order_number=letter.order_number,
        name=getattr(letter, "subitem_name", None) or getattr(letter, "item_name", None),
        size=getattr(letter, "size_label", None),
    )


def _row(record: BatchRecord, kind: ErrorType, reason: str, *, known: bool, **facts: Any) -> RowRefused:  # noqa: ANN401 - fields of the event
    others: dict[str, Any] = {"order_number": None, "name": None, "size": None, "columns": ()}
    return RowRefused(
        customer=record.result.customer,
        kind=kind,
        reason=record.redact(reason),
        known=known,
        **others | facts,
    )
