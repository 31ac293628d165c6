"""What a stream can show: colours, and how wide its lines may be. Nothing but the standard library is needed."""

from __future__ import annotations

import io
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

UNBROKEN = 32_768
"""Columns where no terminal limits them: a row of a table is one line, for `grep` and the like."""


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


def width(stream: TextIO, environment: Mapping[str, str] | None = None) -> int:
    """Tell how many columns lines may have: `COLUMNS` where it is set, those of a terminal, or `UNBROKEN`."""
    variables = os.environ if environment is None else environment
    given = variables.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    return shutil.get_terminal_size().columns if stream.isatty() else UNBROKEN
