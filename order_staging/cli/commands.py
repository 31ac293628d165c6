"""The commands by name and summary. The module of a command is imported when it is called, and not before.

`--help` needs no more than is written here; the machinery of a command takes a second to import.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from order_staging import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    # Typer's own bases: it has no public names for them.
    from typer._click import Command, Context

MARKUP = None
"""Help and usage errors are plain text: Rich would take longer to import than everything else that they need."""


@dataclass(frozen=True)
class Entry:
    """Where a command is, a function or a group of commands, and the summary that its docstring begins with."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "run": Entry(
        "run",
        "run",
        "Bring new order lines to the board, and with --changes what changed of others: the main job.",
    ),
    "preview": Entry(
        "preview",
        "preview",
        "Tell what a run would do, and what it would take; nothing is written, neither here nor on monday.com.",
    ),
    "customers": Entry("looking", "customers", "List the customers that have new orders, and how many."),
    "status": Entry("looking", "status", "Show how the newest batches went, or everything about one."),
    "errors": Entry(
        "looking",
        "errors",
        "List the rows that were refused and are not mended yet, with the reason of each.",
    ),
    "report": Entry(
        "report",
        "report",
        "Write what happened in a batch, or in the batches of some time, as a page that works offline.",
    ),
    "retry": Entry("retry", "retry", "Try again what failed, as the source has it now; `errors` lists it."),
    "resume": Entry(
        "retry",
        "resume",
        "Go on with what earlier runs left unfinished, and load no new orders.",
    ),
    "drift": Entry(
        "drift",
        "drift",
        "Compare source, production and the board for all that was delivered; without --repair only read.",
    ),
    "check": Entry(
        "check",
        "check",
        "Compare settings, database, mapping, source and the live board, and say what is to be put right.",
    ),
    "sandbox": Entry(
        "sandbox",
        "sandbox",
        "Serve a monday.com with the board on this machine, and print the settings that point the library at it.",
    ),
    "demo": Entry(
        "demo",
        "demo",
        "Carry GREYSON PO 4755 from sample orders to a board of our own, twice; nothing outside is touched.",
    ),
    "board": Entry("board", "app", "The board, made ready."),
    "db": Entry("database", "app", "The database's schema: Alembic from the command line."),
}


UNWRITTEN = "send it elsewhere; what the command did is done, and `order-staging status` tells it"
"""The next step of whom a command could not tell its result."""


class Commands(TyperGroup):
    """A group that shows the commands by their entries, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - what Typer makes a group with
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name=name, short_help=entry.summary))

    def resolve_command(self, ctx: Context, args: list[str]) -> tuple[str | None, Command | None, list[str]]:
        """Find the command that is called, for running it or for completing its options."""
        name, shown, rest = super().resolve_command(ctx, args)
        if shown is None:
            return name, None, rest
        return name, _outline(str(shown.name)) if ctx.resilient_parsing else command(str(shown.name)), rest

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,  # noqa: ANN401 - what Typer makes a context with
    ) -> Any:  # noqa: ANN401 - what a command gives
        """Run the command line to the end of the process, or complete it where a shell asks for that.

        Without `standalone_mode` errors are the caller's, and so is what the command gives.
        """
        call = partial(
            super().main, args, prog_name, complete_var, windows_expand_args=windows_expand_args, **extra
        )
        if not standalone_mode:
            return call(standalone_mode=False)
        if any(name.endswith("_COMPLETE") for name in os.environ):
            # No other start has a use for what completes.
            from order_staging.cli import shells  # noqa: PLC0415

            shells.register()
        try:
            code = call(standalone_mode=False)
        except KeyboardInterrupt:
            # While a shell waits for completions: Typer is not listening yet.
            code = 130
        except TyperException as error:
            from order_staging.cli import usage  # noqa: PLC0415 - only who mistypes needs it

            code = usage.tell(error, sys.argv[1:] if args is None else args, self.commands)
        except terminal.UnwritableError as error:
            terminal.give_up_output()
            sys.stderr.write(f"error: standard output cannot be written ({error.strerror}); {UNWRITTEN}\n")
            code = 1
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: Context | None = None,
        **settings: Any,  # noqa: ANN401 - what Typer makes a context with
    ) -> Context:
        """Make the context of a command, which says whether Typer's own words have colours."""
        settings.setdefault("color", terminal.coloured(sys.stdout))
        return super().make_context(info_name, args, parent, **settings)


def _outline(name: str) -> Command:
    from order_staging.cli.outlines import outline  # noqa: PLC0415 - only who completes needs it

    return outline(name)


def command(name: str) -> Command:
    """Import a command of that name, whole. Raises KeyError where there is none."""
    entry = COMMANDS[name]
    found = getattr(import_module(f"order_staging.cli.{entry.module}"), entry.attribute)
    parent = typer.Typer(rich_markup_mode=MARKUP)
    if isinstance(found, typer.Typer):
        parent.add_typer(found, name=name)
    else:
        parent.command(name)(found)
    return typer.main.get_group(parent).commands[name]
