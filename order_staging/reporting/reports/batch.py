"""What the report of a batch says, decided from the facts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from order_staging.models import BatchStatus, ErrorType
from order_staging.reporting.reports.notes import Warnings, warnings
from order_staging.reporting.words import NOTHING, duration, listed, share
from order_staging.repositories import Kind
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from order_staging.reporting.reports.facts import BatchFacts, FailureKind, Throughput
    from order_staging.reporting.reports.links import BoardLinks
    from order_staging.reporting.status import BatchView, ImportView
    from order_staging.repositories import FailedRow

STEP_NAMES = {
    "staging_load_completed": "Load",
    "items_creation_completed": "Items",
    "subitems_creation_completed": "Subitems",
    "promotion_completed": "Promotion",
    "cleanup_completed": "Cleanup",
}
TYPE_WORDS: dict[str, tuple[str, str]] = {
    ErrorType.INVALID: ("invalid", "A rule of the mapping or of the tables refused them; nothing was sent."),
    ErrorType.REJECTED: ("rejected", "monday.com refused them."),
    ErrorType.CONFLICT: ("in conflict", "More than one item on the board could be each of these rows."),
    ErrorType.EDITED: (
        "edited on both sides",
        "People and the source changed the same value; a person decides.",
    ),
    ErrorType.DELETED: (
        "deleted on the board",
        "People deleted them on the board, and the source has changed.",
    ),
}
"""Each kind of failure in a word, and in a sentence."""
IMPORTS_SHOWN = 100
OTHER_WORDS = "An earlier script gave this reason."


@dataclass(frozen=True)
class Fact:
    """A number with its name, and whether it is good, bad or neither news."""

    name: str
    value: str
    tone: str = ""


@dataclass(frozen=True)
class TimelineStep:
    """A step of the batch: when it began and ended (UTC), its seconds, and those from the start of the batch."""

    name: str
    began: datetime
    ended: datetime
    seconds: float
    after: float


@dataclass(frozen=True)
class FailedLine:
    """A row that failed: what to call it, what was said of it, and where it or its parent is on the board."""

    error_id: str
    row: FailedRow
    words: str
    address: str | None
    http_error: int | None
    """The HTTP status where that says more than the words do: monday.com refuses single rows with 200."""


@dataclass(frozen=True)
class FailureSection:
    """Failures of one kind; `more` of them are not shown."""

    title: str
    words: str
    rows: int
    resolved: int
    shown: list[FailedLine]
    more: int


@dataclass(frozen=True)
class LandedLine:
    """An order line on the board, and its address there."""

    title: str
    group: str
    item_id: int
    when: datetime | None
    address: str | None


@dataclass(frozen=True)
class BatchReport:
    """Everything that the page of a batch shows, in its order; times are UTC."""

    batch: BatchView
    made: datetime
    tone: str
    sentence: str
    counters: list[Fact]
    facts: list[Fact]
    timeline: list[TimelineStep]
    throughput: Throughput | None
    failures: list[FailureSection]
    warnings: Warnings
    landed: list[LandedLine]
    landed_more: int
    staged: list[tuple[str, str, int]]
    """What waits in staging: orders or sizes, their state, and how many."""
    imports: list[ImportView]
    imports_more: int
    board: str | None


def batch_report(
    facts: BatchFacts, *, now: datetime, links: BoardLinks, fields: Sequence[str]
) -> BatchReport:
    """Decide what the page of a batch shows; `fields` are the mapping's, by which warnings are sorted."""
    found = facts.detail
    batch = found.batch
    staged = [
        (kind, state, rows)
        for kind, states in (("order lines", found.staged_orders), ("sizes", found.staged_subitems))
        for state, rows in sorted(states.items())
    ]
    return BatchReport(
        batch=batch,
        made=now,
        tone=_tone(batch.status),
        sentence=sentence(facts),
        counters=_counters(facts),
        facts=_facts(facts),
        timeline=timeline(batch.started, found.steps, batch.ended),
        throughput=facts.throughput,
        failures=[_section(kind, links) for kind in facts.failures],
        warnings=warnings(found.warnings, fields),
        landed=[
            LandedLine(row.title or "", row.group or "", row.item_id, row.when, links.item(row.item_id))
            for row in facts.landed
        ],
        landed_more=max(0, facts.landed_in_all - len(facts.landed)),
        staged=staged,
        imports=found.imports[:IMPORTS_SHOWN],
        imports_more=max(0, len(found.imports) - IMPORTS_SHOWN),
        board=links.address,
    )


def sentence(facts: BatchFacts) -> str:
    """Say in a sentence or two what happened."""
    batch = facts.detail.batch
    arrived = listed(
        [counted(batch.orders_processed, "order line"), counted(batch.subitems_processed, "size")]
    )
    took = f" in {duration(batch.elapsed)}" if batch.elapsed else ""
    why = f" {_ended(batch.error_summary)}" if batch.error_summary else ""
    match batch.status:
        case BatchStatus.COMPLETED:
            return f"{arrived} reached the board{took}, and nothing failed."
        case BatchStatus.COMPLETED_WITH_ERRORS:
            return f"{arrived} reached the board{took}. {_failed(facts.failures)}"
        case BatchStatus.PAUSED:
            return f"The batch is paused after {arrived}: a later run goes on with it.{why}"
        case BatchStatus.FAILED:
            return f"The batch failed after {arrived}.{why}"
        case _ if batch.ended is not None:
            # By an earlier script, with a word of its own.
            return f"{arrived} reached the board{took}; the batch ended as {batch.status}.{why}"
        case _:
            return (
                f"The batch has not come to an end: it is {batch.status}, "
                f"with {arrived} on the board so far.{why}"
            )


def _ended(words: str) -> str:
    words = words.strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _failed(failures: list[FailureKind]) -> str:
    parts = [
        f"{counted(each.rows, 'order line' if each.kind is Kind.ORDER else 'size')} ({type_word(each.error_type)})"
        for each in failures
    ]
    resolved = sum(each.resolved for each in failures)
    rows = sum(each.rows for each in failures)
    if not rows:
        return "Rows of it are still to be settled, or failed again in a later batch."
    mended = {0: "", rows: " All of it is mended by now."}.get(
        resolved, f" {resolved:,} of them are mended by now."
    )
    return f"Failed: {listed(parts)}.{mended}"


def type_word(error_type: str | None) -> str:
    """Name a kind of failure as an adjective of rows."""
    return TYPE_WORDS[error_type][0] if error_type in TYPE_WORDS else error_type or "without a reason"


def _tone(status: str) -> str:
    match status:
        case BatchStatus.COMPLETED:
            return "good"
        case BatchStatus.COMPLETED_WITH_ERRORS | BatchStatus.PAUSED:
            return "warning"
        case BatchStatus.FAILED:
            return "bad"
        case _:
            return "neutral"


def _counters(facts: BatchFacts) -> list[Fact]:
    batch = facts.detail.batch
    failed_sizes = sum(each.rows - each.resolved for each in facts.failures if each.kind is Kind.SUBITEM)
    return [
        Fact("Order lines taken in", f"{batch.total_records:,}"),
        Fact(
            "Order lines on the board",
            f"{batch.orders_processed:,}",
            "good" if batch.orders_processed else "",
        ),
        Fact(
            "Sizes on the board", f"{batch.subitems_processed:,}", "good" if batch.subitems_processed else ""
        ),
        Fact("Order lines in MON", f"{batch.successful_records:,}"),
        Fact("Order lines failed", f"{batch.failed_records:,}", "bad" if batch.failed_records else ""),
        Fact("Sizes failed", f"{failed_sizes:,}", "bad" if failed_sizes else ""),
    ]


def _facts(facts: BatchFacts) -> list[Fact]:
    batch = facts.detail.batch
    settled = batch.orders_processed + batch.failed_records
    rate = batch.orders_processed / batch.elapsed if batch.elapsed else None
    return [
        Fact("From start to end", NOTHING if batch.elapsed is None else duration(batch.elapsed)),
        Fact("Success", share(batch.orders_processed, settled)),
        Fact("Order lines a second", NOTHING if rate is None else f"{rate:,.1f}"),
        Fact("Requests to monday.com", f"{batch.api_calls_made:,}"),
        Fact("Requests that failed", f"{batch.api_failures:,}"),
        Fact("Requests repeated", f"{batch.retries_attempted:,}"),
    ]


def timeline(
    started: datetime | None, completed: dict[str, datetime | None], ended: datetime | None
) -> list[TimelineStep]:
    """Lay out the steps that were completed, each from the end of the one before; none without a start.

    A resumed batch keeps the times of what it had done: a step that seems to end before the one before it has taken
    no time.
    """
    if started is None:
        return []
    reached = [
        (name, when) for column, name in STEP_NAMES.items() if (when := completed.get(column)) is not None
    ]
    if ended is not None:
        # Earlier scripts wrote down no steps.
        reached.append(("Closing" if reached else "Whole batch", ended))
    steps = []
    began = started
    for name, when in reached:
        finished = max(when, began)
        seconds, after = (finished - began).total_seconds(), (began - started).total_seconds()
        steps.append(TimelineStep(name, began, finished, seconds, after))
        began = finished
    return steps


def _section(failures: FailureKind, links: BoardLinks) -> FailureSection:
    known = TYPE_WORDS.get(failures.error_type or "")
    what = "Order lines" if failures.kind is Kind.ORDER else "Sizes"
    return FailureSection(
        title=f"{what} {type_word(failures.error_type)}",
        words=known[1] if known else OTHER_WORDS,
        rows=failures.rows,
        resolved=failures.resolved,
        shown=[_line(row, links) for row in failures.shown],
        more=failures.rows - len(failures.shown),
    )


def _line(row: FailedRow, links: BoardLinks) -> FailedLine:
    return FailedLine(
        error_id=f"{row.kind}:{row.err_id}",
        row=row,
        words=row.message or "",
        address=links.item(row.parent_item_id),
        http_error=None if row.http_status == HTTPStatus.OK else row.http_status,
    )
