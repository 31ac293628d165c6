"""The words of a command for a shell to complete, without importing the command: that takes a second, this nothing.

They are in `outlines.json`, which `make reference` writes from the commands themselves; a test compares them.
"""

from __future__ import annotations

import inspect
import json
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from order_staging.cli.completion import VALUES

if TYPE_CHECKING:
    # Typer's own base: it has no public name for it.
    from typer._click import Command

FILE = Path(__file__).with_name("outlines.json")


def outline(name: str) -> Command:
    """Make a command, or a group, that can be completed and not run. Raises KeyError where there is none."""
    words = json.loads(FILE.read_text(encoding="utf-8"))[name]
    parent = typer.Typer(rich_markup_mode=None)
    _add(parent, name, words)
    # One command alone would not be a group.
    parent.callback()(_nothing)
    return typer.main.get_group(parent).commands[name]


def _add(parent: typer.Typer, name: str, words: dict[str, Any]) -> None:
    if "commands" not in words:
        parent.command(name, short_help=words["help"])(_function(words["parameters"]))
        return
    group = typer.Typer(help=words["help"], rich_markup_mode=None)
    group.callback()(_nothing)
    for each, inner in words["commands"].items():
        _add(group, each, inner)
    parent.add_typer(group, name=name)


def _nothing() -> None:
    """Do what an outline does."""


def _function(parameters: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - whatever Typer makes a command of
    def function(**_: object) -> None:
        """Do what an outline does."""

    cast("Any", function).__signature__ = inspect.Signature([_parameter(each) for each in parameters])
    return function


def _parameter(words: dict[str, Any]) -> inspect.Parameter:
    complete = VALUES.get(words["name"])
    if words["argument"]:
        about: Any = typer.Argument(help=words["help"], autocompletion=complete)
    else:
        about = typer.Option(*words["flags"], help=words["help"], autocompletion=complete)
    default: object = [] if words["many"] else None
    return inspect.Parameter(
        words["name"],
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[_type(words), about],
    )


def _type(words: dict[str, Any]) -> Any:  # noqa: ANN401 - an annotation
    if words["flag"]:
        return bool
    one: Any = Enum("Choice", {each: each for each in words["choices"]}) if words["choices"] else str
    return list[one] if words["many"] else one
