"""`customers`, `status` and `errors`: commands that look and change nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from rich.console import Group
from rich.table import Table
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
from order_staging.transform import load_customers
from order_staging.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from order_staging.reporting import BatchDetail, BatchView, FailureView
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
            lambda: _customers_table(found, changes=changes),
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
            ours.show({"recorded": [view.to_dict() for view in views]}, lambda: _batches_table(views))
            return
        found = detail(uow, batch_named(uow, batch))
        if found is None:
            raise ConfigurationError(f"there is no batch {batch}; `order-staging status` lists the newest")
        ours.show(found.to_dict(), lambda: _detail_table(found))


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
        ours.show({"errors": [view.to_dict() for view in found]}, lambda: _failures_table(found))


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


def _customers_table(found: list[tuple[str, int]], *, changes: bool) -> RenderableType:
    if not found:
        return "No customer has new orders."
    nothing_new = "0" if changes else "0, some under way"
    table = Table("Customer")
    table.add_column("New orders", justify="right")
    for name, count in found:
        table.add_row(name, str(count) if count else nothing_new)
    return table


def _batches_table(views: list[BatchView]) -> RenderableType:
    if not views:
        return "No batch is recorded yet."
    table = Table(caption="Times are UTC.")
    for heading in ("Batch", "Started", "Customer", "Status"):
        table.add_column(heading, no_wrap=heading != "Customer")
    for heading in ("Rows", "Landed", "Bad", "Sizes"):
        table.add_column(heading, justify="right")
    for view in views:
        numbers = (view.total_records, view.successful_records, view.failed_records, view.subitems_processed)
        started = f"{view.started:%m-%d %H:%M}" if view.started else ""
        table.add_row(view.batch_id[:8], started, view.customer, view.status, *map(str, numbers))
    return table


def _detail_table(found: BatchDetail) -> RenderableType:
    table = Table("", "", title=f"Batch {found.batch.batch_id}", show_header=False)
    facts = found.batch.to_dict() | {name: str(time or "") for name, time in found.steps.items()}
    for name, value in facts.items():
        table.add_row(name.replace("_", " "), "" if value is None else str(value))
    table.add_row("staged orders", _states(found.staged_orders))
    table.add_row("staged subitems", _states(found.staged_subitems))
    table.add_row("failures", str(found.failures))
    for one in found.imports:
        told = f"{one.status}, {one.rows} rows" + (f": {one.result}" if one.result else "")
        table.add_row("bulk import", told)
    return Group(table, *found.warnings)


def _states(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def _failures_table(found: list[FailureView]) -> RenderableType:
    if not found:
        return "Nothing that was refused is waiting to be mended."
    table = Table("Error", "Customer", "Order", "Name", "Why", caption="order-staging retry --error-id ERROR")
    # Whole, as somebody will copy it.
    table.columns[0].no_wrap = True
    for view in found:
        why = f"{view.error_type}: {view.message}"
        if view.retry_count:
            given_up = ", and now only by --error-id" if view.max_retries_reached else ""
            why += f" (retried {view.retry_count} times{given_up})"
        row = (view.error_id, view.customer, view.order_number, view.name, why)
        table.add_row(*(cell or "" for cell in row))
    return table
