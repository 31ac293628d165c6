"""What is known after runs, in the order in which the rules ask for it. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from order_staging.sandbox.state import Lifecycle
from tests.guarantees.terms import (
    CHANGES,
    CREATES_ITEM,
    ERR,
    ERR_SUB,
    MON,
    MON_SUB,
    NAME,
    STG,
    STG_SUB,
    TAKES_AWAY,
    WRITES_VALUES,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from order_staging.sandbox import ExecutedMutation, ItemView
    from tests.guarantees.terms import Evidence, Row

K = TypeVar("K")
T = TypeVar("T")


@lru_cache(maxsize=1 << 16)
def as_uuid(value: object) -> UUID | None:
    """Read a UUID as any driver, or the board, has it; None for anything else."""
    if isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        return None


def as_id(value: object) -> str | None:
    """Read an id of monday.com, a number in some tables and text in others."""
    return None if value is None else str(value)


def as_number(value: object) -> Decimal | None:
    """Read a quantity; nothing is 0, and what is no number is None."""
    try:
        return Decimal(str(value)) if value not in {None, ""} else Decimal(0)
    except InvalidOperation:
        return None


def grouped(
    rows: Iterable[T], key: Callable[[T], K | None], *, where: Callable[[T], bool] | None = None
) -> dict[K, list[T]]:
    """Group rows by a key; those without one, or that do not match, are left out."""
    found: defaultdict[K, list[T]] = defaultdict(list)
    for row in rows:
        if where is not None and not where(row):
            continue
        if (value := key(row)) is not None:
            found[value].append(row)
    return dict(found)


def uuid_of(row: Row) -> UUID | None:
    """Read the source row that a row of any other table is about."""
    return as_uuid(row["source_uuid"])


def size_of(row: Row) -> tuple[UUID, str] | None:
    """Read the source row and the size that a subitem's row is about."""
    uuid, size = uuid_of(row), row.get("size_label") or row.get("size_key") or row.get("Size")
    return None if uuid is None or size is None else (uuid, str(size))


def is_change(row: Row) -> bool:
    """Tell whether a staged row is about what is on the board already."""
    return row["update_operation"] in CHANGES


def is_open(letter: Row) -> bool:
    """Tell whether a row of an ERR table still waits."""
    return letter["resolved_date"] is None


class Facts:
    """An Evidence, indexed; each index is made when it is first asked for."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence

    def table(self, name: str) -> Sequence[Row]:
        return self.evidence.tables.get(name, ())

    @cached_property
    def source(self) -> dict[UUID, list[Row]]:
        return grouped(self.evidence.source, lambda row: as_uuid(row["record_uuid"]))

    @cached_property
    def staged(self) -> dict[UUID, list[Row]]:
        return grouped(self.table(STG), uuid_of, where=lambda row: row["stg_status"] != "VALIDATION_FAILED")

    @cached_property
    def staged_by_id(self) -> dict[int, Row]:
        return {row["stg_id"]: row for row in self.table(STG)}

    @cached_property
    def staged_sizes(self) -> dict[tuple[UUID, str], list[Row]]:
        return grouped(self.table(STG_SUB), size_of)

    @cached_property
    def landed(self) -> dict[UUID, list[Row]]:
        return grouped(self.table(MON), uuid_of)

    @cached_property
    def landed_sizes(self) -> dict[tuple[UUID, str], list[Row]]:
        return grouped(self.table(MON_SUB), size_of)

    @cached_property
    def letters(self) -> dict[UUID, list[Row]]:
        """The unresolved dead letters of orders."""
        return grouped(self.table(ERR), uuid_of, where=is_open)

    @cached_property
    def size_letters(self) -> dict[tuple[UUID, str], list[Row]]:
        """The unresolved dead letters of sizes."""
        return grouped(self.table(ERR_SUB), size_of, where=is_open)

    @cached_property
    def board(self) -> dict[str, ItemView]:
        """Everything on the board, by id."""
        return {item.id: item for item in (*self.evidence.items, *self.evidence.subitems)}

    @cached_property
    def active_items(self) -> list[ItemView]:
        return [item for item in self.evidence.items if item.state is Lifecycle.ACTIVE]

    @cached_property
    def active_subitems(self) -> list[ItemView]:
        return [item for item in self.evidence.subitems if item.state is Lifecycle.ACTIVE]

    def is_active(self, item_id: str | None) -> bool:
        item = self.board.get(item_id or "")
        return item is not None and item.state is Lifecycle.ACTIVE

    @cached_property
    def done(self) -> list[ExecutedMutation]:
        """The mutations that did something."""
        return [one for one in self.evidence.executed if one.error is None and one.result_id is not None]

    @cached_property
    def created_items(self) -> dict[str, ExecutedMutation]:
        return {str(one.result_id): one for one in self.done if one.operation in CREATES_ITEM}

    @cached_property
    def created_subitems(self) -> dict[str, ExecutedMutation]:
        return {str(one.result_id): one for one in self.done if one.operation == "create_subitem"}

    def key_sent(self, creation: ExecutedMutation) -> UUID | None:
        """Read the key that an item was created with."""
        return self._key_in(creation.arguments.get("column_values"))

    def key_on_board(self, item: ItemView) -> UUID | None:
        column = self.evidence.key_column
        return None if column is None else as_uuid(item.text(column))

    def keys_of_staged(self, row: Row) -> set[UUID]:
        """List the keys that a staged row's item may bear: its UUID, and that of the time when it was sent."""
        found = {uuid_of(row)}
        if row["stg_api_payload"]:
            found.add(self._key_in(json.loads(row["stg_api_payload"]).get("column_values")))
        return {key for key in found if key is not None}

    def _key_in(self, values: object) -> UUID | None:
        column = self.evidence.key_column
        if column is None or not isinstance(values, dict) or not values.get(column):
            return None
        return as_uuid(values[column])

    @cached_property
    def claimed(self) -> set[str]:
        """The items that a table has as its own."""
        found = {as_id(row["Item ID"]) for row in self.table(MON)}
        found |= {as_id(row["stg_monday_item_id"]) for row in self.table(STG)}
        return {item_id for item_id in found if item_id is not None}

    @cached_property
    def claimed_subitems(self) -> set[str]:
        found = {as_id(row["subitem_id"]) for row in self.table(MON_SUB)}
        found |= {as_id(row["stg_monday_subitem_id"]) for row in self.table(STG_SUB)}
        return {item_id for item_id in found if item_id is not None}

    @cached_property
    def taken_away_by_us(self) -> dict[str, list[int]]:
        """The numbers of the mutations that archived or deleted each item."""
        return grouped_values(
            (str(one.result_id), one.number) for one in self.done if one.operation in TAKES_AWAY
        )

    @cached_property
    def taken_away_by_hand(self) -> dict[str, list[int]]:
        """How many mutations had been executed when people archived or deleted each item."""
        took = (one for one in self.evidence.by_hand if one.operation in TAKES_AWAY)
        return grouped_values((one.item_id, one.after) for one in took)

    @cached_property
    def disowned_by_hand(self) -> dict[str, list[int]]:
        """Items whose key people wrote over, after which nothing on the board tells whose they are."""
        key = self.evidence.key_column
        return grouped_values((one.item_id, one.after) for one in self.evidence.by_hand if key in one.columns)

    @cached_property
    def touched_by_hand(self) -> set[str]:
        return {one.item_id for one in self.evidence.by_hand}

    def gone_before(self, item_id: str, creation: ExecutedMutation) -> bool:
        """Tell whether an item had been archived, deleted or robbed of its key when another one was created."""
        if any(after < creation.number for after in self.disowned_by_hand.get(item_id, ())):
            return True
        item = self.board.get(item_id)
        if item is None or item.state is Lifecycle.ACTIVE:
            return False
        whole = [item_id, *([item.parent_id] if item.parent_id else [])]
        moments = [number for one in whole for number in self.taken_away_by_us.get(one, ())]
        # By hand it was before the mutation that came next.
        moments += [after + 1 for one in whole for after in self.taken_away_by_hand.get(one, ())]
        if moments:
            return min(moments) <= creation.number
        later = self.board.get(str(creation.result_id))
        return later is None or item.updated_at <= later.created_at

    @cached_property
    def last_written(self) -> dict[tuple[str, str], object]:
        """What we wrote last, by item and column."""
        found: dict[tuple[str, str], object] = {}
        for one in self.done:
            if one.operation not in WRITES_VALUES:
                continue
            item_id, values = str(one.result_id), one.arguments.get("column_values")
            if "item_name" in one.arguments:
                found[item_id, NAME] = one.arguments["item_name"]
            for column, value in values.items() if isinstance(values, dict) else ():
                found[item_id, column] = value
        return found

    def quantities(self, uuid: UUID) -> Iterator[tuple[str, Decimal]]:
        """Go through the sizes that a source row orders."""
        row = self.source[uuid][0]
        for size in self.evidence.sizes:
            number = as_number(row.get(size))
            if number is not None and number > 0:
                yield size, number

    def is_outdated(self, uuid: UUID) -> bool:
        return uuid in self.evidence.outdated


def grouped_values(pairs: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    """Group values by what they come with."""
    found: defaultdict[K, list[T]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)
