"""`check`: everything that a run relies on, looked at before it."""

from __future__ import annotations

import typer

from order_staging import batch
from order_staging.cli import program
from order_staging.cli.carrying_out import look
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.cli.progress import ProgressOption, Shown, watching
from order_staging.reporting import check_metrics, check_page
from order_staging.reporting.kestra import WARNING


def check(
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.ERROR,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Compare settings, database, mapping, source and the live board, and say what is to be put right.

    Nothing is written, anywhere. Exits 2 where something is wrong.

    Example: order-staging check
    """
    with program.program(output, log_level, log_format) as ours:
        with watching(progress, output, log_format) as watcher:
            result = look(watcher, lambda: batch.check(ours.settings, on_event=watcher.on_event))
        code = _exit_code(result)
        # A limit that kept it from looking passes by itself.
        state = WARNING if code == program.PAUSED else None
        ours.show(result.to_dict(), lambda: check_page(result), metrics=check_metrics(result), state=state)
    if code:
        raise typer.Exit(code)


def _exit_code(result: batch.CheckResult) -> int:
    if result.error is not None:
        return program.exit_code(result.error)
    return program.USAGE if result.status is batch.CheckStatus.PROBLEMS else program.DONE
