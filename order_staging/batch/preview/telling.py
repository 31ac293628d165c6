"""What a preview tells of single rows: values as people read them, payloads, and what becomes of changes. Pure."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from order_staging.batch.mutations import GROUP, QUANTITY, SIZE, TITLE
from order_staging.batch.payloads import order_payload, size_payload
from order_staging.batch.preview.findings import (
    ChangedBy,
    Duplicate,
    FieldChange,
    GroupForecast,
    NewItem,
    NewLabels,
    NewPayload,
    Remarked,
    Shown,
)
from order_staging.models import Operation
from order_staging.monday.account import LABELS_A_COLUMN
from order_staging.transform import LABELS, FieldType, OnConflict, Verdict, decoded
from order_staging.transform.values import plain_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from order_staging.batch.changes.decisions import Change, Decision, SizeDecision
    from order_staging.monday import Board
    from order_staging.repositories import Alike
    from order_staging.transform import BoardMapping, InvalidOrder, Order

SENT = "sent"
SENT_OVER = "sent, in the place of what people wrote"
AGREED = "not sent: the board says it already"
BOARD_STAYS = "left: the board's value stays (on_conflict: board)"
UNDECIDED = "left: a person must decide (on_conflict: report)"
GONE = "left: people deleted it; --recreate-deleted creates it again"
NEW_SUBITEM = "new subitem"
DELETED_SUBITEM = "subitem deleted: none is ordered any more"

_CONFLICTS = {
    OnConflict.SOURCE: SENT_OVER,
    OnConflict.BOARD: BOARD_STAYS,
    OnConflict.REPORT: UNDECIDED,
}


def new_item(customer: str, order: Order) -> NewItem:
    """Tell of an order line that would become an item."""
    values = {title: plain_text(value) for title, value in order.values.items() if value is not None}
    sizes = {size.label: size.quantity for size in order.sizes}
    return NewItem(customer, order.source_uuid, order.title, order.group, values, sizes)


def payload(mapping: BoardMapping, key_column: str | None, order: Order) -> NewPayload:
    """Give what would be sent for an order line."""
    key = {key_column: str(order.source_uuid)} if key_column else {}
    item = order_payload(mapping, order.title, order.group, order.values, key)
    below = (json.loads(size_payload(mapping, size).recorded) for size in order.sizes)
    return NewPayload(order.title, order.group, json.loads(item.recorded), tuple(below))


def invalid(customer: str, order: InvalidOrder, *more: str) -> Remarked:
    """Tell why a row is refused."""
    remarks = (*(problem.sentence() for problem in order.problems), *more)
    return Remarked(customer, order.source_uuid, order.order_number, order.title, remarks)


def warned(customer: str, order: Order, *more: str) -> Remarked:
    """Tell what would be left out of an order line, or changed."""
    notes = (*(note.sentence() for note in order.notes), *more)
    return Remarked(customer, order.source_uuid, order.order_number, order.title, notes)


def duplicate(mapping: BoardMapping, customer: str, alike: Alike) -> Duplicate:
    """Tell of a business key that is there several times."""
    known = None if alike.delivered is None else ("delivered" if alike.delivered else "staged")
    key = {field.title: text for field, text in zip(mapping.key_fields, alike.key, strict=True)}
    number = key[mapping.number_field.title]
    return Duplicate(customer, number, key, rows=alike.rows, known=known, item_id=alike.item_id)


def contested(mapping: BoardMapping, decisions: Sequence[Decision]) -> tuple[list[int], list[str]]:
    """List the items, and the columns, that people have written and the source has changed, too."""
    columns = {field.title: field.column for field in mapping.fields}
    found = [
        (decision.line.item_id, columns[change.title])
        for decision in decisions
        for change in decision.changes
        if change.title in columns and _by_both(change)
    ]
    return sorted({item for item, _ in found}), sorted({column for _, column in found})


def named(mapping: BoardMapping, change: FieldChange, editors: Mapping[tuple[int, str], str]) -> FieldChange:
    """Add the name of who wrote the board's value."""
    if change.changed_by is not ChangedBy.BOTH or change.size is not None:
        return change
    columns = {field.title: field.column for field in mapping.fields}
    return replace(change, editor=editors.get((change.item_id, columns.get(change.field, ""))))


def changes_of(customer: str, decision: Decision) -> Iterator[FieldChange]:
    """List what a decision does, value by value."""
    line = decision.line
    about = _About(customer, decision)
    if decision.gone:
        yield about.change(TITLE, GONE, delivered=line.base.name, source=line.source.name)
        return
    for change in decision.changes:
        yield about.of(change)
    for size in decision.sizes:
        yield from _size(about, size)


class _About:
    """Makes the changes of one order line."""

    def __init__(self, customer: str, decision: Decision) -> None:
        order = decision.line.order
        self._place = (customer, order.source_uuid, decision.line.item_id, order.title)

    def change(  # noqa: PLR0913 - the facts of a change
        self,
        field: str,
        outcome: str,
        *,
        size: str | None = None,
        delivered: str | None = None,
        source: str | None = None,
        board: str | None = None,
        changed_by: ChangedBy = ChangedBy.SOURCE,
    ) -> FieldChange:
        return FieldChange(*self._place, field, outcome, size, delivered, source, board, changed_by)

    def of(self, change: Change, size: str | None = None, outcome: str | None = None) -> FieldChange:
        both = _by_both(change)
        return self.change(
            change.title,
            outcome or _outcome(change),
            size=size,
            delivered=_told(change.type, change.base),
            source=_told(change.type, change.source),
            board=_told(change.type, change.board),
            changed_by=ChangedBy.BOTH if both else ChangedBy.SOURCE,
        )


def _size(about: _About, size: SizeDecision) -> Iterator[FieldChange]:
    ordered = str(size.quantity)
    if size.gone:
        yield about.change(QUANTITY, GONE, size=size.label, source=ordered, changed_by=ChangedBy.BOTH)
    elif size.operation is Operation.CREATE:
        yield about.change(QUANTITY, NEW_SUBITEM, size=size.label, source=ordered)
    elif size.operation is Operation.DELETE and not size.vanished:
        quantity = [change for change in size.changes if change.title == QUANTITY]
        for change in quantity:
            yield about.of(change, size.label, DELETED_SUBITEM)
        if not quantity:
            yield about.change(QUANTITY, DELETED_SUBITEM, size=size.label, source=ordered)
    else:
        for change in size.changes:
            yield about.of(change, size.label)


def _by_both(change: Change) -> bool:
    return change.merged.verdict in {Verdict.AGREED, Verdict.CONFLICT}


def _outcome(change: Change) -> str:
    match change.merged.verdict:
        case Verdict.SEND:
            return SENT
        case Verdict.AGREED:
            return AGREED
        case _:
            return _CONFLICTS[change.merged.on_conflict or OnConflict.REPORT]


def _told(column_type: FieldType, value: object) -> str | None:
    found = decoded(column_type, value)
    return None if found is None else plain_text(found)


def mutations_of(decision: Decision) -> tuple[int, int]:
    """Count the mutations that a decision asks for: on the item, and below it."""
    sent = decision.sent
    item = int(GROUP in sent) + int(any(title != GROUP for title in sent))
    below = sum(size.operation is not None and not size.is_settled for size in decision.sizes)
    return item, below


def labels_sent(mapping: BoardMapping, decision: Decision) -> Iterator[tuple[str, object]]:
    """List what a decision sends to columns that have labels: column ids, and the labels."""
    columns = {field.title: field.column for field in mapping.fields if field.type in LABELS}
    for title in decision.sent:
        if title in columns:
            yield columns[title], decision.line.order.values[title]
    size_column = mapping.subitems.size
    for size in decision.sizes if size_column.type in LABELS else ():
        if size.operation is Operation.CREATE or SIZE in size.sent:
            yield size_column.column, size.label


def without_creations(decision: Decision, labels: Collection[str]) -> Decision:
    """Leave out the creation of these sizes."""
    sizes = tuple(
        size for size in decision.sizes if not (size.operation is Operation.CREATE and size.label in labels)
    )
    return replace(decision, sizes=sizes)


def shown_groups(
    groups: Collection[GroupForecast], first: Collection[str], most: int
) -> Shown[GroupForecast]:
    """Choose `most` groups to show, by title: those of `first`, of which something is shown, before others."""
    chosen = sorted(groups, key=lambda group: (group.title not in first, group.title))[:most]
    return Shown(most, len(groups), sorted(chosen, key=lambda group: group.title))


def new_labels(
    mapping: BoardMapping,
    wanted: Mapping[str, Collection[str]],
    board: Board,
    subitems: Board | None,
    most: int,
) -> tuple[NewLabels, ...]:
    """List the labels that a run would create, by column: the first `most` of each, and whether there is room.

    A board of subitems that is not there yet has none.
    """
    size = mapping.subitems.size
    titles = {field.column: field.title for field in mapping.fields}
    types = {size.column: size.type} | {field.column: field.type for field in mapping.fields}
    found = []
    for column_id, labels in sorted(wanted.items()):
        of_items = column_id in titles
        home = board if of_items else subitems
        column = home.column(column_id) if home is not None else None
        known = column.labels if column is not None else ()
        missing = sorted(set(labels) - set(known))
        if missing:
            title, some = titles.get(column_id, "Size"), tuple(missing[:most])
            deactivated = set(column.deactivated_labels) - set(known) if column is not None else set()
            room = max(0, LABELS_A_COLUMN[types[column_id]] - len(known) - len(deactivated))
            fits = len(set(missing) - deactivated) <= room
            found.append(NewLabels(column_id, title, len(known), len(missing), some, room, fits))
    return tuple(found)
