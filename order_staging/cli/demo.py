"""`demo`: the whole job on an embedded database, the sandbox and sample orders."""

from __future__ import annotations

import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from sqlalchemy.orm import sessionmaker

from order_staging import schema
from order_staging.batch import BatchService
from order_staging.cli import program
from order_staging.cli.options import FormatOption, LevelOption, LogLevel, Output, OutputOption
from order_staging.cli.progress import ProgressOption, Shown, watching
from order_staging.cli.sandbox import KEY_COLUMN, fill_with_sample_orders
from order_staging.database import create_engine
from order_staging.errors import OrderStagingError
from order_staging.sandbox import Sandbox, SandboxThread
from order_staging.settings import Settings
from order_staging.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from rich.console import RenderableType

    from order_staging.batch import BatchResult, EventHook

CUSTOMER, PO = "GREYSON", "4755"
GROUP = "GREYSON CLOTHIERS 2025 FALL"
ITEMS, SUBITEMS = 69, 264


@dataclass(frozen=True)
class Findings:
    """What the database and the board say after the demonstration, read from both."""

    batch_status: str
    group: str
    items_in_group: int
    subitems_in_group: int
    production_orders: int
    production_subitems: int
    with_range_collection: int
    left_in_staging: int
    mutations_of_second_run: int

    @property
    def as_promised(self) -> bool:
        """Whether everything is as the README says."""
        expected = Findings("COMPLETED", GROUP, ITEMS, SUBITEMS, ITEMS, SUBITEMS, 0, 0, 0)
        return self == expected


def demo(
    output: OutputOption = Output.TEXT,
    log_level: LevelOption = LogLevel.WARNING,
    log_format: FormatOption = None,
    progress: ProgressOption = Shown.AUTO,
) -> None:
    """Carry GREYSON PO 4755 from sample orders to a board of our own, twice; nothing outside is touched.

    Example: order-staging demo
    """
    with (
        program.program(output, log_level, log_format) as ours,
        tempfile.TemporaryDirectory(prefix="order-staging-demo-") as folder,
    ):
        ours.say("An embedded database, a monday.com of our own, and sample orders:")
        with watching(progress, output, log_format) as watcher:
            first, findings = demonstrate(Path(folder) / "demo.db", watcher.on_event)
        document = {
            "status": str(first.run_status),
            "batches": [first.to_dict()],
            "findings": asdict(findings),
        }
        ours.show(document, lambda: _page(first, findings))
        if not findings.as_promised:
            raise OrderStagingError(
                f"the demonstration went wrong: {findings}; run it again with --log-level debug"
            )


def demonstrate(path: Path, on_event: EventHook | None = None) -> tuple[BatchResult, Findings]:
    """Do the whole job twice with a new database at `path`; give the first result and what is found after."""
    board = Sandbox(key_column=KEY_COLUMN)
    with SandboxThread(board) as server:
        settings = Settings.load(
            database_url=f"sqlite:///{path}",
            monday_url=server.url,
            monday_token=board.token,
            key_column=KEY_COLUMN,
            # Whatever the settings of this machine are, the demonstration is the same.
            **dict.fromkeys(("board_id", "subitem_board_id", "mapping", "customers")),
        )
        engine = create_engine(settings.database_url.get_secret_value())
        schema.upgrade(engine)
        fill_with_sample_orders(settings)
        service = BatchService(settings, engine=engine, on_event=on_event)
        first = service.process_customer_batch(CUSTOMER, po=PO)
        sent = len(board.executed)
        service.process_customer_batch(CUSTOMER, po=PO)
        second = len(board.executed) - sent
        with UnitOfWork(sessionmaker(engine)) as uow:
            findings = _look(uow, board, first, second)
        engine.dispose()
    return first, findings


def _look(uow: UnitOfWork, board: Sandbox, first: BatchResult, second: int) -> Findings:
    items = [item for item in board.items() if item.group_title == GROUP]
    landed = uow.production.summary()
    staged = uow.staging.orders.count() + uow.staging.subitems.count()
    return Findings(
        batch_status=str(first.status),
        group=GROUP,
        items_in_group=len(items),
        subitems_in_group=sum(len(board.subitems(item.id)) for item in items),
        production_orders=landed.orders,
        production_subitems=landed.subitems,
        with_range_collection=landed.with_range_collection,
        left_in_staging=staged,
        mutations_of_second_run=second,
    )


def _page(first: BatchResult, findings: Findings) -> RenderableType:
    table = Table("", "", title=f"{CUSTOMER} PO {PO}", show_header=False)
    table.add_row("Group on the board", findings.group)
    table.add_row("Items there", str(findings.items_in_group))
    table.add_row("Subitems below them", str(findings.subitems_in_group))
    table.add_row("Rows in MON_CustMasterSchedule", str(findings.production_orders))
    table.add_row("Rows in MON_CustMasterSchedule_Subitems", str(findings.production_subitems))
    table.add_row("... with a RANGE / COLLECTION", str(findings.with_range_collection))
    table.add_row("Rows left in staging", str(findings.left_in_staging))
    table.add_row("Batch", findings.batch_status)
    table.add_row("Requests to monday.com", str(first.api.calls))
    table.add_row("Mutations sent by a second run", str(findings.mutations_of_second_run))
    return Group(table, "Next: order-staging --help, and the README.")
