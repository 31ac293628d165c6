"""What people and other programs are shown: batches, failures, tables, and messages to Kestra."""

from order_staging.reporting.checks import check_page
from order_staging.reporting.drift import drift_page
from order_staging.reporting.failures import FailureView, unresolved
from order_staging.reporting.kestra import Metric, check_metrics, drift_metrics, messages
from order_staging.reporting.preview import preview_page
from order_staging.reporting.status import BatchDetail, BatchView, detail, newest, recorded

__all__ = [
    "BatchDetail",
    "BatchView",
    "FailureView",
    "Metric",
    "check_metrics",
    "check_page",
    "detail",
    "drift_metrics",
    "drift_page",
    "messages",
    "newest",
    "preview_page",
    "recorded",
    "unresolved",
]
