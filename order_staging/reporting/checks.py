"""A check laid out for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table

from order_staging.batch import CheckStatus, Severity
from order_staging.wording import counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from order_staging.batch import CheckResult, Finding

SUBJECT_WIDTH = 18
"""Of 80 columns, so that the sentences have most of them."""


def check_page(result: CheckResult) -> RenderableType:
    """Lay a check out: a row a finding, with the next step below its sentence, and the sum."""
    table = Table()
    table.add_column("")
    table.add_column("What", max_width=SUBJECT_WIDTH, overflow="fold")
    table.add_column("Finding", overflow="fold")
    for finding in result.findings:
        table.add_row(_mark(finding.severity), finding.subject, _words(finding))
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


def _mark(severity: Severity) -> str:
    return severity.upper() if severity is Severity.PROBLEM else str(severity)


def _words(finding: Finding) -> str:
    return f"{finding.message}\n→ {finding.advice}" if finding.advice else finding.message
