"""A delivered order line as three sides know it: what was acknowledged, and what the source says now. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from order_staging.batch.mutations import GROUP, QUANTITY, TITLE
from order_staging.batch.payloads import Payload, fields_sent, order_payload, size_payload
from order_staging.models import StagingStatus
from order_staging.repositories.staged_rows import CHANGES
from order_staging.transform import FieldType, Size, item_column_values, same

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from order_staging.models import StagedOrder, StagedSubitem
    from order_staging.repositories import DeliveredSize
    from order_staging.transform import BoardMapping, Order


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says of an item: its name, its group's title, and payload-shaped values by column id."""

    name: str
    group: str
    columns: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SizeLine:
    """A size that was delivered, or is ordered now, or both, and differs.

    `quantity` is what the source orders (0: none any more). `delivered` is what production has of it, None where it
    has nothing, and `recorded` the payload (JSON text) that was last acknowledged, None where it was not kept.
    """

    label: str
    quantity: int
    delivered: DeliveredSize | None = None
    recorded: str | None = None
    differs: bool = True
    """Whether the source says something else than was delivered."""
    ours: int | None = None
    """The quantity that was sent and never acknowledged, None where none was."""


@dataclass(frozen=True, slots=True)
class Line:
    """A delivered order line that may have changed.

    `unreadable` are the titles of fields whose source value does not fit: they count as unchanged. `key` is what
    the key column was last sent, None for nothing. `sizes` are those to look at;
    `same_sizes` counts those that are as they were delivered.
    """

    order: Order
    item_id: int
    base: Side
    source: Side
    key: str | None = None
    unreadable: frozenset[str] = frozenset()
    sizes: tuple[SizeLine, ...] = ()
    same_sizes: int = 0
    ours: dict[str, object] = field(default_factory=dict)
    """What was sent and never acknowledged, by title: on the board it is no edit of people's."""
    changed: bool = True
    """Whether the source says anything else than was acknowledged."""
    other_rules: bool = False
    """Whether it was delivered under another mapping, other customers, or another version of the rules."""
    mended: frozenset[int] = frozenset()
    """Dead letters (`err_id`) that say it is invalid: they end as it is decided, not before."""
    delivered_below: frozenset[int] = frozenset()
    """Subitems that production has of its sizes, also of those that are not looked at."""

    @property
    def claimed(self) -> frozenset[int]:
        """Subitems (ids) that belong to a size: no other size may take them over, whatever they are called."""
        return self.delivered_below.union(subitem_ids(size.delivered for size in self.sizes))

    @property
    def sizes_differ(self) -> bool:
        """Whether the source orders other sizes, or other quantities, than were delivered."""
        return any(size.differs for size in self.sizes)

    def differing(self, mapping: BoardMapping) -> list[str]:
        """List what the source says otherwise than was acknowledged: titles of fields, `Title` and `Group`."""
        return [title for title, type_, base, source in self.values(mapping) if not same(type_, base, source)]

    def values(self, mapping: BoardMapping) -> Iterator[tuple[str, FieldType, object, object]]:
        """Go through all that is merged: the title, the type, what was acknowledged, what the source says."""
        yield TITLE, FieldType.TEXT, self.base.name, self.source.name
        yield GROUP, FieldType.TEXT, self.base.group, self.source.group
        for mapped in mapping.fields:
            base = self.base.columns.get(mapped.column)
            readable = mapped.title not in self.unreadable
            yield (
                mapped.title,
                mapped.type,
                base,
                self.source.columns.get(mapped.column) if readable else base,
            )


def source_side(payload: Payload, group: str) -> Side:
    """Give what the source says now."""
    return Side(payload.name, group, payload.columns)


def acknowledged_side(
    mapping: BoardMapping, facts: Mapping[str, Any], key_column: str | None
) -> tuple[Side, str | None]:
    """Read what was last acknowledged, and the key that was sent.

    A row from before deliveries were kept has the values of its own columns.
    """
    kept = kept_payload(facts["delivered_values"])
    if kept is None:
        return Side(
            str(facts["Title"] or ""), str(facts["Group"] or ""), item_column_values(mapping, facts)
        ), None
    columns = kept["column_values"]
    key = columns.get(key_column) if key_column else None
    return Side(str(kept.get("item_name") or ""), str(kept.get("group") or ""), columns), key


def subitem_ids(sizes: Iterable[DeliveredSize | None]) -> frozenset[int]:
    """List the subitems that production can name."""
    return frozenset(size.subitem_id for size in sizes if size is not None and size.subitem_id is not None)


def line_of(
    mapping: BoardMapping, order: Order, item_id: int, facts: Mapping[str, Any], key_column: str | None
) -> Line:
    """Make the line of a delivered row, its sizes apart: what the source says, and what was acknowledged."""
    base, key = acknowledged_side(mapping, facts, key_column)
    source = source_side(content_of(mapping, order), order.group)
    return Line(order, item_id, base, source, key=key, unreadable=unreadable_fields(order))


def kept_payload(recorded: str | None) -> dict[str, Any] | None:
    """Read a payload that was recorded; None where there is none, or something else was written into its place."""
    try:
        found = json.loads(recorded) if recorded else None
    except ValueError:
        return None
    if isinstance(found, dict) and isinstance(found.get("column_values"), dict):
        return found
    return None


def with_ours(
    mapping: BoardMapping, line: Line, row: StagedOrder | None, sizes: Mapping[str, StagedSubitem]
) -> Line:
    """Add what was sent for a line, and its sizes, and never acknowledged."""
    ours: dict[str, object] = {}
    if row is not None and (payload := _sent_payload(row)) is not None:
        columns = {mapped.title: mapped.column for mapped in mapping.fields}
        said = {TITLE: payload.get("item_name"), GROUP: payload.get("group")}
        said |= {title: payload["column_values"].get(column) for title, column in columns.items()}
        ours = {title: said[title] for title in fields_sent(row) if title in said}
    counted = {
        size: found.order_qty
        for size, found in sizes.items()
        if _sent_payload(found) is not None and QUANTITY in fields_sent(found)
    }
    told = tuple(replace(size, ours=counted.get(size.label)) for size in line.sizes)
    return replace(line, ours=ours, sizes=told)


def sizes_by_row(
    sizes: Mapping[tuple[UUID, str], StagedSubitem],
) -> defaultdict[UUID, dict[str, StagedSubitem]]:
    """Gather staged sizes by source row, and by size."""
    found: defaultdict[UUID, dict[str, StagedSubitem]] = defaultdict(dict)
    for (uuid, label), row in sizes.items():
        found[uuid][label] = row
    return found


def _sent_payload(row: StagedOrder | StagedSubitem) -> dict[str, Any] | None:
    settled = {StagingStatus.PROMOTED, StagingStatus.API_SUCCESS}
    if row.update_operation not in CHANGES or row.stg_status in settled or row.stg_sent_date is None:
        return None
    return kept_payload(row.stg_api_payload)


def unreadable_fields(order: Order) -> frozenset[str]:
    """List the fields that the rules left out, as their values do not fit."""
    return frozenset(note.column for note in order.notes if order.values.get(note.column, "") is None)


def content_of(mapping: BoardMapping, order: Order) -> Payload:
    """Make the payload of an order line as the source has it, without a key."""
    return order_payload(mapping, order.title, order.group, order.values)


class SizeHashes:
    """The hashes of subitems' payloads: the same sizes and quantities come again and again."""

    def __init__(self, mapping: BoardMapping) -> None:
        """Take the mapping."""
        self._mapping = mapping
        self._known: dict[tuple[str, int], str] = {}

    def of(self, label: str, quantity: int) -> str:
        """Give the hash of a size's payload."""
        found = self._known.get((label, quantity))
        if found is None:
            found = self._known[label, quantity] = size_payload(self._mapping, Size(label, quantity)).hash
        return found


def size_lines(
    hashes: SizeHashes,
    sizes: Sequence[Size],
    delivered: Mapping[str, DeliveredSize],
    columns: Collection[str],
    *,
    deletes: bool,
) -> list[SizeLine]:
    """List all sizes that are ordered or were delivered, each with whether it differs.

    A size that is no column of the source any more says nothing: it is left as it was delivered. `deletes` says
    that a size which is gone is to be deleted rather than set to 0.
    """
    ordered = {size.label: size.quantity for size in sizes}
    labels = [*ordered, *(label for label in delivered if label not in ordered and label in columns)]
    lines = [SizeLine(label, ordered.get(label, 0), delivered.get(label)) for label in labels]
    return [
        replace(line, differs=False) if _is_delivered(hashes, line, deletes=deletes) else line
        for line in lines
    ]


def _is_delivered(hashes: SizeHashes, line: SizeLine, *, deletes: bool) -> bool:
    known = line.delivered
    if known is None:
        return line.quantity == 0
    if known.quantity != line.quantity or (deletes and line.quantity == 0):
        return False
    return known.delivered_hash in {None, hashes.of(line.label, line.quantity)}
