"""Choosing: which customers' dead letters are retried, and which customers' batches are resumed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from order_staging.batch.record import BATCH_TYPE
from order_staging.batch.retry.errands import Errand, ErrorId, at_home, errands, named
from order_staging.errors import ConfigurationError, UnknownBatchError
from order_staging.repositories import SourceFilter
from order_staging.repositories.batches import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from order_staging.batch.assembly import OpenContext
    from order_staging.batch.processing import Processing
    from order_staging.repositories import Letter
    from order_staging.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Choice:
    """Which dead letters somebody means: of a batch and/or a customer, some by their ids, or `everything`."""

    batch_id: UUID | None = None
    customer_name: str | None = None
    error_ids: tuple[ErrorId | str, ...] = ()
    everything: bool = False

    def require_one(self) -> None:
        """Raise `ConfigurationError` unless exactly one of these is chosen."""
        narrowed = self.batch_id is not None or self.customer_name is not None
        chosen = (narrowed, bool(self.error_ids), self.everything)
        if not any(chosen):
            raise ConfigurationError(
                "nothing was chosen to be retried; give a batch, a customer, error ids, or everything that failed"
            )
        if sum(chosen) > 1:
            raise ConfigurationError(
                "error ids, everything, and a batch or a customer exclude each other; give one of them"
            )


async def retries(opened: OpenContext, processing: Processing, choice: Choice) -> Mapping[str, Errand]:
    """Sort what is to be retried by customer. Raises `ConfigurationError` for what is nowhere, or unclear."""
    choice.require_one()
    run = opened.context.database.run
    if choice.error_ids:
        ids = dict.fromkeys(map(ErrorId.of, choice.error_ids))
        letters = [named(each, await run(partial(_numbered, each.number))) for each in ids]
        now = await run(_source_customers)
        return errands(
            at_home(letters, now, processing.names.label), processing.names.label, even_exhausted=True
        )
    batch_id, customer = choice.batch_id, None
    if batch_id is not None:
        await _customer_of(opened, batch_id)
    if choice.customer_name is not None:
        known = await run(lambda uow: uow.failures.customers())
        customer = await processing.names.resolve(choice.customer_name, known)
    letters = await run(lambda uow: uow.failures.unresolved(batch_id=batch_id))
    found = at_home(letters, await run(_source_customers), processing.names.label, customer)
    return errands(found, processing.names.label, even_exhausted=False)


async def resumptions(opened: OpenContext, batch_id: UUID | None) -> Mapping[str, Errand]:
    """Tell what is to be resumed: a batch, or whatever is under way. Raises `UnknownBatchError`."""
    if batch_id is not None:
        return {await _customer_of(opened, batch_id): Errand(resumes=True, batch_id=batch_id)}
    names = await opened.context.database.run(_under_way)
    return {name: Errand(resumes=True) for name in sorted(names)}


async def _customer_of(opened: OpenContext, batch_id: UUID) -> str:
    batch = await opened.context.database.run(lambda uow: uow.batches.get(batch_id))
    if batch is None:
        raise UnknownBatchError(batch_id)
    return batch.customer_name


def _numbered(number: int, uow: UnitOfWork) -> list[Letter]:
    return uow.failures.numbered(number)


def _source_customers(uow: UnitOfWork) -> dict[int, str | None]:
    return uow.failures.source_customers()


def _under_way(uow: UnitOfWork) -> set[str]:
    waiting = uow.staging.orders.customers_with_open(SourceFilter())
    return {*waiting, *uow.batches.customers_unfinished(BATCH_TYPE)}


def batch_to_resume(customer: str, errand: Errand, uow: UnitOfWork, *, subitems: bool) -> UUID | None:
    """Find the batch of a customer that a run goes on with; None: it begins one."""
    if errand.batch_id is not None:
        batch = uow.batches.get(errand.batch_id)
        left = batch is not None and (
            batch.status in UNFINISHED or uow.staging.orders.is_open(batch.batch_id)
        )
        return errand.batch_id if left else None
    unfinished = uow.batches.unfinished(customer, BATCH_TYPE)
    return (
        unfinished[0].batch_id if unfinished else uow.staging.orders.open_batch(customer, subitems=subitems)
    )
