"""A small world whose runs are killed: frozen in a database, and put back for every kill in milliseconds.

Four orders were delivered, and each has changed since in another way. New ones wait, two of which a run was
sending when it died forty minutes ago. One is invalid, one is refused by monday.com, and two answers are lost. So
one run passes every place at which it can be killed.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from sqlalchemy import Engine, Table, select, text, update

from order_staging import BatchService, Settings
from order_staging.batch.context import Outside
from order_staging.database import create_engine
from order_staging.failpoints import Failpoint, armed
from order_staging.models import Base, BulkImport, Lease, StagedOrder, StagedSubitem
from order_staging.sandbox import Sandbox, SandboxThread, fault_presets, refusals
from tests.conftest import KEY_COLUMN, TEMPLATE, Database, _on_server, database_of
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import Killed, kill, no_sleep, order_line
from tests.processes import REPOSITORY, Finished, Runner
from tests.processes_warm import warm

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from order_staging.sandbox import ExecutedMutation
    from tests.processes import RunningProcess

ENGINES = ("sqlite", "postgresql")
CHANNELS = ("items", "bulk")
LATER = timedelta(minutes=20)
"""How long after a kill the next run comes: the lease has run out and nothing is under way, and keys are known."""
MUCH_LATER = timedelta(minutes=40)
"""Nobody knows the keys of requests any more."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder in it is made by tempfile
DATABASE = "killed_by_tests"
NOTHING_TO_DO = "nothing_to_do"
INVALID = 11
"""The number of the invalid order."""
RUN = ("run", "--customer", "GREYSON", "--changes", "--output", "json")

_MOMENTS: Sequence[tuple[type[Base], tuple[str, ...]]] = (
    (StagedOrder, ("stg_sent_date", "stg_key_date")),
    (StagedSubitem, ("stg_sent_date", "stg_key_date")),
    (Lease, ("expires_date",)),
    (BulkImport, ("created_date", "started_date", "uploaded_date")),
)
"""What a run compares with its clock."""


def number_of(order: int) -> str:
    """Give the order number of one of the world's orders."""
    return str(order_line(order)["AAG ORDER NUMBER"])


def let_pass(engine: Engine, time: timedelta) -> None:
    """Let time pass: all that a run compares with its clock is longer ago."""
    with engine.begin() as connection:
        for model, names in _MOMENTS:
            table = Base.metadata.tables[model.__tablename__]
            keys = list(table.primary_key.columns)
            columns = [table.c[name] for name in names]
            for row in connection.execute(select(*keys, *columns)).mappings():
                earlier = {name: row[name] - time for name in names if row[name] is not None}
                if earlier:
                    these = [key == row[key.name] for key in keys]
                    connection.execute(update(table).where(*these).values(earlier))


@dataclass
class Frozen:
    """The world as it was made, beside the tables of the database that it is put back into."""

    engine: Engine
    board: Path
    executed: Sequence[ExecutedMutation]
    tables: Sequence[Table] = field(
        default_factory=lambda: [table for table in Base.metadata.sorted_tables if table.name[0] != "_"]
    )

    @classmethod
    def make(cls, engine: Engine, folder: Path) -> Frozen:
        """Make the world in an empty database, and freeze it."""
        made = folder / f"{engine.dialect.name}.json"
        sandbox = Sandbox(key_column=KEY_COLUMN, path=made)
        with SandboxThread(sandbox) as server:
            _live(engine, sandbox, server.url)
        sandbox.fold()
        frozen = cls(engine, made, sandbox.executed)
        with engine.begin() as connection:
            for table in frozen.tables:
                connection.execute(
                    text(f'CREATE TABLE "frozen_{table.name}" AS SELECT * FROM "{table.name}"')
                )
        return frozen

    def empty(self) -> None:
        """Empty the tables."""
        with self.engine.begin() as connection:
            for table in reversed(self.tables):
                connection.execute(text(f'DELETE FROM "{table.name}"'))

    def thaw(self) -> None:
        """Put the tables back."""
        self.empty()
        with self.engine.begin() as connection:
            for table in self.tables:
                connection.execute(text(f'INSERT INTO "{table.name}" SELECT * FROM "frozen_{table.name}"'))

    def sandbox(self, folder: Path) -> Sandbox:
        """Give a monday.com with the board of that time, and the log of what was executed."""
        path = folder / self.board.name
        copy(self.board, path)
        sandbox = Sandbox(key_column=KEY_COLUMN, path=path)
        sandbox._file = None
        sandbox._executed.extend(self.executed)
        return sandbox


def _live(engine: Engine, sandbox: Sandbox, url: str) -> None:
    """Do all that has happened so far."""
    database = Database(engine)
    settings = Settings(
        monday_url=url, monday_token=sandbox.token, key_column=KEY_COLUMN, recovery_delay=0, channel="items"
    )

    def run() -> None:
        BatchService(settings, engine=engine, outside=Outside(sleep=no_sleep)).process_customers(["GREYSON"])

    def line(number: int, **values: Any) -> None:
        own = {"CUSTOMER PRICE": "10", "record_uuid": UUID(int=number)}
        database.add([order_line(number, **own | values)])

    def change(number: int, column: str, value: object) -> None:
        where = '"AAG ORDER NUMBER" = :number'
        database.execute(
            f'UPDATE "ORDERS_UNIFIED" SET "{column}" = :value WHERE {where}',
            number=number_of(number),
            value=value,
        )

    for number in (1, 2, 3, 4):
        line(number)
    run()
    for number in (5, 6):
        line(number)
    with armed(Failpoint.INTENT_RECORDED, kill):
        try:
            run()
        except Killed:
            let_pass(engine, MUCH_LATER)
    change(1, "CUSTOMER PRICE", "11")
    change(2, "S", 9)
    change(3, "CUSTOMER SEASON", "2026 SPRING")
    change(4, "record_uuid", UUID(int=104) if engine.dialect.name == "postgresql" else UUID(int=104).hex)
    for number in (7, 8, 9):
        line(number)
    line(10, **{"CUSTOMER SEASON": "2027 SPRING"})
    line(INVALID, M=-1)


@dataclass
class KillWorld:
    """The frozen world come alive: a database, a sandbox over HTTP, and runs as processes."""

    engine: Engine
    sandbox: Sandbox
    runner: Runner
    channel: str

    def run(self, **options: Any) -> Finished:
        """Run to the end, or to a failpoint."""
        return self.runner(*RUN, "--channel", self.channel, **options)

    def retry(self, **options: Any) -> Finished:
        """Retry what failed."""
        return self.runner("retry", "--customer", "GREYSON", channel=self.channel, **options)

    def mend(self) -> None:
        """Mend the invalid row."""
        Database(self.engine).execute(
            'UPDATE "ORDERS_UNIFIED" SET "M" = 5 WHERE "AAG ORDER NUMBER" = :number',
            number=number_of(INVALID),
        )

    def start(self) -> RunningProcess:
        """Start a run."""
        return self.runner.start(*RUN, "--channel", self.channel)

    def time_passes(self, time: timedelta = LATER) -> None:
        """Let monday.com finish what it has received of a dead run, and let time pass."""
        server = urlsplit(self.runner.settings["monday_url"])
        for _ in range(2):
            # Requests that came before are at work when this one is answered, and done when the next one is.
            connection = HTTPConnection(str(server.hostname), server.port, timeout=30)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
        let_pass(self.engine, time)

    def judge(self) -> None:
        """Check what must hold at any moment."""
        check((self.engine, self.sandbox), at_rest=False)

    def comes_to_rest(self, *, here: bool = False) -> None:
        """Run, `here` or as a process, until nothing is left to do; nothing may be lost, and nothing done twice."""
        self.time_passes()
        done = self.run_here() if here else self._run_there()
        assert done["status"] in {"completed", "partial", NOTHING_TO_DO}, done
        settled, again = len(self.sandbox.executed), self.run_here()
        if again["status"] != NOTHING_TO_DO and any(batch["orders"]["rejected"] for batch in done["batches"]):
            # What monday.com refused was a change: each run that brings changes tries it again.
            settled, again = len(self.sandbox.executed), self.run_here()
        assert again["status"] == NOTHING_TO_DO, again
        check((self.engine, self.sandbox), settled_at=settled)

    def _run_there(self) -> Any:
        done = self.run()
        assert done.code == 0, done
        return done.document

    def run_here(self) -> Any:
        """Run within this process, where one of its own would tell nothing more."""
        given: dict[str, Any] = self.runner.settings | {"channel": self.channel}
        service = BatchService(Settings(**given), engine=self.engine)
        return service.process_customers(["GREYSON"], changes=True).to_dict()


@contextmanager
def alive(frozen: Frozen, folder: Path, channel: str) -> Iterator[KillWorld]:
    """Bring the frozen world to life for a `with` block."""
    folder.mkdir()
    frozen.thaw()
    sandbox = frozen.sandbox(folder)
    for fault in (
        fault_presets.execute_then_drop(operation="create_item"),
        fault_presets.drop_before(operation="create_subitem"),
        fault_presets.fail_alias(
            refusals.data_validation("numeric_mkr5cact"), 1, operation="create_item", skip=1
        ),
    ):
        sandbox.faults.add(fault)
    with (
        SandboxThread(sandbox) as server,
        Runner(folder, settings_of(frozen.engine, sandbox, server.url)) as runner,
    ):
        yield KillWorld(frozen.engine, sandbox, runner, channel)


def settings_of(engine: Engine, sandbox: Sandbox, url: str) -> dict[str, str]:
    """Give the settings of runs; a lost request is waited for until it would have timed out, in real time."""
    return {
        "database_url": engine.url.render_as_string(hide_password=False),
        "monday_url": url,
        "monday_token": sandbox.token,
        "key_column": KEY_COLUMN,
        "recovery_delay": "0",
        "request_timeout": "1.5",
        "aliases": "4",
    }


def warm_up(frozen: Sequence[Frozen], folder: Path) -> None:
    """Let the server of processes know beforehand what runs on these databases compile."""
    with ExitStack() as stack:
        worlds = [stack.enter_context(alive(one, folder / one.engine.dialect.name, "bulk")) for one in frozen]
        warm([world.runner.settings | {"channel": "bulk"} for world in worlds], str(REPOSITORY))


@pytest.fixture(scope="session")
def frozen_worlds(
    sqlite_template: Path, postgres_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Frozen]]:
    """Make the world on both engines, once."""
    folder = tmp_path_factory.mktemp("frozen")
    _on_server(postgres_template, f'CREATE DATABASE "{DATABASE}" TEMPLATE "{TEMPLATE}"')
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else folder) as memory:
        # What ends here is processes, not the machine: no commit has to wait for a disk.
        path = Path(memory, "killed.db")
        copy(sqlite_template, path)
        urls = (f"sqlite:///{path}", database_of(postgres_template, DATABASE))
        frozen = [Frozen.make(create_engine(url), folder) for url in urls]
        warm_up(frozen, folder)
        yield {one.engine.dialect.name: one for one in frozen}
        for one in frozen:
            one.engine.dispose()
