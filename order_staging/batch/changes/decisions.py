"""What is to be done about order lines that have changed: merged with the board as it is now. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from order_staging.batch.changes.sides import find_subitem, item_sides, size_sides
from order_staging.batch.mutations import GROUP, QUANTITY, TITLE
from order_staging.batch.payloads import Payload, order_payload
from order_staging.models import Operation
from order_staging.transform import FieldType, OnConflict, RemovedSize, Verdict, decoded, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from order_staging.batch.changes.lines import Line, SizeLine
    from order_staging.batch.changes.sides import Sides
    from order_staging.monday import BoardItem, BoardSubitem
    from order_staging.transform import BoardMapping, Merged


@dataclass(frozen=True, slots=True)
class Change:
    """One value that the source has changed: what three sides say of it (payload-shaped), and what comes of it."""

    title: str
    type: FieldType
    base: object
    source: object
    board: object
    merged: Merged

    @property
    def is_conflict(self) -> bool:
        """Whether people have changed it, too."""
        return self.merged.verdict is Verdict.CONFLICT

    def sentence(self) -> str:
        """Tell of a conflict, and how it was decided."""
        was, now, board = (said(self.type, value) for value in (self.base, self.source, self.board))
        decided = {
            OnConflict.SOURCE: "the source's is sent",
            OnConflict.BOARD: "the board's stays",
            OnConflict.REPORT: "a person must decide",
        }
        end = decided[self.merged.on_conflict or OnConflict.REPORT]
        return f"{self.title}: delivered {was}, now {now} in the source and {board} on the board; {end}"


@dataclass(frozen=True, slots=True)
class SizeDecision:
    """What is to be done about a size: `operation` None where nothing is; `sent` as `update_fields` names it.

    `quantity` is what counts as acknowledged afterwards. `gone` says that people deleted the subitem.
    """

    label: str
    quantity: int
    operation: Operation | None
    subitem_id: int | None = None
    sent: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    gone: bool = False
    removed: bool = False
    """Whether the source orders none any more."""
    vanished: bool = False
    """Whether people deleted the subitem, and the source orders none any more, either."""

    @property
    def is_settled(self) -> bool:
        """Whether it counts as done without anything being sent."""
        return self.vanished or (self.operation is Operation.UPDATE and not self.sent)

    @property
    def needs_no_creation(self) -> bool:
        """Whether the subitem is on the board, or is not to be there."""
        return self.vanished or (self.subitem_id is not None and not self.gone)


@dataclass(frozen=True)
class Decision:
    """What is to be done about an order line; `gone` says that people archived or deleted its item."""

    line: Line
    changes: tuple[Change, ...] = ()
    sizes: tuple[SizeDecision, ...] = ()
    gone: bool = False
    wrong_key: bool = False
    """Whether the item's key column was read, and does not hold the row's UUID."""

    @property
    def conflicts(self) -> list[Change]:
        """The order's values that both sides changed."""
        return [change for change in self.changes if change.is_conflict]

    @property
    def size_conflicts(self) -> list[Change]:
        """The sizes' values that both sides changed."""
        return [change for size in self.sizes for change in size.changes if change.is_conflict]

    @property
    def undecided(self) -> list[str]:
        """What a person must decide."""
        return [words for change, words in self._told() if change.merged.on_conflict is OnConflict.REPORT]

    @property
    def told(self) -> list[str]:
        """What both sides changed, a sentence each."""
        return [words for _, words in self._told()]

    def _told(self) -> Iterator[tuple[Change, str]]:
        yield from ((change, change.sentence()) for change in self.conflicts)
        for size in self.sizes:
            conflicts = (change for change in size.changes if change.is_conflict)
            yield from ((change, f"size {size.label}: {change.sentence()}") for change in conflicts)

    @property
    def sent(self) -> list[str]:
        """What of the order is to be sent, as `update_fields` names it, the key aside."""
        return [change.title for change in self.changes if change.merged.sends]

    @property
    def sends(self) -> bool:
        """Whether anything of the order or its sizes is to be sent."""
        return (
            bool(self.sent)
            or self.wrong_key
            or any(size.operation and not size.is_settled for size in self.sizes)
        )

    @property
    def operation(self) -> Operation:
        """What the order asks of the board."""
        return Operation.MOVE if GROUP in self.sent else Operation.UPDATE

    @property
    def settles(self) -> bool:
        """Whether anything of the order counts as acknowledged from now on, sent or not."""
        return any(
            change.merged.verdict is not Verdict.UNCHANGED
            and change.merged.on_conflict is not OnConflict.REPORT
            for change in self.changes
        )

    def acknowledged(
        self, mapping: BoardMapping, key: Mapping[str, object]
    ) -> tuple[dict[str, Any], Payload]:
        """Give what counts as acknowledged once all is sent: values by title, and the payload."""
        kept = {
            change.title: change for change in self.changes if change.merged.acknowledged is not change.source
        }
        values: dict[str, Any] = {TITLE: self.line.order.title, GROUP: self.line.order.group}
        values |= self.line.order.values
        values |= {title: decoded(change.type, change.merged.acknowledged) for title, change in kept.items()}
        for field in mapping.fields:
            if field.title in self.line.unreadable:
                values[field.title] = decoded(field.type, self.line.base.columns.get(field.column))
        return values, order_payload(mapping, str(values[TITLE] or ""), values[GROUP], values, key)


def decide(
    mapping: BoardMapping, line: Line, item: BoardItem | None, key_column: str | None = None
) -> Decision:
    """Merge an order line with its item as it is now; None, archived and deleted mean that people took it away.

    `key_column` is looked at where it is given: it is to hold the row's UUID.
    """
    if item is None or not item.active:
        return Decision(line, gone=True)
    changes = tuple(_changes(item_sides(mapping, line, item)))
    below = {subitem.id: subitem for subitem in item.subitems}
    sizes = tuple(_size(mapping, line, size, below) for size in line.sizes)
    key = str(item.values.get(key_column or "") or "").strip().casefold()
    wrong_key = key_column is not None and key != str(line.order.source_uuid)
    return Decision(line, changes, sizes, wrong_key=wrong_key)


def said(column_type: FieldType, value: object) -> str:
    """Write a payload-shaped value for people; nothing is "nothing"."""
    found = decoded(column_type, value)
    return "nothing" if found is None else repr(str(found))


def _changes(sides: Iterable[Sides]) -> Iterator[Change]:
    """Merge values, and go through those that the source has changed."""
    for one in sides:
        merged = one.merged()
        if merged.verdict is not Verdict.UNCHANGED:
            yield Change(one.title, one.type, one.base, one.source, one.board, merged)


def _size(
    mapping: BoardMapping, line: Line, size: SizeLine, below: Mapping[int, BoardSubitem]
) -> SizeDecision:
    subitem = find_subitem(mapping, line, size, below)
    if subitem is None:
        return _when_absent(size)
    if not size.differs and size.ours is None:
        return SizeDecision(size.label, size.quantity, None, subitem.id)
    changes = tuple(_changes(size_sides(mapping, size, subitem)))
    if size.quantity == 0 and mapping.subitems.removed is RemovedSize.DELETE:
        shown = subitem.values.get(mapping.subitems.quantity.column)
        return _when_to_delete(size, subitem.id, changes, ordered=not same(FieldType.NUMBERS, shown, "0"))
    return _when_there(size, subitem.id, changes)


def _when_absent(size: SizeLine) -> SizeDecision:
    """Decide about a size of which no subitem is on the board."""
    if size.delivered is None:
        return SizeDecision(size.label, size.quantity, Operation.CREATE)
    known = size.delivered.subitem_id
    if known is None:
        # What production has, and cannot name, may be there under another name: it is not created again.
        return SizeDecision(size.label, size.quantity, None)
    if size.quantity == 0:
        return SizeDecision(size.label, 0, Operation.DELETE, known, removed=True, vanished=True)
    return SizeDecision(size.label, size.quantity, None, known, gone=True)


def _when_to_delete(
    size: SizeLine, subitem_id: int, changes: tuple[Change, ...], *, ordered: bool
) -> SizeDecision:
    """Decide about a subitem that is to be deleted, as the source orders none; `ordered`: the board still does.

    It stays where people have ordered some since we had set it to 0, where their quantity wins, and where a person
    must decide about it.
    """
    merged = _when_there(size, subitem_id, changes)
    quantity = next((change for change in changes if change.title == QUANTITY), None)
    if quantity is None and ordered:
        return merged if changes else replace(merged, operation=None)
    if quantity is not None and quantity.is_conflict and not quantity.merged.sends:
        return merged
    return replace(merged, operation=Operation.DELETE)


def _when_there(size: SizeLine, subitem_id: int, changes: tuple[Change, ...]) -> SizeDecision:
    """Decide about a subitem that stays: what is sent of it, and what counts as acknowledged."""
    sent = tuple(change.title for change in changes if change.merged.sends)
    undecided = {change.title for change in changes if change.merged.on_conflict is OnConflict.REPORT}
    delivered = size.delivered.quantity if size.delivered else None
    # Without anything sent, what is acknowledged is recorded as a whole: not before all of it is decided.
    operation = None if undecided and not sent else Operation.UPDATE
    quantity = (delivered or 0) if QUANTITY in undecided else size.quantity
    return SizeDecision(
        size.label, quantity, operation, subitem_id, sent, changes, removed=size.quantity == 0
    )
