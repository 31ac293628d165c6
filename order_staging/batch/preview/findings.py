"""What a preview finds, and what it tells its caller."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

T = TypeVar("T")


@dataclass
class Shown(Generic[T]):
    """Some of many: the first `most` of them, and how many there are in all."""

    most: int
    total: int = 0
    """How many there are in all."""
    rows: list[T] = field(default_factory=list)
    """The first of them."""

    def add(self, row: T) -> None:
        """Count one more, and keep it where there is room."""
        self.add_made(lambda: row)

    def add_made(self, make: Callable[[], T]) -> None:
        """Count one more, and make and keep it where there is room."""
        self.total += 1
        if len(self.rows) < self.most:
            self.rows.append(make())

    def take_in(self, rows: list[T], total: int) -> None:
        """Take in some that are counted already, as many as there is room for."""
        self.total += total
        self.rows += rows[: self.most - len(self.rows)]

    @property
    def room(self) -> int:
        """Tell how many more are kept."""
        return self.most - len(self.rows)

    @property
    def more(self) -> int:
        """Tell how many there are beyond those that are kept."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class NewItem:
    """An order line that would become an item: values as people read them, by field title, and sizes in order."""

    customer: str
    uuid: UUID
    name: str
    group: str
    values: dict[str, str]
    sizes: dict[str, int]


@dataclass(frozen=True, slots=True)
class NewPayload:
    """What would be sent for an order line: its item's payload, and those of its subitems, as JSON values."""

    name: str
    group: str
    item: dict[str, Any]
    subitems: tuple[dict[str, Any], ...]


class ChangedBy(StrEnum):
    """Who changed a value since it was delivered last."""

    SOURCE = "source"
    """The source alone."""
    BOTH = "source and board"
    """The source, and people on the board."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value of a delivered order line that differs: what was delivered, what the source and the board say now.

    `changed_by` says who changed it, and `outcome` what comes of it.
    `field` is the title of a field, `Title`, `Group`; `size` is given for what differs below the item. Values are
    as people read them, None for nothing.
    """

    customer: str
    uuid: UUID
    item_id: int
    name: str
    field: str
    outcome: str
    size: str | None = None
    delivered: str | None = None
    source: str | None = None
    board: str | None = None
    changed_by: ChangedBy = ChangedBy.SOURCE
    editor: str | None = None
    """Who wrote the board's value, by name; None where nobody did but we, or monday.com does not tell."""


@dataclass(frozen=True, slots=True)
class Remarked:
    """A row of the source, and remarks on it: why it is invalid, or what would be left out of it."""

    customer: str
    uuid: UUID | None
    order_number: str | None
    name: str | None
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A business key that new rows have twice, or that is delivered or staged under another UUID, or both."""

    customer: str
    order_number: str
    key: dict[str, str]
    """What they have of each field of the key, by its title; `order_number` is the first of it."""
    rows: int
    """The new rows that have it."""
    known: str | None
    """`delivered` or `staged`: who has it, too; None: only these new rows."""
    item_id: int | None = None


@dataclass
class GroupForecast:
    """A group of the board: whether it exists, what would come to it, and what is waiting from earlier runs."""

    title: str
    exists: bool
    items: int = 0
    subitems: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class NewLabels:
    """Labels that a column lacks, and that would be created: the first of `total`; `exists` counts those it has.

    The column takes `room` more (deactivated ones take theirs, too), and `fits` says whether that is enough:
    where it is not, monday.com rejects what needs the others.
    """

    column: str
    title: str
    exists: int
    total: int
    labels: tuple[str, ...]
    room: int
    fits: bool = True

    @property
    def more(self) -> int:
        """Tell how many there are beyond those that are kept."""
        return self.total - len(self.labels)


@dataclass
class CustomerForecast:
    """What a run would do for a customer, in numbers.

    `items` and `subitems` would be created. `updated` and `moved` count items, `sizes_changed` subitems that would
    be created, changed or deleted below delivered items. `conflicts` are values that both sides changed, `deleted`
    items that people took away, `removed` rows gone from the source. `relinked` rows would be recognised under a
    new UUID. `invalid` rows would go to the ERR table, `warnings` are rows of which something would be left out,
    `duplicates` business keys that are there several times, `unchanged` delivered rows that are as they were.
    `waiting_orders` and `waiting_subitems` are staged by earlier runs, and would be created. Of
    `waiting_changes` rows an earlier run has left changes on their way: a run decides anew about them, with or
    without changes, and what comes of it is counted with the changes.
    """

    customer: str
    items: int = 0
    subitems: int = 0
    invalid: int = 0
    warnings: int = 0
    duplicates: int = 0
    relinked: int = 0
    waiting_orders: int = 0
    waiting_subitems: int = 0
    waiting_changes: int = 0
    updated: int = 0
    moved: int = 0
    sizes_changed: int = 0
    unchanged: int = 0
    conflicts: int = 0
    deleted: int = 0
    removed: int = 0

    @property
    def sends(self) -> bool:
        """Whether a run would change the board."""
        counts = (self.items, self.waiting_orders, self.waiting_subitems)
        return any(counts) or bool(self.updated or self.moved or self.sizes_changed)


@dataclass(frozen=True)
class Estimate:
    """What a run would take: calls of the API, mutations in them, and minutes, at the least and at the most.

    `limited_by` names what takes the time; `calls_left` are today's, None where monday.com does not tell. `imports`
    counts bulk imports among the ways of travelling.
    """

    calls: int
    mutations: int
    imports: int
    minutes_least: float
    minutes_most: float
    limited_by: str
    calls_left: int | None = None


@dataclass(frozen=True)
class PreviewResult:
    """Everything that a run would do, as far as reading tells; nothing was written, anywhere."""

    board: str
    """The board's name."""
    board_id: int
    with_changes: bool
    """Whether changes were looked for, too."""
    customers: tuple[CustomerForecast, ...]
    groups: Shown[GroupForecast]
    """Groups of the board that would get something, those of the items that are shown before others."""
    items: Shown[NewItem]
    payloads: tuple[NewPayload, ...]
    """What would be sent for the first new items, where that was asked for."""
    changes: Shown[FieldChange]
    """Values that differ of what was delivered before."""
    warnings: Shown[Remarked]
    """Rows of which a value would be left out or rounded."""
    invalid: Shown[Remarked]
    """Rows that would go to the ERR table."""
    duplicates: Shown[Duplicate]
    """Business keys that are there several times."""
    labels: tuple[NewLabels, ...]
    """Labels that would be created."""
    estimate: Estimate
    """How many calls, and how long."""
    new_groups: int = 0
    """How many of all groups would be created."""
    records: bool = False
    """Whether a run would write a dead letter: one of the invalid rows has none yet."""
    field_titles: tuple[str, ...] = ()
    """The mapping's fields, in its order."""

    @property
    def status(self) -> str:
        """Tell whether there is anything for a run to do: `pending`, or `nothing_to_do`."""
        some = any(each.sends or each.relinked or each.waiting_changes for each in self.customers)
        return "pending" if some or self.records else "nothing_to_do"

    @property
    def tells_changes(self) -> bool:
        """Whether changes were looked for, or are to be decided anew as an earlier run has left them."""
        return self.with_changes or any(each.waiting_changes for each in self.customers)

    def total(self, name: str) -> int:
        """Sum a number of the customers up."""
        return sum(getattr(each, name) for each in self.customers)

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return {
            "status": self.status,
            "board": {"id": self.board_id, "name": self.board},
            "customers": [asdict(each) for each in self.customers],
            "groups": _listed(self.groups) | {"new": self.new_groups},
            **{
                name: _listed(getattr(self, name))
                for name in ("items", "changes", "warnings", "invalid", "duplicates")
            },
            "labels": [asdict(each) for each in self.labels],
            "payloads": [asdict(each) for each in self.payloads],
            "estimate": asdict(self.estimate),
        }


def _listed(shown: Shown[Any]) -> dict[str, Any]:
    rows = [asdict(row) for row in shown.rows]
    for row in rows:
        if row.get("uuid") is not None:
            row["uuid"] = str(row["uuid"])
    return {"total": shown.total, "rows": rows}
