"""`retry` and `resume`: go on with what failed, and with what is unfinished."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from order_staging.batch import BatchService
from order_staging.cli import program
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
from order_staging.cli.progress import ProgressOption, Shown, Watcher, watching
from order_staging.cli.run import exit_code, signals, summary
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from uuid import UUID

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
        code = _carry_out(
            ours,
            watching(progress, output, log_format),
            lambda service: service.retry_failed_async(
                batch_id=batch_id, customer_name=customer, error_ids=error_id or (), everything=all_
            ),
            title="Retry",
            nothing="Nothing to retry: nothing that failed matches.",
            passes_busy=all_,
            fail_on_rejects=fail_on_rejects,
        )
    if code:
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
        code = _carry_out(
            ours,
            watching(progress, output, log_format),
            lambda service: service.resume_async(batch_id),
            title="Resume",
            nothing=f"Nothing to resume: {'nothing' if batch is None else f'of batch {batch} nothing'} is left.",
            passes_busy=batch is None,
            fail_on_rejects=fail_on_rejects,
        )
    if code:
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


def _carry_out(
    ours: program.Program,
    shown: AbstractContextManager[Watcher],
    make: Callable[[BatchService], Coroutine[None, None, RunResult]],
    *,
    title: str,
    nothing: str,
    passes_busy: bool,
    fail_on_rejects: bool,
) -> int:
    """Run it as `run` does, show how it went, and give the exit code."""
    with shown as watcher:
        service = BatchService(ours.settings, on_event=watcher.on_event)
        with signals(service, watcher) as received:
            result = asyncio.run(make(service))
    idle = not any(batch.batch_id or batch.error or batch.is_retry for batch in result.batches)
    ours.show(result.to_dict(), lambda: nothing if idle else summary(result, title=title))
    return (
        128 + received[0]
        if received
        else exit_code(result, all_=passes_busy, fail_on_rejects=fail_on_rejects)
    )
