"""Guarantee 2, from the source to the board: every row and every size is somewhere, and there as the tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.sandbox.state import Lifecycle
from tests.guarantees.facts import Facts, as_id, as_number, is_change, is_open, uuid_of
from tests.guarantees.terms import ERR, NAME, OPEN, REFUSED, WAITING, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from order_staging.sandbox import ItemView
    from tests.guarantees.terms import Row


def every_row_is_somewhere(facts: Facts) -> Iterator[Violation]:
    """At rest every source row is in MON, in ERR with a reason, or in STG: in none of them it is lost.

    Before, a row that no table knows is a new one.
    """
    if not facts.evidence.at_rest:
        return
    resolved = {uuid_of(row) for row in facts.table(ERR) if not is_open(row)}
    for uuid, rows in facts.source.items():
        refused = uuid in facts.letters
        if len(rows) > 1 and not refused:
            yield Violation(
                2, "lost", f"{len(rows)} source rows have the UUID {uuid}, and ERR does not say so"
            )
        elif not (refused or uuid in facts.landed or uuid in facts.staged):
            ended = " though its ERR row is resolved" if uuid in resolved else ""
            yield Violation(2, "lost", f"{_named(rows[0])} is in none of MON, STG and ERR{ended}")


def rows_without_uuid_are_refused(facts: Facts) -> Iterator[Violation]:
    """At rest a source row without a UUID is in ERR: nothing else can be known of it."""
    nameless = [row for row in facts.evidence.source if not row["record_uuid"]]
    if not (facts.evidence.at_rest and nameless):
        return
    refused = {
        (row["order_number"] or "").strip()
        for row in facts.table(ERR)
        if is_open(row) and row["source_uuid"] is None
    }
    for row in nameless:
        if str(row["AAG ORDER NUMBER"] or "").strip() not in refused:
            yield Violation(2, "lost", f"{_named(row)} has no UUID, and ERR does not say so")


def every_size_is_somewhere(facts: Facts) -> Iterator[Violation]:
    """At rest every size that is ordered is in MON, in STG or in ERR, unless its order is refused."""
    if not facts.evidence.at_rest:
        return
    for uuid, rows in facts.source.items():
        if _is_elsewhere(facts, uuid) or len(rows) > 1:
            continue
        for size, quantity in facts.quantities(uuid):
            place = (uuid, size)
            staged = any(row["stg_status"] != "PROMOTED" for row in facts.staged_sizes.get(place, ()))
            if not (staged or place in facts.landed_sizes or place in facts.size_letters):
                words = f"size {size} ({quantity} pieces) of {_named(rows[0])} is in none of MON, STG and ERR"
                yield Violation(2, "size-lost", words)


def quantities_are_the_sources(facts: Facts) -> Iterator[Violation]:
    """At rest a landed size has the source's quantity, and the board has it unless people wrote another."""
    if not facts.evidence.at_rest:
        return
    for uuid, rows in facts.source.items():
        if uuid not in facts.landed or _is_elsewhere(facts, uuid) or len(rows) > 1:
            continue
        for size, quantity in facts.quantities(uuid):
            place = (uuid, size)
            landed = facts.landed_sizes.get(place)
            if not landed or place in facts.size_letters or _on_its_way(facts.staged_sizes.get(place, ())):
                continue
            said = landed[0].get("ORDER_QTY") or landed[0].get("Order Qty")
            if as_number(said) != quantity:
                yield Violation(
                    2, "quantity", f"size {size} of {_named(rows[0])}: source {quantity}, MON {said}"
                )
            column, subitem = facts.evidence.quantity_column, facts.board.get(str(landed[0]["subitem_id"]))
            if subitem is None or subitem.state is not Lifecycle.ACTIVE:
                continue
            shown = subitem.text(column)
            if as_number(shown) != quantity and _is_ours(facts, subitem, column, shown):
                words = f"size {size} of {_named(rows[0])}: source {quantity}, subitem {subitem.id} {shown}"
                yield Violation(2, "quantity", words)


def landed_rows_are_on_the_board(facts: Facts) -> Iterator[Violation]:
    """What MON has of a source row is an item with its key and name, unless people took it away or renamed it."""
    for uuid in facts.source.keys() & facts.landed.keys():
        for row in facts.landed[uuid]:
            item = facts.board.get(str(row["Item ID"]))
            if item is None or item.parent_id is not None:
                yield Violation(
                    2, "no-such-item", f"source row {uuid} is item {row['Item ID']} in MON, which is none"
                )
            elif item.state is Lifecycle.ACTIVE:
                yield from _other_key(facts, uuid, item)
                yield from _other_name(facts, uuid, row, item)
            elif facts.evidence.at_rest and _taken_away_by_us(facts, item) and uuid not in facts.staged:
                yield Violation(
                    2, "taken-away", f"item {item.id} of source row {uuid} was taken away by ourselves"
                )


def landed_sizes_are_on_the_board(facts: Facts) -> Iterator[Violation]:
    """What MON has of a source row's size is a subitem, and has its order beside it."""
    for (uuid, size), rows in facts.landed_sizes.items():
        if uuid not in facts.landed:
            yield Violation(
                2, "size-without-order", f"MON has size {size} of source row {uuid}, and not the row"
            )
        if uuid not in facts.source:
            continue
        for row in rows:
            subitem = facts.board.get(str(row["subitem_id"]))
            if subitem is None or subitem.parent_id is None:
                words = (
                    f"size {size} of source row {uuid} is subitem {row['subitem_id']} in MON, which is none"
                )
                yield Violation(2, "no-such-subitem", words)


def orders_are_promoted_whole(facts: Facts) -> Iterator[Violation]:
    """An order is in MON exactly when it is marked as PROMOTED: both are written in one transaction."""
    for uuid, rows in facts.staged.items():
        ids = {as_id(row["Item ID"]) for row in facts.landed.get(uuid, ())}
        for row in rows:
            item, status = as_id(row["stg_monday_item_id"]), row["stg_status"]
            if status == "PROMOTED" and not ids:
                yield Violation(2, "half-promoted", f"source row {uuid} is PROMOTED in STG, and not in MON")
            elif is_change(row):
                continue
            elif status == "API_SUCCESS" and item in ids:
                yield Violation(
                    2, "half-promoted", f"source row {uuid} is in MON, and still API_SUCCESS in STG"
                )
            elif status in WAITING | REFUSED and any(map(facts.is_active, ids)):
                words = f"source row {uuid} is in MON as item {', '.join(map(str, ids))}, and {status} in STG"
                yield Violation(2, "in-both", words)


def sizes_are_promoted_whole(facts: Facts) -> Iterator[Violation]:
    """A size is in MON exactly when it is marked as PROMOTED."""
    for (uuid, size), rows in facts.staged_sizes.items():
        ids = {as_id(row["subitem_id"]) for row in facts.landed_sizes.get((uuid, size), ())}
        of = f"size {size} of source row {uuid}"
        for row in rows:
            status = row["stg_status"]
            if is_change(row):
                continue
            if status == "API_SUCCESS" and as_id(row["stg_monday_subitem_id"]) in ids:
                yield Violation(2, "half-promoted", f"{of} is in MON, and still API_SUCCESS in STG")
            elif status == "PROMOTED" and not ids and _is_ordered(facts, uuid, size):
                yield Violation(2, "half-promoted", f"{of} is PROMOTED in STG, and not in MON")


def _is_elsewhere(facts: Facts, uuid: UUID) -> bool:
    """Tell whether nothing can be said of a row's sizes: it has changed, is refused, not staged, or gone."""
    if uuid in facts.evidence.outdated or uuid in facts.letters:
        return True
    rows = facts.landed.get(uuid)
    if not rows:
        return uuid not in facts.staged
    return not facts.is_active(as_id(rows[0]["Item ID"]))


def _on_its_way(rows: Iterator[Row] | list[Row] | tuple[()]) -> bool:
    return any(row["stg_status"] in OPEN | REFUSED for row in rows)


def _is_ordered(facts: Facts, uuid: UUID, size: str) -> bool:
    if uuid not in facts.source or _is_elsewhere(facts, uuid):
        return False
    return any(size == ordered for ordered, _ in facts.quantities(uuid))


def _is_ours(facts: Facts, item: ItemView, column: str, shown: object) -> bool:
    """Tell whether the board shows what we wrote last, and no hand has touched the item."""
    if item.id in facts.touched_by_hand or (item.id, column) not in facts.last_written:
        return False
    written = facts.last_written[item.id, column]
    return written == shown if column == NAME else as_number(written) == as_number(shown)


def _taken_away_by_us(facts: Facts, item: ItemView) -> bool:
    return item.id in facts.taken_away_by_us and item.id not in facts.taken_away_by_hand


def _other_key(facts: Facts, uuid: UUID, item: ItemView) -> Iterator[Violation]:
    """A row that came back under another UUID leaves its item the old one, which no other row may have."""
    key = facts.key_on_board(item)
    if key not in {None, uuid} and (key in facts.source or key in facts.landed):
        yield Violation(
            2, "wrong-key", f"source row {uuid} is item {item.id} in MON, which bears the key of {key}"
        )


def _other_name(facts: Facts, uuid: UUID, row: Row, item: ItemView) -> Iterator[Violation]:
    if item.name == row["Title"] or _on_its_way(facts.staged.get(uuid, ())):
        return
    if _is_ours(facts, item, NAME, item.name):
        words = f"source row {uuid} is {row['Title']!r} in MON, and its item {item.id} is {item.name!r}"
        yield Violation(2, "wrong-name", words)


def _named(row: Row) -> str:
    return f"source row {row['record_uuid']} (order {row.get('AAG ORDER NUMBER')})"


RULES = (
    every_row_is_somewhere,
    rows_without_uuid_are_refused,
    every_size_is_somewhere,
    quantities_are_the_sources,
    landed_rows_are_on_the_board,
    landed_sizes_are_on_the_board,
    orders_are_promoted_whole,
    sizes_are_promoted_whole,
)
