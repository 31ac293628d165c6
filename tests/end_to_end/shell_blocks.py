"""The shell blocks of the Markdown pages: found, told apart, and taken to pieces. Pure.

What a reader does not see says what a test must know, in HTML comments on the lines before a block:

* `<!-- given: WORLD -->`: this block and those after it are run in that world, a fresh one (`worlds.WORLDS`);
* `<!-- needs: SERVICE -->`: it is not run, as it needs something outside (`NEEDS`);
* `<!-- takes minutes -->`: it is not run, as it takes too long for a test; people run it by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHELLS = {"sh", "bash", "console", "shell", "zsh", "powershell", "shell-session", "bat", "cmd"}
RUN = {"sh", "console"}
"""The languages that pages are written in: commands, and commands after a prompt with what they print."""
NEEDS = {"a package index", "Kestra", "SQL Server"}
UNLABELLED = re.compile(
    r"^(\$ \S|(order-staging|make|pip|python|uv|alembic|export|sudo|apt-get) [a-z-])", re.MULTILINE
)
"""What a block without a language must not hold: it is a shell block that nobody would find."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<language>[\w-]*)[^`]*$")
_COMMENT = re.compile(r"^\s*<!--\s*(?P<words>.*?)\s*-->\s*$")
_EXIT = re.compile(r"#.*\bexits with (?P<code>\d+)")


@dataclass(frozen=True)
class Command:
    """A command of a block, as it is written; the exit code it must have, and the lines it must print."""

    text: str
    code: int = 0
    prints: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """A fenced block: where it starts, its language ("" for none), its text, and the comments before it."""

    page: str
    line: int
    language: str
    text: str
    remarks: tuple[str, ...] = ()

    @property
    def is_shell(self) -> bool:
        """Whether it is for a shell, by its language."""
        return self.language in SHELLS

    @property
    def given(self) -> str | None:
        """The world that it asks for; None to go on in that of the block before."""
        return next(iter(self._remarks("given:")), None)

    @property
    def needs(self) -> str | None:
        """What it needs from outside, if it may not be run for that."""
        return next(iter(self._remarks("needs:")), None)

    @property
    def takes_minutes(self) -> bool:
        """Whether it may not be run as it takes too long."""
        return "takes minutes" in self.remarks

    @property
    def is_run(self) -> bool:
        """Whether a test runs it."""
        return self.is_shell and self.needs is None and not self.takes_minutes

    def commands(self) -> list[Command]:
        """Take it to pieces; a line that ends with a backslash goes on in the next one."""
        return list(_transcript(self.text) if self.language == "console" else _lines(self.text))

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def _remarks(self, key: str) -> list[str]:
        return [words.removeprefix(key).strip() for words in self.remarks if words.startswith(key)]


def blocks(page: str, text: str) -> list[Block]:
    """Find the fenced blocks of a page."""
    found: list[Block] = []
    opened: tuple[int, str, str, list[str]] | None = None
    remarks: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is not None:
            start, ticks, language, lines = opened
            if fence and fence["ticks"].startswith(ticks) and not fence["language"]:
                found.append(Block(page, start, language, "\n".join(lines), tuple(remarks)))
                opened, remarks = None, []
            else:
                lines.append(line)
        elif fence:
            opened = (number, fence["ticks"], fence["language"].lower(), [])
        elif comment := _COMMENT.match(line):
            remarks.append(comment["words"])
        elif line.strip():
            remarks = []
    return found


def blocks_of(pages: list[Path], repository: Path) -> list[Block]:
    """Find the fenced blocks of several pages, by their paths in the repository."""
    return [
        block
        for page in pages
        for block in blocks(page.relative_to(repository).as_posix(), page.read_text(encoding="utf-8"))
    ]


def mistakes(block: Block, worlds: set[str]) -> Iterator[str]:
    """List what is wrong with how a block is labelled and marked."""
    if not block.language and UNLABELLED.search(block.text):
        yield f"{block}: commands in a block without a language; label it sh or console"
    if block.needs is not None and block.needs not in NEEDS:
        yield f"{block}: needs {block.needs!r}, which is none of {sorted(NEEDS)}"
    if block.given is not None and block.given not in worlds:
        yield f"{block}: given {block.given!r}, which is none of {sorted(worlds)}"
    if block.is_run and block.language not in RUN:
        yield f"{block}: {block.language} is not run by any test; write sh or console, or mark it"
    if block.is_run and not block.commands():
        yield f"{block}: no command is in it"


def _lines(text: str) -> Iterator[Command]:
    whole = text.replace("\\\n", " ")
    for line in whole.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            yield _command(line.strip())


def _transcript(text: str) -> Iterator[Command]:
    command: Command | None = None
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            if command:
                yield command
            command = _command(line.removeprefix("$ "))
        elif command and line.strip():
            command = Command(command.text, command.code, (*command.prints, line.strip()))
    if command:
        yield command


def _command(text: str) -> Command:
    code = _EXIT.search(text)
    return Command(text, int(code["code"]) if code else 0)
