"""Everything that knows monday.com."""

from order_staging.monday.account import Account, DailyCalls
from order_staging.monday.activity import Place
from order_staging.monday.board import Board, BoardColumn, BoardGroup
from order_staging.monday.board_items import BoardItem, BoardSubitem, board_value
from order_staging.monday.bulk import FIRST_VERSION as FIRST_BULK_VERSION
from order_staging.monday.bulk import PATIENCE, UPLOAD_DOUBT, Imported, means_unknown_job
from order_staging.monday.client import MondayClient
from order_staging.monday.groups import Ensured, means_missing_group, refusal_of
from order_staging.monday.import_file import ImportFile
from order_staging.monday.limits import Quotas
from order_staging.monday.mutations import (
    ArchiveItem,
    ChangeValues,
    DeleteItem,
    MoveItem,
    Mutation,
    NewSubitemOf,
    means_missing_item,
)
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
from order_staging.monday.pacing import LONGEST_WAIT
from order_staging.monday.row_documents import rows_request

__all__ = [
    "FIRST_BULK_VERSION",
    "LONGEST_WAIT",
    "PATIENCE",
    "UPLOAD_DOUBT",
    "Account",
    "ArchiveItem",
    "Board",
    "BoardColumn",
    "BoardGroup",
    "BoardItem",
    "BoardSubitem",
    "ChangeValues",
    "Created",
    "DailyCalls",
    "DeleteItem",
    "Ensured",
    "ImportFile",
    "Imported",
    "MondayClient",
    "MoveItem",
    "Mutation",
    "NewItem",
    "NewSubitem",
    "NewSubitemOf",
    "NotExecuted",
    "Outcome",
    "Place",
    "Quotas",
    "Rejected",
    "Unknown",
    "Usage",
    "board_value",
    "means_missing_group",
    "means_missing_item",
    "means_unknown_job",
    "refusal_of",
    "rows_request",
]
