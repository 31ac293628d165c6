"""`preview`: what a run would do, found by reading alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group

from order_staging.batch.context import utc_now
from order_staging.cli import program
from order_staging.cli.carrying_out import carry_out
from order_staging.cli.options import (
    AagSeasonOption,
    CustomerSeasonOption,
    CustomersOption,
    FormatOption,
    LevelOption,
    LimitOption,
    LogLevel,
    Output,
    OutputOption,
    PoOption,
)
from order_staging.cli.pages import write_page
from order_staging.cli.progress import ProgressOption, Shown
from order_staging.cli.run import require_choice
from order_staging.logs import Redactor
from order_staging.reporting import preview_page

if TYPE_CHECKING:
    from rich.console import RenderableType

    from order_staging.batch import PreviewOptions, PreviewResult
    from order_staging.settings import Settings


def preview(
    customer: CustomersOption = None,
    all_: Annotated[bool, typer.Option("--all", help="every customer with something to do")] = False,
    po: PoOption = None,
    aag_season: AagSeasonOption = None,
    customer_season: CustomerSeasonOption = None,
    limit: LimitOption = None,
    changes: Annotated[
        bool, typer.Option("--changes", help="also what changed of order lines delivered before")
    ] = False,
    rows: Annotated[int, typer.Option("--rows", min=0, metavar="N", help="list at most N of each kind")] = 20,
    show: Annotated[
        int, typer.Option("--show", min=0, metavar="N", help="also show what would be sent for N items")
    ] = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="also write a page that shows the board as it would look"),
    ] = None,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Tell what a run would do, and what it would take; nothing is written, neither here nor on monday.com.

    Example: order-staging preview --customer GREYSON --po 4755 --out preview.html
    """
    with program.program(output, log_level, log_format) as ours:
        require_choice(customer, all_=all_, narrowed=any((po, aag_season, customer_season)))
        options: PreviewOptions = {
            "po": po,
            "aag_season": aag_season,
            "customer_season": customer_season,
            "limit": limit,
            "changes": changes,
            "rows": rows,
            "payloads": show,
        }
        result, interrupted = carry_out(
            ours,
            progress,
            log_format,
            lambda service: service.preview_async(customer or None, **options),
        )
        if out is not None:
            _write(result, out, ours.settings)
        ours.show(result.to_dict(), lambda: _shown(result, out))
    if interrupted:
        raise typer.Exit(interrupted)


def _shown(result: PreviewResult, out: Path | None) -> RenderableType:
    page = preview_page(result)
    return page if out is None else Group(*page.renderables, f"The page is {out}.")


def _write(result: PreviewResult, out: Path, settings: Settings) -> None:
    # The template engine takes a tenth of a second to import, and most previews have no page.
    from order_staging.reporting.html.preview import preview_html  # noqa: PLC0415

    write_page(out, preview_html(result, utc_now(), Redactor(settings.secrets()).known))
