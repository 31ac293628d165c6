"""What the checker is given and what it answers, and the words of the tables and of the log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from uuid import UUID

    from order_staging.sandbox import ExecutedMutation, ItemView

Row = dict[str, Any]

STG, STG_SUB = "STG_MON_CustMasterSchedule", "STG_MON_CustMasterSchedule_Subitems"
MON, MON_SUB = "MON_CustMasterSchedule", "MON_CustMasterSchedule_Subitems"
ERR, ERR_SUB = "ERR_MON_CustMasterSchedule", "ERR_MON_CustMasterSchedule_Subitems"
BATCHES, LEASES, IMPORTS = "MON_BatchProcessing", "MON_BatchLease", "MON_BulkImport"
TABLES = (STG, STG_SUB, MON, MON_SUB, ERR, ERR_SUB, BATCHES, LEASES, IMPORTS)

CHANGES = {"UPDATE", "MOVE", "ARCHIVE", "DELETE"}
REFUSED = {"API_FAILED", "CONFLICT"}
WAITING = {"PENDING", "SENDING", "UNKNOWN"}
OPEN = {*WAITING, "API_SUCCESS"}
TAKES_AWAY = {"archive_item", "delete_item"}
CREATES_ITEM = {"create_item", "ingest_items.create", "backfill_items.create"}
WRITES_VALUES = {*CREATES_ITEM, "create_subitem", "change_multiple_column_values", "ingest_items.update"}

NAME = "name"
"""The column that holds an item's name."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A guarantee (1, 2 or 3) that was broken: a short kind, and a sentence that names what it is about."""

    guarantee: int
    what: str
    sentence: str

    def __str__(self) -> str:
        return f"guarantee {self.guarantee}, {self.what}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class ByHand:
    """What a person did to an item or subitem, how many mutations had been executed before, and the columns."""

    operation: str
    item_id: str
    after: int
    columns: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """All that the checker judges by; UUIDs may be UUIDs or text, ids numbers or text, as drivers give them.

    `source` are rows of ORDERS_UNIFIED: all of them, or those that runs were to select. `items` and `subitems` are
    those of the board, archived and deleted ones included. What people did is not among `executed`: where the board
    has another value than was executed last, people wrote it. What they took away is told by `by_hand` or, where
    nobody recorded it, by the times on the board, which are whole seconds.
    """

    source: Sequence[Row]
    tables: Mapping[str, Sequence[Row]]
    executed: Sequence[ExecutedMutation]
    items: Sequence[ItemView]
    subitems: Sequence[ItemView]
    sizes: Sequence[str]
    key_column: str | None = None
    quantity_column: str = "numeric_mkra7j8e"
    by_hand: Sequence[ByHand] = ()
    at_rest: bool = False
    """Whether the runs have come to their end: then nothing is under way, and every row has been brought."""
    may_wait: bool = False
    """Whether rows may be left for a later run even so (a limit, a row at which monday.com fails, a stop)."""
    outdated: Collection[UUID] = ()
    """Source rows that have changed since, and no run was to bring the change."""
    settled_at: int | None = None
    """The number of executed mutations after which there may be no more; None: nothing is claimed."""
