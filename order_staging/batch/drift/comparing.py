"""One order line compared: what the source says, what was acknowledged, and what its item says now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from order_staging.batch.changes.decisions import decide
from order_staging.batch.changes.sides import item_sides, size_sides
from order_staging.batch.drift.findings import Drift, DriftKind
from order_staging.batch.mutations import GROUP, KEY, NAME, QUANTITY, TITLE
from order_staging.models import Operation
from order_staging.transform import FieldType, OnConflict, Verdict, decoded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from order_staging.batch.changes.decisions import SizeDecision
    from order_staging.batch.changes.lines import Line, SizeLine
    from order_staging.batch.changes.sides import Sides
    from order_staging.monday import BoardItem, BoardSubitem
    from order_staging.transform import BoardMapping, Merged

DELETED = "left: people deleted it; --recreate-deleted creates it again"
UNNAMED = "left: production does not say which subitem it is, and none has its name"
CREATED = "create it"
CREATED_AGAIN = "create it again"
DOUBLED = "left: a person must decide which one stays"
UNKNOWN = "left: no run made it, and none takes it away"
RECOGNISED = "recognise its row by the business key, take over the new UUID, and compare it"
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


def _repair(title: str, merged: Merged) -> str:
    """Say what a run does about a value that differs."""
    send = _SENT.get(title, "send the source's value")
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


def _three(sides: Sides) -> _Told:
    """Write what the three sides say as people read it."""
    source, base, board = (_told(sides.type, each) for each in (sides.source, sides.base, sides.board))
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
            _repair(sides.title, sides.merged()),
            order.source_uuid,
            item.id,
            field=sides.title,
            **_three(sides),
        )
        for sides in item_sides(rules.mapping, line, item)
        if not sides.agree
    ]
    return [*found, *_key(rules, customer, line, item), *_Below(rules, customer, line, item).compare()]


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
    """Compares the sizes of an order line with the subitems of its item, and says what a run decides about them."""

    def __init__(self, rules: Rules, customer: str, line: Line, item: BoardItem) -> None:
        self._rules = rules
        self._customer = customer
        self._line = line
        self._item = item
        self._by_id = {subitem.id: subitem for subitem in item.subitems}

    def compare(self) -> Iterator[Drift]:
        """Go through the sizes, then through the subitems that belong to none of them."""
        known = set(self._line.claimed)
        decided = decide(self._rules.mapping, self._line, self._item).sizes
        for size, decision in zip(self._line.sizes, decided, strict=True):
            found = self._by_id.get(decision.subitem_id or 0)
            if found is not None:
                known.add(found.id)
                yield from self._differing(size, decision, found)
            elif size.quantity or decision.vanished:
                yield self._missing(size, decision)
        yield from self._extra(known)

    def _missing(self, size: SizeLine, decision: SizeDecision) -> Drift:
        if decision.vanished:
            repair = "forget it: the source orders none any more"
        elif decision.operation is Operation.CREATE:
            repair = CREATED
        elif decision.gone:
            repair = CREATED_AGAIN if self._rules.recreate_deleted else DELETED
        else:
            repair = UNNAMED
        return self._drift(
            DriftKind.MISSING_SUBITEM,
            repair,
            decision.subitem_id,
            size.label,
            source=str(size.quantity),
            delivered=_delivered(size),
        )

    def _differing(self, size: SizeLine, decision: SizeDecision, found: BoardSubitem) -> Iterator[Drift]:
        deletes = decision.operation is Operation.DELETE
        for sides in size_sides(self._rules.mapping, size, found):
            if sides.agree and not (deletes and sides.title == QUANTITY):
                continue
            merged = sides.merged()
            if deletes:
                repair = "delete it: the source orders none any more"
            elif merged.verdict is Verdict.AGREED and decision.operation is None:
                repair = "left: it is recorded once a person has decided about the rest of the subitem"
            else:
                repair = _repair(sides.title, merged)
            kind = _KINDS.get(sides.title, DriftKind.DIFFERING_FIELD)
            yield self._drift(kind, repair, found.id, size.label, field=sides.title, **_three(sides))

    def _extra(self, known: set[int]) -> Iterator[Drift]:
        names = {one.name.strip() for one in self._item.subitems if one.id in known}
        for subitem in self._item.subitems:
            if subitem.id not in known:
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


def _delivered(size: SizeLine) -> str | None:
    known = size.delivered
    return None if known is None or known.quantity is None else str(known.quantity)


def _told(column_type: FieldType, value: object) -> str | None:
    """Write a payload-shaped value as people read it."""
    found = decoded(column_type, value)
    return None if found is None else str(found)
