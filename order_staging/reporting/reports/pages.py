"""Pages from what was decided: templates lay it out, and every text in them is escaped."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from markupsafe import Markup

from order_staging.reporting.reports import charts, words
from order_staging.version import VERSION

if TYPE_CHECKING:
    from jinja2.runtime import Context

    from order_staging.reporting.reports.batch import BatchReport
    from order_staging.reporting.reports.period import PeriodReport

Clean = Callable[[str], str]
"""Hides in a text what must not be shown."""

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
    return _environment().get_template("batch.html.j2").render(report=report, charts=drawn, clean=clean)


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
    return _environment().get_template("period.html.j2").render(report=report, charts=drawn, clean=clean)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("order_staging.reporting.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_cleaned,
    )
    environment.filters |= {
        "number": words.number,
        "duration": words.duration,
        "moment": words.moment,
        "share": words.share,
    }
    environment.globals |= {"version": VERSION, "counted": words.counted}
    return environment


@pass_context
def _cleaned(context: Context, value: object) -> object:
    """Clean what an expression gives, before it is escaped; what is markup was made of cleaned texts."""
    return context["clean"](value) if isinstance(value, str) and not isinstance(value, Markup) else value
