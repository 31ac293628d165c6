"""Evidence made up for the checker: orders that went as they should, and a way to spoil them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from order_staging.sandbox import ExecutedMutation, ItemView
from order_staging.sandbox.state import Lifecycle
from tests.guarantees.checker import Evidence
from tests.guarantees.terms import (
    BATCHES,
    ERR,
    ERR_SUB,
    IMPORTS,
    LEASES,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    TABLES,
    Row,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEY, QUANTITY, GROUP = "text_source_uuid", "numeric_mkra7j8e", "group_1"
BATCH = UUID(int=0xBA7C4)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def clock(number: int) -> str:
    """Tell the time on the board after a number of mutations, a second each."""
    return f"2026-11-23T12:{number // 60:02}:{number % 60:02}Z"


@dataclass
class Scene:
    """What runs left; every method adds an order line or a size in one of the states that it may end in."""

    source: list[Row] = field(default_factory=list)
    tables: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in TABLES})
    executed: list[ExecutedMutation] = field(default_factory=list)
    items: list[ItemView] = field(default_factory=list)
    subitems: list[ItemView] = field(default_factory=list)
    keyed: bool = True

    def __post_init__(self) -> None:
        self.tables[BATCHES].append(
            {"batch_id": BATCH.hex, "customer_name": "GREYSON", "status": "COMPLETED_WITH_ERRORS"}
        )
        self.tables[LEASES].append({"customer_name": "GREYSON", "holder": None})
        self.tables[IMPORTS].append({"import_key": "k", "job_id": "j", "status": "SETTLED"})

    def evidence(self, **options: Any) -> Evidence:
        chosen: dict[str, Any] = {"key_column": KEY, "at_rest": True}
        return Evidence(
            source=self.source,
            tables=self.tables,
            executed=self.executed,
            items=self.items,
            subitems=self.subitems,
            sizes=("S", "M"),
            **chosen | options,
        )

    def executes(self, operation: str, result_id: str | None = None, **arguments: object) -> ExecutedMutation:
        number = len(self.executed) + 1
        one = ExecutedMutation(number, number, "m0", operation, arguments, result_id, None, NOON)
        self.executed.append(one)
        return one

    def order_line(self, number: int, sizes: Mapping[str, int | None]) -> UUID:
        uuid = UUID(int=number)
        row = {"record_uuid": uuid, "AAG ORDER NUMBER": f"JOO-{number}", "S": None, "M": None}
        self.source.append(row | dict(sizes))
        return uuid

    def create_item(self, number: int, *, name: str | None = None) -> str:
        item_id, name = str(1000 + len(self.items)), name or f"Item {number}"
        values = {KEY: str(UUID(int=number))} if self.keyed else {}
        self.executes("create_item", item_id, item_name=name, group_id=GROUP, column_values=values)
        self.items.append(self._view(item_id, name, None, values))
        return item_id

    def create_subitem(self, parent_id: str, size: str, quantity: int) -> str:
        subitem_id, values = str(5000 + len(self.subitems)), {QUANTITY: str(quantity)}
        name = f"Size {size}"
        arguments = {"parent_item_id": parent_id, "item_name": name, "column_values": values}
        self.executes("create_subitem", subitem_id, **arguments)
        self.subitems.append(self._view(subitem_id, name, parent_id, values))
        return subitem_id

    def _view(self, item_id: str, name: str, parent: str | None, values: Mapping[str, str]) -> ItemView:
        now = clock(len(self.executed))
        board = "2" if parent else "1"
        return ItemView(
            item_id, name, Lifecycle.ACTIVE, board, GROUP, "G", parent, now, now, dict(values), dict(values)
        )

    def land(self, number: int, sizes: Mapping[str, int | None] | None = None) -> str:
        """Deliver an order line and its sizes; gives its item."""
        sizes = {"S": 3, "M": 5} if sizes is None else sizes
        uuid = self.order_line(number, sizes)
        item_id = self.create_item(number)
        # Drivers give UUIDs as hex, as text with dashes, or as UUIDs.
        self.tables[MON].append({"source_uuid": uuid.hex, "Item ID": int(item_id), "Title": f"Item {number}"})
        for size, quantity in sizes.items():
            if quantity:
                subitem_id = self.create_subitem(item_id, size, quantity)
                self.tables[MON_SUB].append(
                    {
                        "source_uuid": str(uuid),
                        "size_key": size,
                        "Size": size,
                        "ORDER_QTY": str(quantity),
                        "parent_item_id": item_id,
                        "subitem_id": subitem_id,
                    }
                )
        return item_id

    def stage(self, number: int, status: str, sizes: Mapping[str, int | None], **values: Any) -> Row:
        """Stage an order line and its sizes, these as PENDING."""
        uuid = self.order_line(number, sizes)
        row = self.staged_row(uuid, f"Item {number}", status) | values
        self.tables[STG].append(row)
        for size, quantity in sizes.items():
            if quantity:
                self.tables[STG_SUB].append(self.staged_size(row, size, quantity))
        return row

    def staged_row(self, uuid: UUID, title: str, status: str) -> Row:
        return {
            "stg_id": len(self.tables[STG]) + 1,
            "stg_batch_id": str(BATCH),
            "source_uuid": uuid,
            "Title": title,
            "stg_status": status,
            "update_operation": "CREATE",
            "stg_monday_item_id": None,
            "stg_group_id": GROUP,
            "stg_api_payload": None,
            "stg_sent_date": None if status == "PENDING" else NOON,
        }

    def staged_size(self, order: Row, size: str, quantity: int, status: str = "PENDING") -> Row:
        return {
            "stg_id": len(self.tables[STG_SUB]) + 1,
            "stg_batch_id": str(BATCH),
            "stg_parent_stg_id": order["stg_id"],
            "source_uuid": order["source_uuid"],
            "Size": size,
            "ORDER_QTY": quantity,
            "stg_status": status,
            "update_operation": "CREATE",
            "stg_monday_subitem_id": None,
            "stg_monday_parent_item_id": order["stg_monday_item_id"],
            "stg_sent_date": None if status == "PENDING" else NOON,
        }

    def letter(self, number: int | None, kind: str, **values: Any) -> Row:
        """Write a dead letter of an order."""
        row = {
            "err_id": len(self.tables[ERR]) + 1,
            "source_uuid": None if number is None else UUID(int=number),
            "original_stg_id": None,
            "order_number": f"JOO-{number}",
            "error_type": kind,
            "error_message": "because",
            "resolved_date": None,
            "resolved_by": None,
        } | values
        self.tables[ERR].append(row)
        return row

    def size_letter(self, number: int, size: str, kind: str = "REJECTED") -> Row:
        row = self.letter(number, kind) | {"size_label": size, "original_stg_subitem_id": None}
        self.tables[ERR].pop()
        self.tables[ERR_SUB].append(row)
        return row

    def refuse(self, number: int, status: str = "API_FAILED") -> None:
        """Have monday.com refuse an order line, or leave several items that it may be."""
        self.stage(number, status, {"S": 3, "M": 5})
        self.letter(number, "REJECTED" if status == "API_FAILED" else "CONFLICT")

    def invalidate(self, number: int) -> None:
        """Refuse an order line ourselves."""
        self.order_line(number, {"S": -1})
        self.letter(number, "INVALID")

    def view(self, item_id: str, change: Callable[[ItemView], ItemView]) -> None:
        """Change what the board shows of an item or subitem."""
        for views in (self.items, self.subitems):
            views[:] = [change(view) if view.id == item_id else view for view in views]

    def take_away(self, item_id: str, *, by_us: bool = False, at: str | None = None) -> None:
        """Archive an item and its subitems; by hand unless we did it."""
        if by_us:
            self.executes("archive_item", item_id, item_id=item_id)
        now = at or clock(len(self.executed))
        below = [view.id for view in self.subitems if view.parent_id == item_id]
        for one in (item_id, *below):
            self.view(one, lambda view: replace(view, state=Lifecycle.ARCHIVED, updated_at=now))
