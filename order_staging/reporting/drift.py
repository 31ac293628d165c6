"""A comparison of source, production and board laid out for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group

from order_staging.reporting.tables import Column, Listing
from order_staging.reporting.words import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from order_staging.batch import Drift, DriftResult

CLEAN = "Nothing differs."
OF_VALUES = ("differing_", "wrong_")
"""How kinds begin that tell of a value."""


def drift_page(result: DriftResult) -> RenderableType:
    """Lay a comparison out: a row a difference; after a repair only what it has left."""
    lines = [] if result.repaired is None else [_repaired(result)]
    counted = f"{result.orders} order lines and {result.subitems} subitems compared."
    if result.is_clean:
        return Group(*lines, CLEAN, counted)
    return Group(_table(result.standing), *lines, summary(result.standing), counted)


def summary(findings: Sequence[Drift]) -> str:
    """Count differences by kind, in one line."""
    counts = Counter(finding.kind for finding in findings)
    kinds = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(counts.items()))
    return f"{len(findings)} found: {kinds}." if findings else CLEAN


def _table(findings: Sequence[Drift]) -> Listing:
    table = Listing(Column("Kind", whole=True), "Order", "What", below="Sides, and repair")
    for finding in findings:
        kind = finding.kind.replace("_", " ")
        table.add_row(kind, finding.name, _what(finding), below="\n".join(_below(finding)))
    return table


def _below(finding: Drift) -> Iterator[str]:
    """Give the three sides a line each where they say anything, and what a repair does.

    Of a value that differs a side without one says so, too: it may be what was emptied.
    """
    sides = (("source", finding.source), ("delivered", finding.delivered), ("board", finding.board))
    nothing = EMPTY if finding.kind.startswith(OF_VALUES) else None
    told = ((name, nothing if value is None else value) for name, value in sides)
    yield from (f"{name}: {value}" for name, value in told if value is not None)
    yield f"→ {finding.repair}"


def _what(finding: Drift) -> str:
    if finding.field is not None and finding.size is not None:
        return f"size {finding.size}: {finding.field}"
    if finding.size is not None:
        return f"size {finding.size}"
    return (
        finding.field
        or f"{'subitem' if finding.subitem_id else 'item'} {finding.subitem_id or finding.item_id}"
    )


def _repaired(result: DriftResult) -> str:
    status = result.repaired.status if result.repaired else ""
    after = "not compared again" if result.left is None else f"{len(result.left)} after it"
    return f"Repair {status}: {len(result.findings)} found before, {after}."
