"""What three sides say of an order line and its sizes: a run merges it, and drift compares it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from order_staging.batch.changes.lines import kept_payload
from order_staging.batch.mutations import GROUP, NAME, QUANTITY, SIZE, TITLE
from order_staging.batch.payloads import size_payload
from order_staging.transform import (
    FieldType,
    Merged,
    OnConflict,
    Size,
    Verdict,
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
class Sides:
    """One value: its title and type, who decides a conflict, and what three sides say of it (payload-shaped).

    `ours` says that the board has what we sent ourselves, and never heard acknowledged.
    """

    title: str
    type: FieldType
    on_conflict: OnConflict
    base: object
    source: object
    board: object
    ours: bool = False

    @property
    def agree(self) -> bool:
        """Whether all three say the same."""
        return same(self.type, self.base, self.source) and same(self.type, self.base, self.board)

    def merged(self) -> Merged:
        """Merge them; where the board has what we sent ourselves, that was no edit of people's."""
        if not self.ours or same(self.type, self.base, self.board):
            return merge(self.type, self.base, self.source, self.board, self.on_conflict)
        agreed = same(self.type, self.source, self.board)
        return Merged(Verdict.AGREED if agreed else Verdict.SEND, self.source)


def item_sides(mapping: BoardMapping, line: Line, item: BoardItem) -> Iterator[Sides]:
    """Give an order line's name, group and fields."""
    rules = {field.title: field.on_conflict for field in mapping.fields}
    rules |= {TITLE: mapping.title_on_conflict, GROUP: mapping.group.on_conflict}
    board: dict[str, object] = {field.title: item.values.get(field.column) for field in mapping.fields}
    board |= {TITLE: item.name, GROUP: item.group}
    for title, type_, base, source in line.values(mapping):
        now = board[title]
        ours = title in line.ours and same(type_, line.ours[title], now)
        yield Sides(title, type_, rules[title], base, source, now, ours)


def find_subitem(
    mapping: BoardMapping, line: Line, size: SizeLine, below: Mapping[int, BoardSubitem]
) -> BoardSubitem | None:
    """Find a size's subitem by its id or, where production names none, by its name; None where it is not there.

    One of that name may be people's, or of an earlier run that never came to record it. What belongs to another
    size is left out, whatever people named it.
    """
    known = size.delivered.subitem_id if size.delivered else None
    if known is not None:
        return below.get(known)
    name = subitem_name(mapping, Size(size.label, size.quantity)).strip()
    unclaimed = (subitem for subitem in below.values() if subitem.id not in line.claimed)
    return next((subitem for subitem in unclaimed if subitem.name.strip() == name), None)


def size_sides(mapping: BoardMapping, size: SizeLine, subitem: BoardSubitem) -> Iterator[Sides]:
    """Give the name, the label and the quantity of a size's subitem.

    What was delivered and not kept counts as unchanged. Where production has none of the size, nothing was
    delivered: people made the subitem, and it may lack its label.
    """
    rule, label, quantity = mapping.subitems.on_conflict, mapping.subitems.size, mapping.subitems.quantity
    source = size_payload(mapping, Size(size.label, size.quantity))
    # What does not differ was delivered as the source has it, whatever was written into the place of what was kept.
    kept = (kept_payload(size.recorded) or {}) if size.differs else {}
    columns = kept.get("column_values", {})
    labelled = None if size.delivered is None else source.columns[label.column]
    delivered = size.delivered.quantity if size.delivered else None
    shown = subitem.values.get(quantity.column)
    yield Sides(NAME, FieldType.TEXT, rule, kept.get("item_name", source.name), source.name, subitem.name)
    yield Sides(
        SIZE,
        label.type,
        rule,
        columns.get(label.column, labelled),
        source.columns[label.column],
        subitem.values.get(label.column),
    )
    yield Sides(
        QUANTITY,
        FieldType.NUMBERS,
        rule,
        None if delivered is None else str(delivered),
        source.columns[quantity.column],
        shown,
        size.ours is not None and same(FieldType.NUMBERS, str(size.ours), shown),
    )
