"""Customers, batches and failures laid out for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from order_staging.models import ErrorType
from order_staging.reporting.tables import Column, Listing, Sentences, shaded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from rich.console import RenderableType
    from rich.text import Text

    from order_staging.reporting.failures import Unresolved
    from order_staging.reporting.status import BatchDetail, Recorded

RETRY = "order-staging retry --error-id ERROR"
NEXT = {
    ErrorType.REJECTED: f"correct what it names, then {RETRY}",
    ErrorType.CONFLICT: f"archive all but one of the items, then {RETRY}",
    ErrorType.INVALID: "correct the source; the next run looks at it again by itself",
    ErrorType.EDITED: "settle it on the board, then order-staging run --all --changes",
    ErrorType.DELETED: "restore it, or order-staging run --all --changes --recreate-deleted",
}
"""What is to be done about rows of each kind; a retry is not for all of them."""


def customers_page(found: Sequence[tuple[str, int]], *, changes: bool) -> RenderableType:
    """Lay out customers and how many new orders each has; `changes` says that some may have none."""
    if not found:
        return "No customer has new orders."
    nothing_new = "0" if changes else "0, some under way"
    table = Listing("Customer", Column("New orders", number=True))
    for name, count in found:
        table.add_row(name, str(count) if count else nothing_new)
    return table


def batches_page(found: Recorded, customer: str | None) -> RenderableType:
    """Lay out batches, a row each: those of a customer where given, or all; and say if there are more."""
    if not found.views:
        return (
            f"No batch{f' of {customer}' if customer else ''} is recorded yet; `order-staging run` makes one."
        )
    table = Listing(
        Column("Batch", whole=True, short=8),
        Column("Started", whole=True, spare=True),
        "Customer",
        Column("Status", state=True),
        Column("Rows", number=True),
        Column("Landed", number=True),
        Column("Bad", number=True),
        Column("Sizes", number=True, spare=True),
        note="\n".join(("Times are UTC.", *_older(found.total - len(found.views)))),
    )
    for view in found.views:
        numbers = (view.total_records, view.successful_records, view.failed_records, view.subitems_processed)
        started = f"{view.started:%m-%d %H:%M}" if view.started else ""
        table.add_row(view.batch_id, started, view.customer, shaded(view.status), *map(str, numbers))
    return table


def batch_page(found: BatchDetail) -> Group:
    """Lay out all there is to tell of a batch; what was left out of order lines, or changed, is at the end."""
    table = Listing(Column("", whole=True), "")
    for name, value in _facts(found):
        if value:
            table.add_row(name.replace("_", " "), value)
    # Whole, as somebody will copy it.
    return Group(f"Batch {found.batch.batch_id}", table, Sentences(*found.warnings))


def _facts(found: BatchDetail) -> Iterator[tuple[str, str | Text]]:
    for name, value in (found.batch.to_dict() | found.steps).items():
        if name == "batch_id":
            continue
        if name in {"started", "ended"}:
            yield name, _time(getattr(found.batch, name))
        elif name in found.steps:
            yield name, _time(found.steps[name])
        elif name == "status":
            yield name, shaded(found.batch.status)
        else:
            yield name, "" if value is None else str(value)
    yield "staged orders", _states(found.staged_orders)
    yield "staged subitems", _states(found.staged_subitems)
    yield "failures", str(found.failures)
    for one in found.imports:
        yield "bulk import", f"{one.status}, {one.rows} rows" + (f": {one.result}" if one.result else "")


def _time(value: datetime | None) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if value else ""


def _states(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none"


def failures_page(found: Unresolved) -> RenderableType:
    """Lay out what was refused, each with its reason and the id that a retry takes, and what is to be done."""
    if not found.total:
        return "Nothing that was refused is waiting to be mended."
    note = "".join(_older(found.total - len(found.views)))
    table = Listing(Column("Error", whole=True), "Customer", "Order", "Name", below="Why", note=note)
    for view in found.views:
        why = f"{view.error_type}: {view.message}"
        if view.retry_count:
            given_up = ", and now only by --error-id" if view.max_retries_reached else ""
            times = "once" if view.retry_count == 1 else f"{view.retry_count} times"
            why += f" (retried {times}{given_up})"
        row = (view.error_id, view.customer, view.order_number, view.name)
        table.add_row(*(cell or "" for cell in row), below=why)
    return Group(table, *_next_steps(view.error_type for view in found.views))


def _older(more: int) -> list[str]:
    """Say in a line that there are more, if there are."""
    are = "older one is" if more == 1 else "older ones are"
    return [f"{more:,} {are} not shown; --limit shows more."] if more else []


def _next_steps(kinds: Iterable[str | None]) -> Iterator[RenderableType]:
    """Say in lines what is to be done about rows of these kinds; earlier scripts had words of their own."""
    found = set(kinds)
    steps = {str(kind): step for kind, step in NEXT.items() if kind in found}
    if found - NEXT.keys():
        steps["Any other"] = RETRY
    for kind, step in steps.items():
        line = f"{kind if len(steps) > 1 else 'Next'}: {step}"
        # A command is not broken: somebody copies it.
        yield line if "order-staging" in step else Sentences(line)
