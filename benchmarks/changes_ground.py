"""The ways that the benchmark of changes compares, each to be run in a process of its own, for its memory."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import sessionmaker

from benchmarks.changes_database import ORDERS, SIZES, Orders, opened, spread
from benchmarks.changes_measures import Measure
from benchmarks.delivery_ground import SEED, only_errors_are_logged
from benchmarks.delivery_orders import CUSTOMER, KEY_COLUMN
from benchmarks.leaping_clock import LeapingClock
from order_staging import BatchService, Settings, UnitOfWork
from order_staging.batch import Outside
from order_staging.batch.changes.lines import content_of
from order_staging.monday import ChangeValues, Created, MondayClient, NewItem, NewSubitem
from order_staging.monday.mutations import Kind
from order_staging.repositories.source import UUID_COLUMN
from order_staging.sandbox import PRO, Behaviour, Latency, Sandbox, SandboxThread
from order_staging.sandbox.behaviour import RECORDED_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

T = TypeVar("T")

ALIASES = 20
CHANGE_SECONDS = RECORDED_SECONDS["create_item"]
"""Nobody has recorded how long a change takes: it is taken to be as long as a creation."""
WRITES = {*Kind, "create_group"}
BYTES = 1 if sys.platform == "darwin" else 1024
"""What `ru_maxrss` counts in."""


@dataclass(frozen=True)
class Way:
    """What every way is given: its name, the database, and how many of its items are on the board."""

    name: str
    path: Path
    on_board: int


class Ground:
    """A sandbox with some of the items that production has, on a leaping clock, and a database."""

    def __init__(self, way: Way) -> None:
        """Take the way."""
        only_errors_are_logged()
        self.way = way
        self.engine, self.counts = opened(way.path)
        self.clock = LeapingClock()
        fields = RECORDED_SECONDS | {Kind.CHANGE_VALUES: CHANGE_SECONDS}
        self.sandbox = Sandbox(
            key_column=KEY_COLUMN,
            plan=PRO,
            behaviour=Behaviour(latency=Latency(fields=fields)),
            items_limit=way.on_board,
            clock=self.clock,
            sleep=self.clock.sleep,
            random=Random(SEED),  # noqa: S311 - request ids are no secrets
        )
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Ground]:
        """Let clock and sandbox run for a `with` block, and put the items on the board first."""
        with self.clock.running(), SandboxThread(self.sandbox) as server:
            self.url = server.url
            asyncio.run(self._put_items())
            yield self
        self.engine.dispose()

    def client(self) -> MondayClient:
        """Make a client."""
        return MondayClient(
            token=self.sandbox.token,
            board_id=int(self.sandbox.board_id),
            url=self.url,
            key_column=KEY_COLUMN,
            now=self.clock.naive,
            sleep=self.clock.sleep,
        )

    async def _put_items(self) -> None:
        """Create what production says was delivered of some orders, and tell production the ids."""
        facts = (ORDERS.c.source_uuid, ORDERS.c.delivered_values)
        chosen = spread(self.engine, self.way.on_board)
        with self.engine.connect() as connection:
            kept = [
                connection.execute(select(*facts).where(ORDERS.c.source_uuid == uuid)).one()
                for uuid in chosen
            ]
        async with self.client() as client:
            items = [json.loads(row.delivered_values) for row in kept]
            groups = await client.ensure_groups(sorted({item["group"] for item in items}))
            ids: list[int] = []
            new = [
                NewItem(item["item_name"], groups[item["group"]], json.dumps(item["column_values"]))
                for item in items
            ]
            for some in _portions(new):
                outcomes = await client.create_items_with_retry(some)
                ids += [int(one.id) for one in outcomes if isinstance(one, Created)]
            # The board of the subitems comes into being with the first of them.
            await client.create_subitem_with_retry(ids[0], NewSubitem("S", "{}"))
        told = update(ORDERS).where(ORDERS.c.source_uuid == bindparam("of"))
        told = told.values({"Item ID": bindparam("item")})
        with self.engine.begin() as connection:
            rows = [{"of": uuid, "item": item} for uuid, item in zip(chosen, ids, strict=True)]
            connection.execute(told, rows)


class Meter:
    """Measures a block of work on a ground."""

    def __init__(self, ground: Ground) -> None:
        """Note what was before."""
        self._ground = ground
        self._requests = len(ground.sandbox.requests)
        self._executed = len(ground.sandbox.executed)
        self._points = ground.sandbox.complexity
        self._rows = Counter(ground.counts.of)
        self._peak = _peak()
        self._cpu = time.process_time()
        self._seconds = ground.clock.seconds()

    def measure(self, name: str) -> Measure:
        """Tell what came since."""
        ground = self._ground
        seconds, cpu = ground.clock.seconds() - self._seconds, time.process_time() - self._cpu
        peak = _peak()
        requests = ground.sandbox.requests[self._requests :]
        executed = ground.sandbox.executed[self._executed :]
        source, production = ground.counts.of["ORDERS_UNIFIED"], ground.counts.of[ORDERS.name]
        return Measure(
            name=name,
            source_rows=source - self._rows["ORDERS_UNIFIED"],
            production_rows=production - self._rows[ORDERS.name],
            sizes=ground.counts.of[SIZES.name] - self._rows[SIZES.name],
            reads=sum(WRITES.isdisjoint(request.operations) for request in requests),
            calls=len(requests),
            mutations=sum("." not in one.operation for one in executed),
            points=ground.sandbox.complexity - self._points,
            seconds=seconds,
            cpu=cpu,
            grown=peak - self._peak,
            peak=peak,
        )


def bring_changes(way: Way) -> Measure:
    """Run `process_customer_batch` with changes."""
    with Ground(way).open() as ground:
        settings = Settings.load(
            monday_url=ground.url, monday_token=ground.sandbox.token, key_column=KEY_COLUMN
        )
        outside = Outside(ground.clock.naive, ground.clock.sleep, Random(SEED))  # noqa: S311 - for backoff alone
        service = BatchService(settings, engine=ground.engine, outside=outside)
        meter = Meter(ground)
        result = service.process_customer_batch(CUSTOMER, changes=True)
        if result.error or result.failed_rows:
            raise RuntimeError(f"{way.name}: {result.to_dict()}")
        return meter.measure(way.name)


def send_everything(way: Way) -> tuple[Measure, Measure]:
    """Do what a job does that detects no changes: read and transform all; send what is on the board.

    Gives the measures of the reading, and of the sending.
    """
    with Ground(way).open() as ground:
        sent = set(spread(ground.engine, way.on_board))
        reading = Meter(ground)
        changes = list(_everything(ground, sent))
        read = reading.measure("read and transform")
        sending = Meter(ground)
        asyncio.run(_send(ground, changes))
        return read, sending.measure(way.name)


def _everything(ground: Ground, sent: set[UUID]) -> Iterator[ChangeValues]:
    """Make the mutations of all order lines, and keep those that are to be sent."""
    orders = Orders(ground.engine)
    sessions = sessionmaker(ground.engine)
    board_id = int(ground.sandbox.board_id)
    after: UUID | None = None
    while True:
        with UnitOfWork(sessions) as uow:
            shape = uow.source.shape()
            page = orders.page(uow, shape, after)
        if not page:
            return
        for one in page:
            payload = content_of(orders.mapping, orders.order(one.row, shape))
            change = ChangeValues(board_id, one.item_id, payload.column_values)
            if one.row[UUID_COLUMN] in sent:
                yield change
        after = page[-1].row[UUID_COLUMN]


async def _send(ground: Ground, changes: Sequence[ChangeValues]) -> None:
    async with ground.client() as client:
        for some in _portions(changes):
            for (outcome,) in await client.carry_out([[change] for change in some]):
                if not isinstance(outcome, Created):
                    raise TypeError(f"not everything was sent: {outcome}")


def _portions(things: Sequence[T]) -> Iterator[list[T]]:
    rest = iter(things)
    while some := list(islice(rest, ALIASES)):
        yield some


def _peak() -> float:
    """Tell the most memory that the process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES / 1e6
