"""`customers`, `status` and `errors`: commands that look and change nothing."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import sessionmaker

from order_staging import schema
from order_staging.batch import BatchService
from order_staging.batch.context import utc_now
from order_staging.cli import program, watching
from order_staging.cli.options import (
    BatchOption,
    CustomerOption,
    FormatOption,
    LevelOption,
    LogLevel,
    Output,
    OutputOption,
)
from order_staging.database import reading_only
from order_staging.errors import ConfigurationError, UnknownBatchError
from order_staging.reporting import Metric, detail, newest, recorded, unresolved
from order_staging.reporting.looking import batch_page, batches_page, customers_page, failures_page
from order_staging.transform import Customers, load_customers
from order_staging.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from order_staging.settings import Settings

SEARCHED = 1000
"""Batches among which one is found by the beginning of its id."""
INTERVAL = 2.0
"""Seconds between two looks."""

ListLimit = Annotated[int, typer.Option("--limit", min=1, max=1_000_000, metavar="N", help="show at most N")]


def customers(
    changes: Annotated[
        bool, typer.Option("--changes", help="also those that only `run --changes` has anything to do for")
    ] = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """List the customers that have new orders, and how many.

    An order that was refused as INVALID counts until its source row is mended: each run looks at it again.

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
    watch: Annotated[
        bool, typer.Option("--watch", help="show it again whenever it changes, until the batch has ended")
    ] = False,
    interval: Annotated[
        float | None,
        typer.Option(
            "--interval",
            min=0.1,
            max=86_400,
            metavar="SECONDS",
            help="with --watch: time between two looks, 2 unless given",
        ),
    ] = None,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Show how the newest batches went, or everything about one.

    Example: order-staging status

    Example: order-staging status 1f0c2a9e --watch
    """
    with program.program(output, log_level, log_format) as ours:
        if interval is not None and not watch:
            raise ConfigurationError("--interval goes with --watch; give both")
        if watch and output is Output.KESTRA:
            raise ConfigurationError(
                "--watch has no end that Kestra could wait for; give --output text or json"
            )
        if batch is not None and customer is not None:
            raise ConfigurationError("a batch is of one customer; give the batch or --customer, and not both")
        with program.engine_of(ours.settings) as engine:
            look = _looker(
                reading_only(engine), batch, customer, load_customers(ours.settings.customers), limit
            )
            if not watch:
                seen = look()
                ours.show(seen.document, lambda: seen.page)
                return
            seconds = INTERVAL if interval is None else interval
            with watching.screen_of(ours, utc_now, seconds) as screen:
                watching.watch(look, screen, lambda: time.sleep(seconds))


def _looker(
    engine: Engine, batch: str | None, customer: str | None, names: Customers, limit: int
) -> Callable[[], watching.Seen]:
    """Give what looks at one batch, found by how its id begins once and for all, or at the newest ones."""
    schema.require_head(engine)
    factory = sessionmaker(engine)
    if batch is None:

        def newest_ones() -> watching.Seen:
            with UnitOfWork(factory) as uow:
                label = None if customer is None else names.label(customer)
                found = recorded(uow, limit, label)
                if customer is not None and not found.views:
                    label = names.resolve(customer, filter(None, uow.source.customer_names()))
            return watching.Seen(found.to_dict(), batches_page(found, label))

        return newest_ones
    with UnitOfWork(factory) as uow:
        batch_id = batch_named(uow, batch)

    def one() -> watching.Seen:
        with UnitOfWork(factory) as uow:
            found = detail(uow, batch_id)
        if found is None:
            raise UnknownBatchError(batch)
        return watching.Seen(found.to_dict(), batch_page(found), ended=found.batch.has_ended)

    return one


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
        if customer is not None and not names:
            # A name that nobody knows is a slip, and not a customer without errors.
            known = filter(None, uow.source.customer_names())
            load_customers(ours.settings.customers).resolve(customer, known)
        ours.show(found.to_dict(), lambda: failures_page(found))


@contextmanager
def reading(settings: Settings) -> Iterator[UnitOfWork]:
    """Open a unit of work on a database that is at head; nothing is committed."""
    with program.engine_of(settings) as engine:
        # It keeps nobody from writing, and waits for nobody who does.
        reader = reading_only(engine)
        schema.require_head(reader)
        with UnitOfWork(sessionmaker(reader)) as uow:
            yield uow


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
