"""The dead letters of each kind of cargo: how they are made, found and resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from order_staging.batch import letters
from order_staging.batch.payloads import subitem_payload
from order_staging.batch.rows import order_number
from order_staging.models import StagedOrder, StagedSubitem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from order_staging.batch.letters import Refusal
    from order_staging.models import FailedOrder, FailedSubitem
    from order_staging.transform import BoardMapping
    from order_staging.unit_of_work import UnitOfWork

Staged_contra = TypeVar("Staged_contra", StagedOrder, StagedSubitem, contravariant=True)
Place: TypeAlias = "UUID | tuple[UUID, str]"
"""A source row, or a size of it: by what dead letters know what they are about."""


class DeadLetters(Protocol):
    """The repository of one kind of dead letters."""

    def insert(self, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows."""
        ...

    def update(self, rows: Sequence[dict[str, Any]]) -> None:
        """Update rows by `err_id`."""
        ...


class Letterbox(Protocol, Generic[Staged_contra]):
    """One kind of dead letters; each method is a piece of a transaction."""

    def place(self, row: Staged_contra) -> Place | None:
        """Tell by what dead letters know a row; None without a UUID."""
        ...

    def letter(self, row: Staged_contra, refusal: Refusal, now: datetime, uow: UnitOfWork) -> dict[str, Any]:
        """Make a dead letter."""
        ...

    def stored(self, uow: UnitOfWork) -> DeadLetters:
        """Give the repository."""
        ...

    def unresolved(
        self, uow: UnitOfWork, uuids: Sequence[UUID]
    ) -> list[tuple[Place, FailedOrder | FailedSubitem]]:
        """Read the unresolved refusals of source rows, the oldest first."""
        ...

    def resolve(self, uow: UnitOfWork, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark dead letters as mended."""
        ...


class OrderLetters(Letterbox[StagedOrder]):
    """Dead letters of orders."""

    def __init__(self, mapping: BoardMapping) -> None:
        """Take the mapping, which knows what the order's number is."""
        self._mapping = mapping

    def place(self, row: StagedOrder) -> Place | None:
        """Know an order by its UUID."""
        return row.source_uuid

    def letter(self, row: StagedOrder, refusal: Refusal, now: datetime, _: UnitOfWork) -> dict[str, Any]:
        """Make the dead letter of an order."""
        return letters.refused_order(row, order_number(row, self._mapping), refusal, now)

    def stored(self, uow: UnitOfWork) -> DeadLetters:
        """Give the repository of the orders' letters."""
        return uow.failures.orders

    def unresolved(
        self, uow: UnitOfWork, uuids: Sequence[UUID]
    ) -> list[tuple[Place, FailedOrder | FailedSubitem]]:
        """Read the unresolved refusals of orders."""
        found = uow.failures.refused_orders(uuids)
        return [(letter.source_uuid, letter) for letter in found if letter.source_uuid is not None]

    def resolve(self, uow: UnitOfWork, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark letters of orders as mended."""
        uow.failures.resolve(err_ids, by=by, now=now)


class SubitemLetters(Letterbox[StagedSubitem]):
    """Dead letters of sizes."""

    def __init__(self, mapping: BoardMapping, customer: str) -> None:
        """Take the mapping, which names subitems and the order's number, and the customer of the batch."""
        self._mapping = mapping
        self._customer = customer

    def place(self, row: StagedSubitem) -> Place | None:
        """Know a size by its order's UUID and its label."""
        return None if row.source_uuid is None else (row.source_uuid, row.size)

    def letter(self, row: StagedSubitem, refusal: Refusal, now: datetime, uow: UnitOfWork) -> dict[str, Any]:
        """Make the dead letter of a subitem."""
        name, number = subitem_payload(self._mapping, row).name, self._order_number(row, uow)
        letter = letters.refused_subitem(row, number, name, refusal, now)
        return letter | {"customer_batch": self._customer}

    def _order_number(self, row: StagedSubitem, uow: UnitOfWork) -> str | None:
        """Tell the number of a size's order, which is asked where the size does not repeat it."""
        number = order_number(row, self._mapping)
        if number is not None or row.stg_parent_stg_id is None:
            return number
        parents = uow.staging.orders.by_ids([row.stg_parent_stg_id])
        return next((order_number(parent, self._mapping) for parent in parents), None)

    def stored(self, uow: UnitOfWork) -> DeadLetters:
        """Give the repository of the subitems' letters."""
        return uow.failures.subitems

    def unresolved(
        self, uow: UnitOfWork, uuids: Sequence[UUID]
    ) -> list[tuple[Place, FailedOrder | FailedSubitem]]:
        """Read the unresolved refusals of subitems."""
        return [
            ((letter.source_uuid, letter.size_label), letter)
            for letter in uow.failures.refused_subitems(uuids)
            if letter.source_uuid is not None and letter.size_label is not None
        ]

    def resolve(self, uow: UnitOfWork, err_ids: Sequence[int], *, by: str, now: datetime) -> None:
        """Mark letters of subitems as mended."""
        uow.failures.resolve_subitems(err_ids, by=by, now=now)
