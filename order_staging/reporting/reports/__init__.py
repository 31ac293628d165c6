"""Reports as pages: what happened in a batch, and in the batches of some time, in one file that works offline."""

from order_staging.reporting.reports.batch import BatchReport, batch_report
from order_staging.reporting.reports.facts import BatchFacts, batch_facts
from order_staging.reporting.reports.links import BoardLinks
from order_staging.reporting.reports.pages import batch_page, period_page
from order_staging.reporting.reports.period import PeriodReport, period_report

__all__ = [
    "BatchFacts",
    "BatchReport",
    "BoardLinks",
    "PeriodReport",
    "batch_facts",
    "batch_page",
    "batch_report",
    "period_page",
    "period_report",
]
