"""Staging rows, made from order lines. Pure."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect

from order_staging.models import Base, Operation, StagedOrder, StagedSubitem, StagingStatus, ValidationStatus
from order_staging.transform.values import fits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from order_staging.transform import BoardMapping, Limits, Order, Size

SOURCE = "ORDERS_UNIFIED"
SUBITEM_COPIES = {
    "AAG_ORDER_NUMBER": "AAG ORDER NUMBER",
    "STYLE": "STYLE",
    "COLOR": "COLOR",
    "PO_NUMBER": "PO NUMBER",
    "CUSTOMER_ALT_PO": "CUSTOMER ALT PO",
    "CUSTOMER": "CUSTOMER",
    "UNIT_OF_MEASURE": "UNIT OF MEASURE",
}
"""What a staged subitem repeats of its order: its column, and the order's."""


@cache
def attributes(model: type[Base]) -> dict[str, str]:
    """Map a table's column names to the attributes of its model."""
    mapper = inspect(model)
    return {attribute.columns[0].name: attribute.key for attribute in mapper.column_attrs}


def clipped(text: str | None, length: int) -> str | None:
    """Cut a text that only serves to recognise a row to `length` UTF-16 code units."""
    if text is None or fits(text, length):
        return text
    cut = text.encode("utf-16-le", "surrogatepass")[: (length - 1) * 2]
    return cut.decode("utf-16-le", "ignore") + "…"


def staged_order(order: Order, batch_id: UUID, board_id: int, now: datetime) -> dict[str, Any]:
    """Make the staging row of an order line, by attribute."""
    names = attributes(StagedOrder)
    return {names[title]: value for title, value in order.values.items()} | {
        "title": order.title,
        "group": order.group,
        "stg_batch_id": batch_id,
        "stg_customer_batch": clipped(order.customer, 100),
        "stg_status": StagingStatus.PENDING,
        "stg_created_date": now,
        "source_uuid": order.source_uuid,
        "source_table": SOURCE,
        "board_id": board_id,
        "update_operation": Operation.CREATE,
        **_validation([note.sentence() for note in order.notes]),
    }


def staged_subitems(
    order: Order,
    parent: Mapping[str, Any],
    stg_id: int,
    limits: Limits,
    sizes: Sequence[Size] | None = None,
) -> list[dict[str, Any]]:
    """Make the staging rows of an order line's sizes; `parent` is its own staging row, and has the id `stg_id`.

    `sizes` are others than those that the order line has now.
    """
    copies, notes = _copies(order, limits)
    common = copies | {
        "stg_batch_id": parent["stg_batch_id"],
        "stg_parent_stg_id": stg_id,
        "stg_status": StagingStatus.PENDING,
        "stg_created_date": parent["stg_created_date"],
        "source_uuid": order.source_uuid,
        "source_table": SOURCE,
        "update_operation": Operation.CREATE,
        **_validation(notes),
    }
    return [
        common
        | {
            "size": size.label,
            "stg_size_label": size.label,
            "order_qty": size.quantity,
            "board_order_qty": size.quantity,
        }
        for size in (order.sizes if sizes is None else sizes)
    ]


def order_number(row: StagedOrder | StagedSubitem, mapping: BoardMapping) -> str | None:
    """Read the order's number of a staged row; None of a size that does not repeat it."""
    title = mapping.number_field.title
    if isinstance(row, StagedSubitem):
        copies = {copied: column for column, copied in SUBITEM_COPIES.items()}
        title = copies.get(title, "")
    attribute = attributes(type(row)).get(title)
    return None if attribute is None else getattr(row, attribute)


NEVER_SENT: dict[str, Any] = {
    "stg_error_message": None,
    "stg_api_payload": None,
    "stg_payload_hash": None,
    "stg_idempotency_key": None,
    "stg_sent_date": None,
    "stg_key_date": None,
    "stg_processed_date": None,
}
"""What a staging row says of its delivery before there is any."""


def _copies(order: Order, limits: Limits) -> tuple[dict[str, Any], list[str]]:
    copies: dict[str, Any] = {}
    notes = []
    names = attributes(StagedSubitem)
    for column, title in SUBITEM_COPIES.items():
        value, longest = order.values.get(title), limits[column].max_length
        if isinstance(value, str) and longest is not None and not fits(value, longest):
            notes.append(f"{column}: is longer than {longest} characters; left out here, the order has it")
            value = None
        copies[names[column]] = value
    return copies, notes


def _validation(notes: list[str]) -> dict[str, Any]:
    status = ValidationStatus.WARNING if notes else ValidationStatus.VALID
    return {"validation_status": status, "validation_errors": "\n".join(notes) or None}
