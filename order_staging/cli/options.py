"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class Output(StrEnum):
    """What a command writes to standard output."""

    TEXT = "text"
    JSON = "json"
    KESTRA = "kestra"


class LogLevel(StrEnum):
    """From which level on events are logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How events are logged."""

    CONSOLE = "console"
    JSON = "json"


OutputOption = Annotated[
    Output, typer.Option("--output", help="text for people, json for programs, kestra for Kestra")
]
LevelOption = Annotated[LogLevel, typer.Option("--log-level", help="log events from this level on")]
FormatOption = Annotated[
    LogFormat | None,
    typer.Option("--log-format", help="console or json; on a terminal console, elsewhere json"),
]
CustomersOption = Annotated[
    list[str] | None,
    typer.Option("--customer", metavar="NAME", help="a customer, by any of its names; may be repeated"),
]
CustomerOption = Annotated[
    str | None, typer.Option("--customer", metavar="NAME", help="a customer, by any of its names")
]
PoOption = Annotated[str | None, typer.Option("--po", metavar="NUMBER", help="only this PO number")]
AagSeasonOption = Annotated[
    str | None, typer.Option("--aag-season", metavar="SEASON", help="only this AAG season")
]
CustomerSeasonOption = Annotated[
    str | None, typer.Option("--customer-season", metavar="SEASON", help="only this customer season")
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="stage at most N new order lines a customer")
]
BatchOption = Annotated[
    str | None, typer.Option("--batch", metavar="BATCH", help="only this batch, by its id or how that begins")
]
FailOption = Annotated[
    bool, typer.Option("--fail-on-rejects", help="exit 1 if rows are invalid, rejected or unclear")
]
