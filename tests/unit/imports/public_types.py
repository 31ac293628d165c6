"""What a type checker is told of the library; mypy reads this with `make lint`, and pyright accepts it.

An `assert_type` fails there if the type is another one, and a `type: ignore` if there is nothing to ignore. The
functions are never called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never, assert_type
from uuid import UUID

from order_staging import (
    BatchBegan,
    BatchEnded,
    BatchResult,
    BatchService,
    Counts,
    DriftResult,
    ErrorType,
    Event,
    EventHook,
    LoadResult,
    MondayClient,
    PreviewResult,
    Progress,
    RowRefused,
    RunBegan,
    RunResult,
    RunStatus,
    Settings,
    Step,
    StepBegan,
    StepEnded,
    StepResult,
    Transformation,
    UnitOfWork,
    Waiting,
)
from order_staging.batch import CheckResult, PreparedBoard
from order_staging.models import Batch
from order_staging.monday import Board
from order_staging.repositories import SourceRepository

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from sqlalchemy.orm import Session, sessionmaker


def results(service: BatchService, batch_id: UUID) -> None:
    """Every method of the service gives a type of its own."""
    assert_type(service.process_customer_batch("A", po="1", limit=3, changes=True), BatchResult)
    assert_type(service.process_customers(["A"], keep_staging=True), RunResult)
    assert_type(service.process_customers(), RunResult)
    assert_type(service.load_new_orders_to_staging("A", aag_season="2025 FALL"), LoadResult)
    assert_type(service.create_monday_items_from_staging(batch_id), StepResult)
    assert_type(service.create_monday_subitems_from_staging(batch_id), StepResult)
    assert_type(service.promote_successful_records(batch_id), StepResult)
    assert_type(service.cleanup_staging_for_customer(batch_id), StepResult)
    assert_type(service.retry_failed(error_ids=["order:12"]), RunResult)
    assert_type(service.resume(), RunResult)
    assert_type(service.drift(["A"], repair=True, po="1"), DriftResult)
    assert_type(service.customers_with_new_orders(changes=True, po="1"), list[tuple[str, int]])
    assert_type(service.preview(["A"], po="1", changes=True, rows=5, payloads=1), PreviewResult)
    assert_type(service.check(), CheckResult)
    assert_type(service.prepare_board(), PreparedBoard)


async def twins(service: BatchService, batch_id: UUID) -> None:
    """The coroutine twins give the same."""
    assert_type(await service.process_customer_batch_async("A", subitems=False), BatchResult)
    assert_type(await service.load_new_orders_to_staging_async("A"), LoadResult)
    assert_type(await service.promote_successful_records_async(batch_id), StepResult)
    assert_type(await service.resume_async(batch_id), RunResult)


def facts(result: BatchResult) -> None:
    """Results are read without casts."""
    assert_type(result.orders, Counts)
    assert_type(result.orders.created, int)
    assert_type(result.run_status, RunStatus)
    assert_type(result.batch_id, UUID | None)
    assert_type(result.to_dict(), dict[str, Any])


def transactions(factory: sessionmaker[Session]) -> None:
    """A unit of work is itself in its block, and its repositories are typed."""
    with UnitOfWork(factory) as uow:
        assert_type(uow, UnitOfWork)
        assert_type(uow.source, SourceRepository)
        assert_type(uow.batches.newest(5), list[Batch])
        assert_type(uow.source.customer_names(), list[str | None])
        assert_type(uow.commit(), None)


async def board(client: MondayClient) -> None:
    """The client's answers have types."""
    assert_type(await client.board(), Board)


def transformations(settings: Settings) -> None:
    """A job's own rule is a function from a row to what it changes of it."""

    def changes(row: Mapping[str, object]) -> Mapping[str, object]:
        return {"NOTES": row["NOTES"]}

    assert_type(BatchService(settings, transformation=Transformation("1", changes)), BatchService)
    Transformation("1", len)  # type: ignore[arg-type]


def hooks(settings: Settings, queue: asyncio.Queue[Event]) -> None:
    """A hook takes every event, and is told apart what it has heard."""

    def tell(event: Event) -> None:
        match event:
            case RunBegan(customers):
                assert_type(customers, tuple[str, ...])
            case BatchBegan():
                assert_type(event.batch_id, UUID)
            case StepBegan() | Progress() | StepEnded():
                assert_type(event.step, Step)
                assert_type(event.total, int | None)
            case RowRefused(kind=kind):
                assert_type(kind, ErrorType)
            case Waiting(seconds):
                assert_type(seconds, float)
            case BatchEnded(result):
                assert_type(result, BatchResult)
            case _:
                assert_never(event)

    hook: EventHook = tell
    assert_type(BatchService(settings, on_event=hook), BatchService)
    BatchService(settings, on_event=queue.put_nowait)

    def too_narrow(_: Progress) -> None: ...

    async def never_awaited(_: Event) -> None: ...

    BatchService(settings, on_event=too_narrow)  # type: ignore[arg-type]
    BatchService(settings, on_event=never_awaited)  # type: ignore[arg-type]


def mistakes(service: BatchService) -> None:
    """What would fail when it runs is found before."""
    service.process_customer_batch("A", purchase_order="1")  # type: ignore[call-arg]
    service.process_customer_batch("A", limit="3")  # type: ignore[arg-type]
    service.process_customer_batch(4755)  # type: ignore[arg-type]
    service.retry_failed(batch_id="3f")
    Settings().monday_token = None  # type: ignore[misc]
