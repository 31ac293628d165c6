"""Rows for the repositories' tests: whatever a test does not care about has a value of its own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from sqlalchemy import insert, inspect

from order_staging.models import StagedOrder, StagingStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import UnitOfWork
    from order_staging.models import Base

NOW = datetime(2026, 7, 9, 12, 0, tzinfo=UTC).replace(tzinfo=None)
LATER = NOW + timedelta(minutes=2)
BATCH = UUID("00000000-0000-0000-0000-00000000b001")
OTHER_BATCH = UUID("00000000-0000-0000-0000-00000000b002")
CUSTOMER = "GREYSON CLOTHIERS"


def order(**values: Any) -> dict[str, Any]:
    """A staged order, by attribute."""
    return {
        "title": "an order",
        "group": "a group",
        "stg_batch_id": BATCH,
        "stg_customer_batch": CUSTOMER,
        "stg_status": StagingStatus.PENDING,
        "source_uuid": uuid4(),
    } | values


def delivered(item_id: int, **values: Any) -> dict[str, Any]:
    """A staged order that is on the board."""
    return order(stg_status=StagingStatus.API_SUCCESS, stg_monday_item_id=item_id, **values)


def subitem(parent: int | None, size: str = "M", **values: Any) -> dict[str, Any]:
    """A staged subitem, by attribute."""
    return {
        "stg_batch_id": BATCH,
        "stg_parent_stg_id": parent,
        "stg_status": StagingStatus.PENDING,
        "source_uuid": uuid4(),
        "size": size,
        "order_qty": 1,
    } | values


def stage(uow: UnitOfWork, *orders: dict[str, Any]) -> list[int]:
    """Add staged orders one by one, so that each may have attributes of its own; give their ids."""
    one = insert(StagedOrder).returning(StagedOrder.stg_id)
    return [stg_id for row in orders for stg_id in uow.staging.orders.session.scalars(one, [row])]


def stage_subitems(uow: UnitOfWork, *subitems: dict[str, Any]) -> None:
    """Add staged subitems, each with attributes of its own."""
    for row in subitems:
        uow.staging.subitems.insert([row])


def do(uow: UnitOfWork, *works: Callable[[], object]) -> None:
    """Do some work in one transaction, and commit it."""
    with uow:
        for work in works:
            work()
        uow.commit()


def source_row(**values: Any) -> dict[str, Any]:
    """A row of ORDERS_UNIFIED, by column name where that is a word."""
    return {
        "record_uuid": uuid4(),
        "CUSTOMER NAME": "GREYSON",
        "AAG ORDER NUMBER": "GRE-1",
        "PO NUMBER": "4755",
        "AAG SEASON": "2026 FALL",
        "CUSTOMER SEASON": "FALL 26",
    } | values


def distinct_values(model: type[Base], *, leave_out: set[str]) -> dict[str, Any]:
    """A value for every attribute of a model that no other attribute has."""
    numbers = count(1)
    values: dict[str, Any] = {}
    for attribute in inspect(model).column_attrs:
        if attribute.key in leave_out:
            continue
        type_, number = attribute.columns[0].type, next(numbers)
        samples = {
            str: f"v{number}",
            int: 1000 + number,
            Decimal: Decimal(number) + Decimal("0.2500"),
            date: date(2026, 1, 1) + timedelta(days=number),
            datetime: NOW + timedelta(days=number),
            UUID: UUID(int=number),
        }
        values[attribute.key] = samples[type_.python_type]
    return values


def promote_orders(uow: UnitOfWork, *columns: str, size: int = 99) -> int:
    """Promote the batch's delivered orders, so many at a time; tell how many."""
    spans = uow.staging.orders.spans(BATCH, StagingStatus.API_SUCCESS, size)
    return sum(uow.production.promote_orders(BATCH, span, NOW, columns=columns) for span in spans)


def promote_subitems(uow: UnitOfWork, *, size: int = 99) -> int:
    """Promote the batch's delivered subitems, so many at a time; tell how many."""
    spans = uow.staging.subitems.spans(BATCH, StagingStatus.API_SUCCESS, size)
    return sum(uow.production.promote_subitems(BATCH, span, NOW) for span in spans)


def clean_subitems(uow: UnitOfWork, *, size: int = 99) -> int:
    """Delete the batch's promoted subitems, so many at a time; tell how many."""
    spans = uow.staging.subitems.spans(BATCH, StagingStatus.PROMOTED, size)
    return sum(uow.staging.subitems.delete_promoted(BATCH, span) for span in spans)


def clean_orders(uow: UnitOfWork, *, size: int = 99) -> int:
    """Delete the batch's finished orders, so many at a time; tell how many."""
    spans = uow.staging.orders.spans(BATCH, StagingStatus.PROMOTED, size)
    return sum(uow.staging.orders.delete_finished(BATCH, span) for span in spans)
