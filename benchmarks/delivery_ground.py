"""The ground of the delivery benchmarks: a sandbox with monday's latencies on a leaping clock, and what it saw."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import event
from sqlalchemy.orm import sessionmaker

from benchmarks.delivery_measures import Measure, lost_and_doubled, places_found, places_wanted
from benchmarks.delivery_orders import CUSTOMER, KEY_COLUMN
from benchmarks.leaping_clock import LeapingClock
from order_staging import BatchService, Settings, UnitOfWork, schema
from order_staging.batch import Outside
from order_staging.database import create_engine
from order_staging.sandbox import COST_10K, Behaviour, BulkRules, Latency, Sandbox, SandboxThread
from order_staging.sandbox.behaviour import RECORDED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from sqlite3 import Connection

    from sqlalchemy import Engine
    from sqlalchemy.pool import ConnectionPoolEntry

    from benchmarks.delivery_orders import Line, Row
    from order_staging.sandbox import Plan
    from order_staging.settings import Channel

IMPORTS = BulkRules(seconds_per_job=5.0, seconds_per_row=0.02)
"""Nobody knows how fast monday.com imports: with these a file of 250 rows takes ten seconds."""
READ_SECONDS = Latency().other
TOO_MANY_REQUESTS = 429
SEED = 4755


@dataclass(frozen=True)
class Ground:
    """One kind of ground, on which every way of delivering has a sandbox, a clock and a database of its own."""

    plan: Plan
    rows: Sequence[Row]
    lines: Sequence[Line]
    latency: Latency = field(default_factory=Latency)
    mutation_cost: int = COST_10K
    true_time: bool = False

    def script(self, name: str, run: Callable[[str, str, LeapingClock], None]) -> Measure:
        """Measure a program that is called with the address, the token and the clock."""
        clock = LeapingClock(true_time=self.true_time)
        sandbox = self._sandbox(clock)
        with clock.running(), SandboxThread(sandbox) as server:
            begun = clock.seconds()
            run(server.url, sandbox.token, clock)
            return self._measure(name, sandbox, clock.seconds() - begun)

    def ours(self, name: str, channel: Channel, lanes: int = 1) -> Measure:
        """Measure this project, from rows in the source to rows in production."""

        def run(url: str, token: str, clock: LeapingClock) -> None:
            with TemporaryDirectory() as folder:
                engine = self._filled(f"sqlite:///{Path(folder) / 'orders.db'}")
                begun.append(clock.seconds())
                settings = Settings.load(
                    monday_url=url,
                    monday_token=token,
                    key_column=KEY_COLUMN,
                    channel=channel,
                    lanes=lanes,
                )
                outside = Outside(clock.naive, clock.sleep, Random(SEED))  # noqa: S311 - for backoff alone
                BatchService(settings, engine=engine, outside=outside).process_customer_batch(CUSTOMER)
                ended.append(clock.seconds())
                engine.dispose()

        begun: list[float] = []
        ended: list[float] = []
        measure = self.script(name, run)
        return replace(measure, seconds=ended[0] - begun[0])

    def _filled(self, url: str) -> Engine:
        engine = create_engine(url)
        event.listen(engine, "connect", _trust_the_system)
        schema.upgrade(engine)
        with UnitOfWork(sessionmaker(engine)) as uow:
            uow.source.add(uow.source.shape(), self.rows)
            uow.commit()
        return engine

    def _sandbox(self, clock: LeapingClock) -> Sandbox:
        return Sandbox(
            key_column=KEY_COLUMN,
            plan=self.plan,
            behaviour=Behaviour(latency=self.latency),
            mutation_cost=self.mutation_cost,
            bulk=IMPORTS,
            clock=clock,
            sleep=clock.sleep,
            random=Random(SEED),  # noqa: S311 - request ids are no secrets
        )

    def _measure(self, name: str, sandbox: Sandbox, seconds: float) -> Measure:
        found = places_found(sandbox.items(), sandbox.subitems(), KEY_COLUMN)
        lost, doubled = lost_and_doubled(places_wanted(self.lines), found)
        mutations = sum("." not in mutation.operation for mutation in sandbox.executed)
        return Measure(
            name=name,
            calls=len(sandbox.requests),
            uploads=len(sandbox.uploads),
            downloads=sandbox.storage.downloads,
            points=sandbox.complexity,
            points_of_mutations=mutations * self.mutation_cost,
            refusals=sum(request.status == TOO_MANY_REQUESTS for request in sandbox.requests),
            seconds=seconds,
            lost=lost,
            doubled=doubled,
        )


def only_errors_are_logged() -> None:
    """Keep the log out of what a benchmark prints."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def latency(share: float) -> Latency:
    """Give the recorded latencies, of which so many seconds are the request's own and come once a request.

    A request with one mutation takes as long as was recorded, whatever the share.
    """
    fields = {name: seconds - share for name, seconds in RECORDED_SECONDS.items()}
    return Latency(request=share, fields=fields, other=READ_SECONDS - share)


def _trust_the_system(connection: Connection, _: ConnectionPoolEntry) -> None:
    # The clock would take a wait for the disk for idleness; and the disk of the machine is not what is measured.
    connection.execute("PRAGMA synchronous = OFF")
