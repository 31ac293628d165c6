"""What is wrong with the words that were typed, in one line with the next step, as all errors are told."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from typer.exceptions import TyperException

PROGRAM = "order-staging"


def tell(error: TyperException, words: Sequence[str], commands: Collection[str]) -> int:
    """Write it to standard error, and give the exit code; `words` are those typed, `commands` the program's."""
    context: Any = getattr(error, "ctx", None)
    if context is not None and error.format_message() == context.get_help():
        # A group without a command: its help is the answer.
        sys.stderr.write(f"{error.format_message()}\n")
    else:
        path = _path(context, words, commands)
        sys.stderr.write(f"error: {line(error.format_message(), path)}\n")
    return error.exit_code


def line(message: str, path: str) -> str:
    """Put Typer's words into a line that ends with what to type next; `path` is the command that was called."""
    words = " ".join(message.split()).rstrip(".").replace("Value error, ", "")
    words = words.replace(". Did you mean", "; did you mean")
    if found := re.fullmatch(r"(.*?) \(Possible options: (.*)\)", words):
        words = f"{found[1]}; did you mean {' or '.join(found[2].split(', '))}?"
    return f"{words[:1].lower()}{words[1:]}{'' if words.endswith('?') else ';'} see: {path} --help"


def _path(context: Any, words: Sequence[str], commands: Collection[str]) -> str:  # noqa: ANN401 - Typer's
    if context is not None:
        return str(context.command_path)
    # A parser that lacks an option's value does not say of which command.
    return " ".join((PROGRAM, *[word for word in words[:1] if word in commands]))
