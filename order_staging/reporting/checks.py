"""A check laid out for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from order_staging.batch import CheckStatus, Severity
from order_staging.reporting.tables import Column, Listing, shaded
from order_staging.wording import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from order_staging.batch import CheckResult


def check_page(result: CheckResult) -> RenderableType:
    """Lay a check out: a row a finding, with the next step below its sentence, and the sum."""
    what, finding_of = Column("What", words=True), Column("Finding", words=True)
    table = Listing(Column("", whole=True), what, finding_of, below="Next")
    for finding in result.findings:
        advice = f"→ {finding.advice}" if finding.advice else ""
        table.add_row(_mark(finding.severity), finding.subject, finding.message, below=advice)
    return Group(table, summary(result))


def summary(result: CheckResult) -> str:
    """Say in one line what a check comes to."""
    counts = Counter(finding.severity for finding in result.findings)
    problems = counted(counts[Severity.PROBLEM], "problem", "problems")
    warnings = counted(counts[Severity.WARNING], "warning", "warnings")
    match result.status:
        case CheckStatus.PROBLEMS:
            return f"{problems} and {warnings}: put the problems right before the next run."
        case CheckStatus.WARNINGS:
            return f"No problem, and {warnings}: runs work."
        case CheckStatus.OK:
            return "Everything is as it should be."


def _mark(severity: Severity) -> Text:
    mark = shaded(severity)
    return Text(mark.plain.upper(), style=mark.style) if severity is Severity.PROBLEM else mark
