"""`db`: the schema's revisions from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from order_staging import adoption as adopting
from order_staging import schema
from order_staging.cli import program
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.reporting.adoption import adoption_page

app = typer.Typer(
    help="The database's schema: Alembic from the command line.\n\nExample: order-staging db upgrade",
    no_args_is_help=True,
)


@app.command("upgrade")
def upgrade(
    revision: Annotated[str, typer.Argument(help="a revision, or head: the newest")] = "head",
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Bring the database to the revision that this version needs.

    Example: order-staging db upgrade
    """
    with program.program(output, log_level, log_format) as ours, program.engine_of(ours.settings) as engine:
        before = schema.current(engine)
        schema.upgrade(engine, revision)
        now = schema.current(engine)
        document = {"before": before, "current": now, "head": schema.head()}
        ours.show(document, lambda: f"The database is at revision {now} (before: {before or 'none'}).")


@app.command("adopt", short_help="Put a database that has the tables already under Alembic.")
def adopt(
    *,
    force: Annotated[
        bool, typer.Option("--force", help="stamp it although it differs, and print the differences")
    ] = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Put a database that has the tables already under Alembic, after comparing them; no table is touched.

    Exits 2, and stamps nothing, where they differ.

    Example: order-staging db adopt
    """
    with program.program(output, log_level, log_format) as ours, program.engine_of(ours.settings) as engine:
        adoption = adopting.adopt(engine, force=force)
        ours.show(adoption.to_dict(), lambda: adoption_page(adoption))
    if adoption.status is adopting.AdoptionStatus.DIFFERS:
        raise typer.Exit(program.USAGE)


@app.command("current", short_help="Show the database's revision, and the one that is needed.")
def current(
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Show the database's revision, and the one that this version needs.

    Example: order-staging db current
    """
    with program.program(output, log_level, log_format) as ours, program.engine_of(ours.settings) as engine:
        now, head = schema.current(engine), schema.head()
        document = {"current": now, "head": head, "at_head": now == head}
        ours.show(
            document, lambda: f"The database is at revision {now or 'none'}; this version needs {head}."
        )
