"""The worlds that pages are run in: a folder, a database, a monday.com, and what has happened there before.

A page names the world that it needs (`<!-- given: NAME -->`), and its blocks share it.
"""

from __future__ import annotations

import json
import shutil
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork, schema
from order_staging.database import create_engine
from order_staging.sandbox import Sandbox, SandboxThread, greyson_4755
from tests.conftest import KEY_COLUMN, Database
from tests.end_to_end.conftest import CommandLine, InThisProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.processes import Finished, RunningProcess

QUICK = {"recovery_delay": "0", "max_attempts": "2"}
"""Settings that keep nobody waiting."""


@dataclass
class World:
    """Where blocks are run: a folder, and settings by their whole names, which they may change."""

    folder: Path
    template: Path
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

    def database(self) -> Database:
        """Give the database, to look at and to change by hand."""
        engine = create_engine(f"sqlite:///{self.folder / 'order_staging.db'}")
        self._stack.callback(engine.dispose)
        return Database(engine)

    def with_orders(self) -> Self:
        """Make a migrated database with a few order lines of two customers, and serve an empty board."""
        shutil.copy(self.template, self.folder / "order_staging.db")
        self.database().add([*greyson_4755()[:6], *_others()])
        url = self._stack.enter_context(SandboxThread(self.board)).url
        self.set({"monday_url": url, "monday_token": self.board.token, "key_column": KEY_COLUMN})
        return self

    def with_delivered(self) -> Self:
        """Have all of that delivered."""
        self.with_orders()
        assert self("run", "--all").code == 0
        return self

    def newest_batch(self) -> str:
        """Give the id of the newest batch."""
        with UnitOfWork(sessionmaker(self.database().engine)) as uow:
            return str(uow.batches.newest(1)[0].batch_id)

    def newest_error(self) -> str:
        """Give the id of the error that was written last, of an order line, as `errors` shows it."""
        return f"order:{max(row['err_id'] for row in self.database().rows('ERR_MON_CustMasterSchedule'))}"


def _others() -> list[dict[str, Any]]:
    """Give a few order lines of another customer, all of them valid."""
    lines = greyson_4755()[6:8]
    return [line | {"CUSTOMER NAME": "TITLE 9", "PO NUMBER": "7001"} for line in lines]


def _with_old_tables(world: World) -> None:
    database = world.database()
    schema.upgrade(database.engine, "0002")
    database.execute("DROP TABLE alembic_version")


WORLDS: dict[str, Callable[[World], object]] = {
    "an empty folder": lambda _: None,
    "orders": World.with_orders,
    "delivered orders": World.with_delivered,
    "tables from before": _with_old_tables,
}
"""What a page may be given; a block without a mark goes on where the one before it was."""
FIRST = "orders"
"""The world of a page that names none."""
