"""The part of docs/command-line.md that is made of the application, and `make reference`, which writes it."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from order_staging.cli.outlines import FILE
from tests.command_line import Command, commands, outlines, written

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[1] / "docs" / "command-line.md"
BEGIN, END = re.compile(r"<!-- reference: .*? -->\n"), "<!-- end of the reference -->"
EVERYWHERE = {"output", "log_level", "log_format"}


def reference() -> str:
    """Write a section for each command."""
    return "\n".join(line for each in commands() for line in _section(each))


def in_page(text: str) -> str:
    """Give the part of a page that is made."""
    return BEGIN.split(text)[1].split(END)[0]


def with_reference(text: str) -> str:
    """Give a page with that part made anew."""
    begin, _, rest = text.partition(BEGIN.findall(text)[0])
    return f"{begin}{BEGIN.findall(text)[0]}\n{reference()}\n{END}{rest.partition(END)[2]}"


def default_of(parameter: Any) -> str:
    """Write the default of an option as somebody would type it; "" where it has none."""
    value = parameter.default
    if (
        parameter.required
        or value is None
        or value == []
        or (value is False and not parameter.secondary_opts)
    ):
        return ""
    if parameter.secondary_opts:
        return str((parameter.opts if value else parameter.secondary_opts)[0])
    return str(value.value if isinstance(value, Enum) else value)


def _section(command: Command) -> Iterator[str]:
    yield f"### {command.name}\n"
    summary, *rest = [
        " ".join(part.split()) for part in command.made.help.split("\n\n") if not part.startswith("Example: ")
    ]
    yield f"{summary}\n"
    yield from (f"{words}\n" for words in rest)
    for example in command.examples:
        yield f"- `order-staging {' '.join(example)}`"
    yield ""
    own = [each for each in command.made.params if each.name not in EVERYWHERE]
    if own:
        yield "| | default | |\n|---|---|---|"
        yield from map(_row, own)
        yield ""
    if any(each.name == "output" for each in command.made.params):
        (level,) = (default_of(each) for each in command.made.params if each.name == "log_level")
        yield f"Also `--output` (`text`), `--log-level` (`{level}`) and `--log-format`: see [Output](#output).\n"


def _row(parameter: Any) -> str:
    default = (
        "required" if parameter.required else f"`{default_of(parameter)}`" if default_of(parameter) else ""
    )
    if parameter.param_type_name == "argument":
        return f"| `{parameter.name.upper()}` | {default} | {_cell(parameter)} |"
    metavar = f" {parameter.metavar}" if parameter.metavar else ""
    if not metavar and not parameter.is_flag:
        metavar = f" {_kind(parameter)}"
    flags = ", ".join(f"`{flag}{metavar}`" for flag in (*parameter.opts, *parameter.secondary_opts))
    return f"| {flags} | {default} | {_cell(parameter)} |"


def _kind(parameter: Any) -> str:
    if parameter.type_descriptor.is_choice:
        return "CHOICE"
    return "FILE" if parameter.type_descriptor.is_path else "N"


def _range(parameter: Any) -> str:
    least, most = parameter.min, parameter.max
    if least is None:
        return ""
    return f" (at least {least})" if most is None else f" ({least} to {most})"


def _cell(parameter: Any) -> str:
    words = parameter.help.replace("|", "\\|") + _range(parameter)
    if parameter.type_descriptor.is_choice:
        choices = ", ".join(f"`{getattr(each, 'value', each)}`" for each in parameter.type_descriptor.choices)
        words += f": {choices}"
    return str(words)


def write() -> None:
    """Write what is made of the application: outlines for completion, and the sections of the page."""
    FILE.write_text(written(outlines()), encoding="utf-8")
    PAGE.write_text(with_reference(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
