"""A preview laid out for people: tables that fit 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group

from order_staging.reporting import words
from order_staging.reporting.tables import Column, Listing, Sentences
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from order_staging.batch import (
        CustomerForecast,
        Estimate,
        FieldChange,
        NewLabels,
        NewPayload,
        PreviewResult,
        Remarked,
        Shown,
    )

NOTHING = "Nothing to do: a run would send nothing."
NOT_WRITTEN = "Nothing was written, neither here nor on monday.com."
LABELS_IN_A_LINE = 10
TITLE = "Title"
"""The field of an item's name, which is never empty: its board side is missing where the item is gone."""


def preview_page(result: PreviewResult) -> Group:
    """Lay a preview out: numbers first, then some rows of each kind, then what it would take."""
    if not result.customers:
        return Group(NOTHING, NOT_WRITTEN)
    parts = [_customers(result), *_groups(result), *_items(result), *_changes(result)]
    parts += [*_remarks("Warnings", result.warnings), *_remarks("Invalid", result.invalid)]
    parts += [*_duplicates(result), *_labels(result), *_payloads(result.payloads)]
    return Group(*parts, Sentences("", *sentences(result), NOT_WRITTEN))


def sentences(result: PreviewResult) -> list[str]:
    """Say what the numbers do not: what is left alone, and what a run would take."""
    said = [
        (result.total("relinked"), "recognised under a new UUID, and not created again"),
        (
            result.total("waiting_changes"),
            "left with changes by earlier runs: decided anew, and counted as changes",
        ),
        (result.total("conflicts"), "changed in the source and by people, too"),
        (result.total("deleted"), "deleted on the board by people, and changed in the source"),
        (result.total("removed"), "gone from ORDERS_UNIFIED and still on the board"),
    ]
    lines = [f"{count:,} {what}" for count, what in said if count]
    if result.with_changes and result.total("relinked"):
        lines.append("what is recognised is compared by the run itself, once it has its new UUID")
    return [*lines, *_crowded(result.labels), *estimated(result.estimate)]


def _crowded(labels: Iterable[NewLabels]) -> Iterator[str]:
    """Warn of columns that do not take all the labels which would come."""
    for each in labels:
        if not each.fits:
            room = counted(each.room, "more label", "more labels")
            yield (
                f"{each.title} takes {room}, and {each.total:,} would come: monday.com rejects what needs the "
                "others; remove labels that nobody uses"
            )


def estimated(estimate: Estimate) -> Iterator[str]:
    """Say what a run would take."""
    if not estimate.mutations:
        yield NOTHING
        return
    least, most = (f"{minutes:,.1f}" for minutes in (estimate.minutes_least, estimate.minutes_most))
    minutes = f"{most} minutes" if least == most else f"{least} to {most} minutes"
    calls = counted(estimate.calls, "call", "calls")
    imports = counted(estimate.imports, "bulk import", "bulk imports")
    by_import = f", {imports} among them" if estimate.imports else ""
    yield f"It would take about {calls}{by_import} and {minutes} (by {estimate.limited_by})."
    left = estimate.calls_left
    if left is not None and estimate.calls > left:
        yield f"{counted(left, 'call is', 'calls are')} left today: a run would pause until midnight UTC."
    elif left is not None:
        yield f"{counted(left, 'call is', 'calls are')} left today."


def listed(sizes: Iterable[tuple[str, int]]) -> str:
    """Write sizes with their quantities: `S 3, M 5`."""
    return ", ".join(f"{label} {quantity:,}" for label, quantity in sizes)


def _table(title: str, *headings: str, right: Sequence[str] = (), below: str = "") -> Listing:
    columns = (
        Column(heading, number=heading in right, spare=heading in {"Staged", "Alike"}) for heading in headings
    )
    return Listing(*columns, title=f"\n{title}", below=below)


def _customers(result: PreviewResult) -> Listing:
    numbers: list[tuple[str, Any]] = [
        ("Items", lambda one: one.items),
        ("Sizes", lambda one: one.subitems),
        ("Staged", lambda one: one.waiting_orders + one.waiting_subitems),
    ]
    if result.tells_changes:
        numbers.append(("Changed", _changed))
    numbers += [
        ("Invalid", lambda one: one.invalid),
        ("Warned", lambda one: one.warnings),
        ("Alike", lambda one: one.duplicates),
    ]
    headings = [heading for heading, _ in numbers]
    title = f"Preview of {result.board} ({result.board_id})"
    table = _table(title, "Customer", *headings, right=headings)
    for one in result.customers:
        table.add_row(one.customer, *(f"{number(one):,}" for _, number in numbers))
    return table


def _changed(one: CustomerForecast) -> int:
    return one.updated + one.moved + one.sizes_changed


def _groups(result: PreviewResult) -> Iterator[RenderableType]:
    table = _table("Groups", "Group", "", "Items", "Sizes", "Staged", right=("Items", "Sizes", "Staged"))
    for group in result.groups.rows:
        state = "there" if group.exists else "new"
        table.add_row(group.title, state, *map(str, (group.items, group.subitems, group.waiting)))
    yield from _with_rest(table, result.groups)


def _items(result: PreviewResult) -> Iterator[RenderableType]:
    table = _table("New items", "Name", "Group", "Sizes")
    for item in result.items.rows:
        table.add_row(item.name, item.group, listed(item.sizes.items()))
    yield from _with_rest(table, result.items)


def _changes(result: PreviewResult) -> Iterator[RenderableType]:
    table = _table("Changes", "Order", "What", "Outcome", below="Sides")
    for each in result.changes.rows:
        what = each.field if each.size is None else f"size {each.size}: {each.field}"
        said = sides(each)
        if each.editor:
            said["board"] = f"{said['board']} ({each.editor})"
        told = "\n".join(f"{name}: {value}" for name, value in said.items() if value)
        table.add_row(each.name, what, each.outcome, below=told)
    yield from _with_rest(table, result.changes)


def sides(change: FieldChange) -> dict[str, str]:
    """Say what each side says of a value: `(empty)` where one says nothing that others do; else nothing.

    Of an item or a subitem that is not there, on the board or yet, there is no value to speak of.
    """
    delivered, source, board = change.delivered, change.source, change.board
    return {
        "delivered": _side(delivered, empty=board is not None),
        "source": _side(source, empty=delivered is not None or board is not None),
        "board": _side(board, empty=delivered is not None and change.field != TITLE),
    }


def _side(value: str | None, *, empty: bool) -> str:
    return value or (words.EMPTY if empty else "")


def _remarks(title: str, shown: Shown[Remarked]) -> Iterator[RenderableType]:
    table = _table(title, "Order", "Name", below="Why")
    for each in shown.rows:
        table.add_row(each.order_number or "", each.name or "", below="\n".join(each.remarks))
    yield from _with_rest(table, shown)


def _duplicates(result: PreviewResult) -> Iterator[RenderableType]:
    titles = key_titles(result)
    table = _table("Suspected duplicates", *titles, "Where")
    for each in result.duplicates.rows:
        table.add_row(*(each.key[title] for title in titles), where(each.known, each.rows))
    yield from _with_rest(table, result.duplicates)


def key_titles(result: PreviewResult) -> list[str]:
    """List the fields of the business key that any of the suspected duplicates has."""
    rows = result.duplicates.rows
    return list(
        dict.fromkeys(title for each in rows for title in each.key if any(one.key[title] for one in rows))
    )


def where(known: str | None, rows: int) -> str:
    """Say where a business key is that is there several times."""
    new = counted(rows, "new row", "new rows")
    return new if known is None else f"{new}, {known} under another UUID"


def _labels(result: PreviewResult) -> Iterator[RenderableType]:
    if not result.labels:
        return
    table = _table("New labels", "Column", "Has", "Takes", "Would get", right=("Has", "Takes"))
    for each in result.labels:
        some = ", ".join(each.labels[:LABELS_IN_A_LINE])
        more = each.total - min(LABELS_IN_A_LINE, len(each.labels))
        rest = f"{more:,} more" if more else ""
        told = " and ".join(words for words in (some, rest) if words)
        table.add_row(each.title, f"{each.exists:,}", f"{each.room:,}", told)
    yield table


def _payloads(payloads: Iterable[NewPayload]) -> Iterator[str]:
    for each in payloads:
        yield f"Payload of {each.name}:"
        yield words.indented({"item": each.item, "subitems": each.subitems})


def _with_rest(table: Listing, shown: Shown[Any]) -> Iterator[RenderableType]:
    if shown.rows:
        yield table
    if shown.more:
        yield f"{table.title.strip()}: {shown.more:,} more; --rows shows as many as you like"
