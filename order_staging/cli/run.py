"""`run`: the main job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from order_staging.batch import RunResult, RunStatus
from order_staging.cli import program
from order_staging.cli.carrying_out import carry_out
from order_staging.cli.options import (
    AagSeasonOption,
    CustomerSeasonOption,
    CustomersOption,
    FailOption,
    FormatOption,
    LevelOption,
    LimitOption,
    LogLevel,
    Output,
    OutputOption,
    PoOption,
)
from order_staging.cli.progress import ProgressOption, Shown
from order_staging.errors import ConfigurationError
from order_staging.reporting.tables import Column, Listing, shaded
from order_staging.settings import Channel
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from order_staging.batch import BatchResult, Options


def run(
    customer: CustomersOption = None,
    all_: Annotated[bool, typer.Option("--all", help="every customer with something to do")] = False,
    po: PoOption = None,
    aag_season: AagSeasonOption = None,
    customer_season: CustomerSeasonOption = None,
    limit: LimitOption = None,
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="how items travel; ORDER_STAGING_CHANNEL unless given")
    ] = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="also bring what changed of order lines delivered before")
    ] = False,
    archive_removed: Annotated[
        bool,
        typer.Option(
            "--archive-removed",
            help="with --changes: archive the items of rows that are gone from the source",
        ),
    ] = False,
    archive_most: Annotated[
        bool,
        typer.Option(
            "--archive-most",
            help="with --archive-removed: even where more than half of a customer's order lines are gone",
        ),
    ] = False,
    recreate_deleted: Annotated[
        bool,
        typer.Option(
            "--recreate-deleted", help="with --changes: create again what people deleted from the board"
        ),
    ] = False,
    no_subitems: Annotated[
        bool,
        typer.Option("--no-subitems", help="create the items now; the sizes stay staged for a later run"),
    ] = False,
    keep_staging: Annotated[
        bool, typer.Option("--keep-staging", help="leave promoted rows in the staging tables")
    ] = False,
    look_first: Annotated[
        bool,
        typer.Option(
            "--look-first",
            help="look for what is new on the board before it is created: after a database was restored",
        ),
    ] = False,
    fail_on_rejects: FailOption = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.INFO,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Bring new order lines to the board, and with --changes what changed of others: the main job.

    Example: order-staging run --customer GREYSON --po 4755

    Example: order-staging run --all --changes
    """
    overrides = {"channel": channel} if channel else {}
    with program.program(output, log_level, log_format, **overrides) as ours:
        options: Options = {
            "po": po,
            "aag_season": aag_season,
            "customer_season": customer_season,
            "limit": limit,
            "subitems": not no_subitems,
            "keep_staging": keep_staging,
            "look_first": look_first,
            "changes": changes,
            "archive_removed": archive_removed,
            "archive_most": archive_most,
            "recreate_deleted": recreate_deleted,
        }
        _require_changes(changes=changes, archive_removed=archive_removed, options=options)
        require_choice(customer, all_=all_, narrowed=any((po, aag_season, customer_season)))
        result, interrupted = carry_out(
            ours,
            progress,
            log_format,
            lambda service: service.process_customers_async(customer or None, **options),
        )
        ours.show(result.to_dict(), lambda: summary(result))
    if code := interrupted or exit_code(result, all_=all_, fail_on_rejects=fail_on_rejects):
        raise typer.Exit(code)


def require_choice(customers: list[str] | None, *, all_: bool, narrowed: bool) -> None:
    """Raise `ConfigurationError` unless somebody said what is meant: customers, all of them, or a filter."""
    if customers and all_:
        raise ConfigurationError("--all and --customer exclude each other; give one of them")
    if not (customers or all_ or narrowed):
        raise ConfigurationError(
            "nothing was chosen; give --customer NAME (repeatable), --all, or a filter such as --po 4755"
        )


def _require_changes(*, changes: bool, archive_removed: bool, options: Options) -> None:
    for option in ("archive_removed", "recreate_deleted"):
        if options.get(option) and not changes:
            raise ConfigurationError(f"--{option.replace('_', '-')} goes with --changes; give both")
    if options.get("look_first") and options.get("recreate_deleted"):
        raise ConfigurationError(
            "--look-first and --recreate-deleted exclude each other; give the second to a later run"
        )
    if options.get("archive_most") and not archive_removed:
        raise ConfigurationError("--archive-most goes with --archive-removed; give both")


def exit_code(result: RunResult, *, all_: bool, fail_on_rejects: bool) -> int:
    """Choose the exit code for how a run went; `all_` says that busy customers are passed over."""
    statuses = {batch.run_status for batch in result.batches}
    if RunStatus.FAILED in statuses:
        return program.FAILED
    if RunStatus.PAUSED in statuses:
        return program.PAUSED
    if RunStatus.BUSY in statuses and not all_:
        return program.BUSY
    rejects = any(batch.failed_rows for batch in result.batches)
    return program.FAILED if fail_on_rejects and rejects else program.DONE


def summary(
    result: RunResult,
    nothing: str = "Nothing to do: no customer has new orders that match.",
    *,
    title: str = "Run",
) -> RenderableType:
    """Lay a run out for people: a table of the batches, and what is to be said; `nothing` if there is none."""
    if not result.batches:
        return nothing
    # Of a retry the rows that failed before count, and no others are taken up.
    first = "Retried" if any(batch.is_retry for batch in result.batches) else "New"
    with_changes = any(batch.with_changes for batch in result.batches)
    # One more column, and 80 characters for all of them.
    headings: tuple[str, ...] = (first, "Items", "Subitems", "Failed", "Calls", "Seconds")
    if with_changes:
        headings = (first, "Items", "Sizes", "Changed", "Bad", "Calls", "Secs")
    table = Listing(
        "Customer",
        Column("Status", state=True),
        *(
            Column(heading, number=True, spare=heading in {"Calls", "Seconds", "Secs"})
            for heading in headings
        ),
        title=f"{title} {result.status}",
    )
    for batch in result.batches:
        table.add_row(batch.customer, shaded(batch.status), *_numbers(batch, with_changes=with_changes))
    remarks = [remark for batch in result.batches for remark in _remarks(batch)]
    return Group(table, *remarks)


def _numbers(batch: BatchResult, *, with_changes: bool) -> list[str]:
    numbers = (
        batch.orders.retried + batch.subitems.retried if batch.is_retry else batch.orders.selected,
        batch.orders.on_board,
        batch.subitems.on_board,
        *([batch.orders.changed + batch.subitems.changed] if with_changes else []),
        batch.failed_rows,
        batch.api.calls,
    )
    return [*map(str, numbers), f"{batch.seconds:.1f}"]


def _changes(batch: BatchResult) -> Iterator[str]:
    orders, subitems = batch.orders, batch.subitems
    told = (
        (
            orders.conflicts + subitems.conflicts,
            "changed by people, too; see `order-staging status` of the batch",
        ),
        (orders.deleted + subitems.deleted, "deleted or archived on the board by people"),
        (orders.removed - orders.archived, "gone from ORDERS_UNIFIED and still on the board"),
        (orders.archived, "archived, as gone from ORDERS_UNIFIED"),
    )
    yield from (f"{count} {words}" for count, words in told if count > 0)


def _remarks(batch: BatchResult) -> Iterator[str]:
    if batch.error:
        yield f"{batch.customer}: {batch.error}"
    if retried := batch.orders.retried + batch.subitems.retried:
        yield f"{batch.customer}: {retried} retried"
    if batch.passed_over:
        words = (
            f"{batch.passed_over} passed over, as retried often enough; --error-id retries them all the same"
        )
        yield f"{batch.customer}: {words}"
    if batch.orders.adopted or batch.subitems.adopted:
        adopted = f"{counted(batch.orders.adopted, 'item')} and {counted(batch.subitems.adopted, 'subitem')}"
        yield f"{batch.customer}: {adopted} found on the board, and not created again"
    yield from (f"{batch.customer}: {words}" for words in batch.announcements)
    yield from (f"{batch.customer}: {words}" for words in _changes(batch))
    unknown = batch.orders.unknown + batch.subitems.unknown
    if refused := batch.failed_rows - unknown:
        name = batch.customer.replace("'", "'\\''")
        yield f"{batch.customer}: {refused} failed; see: order-staging errors --customer '{name}'"
    if unknown:
        words = f"the outcome of {unknown} is unknown; the next run looks for them on the board"
        yield f"{batch.customer}: {words}"
    if batch.api.refusals:
        times = "once" if batch.api.refusals == 1 else f"{batch.api.refusals} times"
        yield f"{batch.customer}: monday.com asked us to wait {times}"
    if batch.orders.warnings:
        warnings = f"{batch.orders.warnings} loaded with a value left out or changed"
        see = f"order-staging status {str(batch.batch_id)[:8]}" if batch.batch_id else "the log"
        yield f"{batch.customer}: {warnings}; see: {see}"
    if batch.orders.relinked:
        yield f"{batch.customer}: {batch.orders.relinked} recognised under a new UUID, and not created again"
