"""Every query of the project: small repositories whose methods read as sentences."""

from order_staging.repositories.base import Span, chunks
from order_staging.repositories.batches import BatchRepository
from order_staging.repositories.deliveries import Delivered, DeliveredSize, Deliveries
from order_staging.repositories.failures import FailureRepository, Kind, Letter
from order_staging.repositories.forecasts import Alike, Forecasts, Waiting
from order_staging.repositories.history import (
    Acknowledged,
    FailedRow,
    FailureCount,
    HistoryRepository,
    LandedOrder,
    PastBatch,
)
from order_staging.repositories.imports import ImportRepository
from order_staging.repositories.permissions import Permissions, Right
from order_staging.repositories.production import ProductionRepository
from order_staging.repositories.relinking import Relinking
from order_staging.repositories.source import SourceFilter, SourceRepository, SourceShape
from order_staging.repositories.staged_changes import StagedChanges
from order_staging.repositories.staging import StagedOrders, StagedSubitems
from order_staging.repositories.streaming import Pages, Row, Rows

__all__ = [
    "Acknowledged",
    "Alike",
    "BatchRepository",
    "Delivered",
    "DeliveredSize",
    "Deliveries",
    "FailedRow",
    "FailureCount",
    "FailureRepository",
    "Forecasts",
    "HistoryRepository",
    "ImportRepository",
    "Kind",
    "LandedOrder",
    "Letter",
    "Pages",
    "PastBatch",
    "Permissions",
    "ProductionRepository",
    "Relinking",
    "Right",
    "Row",
    "Rows",
    "SourceFilter",
    "SourceRepository",
    "SourceShape",
    "Span",
    "StagedChanges",
    "StagedOrders",
    "StagedSubitems",
    "Waiting",
    "chunks",
]
