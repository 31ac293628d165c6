"""`sandbox`: a monday.com of our own, on this machine."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.orm import sessionmaker

from order_staging import schema
from order_staging.cli import program
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.errors import ConfigurationError
from order_staging.sandbox import Sandbox, sample_orders, serve
from order_staging.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from order_staging.settings import Settings

KEY_COLUMN = "text_source_uuid"


def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one")] = 8050,
    file: Annotated[
        Path | None, typer.Option("--file", help="keep the board in this file; in memory unless given")
    ] = None,
    key_column: Annotated[
        bool, typer.Option("--key-column/--no-key-column", help="give the board a column for source_uuid")
    ] = True,
    sample: Annotated[
        bool, typer.Option("--sample-orders", help="fill an empty ORDERS_UNIFIED of a SQLite database")
    ] = False,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Serve a monday.com with the board on this machine, and print the settings that point the library at it.

    Example: order-staging sandbox --sample-orders
    """
    with program.program(output, log_level, log_format) as ours:
        if sample:
            count = fill_with_sample_orders(ours.settings)
            ours.say(f"# {count} sample orders are in ORDERS_UNIFIED")
        board = Sandbox(path=file, key_column=KEY_COLUMN if key_column else None)
        try:
            asyncio.run(_serve(ours, board, port))
        except OSError as error:
            raise ConfigurationError(
                f"--port {port} cannot be used ({error.strerror}); choose another"
            ) from error


async def _serve(ours: program.Program, board: Sandbox, port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await serve(board, port, lambda url: _announce(ours, board, url), stop)


def _announce(ours: program.Program, board: Sandbox, url: str) -> None:
    settings = {"ORDER_STAGING_MONDAY_URL": url, "ORDER_STAGING_MONDAY_TOKEN": board.token}
    if board.key_column is not None:
        settings["ORDER_STAGING_KEY_COLUMN"] = board.key_column
    lines = [f"export {name}={value}" for name, value in settings.items()]
    ours.show({"settings": settings}, lambda: "\n".join(lines))


def fill_with_sample_orders(settings: Settings) -> int:
    """Put the sample orders into an empty ORDERS_UNIFIED; give their number.

    Raises `ConfigurationError` for a database that is not SQLite's, or has orders.
    """
    with program.engine_of(settings) as engine:
        if engine.dialect.name != "sqlite":
            raise ConfigurationError("--sample-orders only fills a SQLite database; unset it for this one")
        schema.require_head(engine)
        with UnitOfWork(sessionmaker(engine)) as uow:
            if uow.source.customer_names():
                raise ConfigurationError(
                    "--sample-orders only fills an empty ORDERS_UNIFIED, and this has rows"
                )
            rows = sample_orders()
            uow.source.add(uow.source.shape(), rows)
            uow.commit()
            return len(rows)
