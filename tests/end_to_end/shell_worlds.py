"""The worlds that pages are run in: a folder, a database, a monday.com, and what has happened there before.

A page names the world that it needs (`<!-- given: NAME -->`), and the blocks that follow share it.
"""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork, schema
from order_staging.database import create_engine
from order_staging.failpoints import Failpoint
from order_staging.sandbox import Sandbox, SandboxThread, fault_presets, greyson_4755, refusals
from tests.conftest import KEY_COLUMN, Database
from tests.end_to_end.conftest import CommandLine, InThisProcess
from tests.processes import Runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Finished, RunningProcess

CUSTOMER = "GREYSON CLOTHIERS"
SEASON, PRICE = "dropdown_mkr58de6", "numeric_mkr5cact"
QUICK = {"recovery_delay": "0", "max_attempts": "2"}
"""Settings that keep nobody waiting."""
ORDERS = "order_staging.db"


@dataclass
class World:
    """Where blocks are run: a folder, and settings by their whole names, which they may change.

    `templates` is a folder that worlds of one test run share: what takes time is made once, and copied.
    """

    folder: Path
    templates: Path
    variables: dict[str, str] = field(default_factory=dict)
    board: Sandbox = field(default_factory=lambda: Sandbox(key_column=KEY_COLUMN))
    serving: RunningProcess | None = None
    """The sandbox that a page has started itself."""
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        self.folder.mkdir()
        self.set(QUICK)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_serving()
        self._stack.close()

    def set(self, settings: dict[str, str]) -> None:
        """Set settings, named without their prefix and in lower case."""
        self.variables |= {f"ORDER_STAGING_{name.upper()}": value for name, value in settings.items()}

    def __call__(self, *words: str) -> Finished:
        """Run a command in this process."""
        return InThisProcess(self.folder, {}, self.variables)(*words)

    def serve(self, *words: str) -> None:
        """Start `order-staging sandbox` with these options, in the place of an earlier one, and use it."""
        self.stop_serving()
        free = ("--port", "0", "--output", "json")
        self.serving = CommandLine(self.folder, {}, self.variables).start("sandbox", *words, *free)
        self.variables |= json.loads(self.serving.line())["settings"]

    def stop_serving(self) -> None:
        """Stop what `serve` has started, as somebody does who presses Ctrl-C."""
        if self.serving is not None:
            self.serving.send_signal(signal.SIGINT)
            assert self.serving.wait(timeout=30).code == 0
            self.serving = None

    @property
    def path(self) -> Path:
        """Where the database is."""
        return self.folder / ORDERS

    def database(self) -> Database:
        """Give the database, to look at and to change by hand."""
        engine = create_engine(f"sqlite:///{self.path}")
        self._stack.callback(engine.dispose)
        return Database(engine)

    def serve_here(self, board: Sandbox) -> None:
        """Serve a board in this process, in the place of the one before."""
        self.board = board
        url = self._stack.enter_context(SandboxThread(board)).url
        self.set({"monday_url": url, "monday_token": board.token})

    def with_orders(self) -> Self:
        """Make a migrated database with a few order lines of two customers, and serve an empty board."""
        shutil.copy(self.templates / "empty.db", self.path)
        self.database().add(_lines())
        self.serve_here(self.board)
        self.set({"key_column": KEY_COLUMN, "database_url": f"sqlite:///{self.path}"})
        return self

    def with_delivered(self) -> Self:
        """Have all of that delivered."""
        orders, board = self.templates / "delivered.db", self.templates / "delivered.json"
        if not orders.exists():
            with World(self.folder / "first", self.templates) as first:
                first.board = Sandbox(key_column=KEY_COLUMN, path=board)
                assert first.with_orders()("run", "--all").code == 0
                first.board.fold()
                first.copy_database(orders)
        shutil.copy(orders, self.path)
        shutil.copy(board, self.folder / "board.json")
        self.serve_here(Sandbox(key_column=KEY_COLUMN, path=self.folder / "board.json"))
        self.set({"key_column": KEY_COLUMN, "database_url": f"sqlite:///{self.path}"})
        return self

    def copy_database(self, to: Path) -> None:
        """Make a backup of the database."""
        with closing(sqlite3.connect(self.path)) as ours, closing(sqlite3.connect(to)) as other:
            ours.backup(other)

    def newest_batch(self) -> str:
        """Give the id of the newest batch."""
        with UnitOfWork(sessionmaker(self.database().engine)) as uow:
            return str(uow.batches.newest(1)[0].batch_id)

    def newest_error(self) -> str:
        """Give the id of the error that was written first, of an order line, as `errors` shows it."""
        return f"order:{min(row['err_id'] for row in self.database().rows('ERR_MON_CustMasterSchedule'))}"


def _lines() -> list[dict[str, Any]]:
    """Give six order lines of one customer and two of another, all of them valid."""
    lines = greyson_4755()[:8]
    return [*lines[:6], *(line | {"CUSTOMER NAME": "TITLE 9", "PO NUMBER": "7001"} for line in lines[6:])]


def _source_and_empty_board(world: World) -> None:
    shutil.copy(world.templates / "empty.db", world.path)
    database = world.database()
    for table in inspect(database.engine).get_table_names():
        if table != "ORDERS_UNIFIED":
            database.execute(f'DROP TABLE "{table}"')
    database.add(_lines())
    world.serve_here(Sandbox())


def _at_revision_0005(world: World) -> None:
    schema.upgrade(world.database().engine, "0005")
    world.serve_here(Sandbox())


def _tables_from_before(world: World) -> None:
    schema.upgrade(world.database().engine, "0002")
    world.database().execute("DROP TABLE alembic_version")


def _another_board(world: World) -> None:
    world.with_delivered().serve_here(Sandbox(key_column=KEY_COLUMN))


def _refused_rows(world: World) -> None:
    world.with_orders().database().execute(
        'UPDATE ORDERS_UNIFIED SET "CUSTOMER STYLE" = NULL WHERE "PO NUMBER" = :po', po="7001"
    )
    world.board.faults.add(fault_presets.fail_alias(refusals.data_validation(PRICE), operation="create_item"))
    assert world("run", "--all").code == 0


def _no_calls_left(world: World) -> None:
    world.with_orders().board.faults.add(fault_presets.daily_limit(operation="create_item"))


def _held(world: World) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    with UnitOfWork(sessionmaker(world.with_orders().database().engine)) as uow:
        assert uow.batches.acquire(CUSTOMER, "kestra@worker-1", now=now, until=now + timedelta(hours=1))
        uow.commit()


def _killed(world: World) -> None:
    world.with_orders().set({"request_timeout": "1"})
    settings = {name.removeprefix("ORDER_STAGING_").lower(): value for name, value in world.variables.items()}
    with Runner(world.folder, settings) as runner:
        assert runner("run", "--customer", "greyson", failpoint=Failpoint.ANSWER_READ).code == -signal.SIGKILL
    world.database().execute("UPDATE MON_BatchLease SET expires_date = '2026-01-01 00:00:00.000000'")


def _lost_answers(world: World) -> None:
    world.with_orders().set({"request_timeout": "1"})
    world.board.faults.add(fault_presets.execute_then_drop(operation="create_item"))


def _moved_item(world: World) -> None:
    person = world.with_delivered().board.person
    person.move_item(world.board.items()[0].id, person.add_group("Parked"))


def _deleted_item(world: World) -> None:
    world.with_delivered()
    (item, *_) = [item for item in world.board.items() if item.group_title.startswith("TITLE NINE")]
    world.board.person.delete_item(item.id)


def _new_uuids(world: World) -> None:
    database = world.with_delivered().database()
    for number, row in enumerate(database.rows("ORDERS_UNIFIED"), start=1):
        database.execute(
            "UPDATE ORDERS_UNIFIED SET record_uuid = :new WHERE record_uuid = :old",
            new=UUID(int=number).hex,
            old=row["record_uuid"],
        )


def _restored(world: World) -> None:
    world.with_delivered().copy_database(backup := world.folder / "backup.db")
    world.database().add([late := greyson_4755()[10]])
    assert world("run", "--all").code == 0
    for file in world.folder.glob(f"{ORDERS}*"):
        file.unlink()
    shutil.move(backup, world.path)
    world.database().add([late])


def _other_spelling(world: World) -> None:
    world.with_delivered().database().execute(
        """UPDATE ORDERS_UNIFIED SET "CUSTOMER NAME" = 'TITLE NINE SPORTS' WHERE "PO NUMBER" = :po""",
        po="7001",
    )
    (world.folder / "customers.yaml").write_text(
        "customers:\n  - name: TITLE NINE\n    aliases: [TITLE 9, TITLE NINE SPORTS]\n"
        "  - name: GREYSON CLOTHIERS\n    aliases: [GREYSON]\n"
    )
    world.set({"customers": str(world.folder / "customers.yaml")})


WORLDS: dict[str, Callable[[World], object]] = {
    "an empty folder": lambda _: None,
    "orders": World.with_orders,
    "delivered orders": World.with_delivered,
    "a source and an empty board": _source_and_empty_board,
    "tables from before": _tables_from_before,
    "revision 0005": _at_revision_0005,
    "refused rows": _refused_rows,
    "the calls of the day are used up": _no_calls_left,
    "a customer that another runner has": _held,
    "a runner that was killed": _killed,
    "a token that has expired": lambda world: world.with_orders().set({"monday_token": "expired"}),
    "answers that are lost": _lost_answers,
    "an item that people moved": _moved_item,
    "an item that people deleted": _deleted_item,
    "a column that people deleted": lambda world: world.with_delivered().board.person.remove_column(PRICE),
    "a column that is full of labels": lambda world: world.with_orders().board.person.add_labels(
        SEASON, *map(str, range(500))
    ),
    "another board, which is empty": _another_board,
    "a source with new UUIDs": _new_uuids,
    "a database from before the last run": _restored,
    "another spelling of a customer": _other_spelling,
}
"""What a page may be given; a block without a mark goes on where the one before it was."""
FIRST = "orders"
"""The world of a page that names none."""
