"""What every command does: settings, logs, one document on standard output, and errors in one line."""

from __future__ import annotations

import json
import os
import shlex
import signal
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TextIO

import structlog
import typer
from rich.console import Console, Group
from rich.text import Text

from order_staging import logs, terminal
from order_staging.cli.options import LogFormat, LogLevel, Output
from order_staging.database import create_engine
from order_staging.errors import (
    ConfigurationError,
    DailyLimitError,
    LeaseHeldError,
    OrderStagingError,
    TerminalError,
    TransientError,
)
from order_staging.reporting import Metric, messages
from order_staging.reporting.tables import clean_line
from order_staging.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import RenderableType
    from sqlalchemy import Engine

DONE, FAILED, USAGE, BUSY, PAUSED = 0, 1, 2, 4, 75
"""Exit codes; 128 and a signal's number where one ended the run (130, 143)."""
SIGNALLED = 128
"""What a shell adds to a signal's number."""

LOOK = (
    "a fault of order-staging, not yours; run it again with --log-level debug to see where, and report that"
)
REPORT = "a fault of order-staging, not yours; report it with the log above to who looks after it"

INTERNAL, INTERRUPTED = "InternalError", "Interrupted"
"""Kinds of errors that are no classes: a fault of ours, and a signal that left a command without a result."""


class InterruptedBySignal(Exception):  # noqa: N818 - nothing is wrong
    """A signal ended a command before it had a result."""

    def __init__(self, number: int) -> None:
        """Take the signal's number."""
        self.exit_code = signal_code(number)
        super().__init__(
            f"interrupted by {signal.Signals(number).name} before there was a result; nothing is in doubt, "
            "run it again"
        )


@dataclass(frozen=True)
class Program:
    """A command at work: its settings, and how it speaks."""

    settings: Settings
    output: Output
    started: float = field(default_factory=time.monotonic)

    def show(
        self,
        document: dict[str, Any],
        text: Callable[[], RenderableType],
        *,
        outputs: Mapping[str, Any] | None = None,
        metrics: Iterable[Metric] = (),
        state: str | None = None,
    ) -> None:
        """Write the command's result once: as a document for programs, or as text for people.

        Kestra alone is also told `outputs` that spare a flow its reckoning, `metrics` of the command's own, how
        long the command took, and the execution's `state` where the document's status does not tell.
        """
        match self.output:
            case Output.TEXT:
                _print(text())
            case Output.JSON:
                _write(document)
            case Output.KESTRA:
                took = Metric("command.duration", time.monotonic() - self.started, type="timer")
                lines = messages(document, state=state, outputs=outputs, metrics=(*metrics, took))
                sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """Tell people something on the way; programs are spared it."""
        if self.output is Output.TEXT:
            _print(text)


def _write(document: dict[str, Any]) -> None:
    ascii_alone = not terminal.takes_everything(sys.stdout)
    sys.stdout.write(json.dumps(document, ensure_ascii=ascii_alone) + "\n")


def exports(settings: Mapping[str, str]) -> list[str]:
    """Write settings, by their whole names, as lines that a shell can source and a `.env` file can hold."""
    return [f"export {name}={shlex.quote(value)}" for name, value in settings.items()]


def _print(shown: RenderableType) -> None:
    # Lines of our own are never broken, as a shell may read them, or somebody may copy a command.
    console = console_on(sys.stdout)
    for part in shown.renderables if isinstance(shown, Group) else (shown,):
        if isinstance(part, str):
            console.print(clean_line(part), soft_wrap=True)
        else:
            console.print(part, crop=False)


def console_on(stream: TextIO, *, interactive: bool = False) -> Console:
    """Make what writes to a stream, as wide and as colourful as that can be.

    Names and messages are shown as they are: brackets and colons in them are no markup. On an `interactive` one
    lines can be written over, with colours or without, and it may become wider or narrower meanwhile.
    """
    with_colours = terminal.coloured(stream)
    follows = interactive and not os.environ.get("COLUMNS")
    return Console(
        file=stream,
        width=None if follows else terminal.width(stream),
        force_terminal=with_colours or interactive,
        color_system="standard" if with_colours else None,
        no_color=not with_colours,
        highlight=False,
        markup=False,
        emoji=False,
    )


@contextmanager
def program(
    output: Output,
    level: LogLevel,
    log_format: LogFormat | None,
    **overrides: Any,  # noqa: ANN401 - settings
) -> Iterator[Program]:
    """Set a command up, and end it with one line and the right exit code where something is wrong.

    What nobody foresaw is told in one line, too; with `--log-level debug` its traceback is logged.
    """
    secrets: list[str] = []
    try:
        settings = Settings.load(**overrides)
        secrets = settings.secrets()
        configure_logs(settings, output, level, log_format)
        yield Program(settings, output)
    except OrderStagingError as error:
        # Our own words name settings, such as a token's, that must not be taken for the secrets themselves.
        words = logs.Redactor(secrets).known(str(error))
        code = exit_code(error)
        fail(output, words, type(error).__name__, code)
        raise typer.Exit(code) from error
    except InterruptedBySignal as stop:
        fail(output, str(stop), INTERRUPTED, stop.exit_code)
        raise typer.Exit(stop.exit_code) from None
    except (typer.Exit, typer.Abort, BrokenPipeError, terminal.UnwritableError):
        raise
    except Exception as error:
        if level is LogLevel.DEBUG:
            structlog.get_logger().debug("command.crashed", exc_info=True)
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        next_step = REPORT if level is LogLevel.DEBUG else LOOK
        fail(output, f"{logs.Redactor(secrets).text(told)} ({next_step})", INTERNAL, FAILED)
        raise typer.Exit(FAILED) from error


def configure_logs(settings: Settings, output: Output, level: LogLevel, log_format: LogFormat | None) -> None:
    """Send logs to standard error; to Kestra on standard output, as it takes every other line for an error."""
    stream = sys.stdout if output is Output.KESTRA else sys.stderr
    chosen = log_format or (LogFormat.CONSOLE if stream.isatty() else LogFormat.JSON)
    logs.configure(level=level, json=chosen is LogFormat.JSON, stream=stream, secrets=settings.secrets())


def fail(output: Output, words: str, kind: str, code: int) -> None:
    """Say in one line on standard error what is wrong; programs also get it as their document.

    Their document's status is the one that a run with this exit code has: what passes by itself is no failure.
    """
    line = " ".join(words.split())
    if output is not Output.KESTRA:
        console_on(sys.stderr).print(
            Text.assemble(("error:", "bold red"), f" {clean_line(line)}"), soft_wrap=True
        )
    document = {"status": _status(code), "error": {"type": kind, "message": line}, "batches": []}
    match output:
        case Output.JSON:
            _write(document)
        case Output.KESTRA:
            sys.stdout.write(f"error: {line}\n")
            sys.stdout.writelines(f"{message}\n" for message in messages(document))
        case Output.TEXT:
            pass


def _status(code: int) -> str:
    return "partial" if code > SIGNALLED else {BUSY: "busy", PAUSED: "paused"}.get(code, "failed")


def signal_code(number: int) -> int:
    """Choose the exit code for a signal, as shells do."""
    return SIGNALLED + number


def exit_code(error: OrderStagingError) -> int:
    """Choose the exit code for an error that ended a command before or outside a batch."""
    match error:
        case LeaseHeldError():
            return BUSY
        case ConfigurationError() | TerminalError():
            # What monday.com refuses before a batch has begun is a wrong token, board or address.
            return USAGE
        case DailyLimitError():
            return PAUSED
        case TransientError(answered=True):
            return PAUSED
        case _:
            return FAILED


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    """Make the engine of the settings' database for a `with` block, and dispose of it."""
    engine = create_engine(settings.database_url.get_secret_value())
    try:
        yield engine
    finally:
        engine.dispose()
