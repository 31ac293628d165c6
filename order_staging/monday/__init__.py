"""Everything that knows monday.com."""

from order_staging.monday.board import Board, BoardColumn, BoardGroup
from order_staging.monday.client import MondayClient
from order_staging.monday.outcomes import (
    Created,
    NewItem,
    NewSubitem,
    NotExecuted,
    Outcome,
    Rejected,
    Unknown,
    Usage,
)
from order_staging.monday.wire import LONGEST_WAIT

__all__ = [
    "LONGEST_WAIT",
    "Board",
    "BoardColumn",
    "BoardGroup",
    "Created",
    "MondayClient",
    "NewItem",
    "NewSubitem",
    "NotExecuted",
    "Outcome",
    "Rejected",
    "Unknown",
    "Usage",
]
