"""`board`: the board made ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from order_staging.batch import BatchService
from order_staging.cli import program
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption

if TYPE_CHECKING:
    from order_staging.batch import PreparedBoard

app = typer.Typer(help="The board, made ready.\n\nExample: order-staging board prepare", no_args_is_help=True)


@app.command("prepare", short_help="Create the key column unless the board has it.")
def prepare(
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Create the key column on the board unless it is there, and print the setting that names it.

    Example: order-staging board prepare
    """
    with program.program(output, log_level, log_format) as ours:
        prepared = BatchService(ours.settings).prepare_board()
        known = ours.settings.key_column == prepared.key_column
        ours.show(prepared.to_dict(), lambda: _words(prepared, known=known))


def _words(prepared: PreparedBoard, *, known: bool) -> str:
    lines = [
        "# The key column was created." if prepared.created else "# The board has the key column already.",
        "# It is set." if known else "# Set it:",
        *program.exports({"ORDER_STAGING_KEY_COLUMN": prepared.key_column}),
    ]
    if prepared.subitem_board_id is None:
        lines.append("# The subitems' board does not exist yet: monday.com makes it with the first subitem.")
    return "\n".join(lines)
