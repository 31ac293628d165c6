"""Guarantees 1 and 2, from the board to the tables: every item and subitem that we created is somebody's."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tests.guarantees.facts import Facts, as_id, is_change
from tests.guarantees.terms import MON, STG, STG_SUB, WAITING, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.guarantees.terms import Row


def no_item_is_an_orphan(facts: Facts) -> Iterator[Violation]:
    """Every item that we created is some row's: by its id, or as one that may be found.

    Items with a key are found by it, others by their group and name: of these there may be as many as rows wait.
    """
    orphans = [
        item for item in facts.active_items if item.id in facts.created_items and item.id not in facts.claimed
    ]
    if not orphans:
        return
    sought = [row for row in facts.table(STG) if not is_change(row) and _is_sought(row)]
    keys = {key for row in sought for key in facts.keys_of_staged(row)}
    names = Counter((row["stg_group_id"], row["Title"]) for row in sought)
    doubtful = {(row["stg_group_id"], row["Title"]) for row in sought if row["stg_status"] == "CONFLICT"}
    titles = {row["Title"] for table in (MON, STG) for row in facts.table(table)}
    for item in orphans:
        creation = facts.created_items[item.id]
        key = facts.key_sent(creation)
        place = (creation.arguments.get("group_id"), creation.arguments["item_name"])
        if key in keys or place in doubtful:
            continue
        if key is None and names[place] > 0:
            names[place] -= 1
            continue
        of = f"item {item.id} {item.name!r} (key {key}, mutation {creation.number})"
        if key is None and place[1] in titles:
            yield Violation(1, "more-items-than-rows", f"{of} is one more than there are rows of its name")
        else:
            yield Violation(2, "orphan", f"{of} is on the board, and no table knows it")


def no_subitem_is_an_orphan(facts: Facts) -> Iterator[Violation]:
    """Every subitem that we created is some size's, by its id or as one that may be found below its item."""
    ours = facts.created_subitems
    orphans = [
        sub for sub in facts.active_subitems if sub.id in ours and sub.id not in facts.claimed_subitems
    ]
    if not orphans:
        return
    sought = {
        (as_id(row["stg_monday_parent_item_id"]), row["Size"])
        for row in facts.table(STG_SUB)
        if not is_change(row) and _is_sought(row)
    }
    for sub in orphans:
        if not any(parent == sub.parent_id and _names(sub.name, size) for parent, size in sought):
            of = f"subitem {sub.id} {sub.name!r} below item {sub.parent_id}"
            yield Violation(2, "orphan-subitem", f"{of} is on the board, and no table knows it")


def _is_sought(row: Row) -> bool:
    """Tell whether a staged row's item is not known yet, and may be on the board."""
    sent = row["stg_status"] != "PENDING" or row["stg_sent_date"] is not None
    return row["stg_status"] in {*WAITING, "CONFLICT"} and sent


def _names(name: str, size: str) -> bool:
    return name == size or name.endswith(f" {size}")


RULES = (no_item_is_an_orphan, no_subitem_is_an_orphan)
