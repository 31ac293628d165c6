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

__all__ = [
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
