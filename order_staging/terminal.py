"""What a stream can show and take: colours, widths, characters. Nothing but the standard library is needed."""

from __future__ import annotations

import io
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UNBROKEN = 32_768
"""Columns where no terminal limits them: a row of a table is one line, for `grep` and the like."""


class UnwritableError(OSError):
    """Standard output cannot be written, as where its disk is full: no fault of whoever writes."""


class _Output(io.TextIOWrapper):
    """Standard output that tells its own failures from those of other files, but for a reader that has left."""

    def __init__(self, before: io.TextIOWrapper) -> None:
        """Take the place of a stream, and keep it: where nobody does, it closes what both write to."""
        super().__init__(
            before.buffer,
            before.encoding,
            before.errors,
            line_buffering=before.line_buffering,
            write_through=before.write_through,
        )
        self._before = before

    def write(self, text: str, /) -> int:
        with _telling():
            return super().write(text)

    def flush(self) -> None:
        with _telling():
            super().flush()


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableError(error.errno, error.strerror) from error


class Lossy:
    """Passes text on to a stream, and loses what the stream does not take: for words that nothing waits for."""

    def __init__(self, stream: TextIO) -> None:
        """Take the stream."""
        self._stream = stream

    def write(self, text: str) -> None:
        """Write text, if the stream takes it."""
        with suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Write what is kept in memory, if the stream takes it."""
        with suppress(OSError):
            self._stream.flush()


def coloured(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a stream is to have colours.

    `NO_COLOR` (https://no-color.org) refuses them, and wins over `FORCE_COLOR`, which asks for them; without either
    a terminal has them, unless `TERM` says that it can show none. An empty variable is none.
    """
    variables = os.environ if environment is None else environment
    if variables.get("NO_COLOR"):
        return False
    if variables.get("FORCE_COLOR"):
        return True
    return is_capable(stream, variables)


def is_capable(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a stream is a terminal on which lines can be coloured and written over."""
    variables = os.environ if environment is None else environment
    return stream.isatty() and variables.get("TERM", "") not in {"dumb", "unknown"}


def takes_everything(stream: TextIO) -> bool:
    """Tell whether a stream can be written any character."""
    return (stream.encoding or "utf-8").lower().startswith("utf")


def open_closed() -> None:
    """Put the null device in the place of standard streams that are closed, as some services have them."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - until the end


def forgive(*streams: TextIO) -> None:
    """Have streams write a question mark for what their encoding lacks, instead of an error in mid-sentence."""
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not takes_everything(stream):
            stream.reconfigure(errors="replace")


def guard_output() -> None:
    """Have standard output raise `UnwritableError` where it cannot be written."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _Output(sys.stdout)


def give_up_output() -> None:
    """Have the null device take what standard output has not taken, at the end of the process, too."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def width(stream: TextIO, environment: Mapping[str, str] | None = None) -> int:
    """Tell how many columns lines may have: `COLUMNS` where it is set, those of a terminal, or `UNBROKEN`."""
    variables = os.environ if environment is None else environment
    given = variables.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return shutil.get_terminal_size().columns if stream.isatty() else UNBROKEN
