"""The use cases: orders are staged, delivered, promoted and cleaned up, batch by batch."""

from order_staging.batch.checks.checking import check
from order_staging.batch.checks.findings import CheckResult, CheckStatus, Finding, Severity
from order_staging.batch.context import Outside
from order_staging.batch.drift.findings import Drift, DriftKind, DriftResult
from order_staging.batch.events import (
    BatchBegan,
    BatchEnded,
    Event,
    EventHook,
    Progress,
    RowRefused,
    RunBegan,
    Step,
    StepBegan,
    StepEnded,
    Waiting,
)
from order_staging.batch.options import Filters, LoadOptions, Options
from order_staging.batch.preparing import PreparedBoard
from order_staging.batch.preview.findings import (
    ChangedBy,
    CustomerForecast,
    Duplicate,
    Estimate,
    FieldChange,
    GroupForecast,
    NewItem,
    NewLabels,
    NewPayload,
    PreviewResult,
    Remarked,
    Shown,
)
from order_staging.batch.preview.reading import PreviewOptions
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
from order_staging.batch.retry.errands import ErrorId
from order_staging.batch.service import BatchService

__all__ = [
    "ApiCounts",
    "BatchBegan",
    "BatchEnded",
    "BatchResult",
    "BatchService",
    "ChangedBy",
    "CheckResult",
    "CheckStatus",
    "Counts",
    "CustomerForecast",
    "Drift",
    "DriftKind",
    "DriftResult",
    "Duplicate",
    "ErrorId",
    "Estimate",
    "Event",
    "EventHook",
    "FieldChange",
    "Filters",
    "Finding",
    "GroupCounts",
    "GroupForecast",
    "LoadOptions",
    "LoadResult",
    "NewItem",
    "NewLabels",
    "NewPayload",
    "Options",
    "Outside",
    "PreparedBoard",
    "PreviewOptions",
    "PreviewResult",
    "Progress",
    "Remarked",
    "RowRefused",
    "RunBegan",
    "RunResult",
    "RunStatus",
    "Severity",
    "Shown",
    "Step",
    "StepBegan",
    "StepEnded",
    "StepResult",
    "Waiting",
    "check",
]
