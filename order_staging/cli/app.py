"""The application and its commands."""

from __future__ import annotations

from typing import Annotated

import typer

import order_staging
from order_staging.cli import board, check, database, demo, drift, looking, retry, run, sandbox

app = typer.Typer(
    name="order-staging",
    help="Carries order lines from SQL Server through staging tables onto a monday.com board.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:
    if value:
        typer.echo(order_staging.__version__)
        raise typer.Exit


@app.callback()
def common(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="print the version and leave")
    ] = False,
) -> None:
    """Carry order lines from SQL Server through staging tables onto a monday.com board."""


app.command("run")(run.run)
app.command("customers")(looking.customers)
app.command("status")(looking.status)
app.command("errors")(looking.errors)
app.command("retry")(retry.retry)
app.command("resume")(retry.resume)
app.command("drift")(drift.drift)
app.command("check")(check.check)
app.command("sandbox")(sandbox.sandbox)
app.command("demo")(demo.demo)
app.add_typer(board.app, name="board")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line, as `order-staging` and `runner.py` do."""
    app()
