"""Dead letters, and the records of batches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from order_staging.models import Batch, BatchStatus, ErrorType
from order_staging.reporting import unresolved
from order_staging.repositories import failures
from tests.integration.repositories.repository_rows import BATCH, CUSTOMER, NOW, OTHER_BATCH

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging import UnitOfWork

UNFINISHED = {"STARTED", "STAGING_LOADED", "ITEMS_CREATED", "SUBITEMS_CREATED", "PROMOTED"}


def letter(**values: Any) -> dict[str, Any]:
    return {"batch_id": BATCH, "customer_batch": CUSTOMER, "error_type": ErrorType.INVALID} | values


def test_invalid_rows_are_found_by_uuid_or_content_whoever_they_belong_to(uow: UnitOfWork) -> None:
    one, other = uuid4(), uuid4()
    with uow:
        assert not uow.failures.any_invalid()
        for row in (
            letter(order_number="open", source_uuid=one, source_fingerprint="a"),
            letter(order_number="mended", source_uuid=one, resolved_date=NOW),
            letter(order_number="rejected", source_uuid=one, error_type=ErrorType.REJECTED),
            letter(order_number="another's", source_fingerprint="b", customer_batch="PELOTON"),
            letter(order_number="of no interest", source_uuid=other, source_fingerprint="c"),
        ):
            uow.failures.orders.insert([row])
        assert uow.failures.any_invalid()
        found = uow.failures.invalid_like([one], ["a", "b"])
        assert sorted(str(row.order_number) for row in found) == ["another's", "open"]
        assert uow.failures.invalid_like([], []) == []


def test_a_mended_row_says_by_whom_and_when_and_others_stay(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "VALUES_A_STATEMENT", 2)
    with uow:
        uow.failures.orders.insert([letter(source_fingerprint=str(n)) for n in range(7)])
        said = [str(n) for n in range(7)]
        ids = sorted(row.err_id for row in uow.failures.invalid_like([], said))
        uow.failures.resolve(ids[:5], by="batch 7", now=NOW)
        uow.failures.resolve([], by="nobody", now=NOW)
        uow.failures.orders.session.expire_all()
        assert sorted(row.err_id for row in uow.failures.invalid_like([], said)) == ids[5:]
        mended = uow.failures.orders.session.get(uow.failures.orders.model, ids[0])
        assert mended is not None
        assert (mended.resolved_by, mended.resolved_date) == ("batch 7", NOW)


def test_unresolved_rows_are_listed_newest_first_of_a_batch_or_a_customer(uow: UnitOfWork) -> None:
    with uow:
        different: list[dict[str, Any]] = [
            {},
            {"batch_id": OTHER_BATCH},
            {"customer_batch": "PELOTON"},
            {"resolved_date": NOW},
        ]
        for insert in (uow.failures.orders.insert, uow.failures.subitems.insert):
            for number, values in enumerate(different):
                insert([letter(order_number=str(number), **values)])
        for read in (uow.failures.unresolved_orders, uow.failures.unresolved_subitems):

            def numbers(read: Any = read, **narrowed: Any) -> list[str]:
                return [row.order_number for row in read(**narrowed)]

            assert numbers() == ["2", "1", "0"]
            assert numbers(limit=2) == ["2", "1"]
            assert numbers(batch_id=BATCH) == ["2", "0"]
            assert numbers(customers=[CUSTOMER]) == ["1", "0"]
            assert numbers(batch_id=OTHER_BATCH, customers=["PELOTON"]) == []
            assert numbers(customers=[]) == []
        count = uow.failures.count_unresolved
        assert (count(), count(batch_id=BATCH), count(customers=["PELOTON"]), count(customers=[])) == (
            6,
            4,
            2,
            0,
        )


def test_of_both_kinds_the_newest_are_shown_and_all_are_counted(uow: UnitOfWork) -> None:
    with uow:
        for day in range(1, 4):
            created = NOW + timedelta(days=day)
            uow.failures.orders.insert([letter(order_number=f"order {day}", created_date=created)])
            uow.failures.subitems.insert([letter(order_number=f"size {day}", created_date=created)])
        found = unresolved(uow, limit=3)
        assert [view.order_number for view in found.views] == ["order 3", "size 3", "order 2"]
        assert found.total == 6


def test_failures_of_a_batch_are_its_orders_and_its_subitems(uow: UnitOfWork) -> None:
    with uow:
        uow.failures.orders.insert([letter(), letter(), letter(batch_id=OTHER_BATCH)])
        uow.failures.subitems.insert([letter()])
        assert uow.failures.count_of_batch(BATCH) == 3
        assert uow.failures.count_of_batch(OTHER_BATCH) == 1


def test_a_reason_that_an_older_script_gave_is_kept_as_its_word(uow: UnitOfWork) -> None:
    with uow:
        uow.failures.orders.insert([letter(error_type="HTTP_500")])
        assert [row.error_type for row in uow.failures.unresolved_orders()] == ["HTTP_500"]


def record(uow: UnitOfWork, batch_id: UUID, **values: Any) -> None:
    facts: dict[str, Any] = {
        "customer_name": CUSTOMER,
        "batch_type": "ORDERS",
        "status": BatchStatus.STARTED,
        "start_time": NOW,
    }
    uow.batches.add(Batch(batch_id=batch_id, **(facts | values)))


def read(uow: UnitOfWork, batch_id: UUID) -> Batch:
    uow.batches.session.expire_all()
    batch = uow.batches.get(batch_id)
    assert batch is not None
    return batch


def test_a_batch_is_read_back_and_one_that_never_was_is_none(uow: UnitOfWork) -> None:
    with uow:
        record(uow, BATCH)
        uow.commit()
    with uow:
        assert read(uow, BATCH).status is BatchStatus.STARTED
        assert uow.batches.get(OTHER_BATCH) is None


def test_counters_grow_from_nothing_and_on_and_only_those_named(uow: UnitOfWork) -> None:
    with uow:
        record(uow, BATCH, api_failures=1)
        record(uow, OTHER_BATCH)
        uow.batches.increase(BATCH, api_calls_made=2, total_records=69)
        uow.batches.increase(BATCH, api_calls_made=3, retries_attempted=0)
        uow.batches.increase(BATCH)
        batch, other = read(uow, BATCH), read(uow, OTHER_BATCH)
        assert (batch.api_calls_made, batch.total_records) == (5, 69)
        assert (batch.api_failures, batch.retries_attempted) == (1, None)
        assert (other.api_calls_made, other.total_records) == (None, None)


def test_counters_that_two_transactions_increase_have_both_amounts(uow: UnitOfWork) -> None:
    with uow:
        record(uow, BATCH)
        uow.commit()
    for _ in range(2):
        with uow:
            uow.batches.get(BATCH)  # what was read before does not matter
            uow.batches.increase(BATCH, orders_processed=4)
            uow.commit()
    with uow:
        assert read(uow, BATCH).orders_processed == 8


@pytest.mark.parametrize("status", list(BatchStatus))
def test_a_batch_that_came_to_no_end_is_unfinished(uow: UnitOfWork, status: BatchStatus) -> None:
    with uow:
        record(uow, BATCH, status=status)
        found = [batch.batch_id for batch in uow.batches.unfinished(CUSTOMER, "ORDERS")]
        assert found == ([BATCH] if status in UNFINISHED else [])
        assert uow.batches.unfinished("PELOTON", "ORDERS") == []
        assert uow.batches.unfinished(CUSTOMER, "RETRY") == []


def test_batches_are_listed_newest_first(uow: UnitOfWork) -> None:
    with uow:
        record(uow, BATCH)
        record(uow, OTHER_BATCH, start_time=NOW + timedelta(seconds=1), customer_name="PELOTON")
        assert [batch.batch_id for batch in uow.batches.newest(9)] == [OTHER_BATCH, BATCH]
        assert [batch.batch_id for batch in uow.batches.newest(1)] == [OTHER_BATCH]
        assert [batch.batch_id for batch in uow.batches.newest(9, CUSTOMER)] == [BATCH]
        assert (uow.batches.count_recorded(), uow.batches.count_recorded(CUSTOMER)) == (2, 1)
