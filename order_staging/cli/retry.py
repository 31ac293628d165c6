"""`retry` and `resume`: go on with what failed, and with what is unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from order_staging.batch import RunStatus
from order_staging.cli import program
from order_staging.cli.carrying_out import carry_out
from order_staging.cli.looking import batch_named, reading
from order_staging.cli.options import (
    BatchOption,
    CustomerOption,
    FailOption,
    FormatOption,
    LevelOption,
    LogLevel,
    Output,
    OutputOption,
)
from order_staging.cli.progress import ProgressOption, Shown
from order_staging.cli.run import exit_code, summary
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from uuid import UUID

    from rich.console import RenderableType

    from order_staging.batch import RunResult


def retry(
    batch: BatchOption = None,
    customer: CustomerOption = None,
    error_id: Annotated[
        list[str] | None,
        typer.Option(
            "--error-id",
            metavar="ERROR",
            help="an error as `errors` lists it, such as order:12; may be repeated",
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="everything that failed")] = False,
    fail_on_rejects: FailOption = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.INFO,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Try again what failed, as the source has it now; `errors` lists it.

    Example: order-staging retry --customer GREYSON

    Example: order-staging retry --error-id order:12
    """
    with program.program(output, log_level, log_format) as ours:
        _require_choice(batch is not None or customer is not None, bool(error_id), all_)
        batch_id = _batch_id(ours, batch)
        result, interrupted = carry_out(
            ours,
            progress,
            log_format,
            lambda service: service.retry_failed_async(
                batch_id=batch_id, customer_name=customer, error_ids=error_id or (), everything=all_
            ),
        )
        nothing = "Nothing to retry: nothing that failed matches."
        ours.show(result.to_dict(), lambda: _page(result, title="Retry", nothing=nothing))
    if code := interrupted or exit_code(result, all_=all_, fail_on_rejects=fail_on_rejects):
        raise typer.Exit(code)


def resume(
    batch: Annotated[
        str | None, typer.Argument(help="a batch's id, or how it begins; everything unfinished unless given")
    ] = None,
    fail_on_rejects: FailOption = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.INFO,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Go on with what earlier runs left unfinished, and load no new orders.

    Example: order-staging resume
    """
    with program.program(output, log_level, log_format) as ours:
        batch_id = _batch_id(ours, batch)
        result, interrupted = carry_out(
            ours, progress, log_format, lambda service: service.resume_async(batch_id)
        )
        nothing = f"Nothing to resume: {'nothing' if batch is None else f'of batch {batch} nothing'} is left."
        ours.show(result.to_dict(), lambda: _page(result, title="Resume", nothing=nothing))
    if code := interrupted or exit_code(result, all_=batch is None, fail_on_rejects=fail_on_rejects):
        raise typer.Exit(code)


def _batch_id(ours: program.Program, batch: str | None) -> UUID | None:
    """Find the batch that somebody means, if any. Raises `ConfigurationError` where none, or several, begin so."""
    if batch is None:
        return None
    with reading(ours.settings) as uow:
        return batch_named(uow, batch)


def _require_choice(narrowed: bool, named: bool, everything: bool) -> None:
    if sum((narrowed, named, everything)) > 1:
        raise ConfigurationError(
            "--all, --error-id, and --batch or --customer exclude each other; give one of them"
        )
    if not (narrowed or named or everything):
        raise ConfigurationError(
            "nothing was chosen; give --batch BATCH, --customer NAME, --error-id ERROR (repeatable), or --all"
        )


def _page(result: RunResult, *, title: str, nothing: str) -> RenderableType:
    """Lay out how it went as a run's page does; `nothing` is said where there was nothing to do."""
    idle = not any(batch.batch_id or batch.error or batch.is_retry for batch in result.batches)
    return nothing if idle and result.status is RunStatus.NOTHING_TO_DO else summary(result, title=title)
