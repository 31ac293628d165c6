"""`drift`: what was delivered, compared with the source and the board."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from order_staging.cli import program
from order_staging.cli.carrying_out import carry_out
from order_staging.cli.options import (
    AagSeasonOption,
    CustomerSeasonOption,
    CustomersOption,
    FormatOption,
    LevelOption,
    LogLevel,
    Output,
    OutputOption,
    PoOption,
)
from order_staging.cli.progress import ProgressOption, Shown
from order_staging.cli.run import exit_code, require_choice
from order_staging.errors import ConfigurationError
from order_staging.reporting import drift_metrics, drift_page

if TYPE_CHECKING:
    from order_staging.batch import DriftResult


def drift(
    customer: CustomersOption = None,
    all_: Annotated[bool, typer.Option("--all", help="every customer with anything delivered")] = False,
    po: PoOption = None,
    aag_season: AagSeasonOption = None,
    customer_season: CustomerSeasonOption = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="run with changes, put right what the rules allow, and compare again"),
    ] = False,
    recreate_deleted: Annotated[
        bool,
        typer.Option(
            "--recreate-deleted", help="with --repair: create again what people deleted from the board"
        ),
    ] = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Compare source, production and the board for all that was delivered; without --repair only read.

    Example: order-staging drift --customer GREYSON
    """
    with program.program(output, log_level, log_format) as ours:
        if recreate_deleted and not repair:
            raise ConfigurationError("--recreate-deleted goes with --repair; give both")
        require_choice(customer, all_=all_, narrowed=any((po, aag_season, customer_season)))
        result, interrupted = carry_out(
            ours,
            progress,
            log_format,
            lambda service: service.drift_async(
                customer or None,
                repair=repair,
                recreate_deleted=recreate_deleted,
                po=po,
                aag_season=aag_season,
                customer_season=customer_season,
            ),
        )
        ours.show(result.to_dict(), lambda: drift_page(result), metrics=drift_metrics(result))
    if code := interrupted or _exit_code(result, all_=all_):
        raise typer.Exit(code)


def _exit_code(result: DriftResult, *, all_: bool) -> int:
    """Differences are no failure; a repair ends as a run does."""
    if result.repaired is None:
        return program.DONE
    return exit_code(result.repaired, all_=all_, fail_on_rejects=False)
