"""`customers`, `status` and `errors`: commands that look and change nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import sessionmaker

from order_staging import schema
from order_staging.batch import BatchService
from order_staging.cli import program
from order_staging.cli.options import (
    BatchOption,
    CustomerOption,
    FormatOption,
    LevelOption,
    LogLevel,
    Output,
    OutputOption,
)
from order_staging.errors import ConfigurationError
from order_staging.reporting import Metric, detail, newest, unresolved
from order_staging.reporting.looking import batch_page, batches_page, customers_page, failures_page
from order_staging.transform import load_customers
from order_staging.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.settings import Settings

SEARCHED = 1000
"""Batches among which one is found by the beginning of its id."""

ListLimit = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="show at most N")]


def customers(
    changes: Annotated[
        bool, typer.Option("--changes", help="also those that only `run --changes` has anything to do for")
    ] = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """List the customers that have new orders, and how many.

    Example: order-staging customers
    """
    with program.program(output, log_level, log_format) as ours:
        found = BatchService(ours.settings).customers_with_new_orders(changes=changes)
        document = {"customers": [{"customer": name, "new_orders": count} for name, count in found]}
        ours.show(
            document,
            lambda: customers_page(found, changes=changes),
            # All of them, however many there are: a flow has a task for each.
            outputs={"names": [name for name, _ in found]},
            metrics=[Metric("customers.new_orders", count, {"customer": name}) for name, count in found],
        )


def status(
    batch: Annotated[
        str | None, typer.Argument(help="a batch's id, or how it begins; the newest ones unless given")
    ] = None,
    customer: CustomerOption = None,
    limit: ListLimit = 20,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Show how the newest batches went, or everything about one.

    Example: order-staging status
    """
    with program.program(output, log_level, log_format) as ours, reading(ours.settings) as uow:
        if batch is None:
            views = newest(uow, limit, _canonical(ours.settings, customer))
            ours.show({"recorded": [view.to_dict() for view in views]}, lambda: batches_page(views))
            return
        found = detail(uow, batch_named(uow, batch))
        if found is None:
            raise ConfigurationError(f"there is no batch {batch}; `order-staging status` lists the newest")
        ours.show(found.to_dict(), lambda: batch_page(found))


def errors(
    batch: BatchOption = None,
    customer: CustomerOption = None,
    limit: ListLimit = 100,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """List the rows that were refused and are not mended yet, with the reason of each.

    Example: order-staging errors --customer GREYSON
    """
    with program.program(output, log_level, log_format) as ours, reading(ours.settings) as uow:
        batch_id = None if batch is None else batch_named(uow, batch)
        names = None if customer is None else _names_in_errors(uow, ours.settings, customer)
        found = unresolved(uow, batch_id=batch_id, customers=names, limit=limit)
        ours.show({"errors": [view.to_dict() for view in found]}, lambda: failures_page(found))


@contextmanager
def reading(settings: Settings) -> Iterator[UnitOfWork]:
    """Open a unit of work on a database that is at head; nothing is committed."""
    with program.engine_of(settings) as engine:
        schema.require_head(engine)
        with UnitOfWork(sessionmaker(engine)) as uow:
            yield uow


def _canonical(settings: Settings, customer: str | None) -> str | None:
    return None if customer is None else load_customers(settings.customers).label(customer)


def _names_in_errors(uow: UnitOfWork, settings: Settings, customer: str) -> list[str]:
    """List the names that a customer's errors have: the customers file may have given it another one since."""
    label = load_customers(settings.customers).label
    return [name for name in uow.failures.customers() if label(name) == label(customer)]


def batch_named(uow: UnitOfWork, text: str) -> UUID:
    """Read a batch's id, or find the one that begins like this among the newest."""
    try:
        return UUID(text)
    except ValueError:
        found = [view.batch_id for view in newest(uow, SEARCHED) if view.batch_id.startswith(text.lower())]
    if len(found) != 1:
        problem = "several batches begin" if found else "no batch begins"
        raise ConfigurationError(f"{problem} with {text!r}; `order-staging status` lists the newest")
    return UUID(found[0])
