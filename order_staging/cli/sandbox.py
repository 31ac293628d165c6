"""`sandbox`: a monday.com of our own, on this machine."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy.orm import sessionmaker

from order_staging import schema
from order_staging.cli import program
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.errors import ConfigurationError
from order_staging.sandbox import (
    ASSUMED_SECONDS_PER_JOB,
    ASSUMED_SECONDS_PER_ROW,
    COST_10K,
    IDEMPOTENCY,
    PLANS,
    UNLIMITED,
    Behaviour,
    BulkRules,
    Fault,
    Latency,
    Plan,
    RefusalStyle,
    Sandbox,
    SandboxServer,
    WindowKind,
    idempotency_named,
    parse_fault,
    plan_named,
    sample_orders,
)
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
    plan: Annotated[
        str, typer.Option("--plan", metavar="NAME", help=f"the limits of the account: {', '.join(PLANS)}")
    ] = UNLIMITED.name,
    mutation_cost: Annotated[
        int, typer.Option("--mutation-cost", metavar="POINTS", help="complexity points of one mutation")
    ] = COST_10K,
    latency: Annotated[
        float,
        typer.Option(
            "--latency",
            metavar="FACTOR",
            help="times monday.com's own seconds a mutation, and those assumed of imports; 0 is none",
        ),
    ] = 0.0,
    search_lag: Annotated[
        float, typer.Option("--search-lag", metavar="SECONDS", help="how late searches find what was written")
    ] = 0.0,
    window: Annotated[
        WindowKind, typer.Option("--window", help="when complexity points come back")
    ] = WindowKind.FIXED,
    refusals: Annotated[
        RefusalStyle, typer.Option("--refusals", help="how limits are told")
    ] = RefusalStyle.CURRENT,
    idempotency: Annotated[
        str,
        typer.Option(
            "--idempotency", metavar="RULES", help=f"what idempotency keys do: {', '.join(IDEMPOTENCY)}"
        ),
    ] = "honoured",
    bulk: Annotated[bool, typer.Option("--bulk/--no-bulk", help="serve bulk imports")] = True,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="SPEC",
            help="what goes wrong, as in the example; may be repeated",
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="NUMBER", help="make faults by chance the same again")
    ] = None,
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
) -> None:
    """Serve a monday.com with the board on this machine, and print the settings that point the library at it.

    Example: order-staging sandbox --sample-orders

    Example: order-staging sandbox --fault execute-then-drop:create_item:p=0.05
    """
    with program.program(output, log_level, log_format) as ours:
        chosen = choices(
            plan=plan,
            mutation_cost=mutation_cost,
            latency=latency,
            search_lag=search_lag,
            window=window,
            refusals=refusals,
            idempotency=idempotency,
            bulk=bulk,
            fault=fault,
        )
        with _keeping(file):
            board = Sandbox(
                path=file,
                key_column=KEY_COLUMN if key_column else None,
                plan=chosen.plan,
                behaviour=chosen.behaviour,
                mutation_cost=mutation_cost,
                bulk=chosen.bulk,
                random=Random(seed),  # noqa: S311 - ids of requests and faults are no secrets
            )
        for each in chosen.faults:
            board.faults.add(each)
        asyncio.run(_serve(ours, board, port, sample=sample))
        with _keeping(file):
            board.fold()


@dataclass(frozen=True)
class Choices:
    """How the sandbox is to behave: its plan, its behaviour, its bulk imports, and the faults on order."""

    plan: Plan
    behaviour: Behaviour
    bulk: BulkRules
    faults: Sequence[Fault]


def choices(
    *,
    plan: str,
    mutation_cost: int,
    latency: float,
    search_lag: float,
    window: WindowKind,
    refusals: RefusalStyle,
    idempotency: str,
    bulk: bool,
    fault: Sequence[str] | None,
) -> Choices:
    """Read the options of that name; raise `ConfigurationError`, naming the option, for one that makes no sense."""
    for option, number in (
        ("--mutation-cost", mutation_cost),
        ("--latency", latency),
        ("--search-lag", search_lag),
    ):
        if not 0 <= number < math.inf:
            raise ConfigurationError(f"{option} {number} is not a number from 0 on; give one")
    with _naming("--plan"):
        account = plan_named(plan)
    with _naming("--idempotency"):
        keys = idempotency_named(idempotency)
    with _naming("--fault"):
        faults = [parse_fault(text) for text in fault or ()]
    behaviour = Behaviour(
        window=window,
        refusals=refusals,
        latency=Latency(scale=latency),
        idempotency=keys,
        search_lag=search_lag,
    )
    imports = BulkRules(
        served=bulk,
        seconds_per_job=latency * ASSUMED_SECONDS_PER_JOB,
        seconds_per_row=latency * ASSUMED_SECONDS_PER_ROW,
    )
    return Choices(account, behaviour, imports, faults)


@contextmanager
def _naming(option: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ConfigurationError(f"{option}: {error}") from error


@contextmanager
def _keeping(file: Path | None) -> Iterator[None]:
    try:
        with _naming("--file"):
            yield
    except OSError as error:
        raise ConfigurationError(f"--file {file} cannot be used ({error.strerror}); name another") from error


async def _serve(ours: program.Program, board: Sandbox, port: int, *, sample: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(SandboxServer(board, port=port))
        except OSError as error:
            raise ConfigurationError(
                f"--port {port} cannot be used ({error.strerror}); choose another"
            ) from error
        if sample:
            count = fill_with_sample_orders(ours.settings)
            ours.say(f"# {count} sample orders are in ORDERS_UNIFIED")
        _announce(ours, board, server)
        await stop.wait()


def _announce(ours: program.Program, board: Sandbox, server: SandboxServer) -> None:
    settings = {"ORDER_STAGING_MONDAY_URL": server.url, "ORDER_STAGING_MONDAY_TOKEN": board.token}
    if board.key_column is not None:
        settings["ORDER_STAGING_KEY_COLUMN"] = board.key_column
    page = f"# the board as a page: {server.page_url}"
    ours.show(
        {"settings": settings, "page": server.page_url}, lambda: "\n".join([*program.exports(settings), page])
    )


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
