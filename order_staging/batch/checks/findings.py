"""What a check finds, and how grave it is. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from order_staging.errors import OrderStagingError


class Severity(StrEnum):
    """How grave a finding is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing is to be done."""
    WARNING = "warning"
    """A run works, and something is weaker than it could be, or soon will not work."""
    PROBLEM = "problem"
    """A run would be refused, or rows of it."""


class CheckStatus(StrEnum):
    """What a check comes to."""

    OK = "ok"
    WARNINGS = "warnings"
    """A warning, and nothing graver."""
    PROBLEMS = "problems"
    """A problem: a run would be refused, or rows of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: the subject, a message, its severity, and advice ("" for none)."""

    severity: Severity
    subject: str
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """All findings in the order in which they were made.

    `error` is what kept a part from being looked at, where neither configuration nor monday's refusal is to blame:
    a database or monday.com that cannot be reached, or a limit.
    """

    findings: tuple[Finding, ...]
    error: OrderStagingError | None = None

    @property
    def status(self) -> CheckStatus:
        """Sum the findings up: the gravest of them."""
        found = {finding.severity for finding in self.findings}
        if Severity.PROBLEM in found:
            return CheckStatus.PROBLEMS
        return CheckStatus.WARNINGS if Severity.WARNING in found else CheckStatus.OK

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return {"status": str(self.status), "findings": [asdict(finding) for finding in self.findings]}


def ok(subject: str, message: str) -> Finding:
    """Find that something is as it should be."""
    return Finding(Severity.OK, subject, message)


def note(subject: str, message: str, advice: str = "") -> Finding:
    """Find something worth knowing."""
    return Finding(Severity.NOTE, subject, message, advice)


def warning(subject: str, message: str, advice: str) -> Finding:
    """Find something with which a run works, but not as well as it could."""
    return Finding(Severity.WARNING, subject, message, advice)


def problem(subject: str, message: str, advice: str) -> Finding:
    """Find something because of which a run would be refused, or rows of it."""
    return Finding(Severity.PROBLEM, subject, message, advice)


def listed(values: list[str], at_most: int = 3) -> str:
    """Write some values as examples: 'A', 'B' and 5 more."""
    shown = ", ".join(repr(value) for value in values[:at_most])
    more = len(values) - at_most
    return f"{shown} and {more:,} more" if more > 0 else shown
