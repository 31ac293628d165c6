"""What the command line has: its commands, their options and their examples, read from the application itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from order_staging.cli.app import app
from order_staging.cli.commands import COMMANDS, command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PROGRAM = "order-staging"
ROOT: Any = typer.main.get_command(app)


@dataclass(frozen=True)
class Command:
    """A command or a group of commands: its words after the program's name, and what Typer made of it."""

    words: tuple[str, ...]
    made: Any

    @property
    def name(self) -> str:
        """What somebody types to run it."""
        return " ".join((PROGRAM, *self.words))

    @property
    def examples(self) -> list[list[str]]:
        """List the examples of its help, each as the words after the program's name."""
        lines = (line.strip() for line in (self.made.help or "").splitlines())
        prefix = f"Example: {PROGRAM} "
        return [line.removeprefix(prefix).split() for line in lines if line.startswith(prefix)]


def commands() -> Iterator[Command]:
    """Give the application itself, then all its commands, each group before those in it."""
    yield Command((), ROOT)
    for name in COMMANDS:
        yield from _within((name,), command(name))


def _within(words: tuple[str, ...], made: Any) -> Iterator[Command]:
    yield Command(words, made)
    if isinstance(made, TyperGroup):
        for name, inner in made.commands.items():
            yield from _within((*words, name), inner)


def parse(words: Sequence[str]) -> dict[str, Any]:
    """Read the words after the program's name as the application would, and run nothing. Raises Typer's errors."""
    made: Any = ROOT
    context = made.make_context(PROGRAM, list(words))
    while isinstance(made, TyperGroup):
        name, made, rest = made.resolve_command(context, [*context._protected_args, *context.args])
        context = made.make_context(name, rest, parent=context)
    return dict(context.params)
