"""The use cases: orders are staged, delivered, promoted and cleaned up, batch by batch."""

from order_staging.batch.processing import Filters, Options
from order_staging.batch.results import (
    ApiCounts,
    BatchResult,
    Counts,
    GroupCounts,
    LoadResult,
    RunResult,
    RunStatus,
    StepResult,
)
from order_staging.batch.service import BatchService
from order_staging.batch.workshop import Outside

__all__ = [
    "ApiCounts",
    "BatchResult",
    "BatchService",
    "Counts",
    "Filters",
    "GroupCounts",
    "LoadResult",
    "Options",
    "Outside",
    "RunResult",
    "RunStatus",
    "StepResult",
]
