"""The application: what is common to its commands."""

from __future__ import annotations

from typing import Annotated

import typer

from order_staging.cli.commands import MARKUP, Commands
from order_staging.version import VERSION

app = typer.Typer(
    name="order-staging",
    help="Carries order lines from SQL Server through staging tables onto a monday.com board.",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=MARKUP,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(VERSION)
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version and leave")
    ] = False,
) -> None:
    """Carry order lines from SQL Server through staging tables onto a monday.com board."""


def main() -> None:
    """Run the command line, as `order-staging` and `runner.py` do."""
    app()
