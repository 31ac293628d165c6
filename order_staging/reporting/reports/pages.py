"""Reports as pages: what was decided, with its charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.reporting.html.pages import page
from order_staging.reporting.reports import charts

if TYPE_CHECKING:
    from order_staging.reporting.html.pages import Clean
    from order_staging.reporting.reports.batch import BatchReport
    from order_staging.reporting.reports.period import PeriodReport

FAILURES_DRAWN = 15
"""Customers whose failures are drawn; the table has more."""


def batch_page(report: BatchReport, clean: Clean) -> str:
    """Write the page of a batch; `clean` is given every text, and hides what must not be shown."""
    drawn: dict[str, charts.Chart] = {}
    if any(step.seconds for step in report.timeline):
        drawn["timeline"] = charts.ranked(
            [step.name for step in report.timeline],
            {
                "before": [step.after for step in report.timeline],
                "duration": [step.seconds for step in report.timeline],
            },
            charts.SECONDS,
            "timeline",
        )
    if report.throughput is not None:
        drawn["throughput"] = charts.over_time(
            report.throughput.scale.labels(),
            {"Order lines": report.throughput.orders, "Sizes": report.throughput.subitems},
            charts.COUNTS,
        )
    return page("batch", clean, report.made, report=report, charts=drawn)


def period_page(report: PeriodReport, clean: Clean) -> str:
    """Write the page of some time; `clean` is as for a batch."""
    drawn: dict[str, charts.Chart] = {}
    volume = report.volume
    if any(volume.orders) or any(volume.failed):
        drawn["volume"] = charts.over_time(
            volume.scale.labels(),
            {"Landed": volume.orders, "Failed": volume.failed},
            charts.COUNTS,
            "good-bad",
        )
    if any(volume.longest):
        drawn["duration"] = charts.over_time(
            volume.scale.labels(), {"Longest batch": volume.longest}, charts.SECONDS
        )
    if report.failures:
        first = report.failures[:FAILURES_DRAWN]
        drawn["failures"] = charts.ranked(
            [clean(each.name) for each in first],
            {clean(kind): [each.kinds.get(kind, 0) for each in first] for kind in report.kinds},
            charts.COUNTS,
        )
    not_drawn = max(0, len(report.failures) - FAILURES_DRAWN) + report.failures_more
    return page("period", clean, report.made, report=report, charts=drawn, not_drawn=not_drawn)
