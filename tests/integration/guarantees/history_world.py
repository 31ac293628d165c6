"""What the board must say once a history of runs, faults and people has come to rest."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from order_staging.transform import FieldType, OnConflict, merge
from tests.integration.batch.batch_world import (
    CUSTOMER,
    KEY_COLUMN,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    as_uuid,
    order_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from order_staging.sandbox import ItemView
    from tests.integration.batch.batch_world import Row, World

OTHER_CUSTOMER = "PELOTON"
PRICE, NOTES, SEASON = "CUSTOMER PRICE", "NOTES", "CUSTOMER SEASON"
SIZES = ("S", "M")
QUANTITY = "numeric_mkra7j8e"
COLUMNS = {
    PRICE: (FieldType.NUMBERS, "numeric_mkr5cact"),
    NOTES: (FieldType.LONG_TEXT, "long_text_mkr5hass"),
}
"""The fields of an item that the source changes and people edit: their types and columns."""


@dataclass(frozen=True)
class Sides:
    """What two sides say, by item or subitem and column: what was last acknowledged, and what the board says."""

    acknowledged: dict[tuple[str, str], str | None]
    board: dict[tuple[str, str], str | None]

    def merged(self, type_: FieldType, item_id: str, column: str, source: str | None) -> str | None:
        """Tell what a run with changes makes of a value; one that is not on the board yet is the source's."""
        place = (item_id, column)
        if place not in self.acknowledged or place not in self.board:
            return source
        board = self.board[place]
        merged = merge(type_, self.acknowledged[place], source, board, OnConflict.SOURCE)
        return source if merged.sends else board


def new_line(number: int, customer: str = CUSTOMER, **values: Any) -> Row:
    """Make an order line with a price, notes and at least one size."""
    start: Row = {"CUSTOMER NAME": customer, PRICE: "1", NOTES: "1", SEASON: None, "S": 1, "M": None}
    return order_line(number, **start | values)


def sides(world: World) -> Sides:
    """Read what was last acknowledged of each item and subitem, and what the board says of it."""
    board = {(item.id, column): item.text(column) or None for item, column in _places(world)}
    return Sides(dict(_acknowledged(world)), board)


def unlike(world: World, rows: Sequence[Row], before: Sides) -> Iterator[str]:
    """List in what the board differs from the merge of what `before` says and what the source says now.

    What people took away is no difference, and no more is said of it.
    """
    items = {as_uuid(row["source_uuid"]): str(row["Item ID"]) for row in world.database.rows(MON)}
    subitems = {
        (as_uuid(row["source_uuid"]), row["Size"]): str(row["subitem_id"])
        for row in world.database.rows(MON_SUB)
    }
    active = {item.id: item for item in (*world.sandbox.items(), *world.sandbox.subitems())}
    groups = {group.id: group.title for group in world.sandbox.groups()}
    for row in rows:
        item = active.get(items[row["record_uuid"]])
        if item is None:
            continue
        yield from _unlike_item(row, item, before)
        wanted = f"{row['CUSTOMER NAME']} {row[SEASON] or row['AAG SEASON']}"
        if groups[item.group_id] != wanted:
            yield f"{item.name} is in {groups[item.group_id]}, not in {wanted}"
        for size in SIZES:
            subitem_id = subitems.get((row["record_uuid"], size))
            if subitem_id in active:
                yield from _unlike_size(row, size, active[subitem_id], before)
            elif row[size] and subitem_id is None:
                yield f"{item.name} has no {size}"


def _unlike_item(row: Row, item: ItemView, before: Sides) -> Iterator[str]:
    for name, (type_, column) in COLUMNS.items():
        wanted, found = before.merged(type_, item.id, column, row[name]), item.text(column) or None
        if found != wanted:
            yield f"{item.name}, {name}: {found}, not {wanted} (source {row[name]}, {_said(before, item, column)})"


def _unlike_size(row: Row, size: str, subitem: ItemView, before: Sides) -> Iterator[str]:
    source = str(row[size] or 0)
    wanted = before.merged(FieldType.NUMBERS, subitem.id, QUANTITY, source)
    found = subitem.text(QUANTITY) or None
    if found != wanted:
        yield f"{subitem.name}: {found}, not {wanted} (source {source}, {_said(before, subitem, QUANTITY)})"


def _said(before: Sides, item: ItemView, column: str) -> str:
    place = (item.id, column)
    return f"acknowledged {before.acknowledged.get(place)}, board {before.board.get(place)}"


def _places(world: World) -> Iterator[tuple[ItemView, str]]:
    for item in world.sandbox.items():
        yield from ((item, column) for _, column in COLUMNS.values())
    for subitem in world.sandbox.subitems():
        yield subitem, QUANTITY


def _acknowledged(world: World) -> Iterator[tuple[tuple[str, str], str | None]]:
    """Go through what was acknowledged, the newest last; what is unknown, and on the board, is as it was sent."""
    for row in world.database.rows(MON):
        yield from _values(str(row["Item ID"]), row["delivered_values"])
    for row in world.database.rows(MON_SUB):
        yield (str(row["subitem_id"]), QUANTITY), row["ORDER_QTY"]
    for row in world.database.rows(STG):
        for item_id in _found(world, row):
            yield from _values(item_id, row["stg_api_payload"])
    for row in world.database.rows(STG_SUB):
        for subitem_id in _found_below(world, row):
            yield (subitem_id, QUANTITY), str(row["ORDER_QTY"])


def _found(world: World, row: Row) -> Iterator[str]:
    """List the items that a staged row has become; of an unknown one, by its key or else by its name."""
    if row["stg_status"] == "API_SUCCESS":
        yield str(row["stg_monday_item_id"])
    elif _may_have_been_created(row):
        key = json.loads(row["stg_api_payload"])["column_values"].get(KEY_COLUMN)
        for item in world.sandbox.items():
            if item.text(KEY_COLUMN) == key if key else item.name == row["Title"]:
                yield item.id


def _found_below(world: World, row: Row) -> Iterator[str]:
    if row["stg_status"] == "API_SUCCESS":
        yield str(row["stg_monday_subitem_id"])
    elif _may_have_been_created(row):
        for subitem in world.sandbox.subitems(str(row["stg_monday_parent_item_id"])):
            if subitem.name.endswith(f" {row['Size']}"):
                yield subitem.id


def _may_have_been_created(row: Row) -> bool:
    return row["stg_status"] in {"UNKNOWN", "SENDING"} and row["update_operation"] == "CREATE"


def _values(item_id: str, payload: str) -> Iterator[tuple[tuple[str, str], str | None]]:
    values = json.loads(payload)["column_values"]
    price, notes = (values.get(column) for _, column in COLUMNS.values())
    yield (item_id, COLUMNS[PRICE][1]), price
    yield (item_id, COLUMNS[NOTES][1]), (notes or {}).get("text")


def rewrite_source(world: World, rows: Sequence[Row]) -> None:
    """Fill ORDERS_UNIFIED anew with these rows, as its job does."""
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*rows)
