"""Where a soak takes place: a database, a sandbox on HTTP, processes, and what source and people do meanwhile."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ColumnClause, Engine, TableClause, Uuid, column, delete, select, table, text, update
from sqlalchemy.exc import OperationalError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_random

from order_staging import schema
from order_staging.batch.context import utc_now
from order_staging.database import create_engine
from order_staging.models import Batch, BulkImport, ImportStatus, Lease
from order_staging.sandbox import BulkRules, Sandbox, SandboxThread, sample_orders
from tests.conftest import KEY_COLUMN, Database, embedded_postgres_server
from tests.guarantees.evidence import watch_hands
from tests.guarantees.facts import as_uuid
from tests.guarantees.terms import ERR, MON
from tests.processes import Runner

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Delete, Update

    from order_staging.sandbox import ItemView

REQUEST_TIMEOUT = 2.0
RECOVERY_DELAY = 0.5
LEASE_SECONDS = 6.0
OF_ONE = 69
PRICE, NOTES = "CUSTOMER PRICE", "NOTES"
PRICE_COLUMN, NOTES_COLUMN = "numeric_mkr5cact", "long_text_mkr5hass"
UUID_COLUMN = "record_uuid"
STYLE = "CUSTOMER STYLE"
STYLES = 300
"""Styles are labels of a dropdown, which takes 500: all orders beyond them would be refused, and prove nothing."""
UPLOADS_ARE_OVER = timedelta(minutes=12)
"""After that nobody uploads a file any more whose job nobody follows."""

patiently = retry(
    retry=retry_if_exception_type(OperationalError),
    wait=wait_random(0, 1),
    stop=stop_after_delay(120),
    reraise=True,
)
"""Until many runners on one SQLite file let the soak in, too."""

CHANGES = {"price": 30, "notes": 30, "quantity": 30, "fresh UUID": 5, "removed": 1}
"""What the source does, and how often of a hundred."""
EDITS = {"price": 40, "notes": 40, "renamed": 5, "archived": 1, "deleted": 1, "size deleted": 1}
"""What people do, and how often of about a hundred."""


@dataclass
class Ground:
    """Everything that a soak works on."""

    engine: Engine
    sandbox: Sandbox
    runner: Runner
    rows: list[dict[str, Any]]
    """The source rows as they are now."""
    database: Database = field(init=False)

    def __post_init__(self) -> None:
        self.database = Database(self.engine)

    @property
    def customers(self) -> list[str]:
        return sorted({str(row["CUSTOMER NAME"]).strip() for row in self.rows})

    @patiently
    def left(self) -> int:
        """Count the source rows that have neither arrived nor been refused."""
        found: set[UUID | None] = set()
        with self.engine.connect() as connection:
            for kind in (MON, ERR):
                stored = connection.execute(text(f'SELECT source_uuid FROM "{kind}"'))
                found |= {as_uuid(value) for value in stored.scalars()}
        return sum(row[UUID_COLUMN] not in found for row in self.rows)

    def change_source(self, random: Random) -> str:
        """Change one row of the source; tell what was done."""
        row = random.choice(self.rows)
        what = random.choices([*CHANGES], [*CHANGES.values()])[0]
        match what:
            case "price":
                self._set(row, PRICE, f"{random.randrange(100, 9000) / 100:.2f}")
            case "notes":
                self._set(row, NOTES, f"note {random.getrandbits(20)}")
            case "quantity":
                sizes = [
                    name for name, value in row.items() if isinstance(value, int) and name != "TOTAL QTY"
                ]
                self._set(row, random.choice(sizes), random.randrange(1, 90))
            case "fresh UUID":
                self._set(row, UUID_COLUMN, UUID(int=random.getrandbits(128), version=4))
            case _:
                source = _source()
                self._do(delete(source).where(source.c.record_uuid == row[UUID_COLUMN]))
                self.rows.remove(row)
        return what

    def _set(self, row: dict[str, Any], name: str, value: object) -> None:
        source = _source(name)
        self._do(update(source).where(source.c.record_uuid == row[UUID_COLUMN]).values({name: value}))
        row[name] = value

    def edit_as_people(self, random: Random, times: int) -> Counter[str]:
        """Do so many times what people do to an item or a subitem; count what was done."""
        # Listed once: on a board of thousands of items that takes longer than a run.
        items, done = self.sandbox.items(), Counter[str]()
        for _ in range(times):
            if not items:
                break
            item = random.choice(items)
            what = random.choices([*EDITS], [*EDITS.values()])[0]
            if self._edit(item, what, random):
                done[what] += 1
            if what in {"archived", "deleted"}:
                items.remove(item)
        return done

    def _edit(self, item: ItemView, what: str, random: Random) -> bool:
        person = self.sandbox.person
        match what:
            case "price":
                person.change_values(item.id, {PRICE_COLUMN: str(random.randrange(1, 90))})
            case "notes":
                person.change_values(item.id, {NOTES_COLUMN: {"text": f"mine {random.getrandbits(20)}"}})
            case "renamed":
                person.rename_item(item.id, f"{item.name} (mine)")
            case "archived":
                person.archive_item(item.id)
            case "deleted":
                person.delete_item(item.id)
            case _:
                sizes = self.sandbox.subitems(item.id)
                if not sizes:
                    return False
                person.delete_item(random.choice(sizes).id)
        return True

    def take_lease_of(self, pid: int | None) -> None:
        """Take the leases of a dead process away; None: all of them, as no process lives."""
        like = "%" if pid is None else f"%:{pid}:%"
        self._do(update(Lease).where(Lease.holder.like(like)).values(holder=None, expires_date=None))

    def let_uploads_be_over(self, customer: str | None = None) -> None:
        """Let it be later for imports that nobody follows: a file that was lost is waited for in real time.

        They are those of a customer; None: of all, as no process lives.
        """
        then = utc_now() - UPLOADS_ARE_OVER
        open_ = update(BulkImport).where(BulkImport.status == ImportStatus.STARTED)
        if customer is not None:
            theirs = select(Batch.batch_id).where(Batch.customer_name == customer)
            open_ = open_.where(BulkImport.batch_id.in_(theirs))
        self._do(open_.where(BulkImport.started_date > then).values(started_date=then))

    @patiently
    def _do(self, statement: Update | Delete) -> None:
        with self.engine.begin() as connection:
            connection.execute(statement)


def _source(*names: str) -> TableClause:
    key: ColumnClause[UUID] = column(UUID_COLUMN, Uuid())
    return table("ORDERS_UNIFIED", key, *(column(name) for name in names if name != UUID_COLUMN))


def order_lines(seed: int, orders: int, customers: int) -> list[dict[str, Any]]:
    """Make sample order lines of several customers, with all that is odd in real ones."""
    # The first ones are all of one customer.
    lines = [dict(row) for row in sample_orders(seed, customers, orders + OF_ONE)[OF_ONE:]]
    styles = sorted({str(row[STYLE]) for row in lines if row.get(STYLE)})[:STYLES]
    for place, row in enumerate(lines):
        if row.get(STYLE):
            row[STYLE] = styles[place % len(styles)]
    return lines


@contextmanager
def ground(seed: int, orders: int, customers: int, engine_name: str) -> Iterator[Ground]:
    """Set everything up, and take it down; `engine_name` is sqlite or postgresql."""
    rows = order_lines(seed, orders, customers)
    with (
        tempfile.TemporaryDirectory(prefix="order-staging-soak-") as folder,
        _database(engine_name, folder) as url,
    ):
        engine = create_engine(url)
        schema.upgrade(engine)
        sandbox = Sandbox(
            key_column=KEY_COLUMN,
            bulk=BulkRules(seconds_per_job=0.5, seconds_per_row=0.0005),
            items_limit=100_000,
            random=Random(seed),  # noqa: S311 - no secrets
        )
        watch_hands(sandbox)
        work = Path(folder, "runs")
        work.mkdir()
        with SandboxThread(sandbox) as server:
            settings = {
                "database_url": url,
                "monday_url": server.url,
                "monday_token": sandbox.token,
                "key_column": KEY_COLUMN,
                "request_timeout": str(REQUEST_TIMEOUT),
                "recovery_delay": str(RECOVERY_DELAY),
                "lease_seconds": str(LEASE_SECONDS),
            }
            with Runner(work, settings) as runner:
                made = Ground(engine, sandbox, runner, rows)
                for start in range(0, len(rows), 500):
                    made.database.add(rows[start : start + 500])
                yield made
        engine.dispose()


@contextmanager
def _database(engine_name: str, folder: str) -> Iterator[str]:
    if engine_name == "sqlite":
        yield f"sqlite:///{Path(folder, 'orders.db')}"
        return
    with embedded_postgres_server() as url:
        yield url
