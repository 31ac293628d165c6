"""The application: what is common to its commands."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from order_staging import terminal
from order_staging.cli.commands import MARKUP, Commands
from order_staging.version import VERSION

OBJECTS_A_COLLECTION = 20_000
"""Objects that are made before Python looks for garbage among them: its own 700 are a few order lines."""

app = typer.Typer(
    name="order-staging",
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
    """Carry order lines from SQL Server through staging tables onto a monday.com board.

    Each command has an example: order-staging COMMAND --help

    Example: order-staging demo
    """


def collect_seldom() -> None:
    """Have Python look for garbage less often than it does: rows leave none, and a page of them makes it look."""
    gc.set_threshold(OBJECTS_A_COLLECTION)


def main() -> None:
    """Run the command line, as `order-staging` and `runner.py` do."""
    collect_seldom()
    terminal.open_closed()
    terminal.guard_output()
    terminal.forgive(sys.stdout, sys.stderr)
    app()
