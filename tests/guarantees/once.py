"""Guarantee 1: at most one item a source row, and one subitem a size. By the log, by the board, by the tables."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tests.guarantees.facts import Facts, as_id, grouped, is_change, size_of, uuid_of
from tests.guarantees.terms import MON, MON_SUB, STG, STG_SUB, Row, Violation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from order_staging.sandbox import ExecutedMutation


def items_are_created_once(facts: Facts) -> Iterator[Violation]:
    """By the log: an item with a key is created again only when all earlier ones had been taken away."""
    for key, creations in grouped(facts.created_items.values(), facts.key_sent).items():
        yield from _twice(facts, creations, "item-created-twice", f"source row {key}")


def subitems_are_created_once(facts: Facts) -> Iterator[Violation]:
    """By the log: a subitem is created again only when the earlier ones of its name had been taken away."""

    def place(creation: ExecutedMutation) -> tuple[str, str]:
        return str(creation.arguments["parent_item_id"]), str(creation.arguments["item_name"])

    for (parent, name), creations in grouped(facts.created_subitems.values(), place).items():
        yield from _twice(facts, creations, "subitem-created-twice", f"{name!r} below item {parent}")


def _twice(facts: Facts, creations: Sequence[ExecutedMutation], what: str, of: str) -> Iterator[Violation]:
    for earlier, later in pairwise(creations):
        if not facts.gone_before(str(earlier.result_id), later):
            yield Violation(
                1,
                what,
                f"{of} became {earlier.result_id} by mutation {earlier.number} (request {earlier.request}), and "
                f"{later.result_id} by mutation {later.number} (request {later.request}) while that was there",
            )


def items_are_on_the_board_once(facts: Facts) -> Iterator[Violation]:
    """By the board: no two items with one key."""
    for key, items in grouped(facts.active_items, facts.key_on_board).items():
        if len(items) > 1:
            names = ", ".join(f"{item.id} {item.name!r}" for item in items)
            yield Violation(
                1, "item-doubled", f"source row {key} is on the board {len(items)} times: {names}"
            )


def subitems_are_on_the_board_once(facts: Facts) -> Iterator[Violation]:
    """By the board: no two subitems of one name below an item where one is ours."""
    for (parent, name), same in grouped(facts.active_subitems, lambda sub: (sub.parent_id, sub.name)).items():
        if len(same) > 1 and any(sub.id in facts.created_subitems for sub in same):
            ids = ", ".join(sub.id for sub in same)
            yield Violation(1, "subitem-doubled", f"item {parent} has {len(same)} subitems {name!r}: {ids}")


UNIQUE: Sequence[tuple[str, str, Callable[[Row], object]]] = (
    (MON, "source_uuid", uuid_of),
    (MON, "Item ID", lambda row: as_id(row["Item ID"])),
    (STG, "source_uuid", uuid_of),
    (STG, "item", lambda row: as_id(row["stg_monday_item_id"])),
    (MON_SUB, "source_uuid and size", size_of),
    (MON_SUB, "subitem_id", lambda row: as_id(row["subitem_id"])),
    (STG_SUB, "source_uuid and size", size_of),
    (STG_SUB, "subitem", lambda row: as_id(row["stg_monday_subitem_id"])),
)
"""What no two rows of a table may have in common."""


def rows_are_there_once(facts: Facts) -> Iterator[Violation]:
    """By the tables: a row for each source row and size, and for each item and subitem."""
    for table, column, key in UNIQUE:
        for value, rows in grouped(facts.table(table), key).items():
            if len(rows) > 1:
                yield Violation(1, "row-doubled", f"{table} has {len(rows)} rows of {column} {_said(value)}")


def _said(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def tables_agree_on_items(facts: Facts) -> Iterator[Violation]:
    """Staging and production name the same item for a source row, and different ones for different rows.

    What people took away and is created again has its new item in staging first.
    """
    owners = {as_id(row["Item ID"]): uuid for uuid, rows in facts.landed.items() for row in rows}
    for uuid, rows in facts.staged.items():
        for row in rows:
            item, owner = as_id(row["stg_monday_item_id"]), owners.get(as_id(row["stg_monday_item_id"]))
            if owner not in {None, uuid}:
                yield Violation(
                    1, "item-shared", f"item {item} is source row {owner}'s in MON and {uuid}'s in STG"
                )
            yield from _other_id(
                facts, f"source row {uuid}", "item", row, item, facts.landed.get(uuid), "Item ID"
            )


def tables_agree_on_subitems(facts: Facts) -> Iterator[Violation]:
    """Staging and production name the same subitem for a size."""
    for (uuid, size), rows in facts.staged_sizes.items():
        for row in rows:
            sub, landed = as_id(row["stg_monday_subitem_id"]), facts.landed_sizes.get((uuid, size))
            of = f"size {size} of source row {uuid}"
            yield from _other_id(facts, of, "subitem", row, sub, landed, "subitem_id")


def _other_id(
    facts: Facts, of: str, kind: str, row: Row, staged: str | None, landed: Sequence[Row] | None, column: str
) -> Iterator[Violation]:
    known = as_id(landed[0][column]) if landed else None
    if None in {staged, known} or staged == known:
        return
    if is_change(row) or facts.is_active(known):
        yield Violation(1, f"{kind}-differs", f"{of} is {kind} {known} in MON, and {kind} {staged} in STG")


def subitems_are_below_their_items(facts: Facts) -> Iterator[Violation]:
    """A size's subitem is below the item of its source row: in MON, in STG, and on the board."""
    for (uuid, size), rows in facts.landed_sizes.items():
        items = {as_id(row["Item ID"]) for row in facts.landed.get(uuid, ())}
        for row in rows:
            yield from _wrong_parent(
                facts.board, f"size {size} of source row {uuid}", row, ("subitem_id", "parent_item_id"), items
            )
    for row in facts.table(STG_SUB):
        parent = facts.staged_by_id.get(row["stg_parent_stg_id"])
        items = {as_id(parent["stg_monday_item_id"])} if parent else set()
        of = f"staged size {row['Size']} of source row {uuid_of(row)}"
        columns = ("stg_monday_subitem_id", "stg_monday_parent_item_id")
        yield from _wrong_parent(facts.board, of, row, columns, items)


def _wrong_parent(
    board: Mapping[str, object], of: str, row: Row, columns: tuple[str, str], items: set[str | None]
) -> Iterator[Violation]:
    subitem, parent = (as_id(row[column]) for column in columns)
    if parent is not None and items - {None} and parent not in items:
        owner = ", ".join(str(item) for item in items)
        yield Violation(1, "wrong-parent", f"{of} says its item is {parent}, and that is {owner}")
    found = board.get(subitem or "")
    above = getattr(found, "parent_id", None)
    if found is not None and parent is not None and above != parent:
        yield Violation(
            1, "wrong-parent", f"{of}: subitem {subitem} is below {above} on the board, not {parent}"
        )


RULES = (
    items_are_created_once,
    subitems_are_created_once,
    items_are_on_the_board_once,
    subitems_are_on_the_board_once,
    rows_are_there_once,
    tables_agree_on_items,
    tables_agree_on_subitems,
    subitems_are_below_their_items,
)
