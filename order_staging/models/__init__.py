"""The tables, and nothing else. Columns keep their real names; attributes are their snake_case."""

from order_staging.models.base import Base
from order_staging.models.batches import Batch, Lease
from order_staging.models.failures import FailedOrder, FailedSubitem
from order_staging.models.imports import BulkImport
from order_staging.models.production import ProductionOrder, ProductionSubitem
from order_staging.models.source import OrdersUnified
from order_staging.models.staging import StagedOrder, StagedSubitem
from order_staging.models.states import (
    BatchStatus,
    ErrorType,
    ImportStatus,
    Operation,
    StagingStatus,
    ValidationStatus,
)

__all__ = [
    "Base",
    "Batch",
    "BatchStatus",
    "BulkImport",
    "ErrorType",
    "FailedOrder",
    "FailedSubitem",
    "ImportStatus",
    "Lease",
    "Operation",
    "OrdersUnified",
    "ProductionOrder",
    "ProductionSubitem",
    "StagedOrder",
    "StagedSubitem",
    "StagingStatus",
    "ValidationStatus",
]
