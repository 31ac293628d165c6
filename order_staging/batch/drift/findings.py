"""What a comparison of source, production and board finds, and what it tells its caller."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging.batch.results import RunResult


class DriftKind(StrEnum):
    """How something delivered differs from what the source says, or from what was delivered."""

    MISSING_ITEM = "missing_item"
    """People archived or deleted it."""
    EXTRA_ITEM = "extra_item"
    """In one of the customer's groups, and known to neither production nor staging."""
    DOUBLED_ITEM = "doubled_item"
    """An extra item with the key, or the name and the group, of one that was delivered."""
    DIFFERING_FIELD = "differing_field"
    """Source, production and board do not say the same."""
    DIFFERING_NAME = "differing_name"
    """The same, of the item's name."""
    WRONG_GROUP = "wrong_group"
    """In another group than the source, or production, says."""
    WRONG_KEY = "wrong_key"
    """The key column does not hold the row's UUID."""
    MISSING_SUBITEM = "missing_subitem"
    """People archived or deleted it."""
    EXTRA_SUBITEM = "extra_subitem"
    """Below a delivered item, and known to no row of production."""
    DOUBLED_SUBITEM = "doubled_subitem"
    """An extra subitem with the name of a known one."""
    DIFFERING_QUANTITY = "differing_quantity"
    """The same as of a field, of a size's quantity."""
    REMOVED_SOURCE = "removed_source"
    """Gone from ORDERS_UNIFIED."""
    NEW_UUID = "new_uuid"
    """Gone from ORDERS_UNIFIED under its UUID, and back under a new one, by its business key."""
    INVALID_SOURCE = "invalid_source"
    """The rules refuse its row now."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: its kind, where it is, what the three sides say, and what a repair does about it.

    `name` is the item's name, `size` that of a subitem. `field` is the title of what differs. `source`,
    `delivered` and `board` are as people read them, None for nothing. `repair` says what `--repair` would do,
    or why it would do nothing.
    """

    kind: DriftKind
    customer: str
    name: str
    repair: str
    uuid: UUID | None = None
    item_id: int | None = None
    subitem_id: int | None = None
    size: str | None = None
    field: str | None = None
    source: str | None = None
    delivered: str | None = None
    board: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return asdict(self) | {"kind": str(self.kind), "uuid": str(self.uuid) if self.uuid else None}


@dataclass
class Comparison:
    """What was compared, and what differs; `orders` and `subitems` count what was delivered and looked at."""

    customers: list[str] = field(default_factory=list)
    orders: int = 0
    subitems: int = 0
    findings: list[Drift] = field(default_factory=list)


@dataclass(frozen=True)
class DriftResult:
    """A comparison and, where a repair was asked for, how it went and what is left after it.

    `orders` and `subitems` count what was compared, `findings` are the differences. `repaired` tells how the repair
    went, and `left` what differs after it: None without a repair, and after one that was broken
    off: nothing was compared again then.
    """

    customers: tuple[str, ...] = ()
    orders: int = 0
    subitems: int = 0
    findings: tuple[Drift, ...] = ()
    repaired: RunResult | None = None
    left: tuple[Drift, ...] | None = None

    @property
    def standing(self) -> tuple[Drift, ...]:
        """What differs as far as is known: what a repair has left, or all that was found without one."""
        return self.findings if self.left is None else self.left

    @property
    def is_clean(self) -> bool:
        """Whether nothing differs now."""
        return not self.standing

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        document: dict[str, Any] = {
            "status": "clean" if self.is_clean else "drift",
            "customers": list(self.customers),
            "orders": self.orders,
            "subitems": self.subitems,
            "findings": [finding.to_dict() for finding in self.findings],
        }
        if self.repaired is not None:
            left = self.left
            document["left"] = None if left is None else [finding.to_dict() for finding in left]
            document["repaired"] = self.repaired.to_dict()
        return document
