"""What the command line has: its commands, their options and their examples, read from the application itself."""

from __future__ import annotations

import json
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


def outlines() -> dict[str, Any]:
    """Give the words of every command, as completion has them."""
    return {name: _outline(command(name)) for name in COMMANDS}


def _outline(made: Any) -> dict[str, Any]:
    said = {"help": made.get_short_help_str(limit=200)}
    if isinstance(made, TyperGroup):
        return said | {"commands": {name: _outline(inner) for name, inner in made.commands.items()}}
    return said | {"parameters": [_parameter(each) for each in made.params]}


def _parameter(made: Any) -> dict[str, Any]:
    opposite = f"/{made.secondary_opts[0]}" if made.secondary_opts else ""
    is_argument = made.param_type_name == "argument"
    choices = made.type_descriptor.choices if made.type_descriptor.is_choice else ()
    return {
        "name": made.name.rstrip("_"),
        "argument": is_argument,
        "flags": [] if is_argument else [f"{each}{opposite}" for each in made.opts],
        "flag": not is_argument and made.is_flag,
        "many": not is_argument and made.multiple,
        "choices": [str(getattr(each, "value", each)) for each in choices or ()],
        "help": made.help,
    }


def written(words: dict[str, Any]) -> str:
    """Write outlines as the file has them: a line a command."""
    lines = (f"{json.dumps(name)}: {json.dumps(each, ensure_ascii=False)}" for name, each in words.items())
    return "{{\n{}\n}}\n".format(",\n".join(lines))


def parse(words: Sequence[str]) -> dict[str, Any]:
    """Read the words after the program's name as the application would, and run nothing. Raises Typer's errors."""
    made: Any = ROOT
    context = made.make_context(PROGRAM, list(words))
    while isinstance(made, TyperGroup):
        name, made, rest = made.resolve_command(context, [*context._protected_args, *context.args])
        context = made.make_context(name, rest, parent=context)
    return dict(context.params)
