"""Completion as shells want it: values with blanks, apostrophes and colons arrive as they are.

Typer's own classes leave a value unquoted for bash, lose apostrophes for zsh, and import Rich though help is plain
text. The scripts that shells source are Typer's.
"""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from typer._click.shell_completion import add_completion_class
from typer._completion_classes import BashComplete, FishComplete, ZshComplete

if TYPE_CHECKING:
    from typer._click.shell_completion import CompletionItem

_UNSAFE = re.compile(r"([^\w@%+=:,./-])")


def register() -> None:
    """Have these classes complete for their shells."""
    for each in (Bash, Zsh, Fish):
        add_completion_class(each, each.name)


class Bash(BashComplete):
    """Bash puts what it is given into the line: it is quoted here, as the word was begun."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Give the words before, and the one that is typed; bash has `--customer=GREY` as three words."""
        words, incomplete = super().get_completion_args()
        return (words[:-1] if words[-1:] == ["="] else words), incomplete

    def format_completion(self, item: CompletionItem) -> str:
        """Quote a value as the word was begun."""
        words = os.environ["COMP_WORDS"].split("\n")
        place = int(os.environ["COMP_CWORD"])
        return quoted(str(item.value), words[place] if place < len(words) else "")


def quoted(value: str, begun: str) -> str:
    """Quote a value for bash as the continuation of a word that was begun so."""
    if begun.startswith("'"):
        return value.replace("'", "'\\''")
    if begun.startswith('"'):
        return re.sub(r'(["\\$`])', r"\\\1", value)
    return _UNSAFE.sub(r"\\\1", value)


class _Line:
    """For shells that hand the line over as it is typed."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """Give the words before, and the one that is typed; one that ends in an escaped blank goes on."""
        words, incomplete = super().get_completion_args()  # type: ignore[misc]  # of Typer's class
        if os.environ.get("_TYPER_COMPLETE_ARGS", "").endswith("\\ "):
            return words[:-1], words[-1]
        return words, incomplete


class Zsh(_Line, ZshComplete):
    """Zsh is given an array for `_describe`, which quotes what it puts into the line."""

    def complete(self) -> str:
        """Write what zsh evaluates: values with what is said of them, in the order that we gave."""
        items = self.get_completions(*self.get_completion_args())
        if not items:
            return "_files"
        described = " ".join(self.format_completion(item) for item in items)
        options = "-o" if all(str(item.value).startswith("-") for item in items) else "-V"
        return f"local -a found; found=({described}); _describe {options} {self.prog_name} found"

    def format_completion(self, item: CompletionItem) -> str:
        """Quote one value and what is said of it."""
        value = re.sub(r"([\\:])", r"\\\1", str(item.value))
        words = f"{value}:{' '.join(item.help.split())}" if item.help else value
        return "'" + words.replace("'", "'\\''") + "'"


class Fish(_Line, FishComplete):
    """Fish quotes by itself what it puts into the line."""

    def format_completion(self, item: CompletionItem) -> str:
        """Write one value and what is said of it."""
        return f"{item.value}\t{' '.join(item.help.split())}" if item.help else str(item.value)

    def complete(self) -> str:
        """Write the values, or tell by the exit code whether there are any: without, fish offers files."""
        if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
            sys.exit(0 if self.get_completions(*self.get_completion_args()) else 1)
        return super().complete()
