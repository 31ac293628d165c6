"""What was done is counted by the database, and read in bounded pieces, on every engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from order_staging.models import (
    Batch,
    ErrorType,
    ProductionOrder,
    ProductionSubitem,
    StagedOrder,
    StagingStatus,
)
from order_staging.reporting.reports import batch_facts
from order_staging.repositories import Acknowledged, FailureCount, Kind, SourceFilter, history
from order_staging.repositories.base import Repository
from tests.integration.repositories.repository_rows import BATCH, CUSTOMER, NOW, OTHER_BATCH

if TYPE_CHECKING:
    import pytest

    from order_staging import UnitOfWork

SECOND = timedelta(seconds=1)


def add(uow: UnitOfWork, model: Any, *rows: dict[str, Any]) -> None:
    Repository(uow.history.session, model).insert(rows)


def land(uow: UnitOfWork, number: int, seconds: int, sizes: int = 0, customer: str = CUSTOMER) -> None:
    """Put an order line into production, with sizes that were acknowledged a second later."""
    uuid, when = uuid4(), NOW + seconds * SECOND
    add(
        uow,
        ProductionOrder,
        {
            "item_id": number,
            "title": f"T{number}",
            "group": "G",
            "customer": customer,
            "source_uuid": uuid,
            "delivered_date": when,
        },
    )
    for size in range(sizes):
        place = {"source_uuid": uuid, "size_key": str(size), "subitem_id": f"{number}{size}"}
        add(uow, ProductionSubitem, place | {"delivered_date": when + SECOND})


def test_rows_are_found_however_the_source_spells_their_customer(uow: UnitOfWork) -> None:
    with uow:
        for number, name in enumerate((" johnny  oak", "Johnny   Oak ", "JOHNNY OAKS", "JOHN NY OAK")):
            land(uow, number, 0, sizes=1, customer=name)
        for kind in Kind:
            (found,) = uow.history.acknowledged(kind, "JOHNNY OAK", NOW, NOW + SECOND)
            assert found.rows == 2
        assert [row.title for row in uow.history.landed("JOHNNY OAK", NOW, NOW, 9)] == ["T0", "T1"]
        assert uow.deliveries.count_delivered(["JOHNNY OAK"], SourceFilter()) == 2


def letter(**values: Any) -> dict[str, Any]:
    return {"batch_id": BATCH, "customer_batch": CUSTOMER, "error_type": ErrorType.INVALID} | values


def test_what_a_customer_had_acknowledged_is_counted_by_the_moment(uow: UnitOfWork) -> None:
    with uow:
        for number, seconds in enumerate((0, 0, 5, 9, 10)):
            land(uow, number, seconds, sizes=2)
        land(uow, 99, 5, sizes=1, customer="PELOTON")
        until = NOW + 9 * SECOND
        found = {kind: [*uow.history.acknowledged(kind, CUSTOMER, NOW, until)] for kind in Kind}
        assert sorted(found[Kind.ORDER], key=lambda each: each.when) == [
            Acknowledged(NOW, 2),
            Acknowledged(NOW + 5 * SECOND, 1),
            Acknowledged(until, 1),
        ]
        assert sum(each.rows for each in found[Kind.SUBITEM]) == 6
        landed = uow.history.landed(CUSTOMER, NOW, until, 3)
        assert [(row.title, row.item_id, row.when) for row in landed] == [
            ("T0", 0, NOW),
            ("T1", 1, NOW),
            ("T2", 2, NOW + 5 * SECOND),
        ]


def test_dead_letters_are_counted_by_kind_and_some_of_each_are_read_the_open_ones_first(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "WORDS", 5)
    with uow:
        uow.failures.orders.insert(
            [
                letter(item_name="mended", resolved_date=NOW, created_date=NOW),
                letter(order_number="JOO-1", error_message="123456789", created_date=NOW),
                letter(item_name="odd", error_type=None, created_date=NOW - SECOND, customer_batch=None),
                letter(item_name="another's", batch_id=OTHER_BATCH, created_date=NOW - SECOND),
            ]
        )
        uow.failures.subitems.insert([letter(subitem_name="S", parent_item_id=7, created_date=NOW)])
        invalid = ErrorType.INVALID
        assert sorted(uow.history.failures_of_batch(BATCH), key=repr) == sorted(
            [
                FailureCount(Kind.ORDER, invalid, CUSTOMER, resolved=True, rows=1),
                FailureCount(Kind.ORDER, invalid, CUSTOMER, resolved=False, rows=1),
                FailureCount(Kind.ORDER, None, None, resolved=False, rows=1),
                FailureCount(Kind.SUBITEM, invalid, CUSTOMER, resolved=False, rows=1),
            ],
            key=repr,
        )
        assert sum(each.rows for each in uow.history.failures_since(NOW)) == 3
        first, second = uow.history.failed_rows(BATCH, Kind.ORDER, invalid, 10)
        assert (first.name, first.message, second.name) == ("JOO-1", "12345", "mended")
        assert len(uow.history.failed_rows(BATCH, Kind.ORDER, invalid, 1)) == 1
        (odd,) = uow.history.failed_rows(BATCH, Kind.ORDER, None, 10)
        (size,) = uow.history.failed_rows(BATCH, Kind.SUBITEM, invalid, 10)
        assert (odd.name, size.name, size.parent_item_id) == ("odd", "S", 7)


def test_batches_are_read_from_a_time_on_the_newest_first(uow: UnitOfWork) -> None:
    with uow:
        for age, done in ((0, 3), (60, None), (61, 9)):
            uow.batches.add(
                Batch(
                    batch_id=uuid4(),
                    customer_name=CUSTOMER,
                    batch_type="NEW_ORDERS",
                    start_time=NOW - age * SECOND,
                    orders_processed=done,
                )
            )
        uow.batches.session.flush()
        found = list(uow.history.batches_since(NOW - 60 * SECOND))
        assert [(batch.started, batch.orders) for batch in found] == [(NOW, 3), (NOW - 60 * SECOND, 0)]


def test_the_facts_of_a_batch_that_goes_on_have_what_waits_for_promotion_too(uow: UnitOfWork) -> None:
    with uow:
        uow.batches.add(
            Batch(
                batch_id=BATCH,
                customer_name=CUSTOMER,
                batch_type="NEW_ORDERS",
                start_time=NOW,
                status="STARTED",
            )
        )
        uow.batches.session.flush()
        land(uow, 1, 1, sizes=3)
        waiting = {"stg_batch_id": BATCH, "stg_status": StagingStatus.API_SUCCESS}
        add(uow, StagedOrder, waiting | {"stg_processed_date": NOW + 3 * SECOND})
        found = batch_facts(uow, BATCH, NOW + 4 * SECOND)
        assert found is not None
        assert found.throughput is not None
        assert found.throughput.orders == [0, 1, 0, 1, 0]
        assert found.throughput.subitems == [0, 0, 3, 0, 0]
        assert found.landed_in_all == len(found.landed) == 1
        assert batch_facts(uow, OTHER_BATCH, NOW) is None
