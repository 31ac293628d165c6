"""What is to be done about order lines that have changed: merged with the board as it is now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from order_staging.batch.changes.lines import kept_payload
from order_staging.batch.mutations import GROUP, NAME, QUANTITY, SIZE, TITLE
from order_staging.batch.payloads import Payload, order_payload, size_payload
from order_staging.models import Operation
from order_staging.transform import (
    FieldType,
    Merged,
    OnConflict,
    RemovedSize,
    Size,
    Verdict,
    decoded,
    merge,
    same,
    subitem_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from order_staging.batch.changes.lines import Line, SizeLine
    from order_staging.monday import BoardItem, BoardSubitem
    from order_staging.transform import BoardMapping


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
    changes = tuple(_changes(mapping, line, item))
    below = {subitem.id: subitem for subitem in item.subitems}
    sizes = tuple(_size(mapping, size, below) for size in line.sizes)
    key = str(item.values.get(key_column or "") or "").strip().casefold()
    wrong_key = key_column is not None and key != str(line.order.source_uuid)
    return Decision(line, changes, sizes, wrong_key=wrong_key)


def said(column_type: FieldType, value: object) -> str:
    """Write a payload-shaped value for people; nothing is "nothing"."""
    found = decoded(column_type, value)
    return "nothing" if found is None else repr(str(found))


def _changes(mapping: BoardMapping, line: Line, item: BoardItem) -> Iterator[Change]:
    rules = {field.title: field.on_conflict for field in mapping.fields}
    rules |= {TITLE: mapping.title_on_conflict, GROUP: mapping.group.on_conflict}
    columns = {field.title: field.column for field in mapping.fields}
    board = {TITLE: item.name, GROUP: item.group}
    for title, type_, base, source in line.values(mapping):
        now = board[title] if title in board else item.values.get(columns[title])
        ours = title in line.ours and same(type_, line.ours[title], now)
        merged = _merged((type_, base, source, now), rules[title], ours=ours)
        if merged.verdict is not Verdict.UNCHANGED:
            yield Change(title, type_, base, source, now, merged)


def _merged(sides: tuple[FieldType, object, object, object], rule: OnConflict, *, ours: bool) -> Merged:
    """Merge what three sides say; where the board has what we sent ourselves, that was no edit of people's."""
    type_, base, source, now = sides
    if not ours or same(type_, base, now):
        return merge(type_, base, source, now, rule)
    return Merged(Verdict.AGREED, source) if same(type_, source, now) else Merged(Verdict.SEND, source)


def _size(mapping: BoardMapping, size: SizeLine, below: Mapping[int, BoardSubitem]) -> SizeDecision:
    removed = size.quantity == 0
    known = size.delivered.subitem_id if size.delivered else None
    name = subitem_name(mapping, Size(size.label, size.quantity)).strip()
    found = below.get(known or 0)
    if found is None and known is None:
        # A subitem of this name that people made, or an earlier run that never came to record it.
        found = next((one for one in below.values() if one.name.strip() == name), None)
        if found is None:
            # What production has, and cannot name, may be there under another name: it is not created again.
            return SizeDecision(
                size.label, size.quantity, Operation.CREATE if size.delivered is None else None
            )
    if found is None and removed:
        return SizeDecision(size.label, 0, Operation.DELETE, known, removed=True, vanished=True)
    if found is None:
        return SizeDecision(size.label, size.quantity, None, known, gone=True)
    if not size.differs and size.ours is None:
        return SizeDecision(size.label, size.quantity, None, found.id, removed=False)
    changes = tuple(_size_changes(mapping, size, found))
    sent = tuple(change.title for change in changes if change.merged.sends)
    quantity = next((change for change in changes if change.title == QUANTITY), None)
    undecided = quantity is not None and quantity.merged.on_conflict is OnConflict.REPORT
    counted = size.delivered.quantity or 0 if undecided and size.delivered else size.quantity
    operation: Operation | None = Operation.UPDATE
    if removed and mapping.subitems.removed is RemovedSize.DELETE and not undecided:
        now = found.values.get(mapping.subitems.quantity.column)
        if quantity is None and not same(FieldType.NUMBERS, now, "0"):
            # People ordered some of a size that we had set to 0.
            return SizeDecision(size.label, 0, None, found.id, removed=True)
        stays = quantity is not None and quantity.is_conflict and not quantity.merged.sends
        operation = Operation.UPDATE if stays else Operation.DELETE
    elif not sent and undecided:
        operation = None
    return SizeDecision(size.label, counted, operation, found.id, sent, changes, removed=removed)


def _size_changes(mapping: BoardMapping, size: SizeLine, found: BoardSubitem) -> Iterator[Change]:
    """Merge a subitem's name, label and quantity; what was not kept of it counts as unchanged."""
    subitems, rule = mapping.subitems, mapping.subitems.on_conflict
    source = size_payload(mapping, Size(size.label, size.quantity))
    kept = kept_payload(size.recorded) or {}
    columns = kept.get("column_values", {})
    quantity = (
        None if size.delivered is None or size.delivered.quantity is None else str(size.delivered.quantity)
    )
    label = subitems.size.column
    # A subitem that people made may lack its label.
    known_label = None if size.delivered is None else source.columns[label]
    sides = (
        (NAME, FieldType.TEXT, kept.get("item_name", source.name), source.name, found.name),
        (
            SIZE,
            subitems.size.type,
            columns.get(label, known_label),
            source.columns[label],
            found.values.get(label),
        ),
        (
            QUANTITY,
            FieldType.NUMBERS,
            quantity,
            source.columns[subitems.quantity.column],
            found.values.get(subitems.quantity.column),
        ),
    )
    for title, type_, base, now, board in sides:
        ours = title == QUANTITY and size.ours is not None and same(type_, str(size.ours), board)
        merged = _merged((type_, base, now, board), rule, ours=ours)
        if merged.verdict is not Verdict.UNCHANGED:
            yield Change(title, type_, base, now, board, merged)
