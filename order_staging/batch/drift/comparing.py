"""One order line compared: what the source says, what was acknowledged, and what its item says now. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from order_staging.batch.drift.findings import Drift, DriftKind
from order_staging.batch.mutations import GROUP, KEY, NAME, QUANTITY, SIZE, TITLE
from order_staging.batch.payloads import size_payload
from order_staging.transform import (
    FieldType,
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
    from collections.abc import Iterator

    from order_staging.batch.changes.lines import Line, SizeLine
    from order_staging.monday import BoardItem, BoardSubitem
    from order_staging.transform import BoardMapping

DELETED = "left: people deleted it; --recreate-deleted creates it again"
CREATED = "create it"
CREATED_AGAIN = "create it again"
DOUBLED = "left: a person must decide which one stays"
UNKNOWN = "left: no run made it, and none takes it away"
REMOVED = "left: run with --changes --archive-removed to archive it"
INVALID = "left: correct the row in ORDERS_UNIFIED"

_SENT = {
    GROUP: "move it to the source's group",
    TITLE: "send the source's name",
    NAME: "send the source's name",
    QUANTITY: "send the source's quantity",
}
_KINDS = {
    GROUP: DriftKind.WRONG_GROUP,
    TITLE: DriftKind.DIFFERING_NAME,
    NAME: DriftKind.DIFFERING_NAME,
    QUANTITY: DriftKind.DIFFERING_QUANTITY,
}


@dataclass(frozen=True)
class Rules:
    """What decides about differences: the mapping, the key column, if any, and what is created again."""

    mapping: BoardMapping
    key_column: str | None
    recreate_deleted: bool


class _Told(TypedDict):
    source: str | None
    delivered: str | None
    board: str | None


@dataclass(frozen=True, slots=True)
class _Sides:
    """One value: its title and type, who decides a conflict, and what three sides say (payload-shaped)."""

    title: str
    type: FieldType
    on_conflict: OnConflict
    base: object
    source: object
    board: object

    @property
    def agree(self) -> bool:
        """Whether all three say the same."""
        return same(self.type, self.base, self.source) and same(self.type, self.base, self.board)

    def repair(self) -> str:
        """Say what a run does about the difference."""
        merged = merge(self.type, self.base, self.source, self.board, self.on_conflict)
        send = _SENT.get(self.title, "send the source's value")
        match merged.verdict, merged.on_conflict:
            case Verdict.UNCHANGED, _:
                return "left: people changed it, and the source did not"
            case Verdict.AGREED, _:
                return "record it as delivered: the board has it already"
            case Verdict.SEND, _:
                return send
            case _, OnConflict.REPORT:
                return "left: on_conflict is report, a person must decide"
            case _, OnConflict.BOARD:
                return "left: on_conflict is board"
            case _:
                return f"{send}: people changed it, too, and on_conflict is source"

    def told(self) -> _Told:
        """Write the three values as people read them."""
        source, base, board = (_told(self.type, value) for value in (self.source, self.base, self.board))
        return {"source": source, "delivered": base, "board": board}


def compare(rules: Rules, customer: str, line: Line, item: BoardItem | None) -> list[Drift]:
    """List all in which an order line and its item differ; None, archived and deleted mean that people took it."""
    order = line.order
    if item is None or not item.active:
        repair = CREATED_AGAIN if rules.recreate_deleted else DELETED
        state = item.state if item else None
        return [
            Drift(
                DriftKind.MISSING_ITEM,
                customer,
                order.title,
                repair,
                order.source_uuid,
                line.item_id,
                source=order.title,
                delivered=line.base.name,
                board=state,
            )
        ]
    found = [
        Drift(
            _KINDS.get(sides.title, DriftKind.DIFFERING_FIELD),
            customer,
            order.title,
            sides.repair(),
            order.source_uuid,
            item.id,
            field=sides.title,
            **sides.told(),
        )
        for sides in _values(rules.mapping, line, item)
        if not sides.agree
    ]
    return [*found, *_key(rules, customer, line, item), *_Below(rules, customer, line, item).compare()]


def _values(mapping: BoardMapping, line: Line, item: BoardItem) -> Iterator[_Sides]:
    on_conflict = {field.title: field.on_conflict for field in mapping.fields}
    on_conflict |= {TITLE: mapping.title_on_conflict, GROUP: mapping.group.on_conflict}
    board: dict[str, object] = {field.title: item.values.get(field.column) for field in mapping.fields}
    board |= {TITLE: item.name, GROUP: item.group}
    for title, type_, base, source in line.values(mapping):
        yield _Sides(title, type_, on_conflict[title], base, source, board[title])


def _key(rules: Rules, customer: str, line: Line, item: BoardItem) -> Iterator[Drift]:
    if rules.key_column is None:
        return
    key = str(line.order.source_uuid)
    shown = _told(FieldType.TEXT, item.values.get(rules.key_column))
    if (shown or "").strip().casefold() != key:
        yield Drift(
            DriftKind.WRONG_KEY,
            customer,
            line.order.title,
            "send the row's UUID",
            line.order.source_uuid,
            item.id,
            field=KEY,
            source=key,
            delivered=line.key,
            board=shown,
        )


class _Below:
    """Compares the sizes of an order line with the subitems of its item."""

    def __init__(self, rules: Rules, customer: str, line: Line, item: BoardItem) -> None:
        self._rules = rules
        self._mapping = rules.mapping
        self._customer = customer
        self._line = line
        self._item = item
        self._by_id = {subitem.id: subitem for subitem in item.subitems}

    def compare(self) -> Iterator[Drift]:
        """Go through the sizes, then through the subitems that belong to none of them."""
        known: list[BoardSubitem] = []
        for size in self._line.sizes:
            found = self._subitem(size)
            if found is not None:
                known.append(found)
                yield from self._differing(size, found)
            elif size.quantity or (size.delivered and size.delivered.subitem_id is not None):
                yield self._missing(size)
        yield from self._extra(known)

    def _subitem(self, size: SizeLine) -> BoardSubitem | None:
        """Find a size's subitem by its id, or by its name where production names none."""
        subitem_id = size.delivered.subitem_id if size.delivered else None
        if subitem_id is not None:
            return self._by_id.get(subitem_id)
        name = _name(self._mapping, size)
        claimed = {one.delivered.subitem_id for one in self._line.sizes if one.delivered}
        unclaimed = (one for one in self._by_id.values() if one.id not in claimed)
        return next((one for one in unclaimed if one.name.strip() == name), None)

    def _missing(self, size: SizeLine) -> Drift:
        if not size.quantity:
            repair = "forget it: the source orders none any more"
        elif size.delivered is None:
            repair = CREATED
        else:
            repair = CREATED_AGAIN if self._rules.recreate_deleted else DELETED
        subitem_id = size.delivered.subitem_id if size.delivered else None
        delivered = _delivered(size)
        return self._drift(
            DriftKind.MISSING_SUBITEM,
            repair,
            subitem_id,
            size.label,
            source=str(size.quantity),
            delivered=delivered,
        )

    def _differing(self, size: SizeLine, found: BoardSubitem) -> Iterator[Drift]:
        deletes = self._mapping.subitems.removed is RemovedSize.DELETE and size.quantity == 0
        for sides in self._values(size, found):
            goes = deletes and sides.title == QUANTITY
            if sides.agree and not goes:
                continue
            repair = sides.repair()
            # People's own quantity, where it wins, keeps a subitem that is no longer ordered.
            if goes and not repair.startswith("left: on_conflict"):
                repair = "delete it: the source orders none any more"
            kind = _KINDS.get(sides.title, DriftKind.DIFFERING_FIELD)
            yield self._drift(kind, repair, found.id, size.label, field=sides.title, **sides.told())

    def _values(self, size: SizeLine, found: BoardSubitem) -> Iterator[_Sides]:
        """Give a subitem's name, label and quantity; what was not kept of it counts as unchanged."""
        subitems = self._mapping.subitems
        source = size_payload(self._mapping, Size(size.label, size.quantity))
        kept = json.loads(size.recorded) if size.recorded else {}
        columns = kept.get("column_values", {})
        rule, label, quantity = subitems.on_conflict, subitems.size.column, subitems.quantity.column
        name = kept.get("item_name", source.name)
        yield _Sides(NAME, FieldType.TEXT, rule, name, source.name, found.name)
        was = columns.get(label, source.columns[label])
        yield _Sides(SIZE, subitems.size.type, rule, was, source.columns[label], found.values.get(label))
        now, shown = source.columns[quantity], found.values.get(quantity)
        yield _Sides(QUANTITY, FieldType.NUMBERS, rule, _delivered(size), now, shown)

    def _extra(self, known: list[BoardSubitem]) -> Iterator[Drift]:
        ids, names = {one.id for one in known}, {one.name.strip() for one in known}
        for subitem in self._item.subitems:
            if subitem.id not in ids:
                doubled = subitem.name.strip() in names
                kind = DriftKind.DOUBLED_SUBITEM if doubled else DriftKind.EXTRA_SUBITEM
                repair = DOUBLED if doubled else UNKNOWN
                yield self._drift(kind, repair, subitem.id, None, board=subitem.name)

    def _drift(  # noqa: PLR0913 - the facts of a finding
        self,
        kind: DriftKind,
        repair: str,
        subitem_id: int | None,
        size: str | None,
        *,
        field: str | None = None,
        source: str | None = None,
        delivered: str | None = None,
        board: str | None = None,
    ) -> Drift:
        order = self._line.order
        place = (order.source_uuid, self._item.id, subitem_id, size, field)
        return Drift(kind, self._customer, order.title, repair, *place, source, delivered, board)


def _name(mapping: BoardMapping, size: SizeLine) -> str:
    return subitem_name(mapping, Size(size.label, size.quantity)).strip()


def _delivered(size: SizeLine) -> str | None:
    known = size.delivered
    return None if known is None or known.quantity is None else str(known.quantity)


def _told(column_type: FieldType, value: object) -> str | None:
    """Write a payload-shaped value as people read it."""
    found = decoded(column_type, value)
    return None if found is None else str(found)
