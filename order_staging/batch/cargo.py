"""The two kinds of cargo, orders and subitems: what differs between them on the way to the board."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol

from order_staging.batch.letterboxes import OrderLetters, SubitemLetters
from order_staging.batch.mutations import GROUP, order_mutations, outcome_of, subitem_mutations
from order_staging.batch.payloads import Payload, fields_sent, item_columns, item_payload, subitem_payload
from order_staging.models import Operation, StagedOrder, StagedSubitem
from order_staging.monday import NewItem, NotExecuted, means_missing_group
from order_staging.repositories.staged_rows import CHANGES, Staged

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from order_staging.batch.letterboxes import Letterbox
    from order_staging.batch.requests import Request
    from order_staging.monday import MondayClient, Mutation, Outcome
    from order_staging.transform import BoardMapping
    from order_staging.unit_of_work import UnitOfWork

_MUTATIONS: dict[str, str] = {
    Operation.UPDATE: "change_multiple_column_values",
    Operation.MOVE: "move_item_to_group",
    Operation.ARCHIVE: "archive_item",
    Operation.DELETE: "delete_item",
}
"""The mutation of each operation but CREATE."""


class StagedRows(Protocol[Staged]):
    """The repository of one kind of cargo."""

    def pending(self, batch_id: UUID, limit: int) -> list[Staged]:
        """Read rows that are to be sent."""
        ...

    def pending_among(self, ids: Sequence[int]) -> list[Staged]:
        """Read those of these rows that are to be sent."""
        ...

    def unsettled(self, batch_id: UUID) -> list[Staged]:
        """Read unknown rows that the board is to be asked about."""
        ...

    def of_requests(self, batch_id: UUID, keys: Sequence[str]) -> list[Staged]:
        """Read all rows of a batch that left with these requests last, in the order in which rows are sent."""
        ...

    def update(self, rows: Sequence[dict[str, Any]]) -> None:
        """Update rows by `stg_id`."""
        ...


class Cargo(Protocol, Generic[Staged]):
    """How one kind of row is read, sent, and recorded."""

    name: str
    """What it is called in logs."""
    letterbox: Letterbox[Staged]
    """Its dead letters."""

    def rows(self, uow: UnitOfWork) -> StagedRows[Staged]:
        """Give the repository."""
        ...

    def payload(self, row: Staged) -> Payload:
        """Make what is sent for a row."""
        ...

    def mutation(self, row: Staged) -> str:
        """Tell monday's name of the mutation that a row mostly asks for."""
        ...

    def mutations(self, row: Staged) -> int:
        """Tell how many mutations a row asks for."""
        ...

    def intent(self, row: Staged, place: int | None) -> dict[str, Any]:
        """Tell what more is recorded before a row is sent; `place` is that in the file of a bulk import."""
        ...

    async def prepare(self, client: MondayClient) -> None:
        """Find again, before a request, what the answer to an earlier one showed to be missing."""
        ...

    def asked(self, rows: Sequence[tuple[Staged, Payload]], *, again: bool = False) -> list[list[Mutation]]:
        """Tell the mutations of rows; with `again` those that they left with last, as the intent says."""
        ...

    async def send(self, client: MondayClient, request: Request[Staged]) -> list[Outcome]:
        """Send a request, and tell the outcome of each of its rows."""
        ...

    def arrived(self, created: int) -> dict[str, Any]:
        """Tell how a row records monday's id."""
        ...

    def counters(self, arrived: int, refused: int) -> dict[str, int]:
        """Tell how the batch's counters grow with rows that are on the board, and with dead letters."""
        ...


class Orders(Cargo[StagedOrder]):
    """Order lines, which become items of groups."""

    name = "orders"

    def __init__(self, mapping: BoardMapping, key_column: str | None, groups: dict[str, str]) -> None:
        """Take the mapping, the key column's id if there is one, and the groups' ids by title."""
        self._mapping = mapping
        self._key_column = key_column
        self._groups = groups
        self.letterbox = OrderLetters(mapping)
        self._gone: set[str] = set()

    def rows(self, uow: UnitOfWork) -> StagedRows[StagedOrder]:
        """Give the repository of staged orders."""
        return uow.staging.orders

    def payload(self, row: StagedOrder) -> Payload:
        """Make the payload of an item."""
        return item_payload(self._mapping, self._key_column, row)

    def columns(self, row: StagedOrder) -> dict[str, object]:
        """Make the column values of an item."""
        return item_columns(self._mapping, self._key_column, row)

    def intent(self, row: StagedOrder, place: int | None) -> dict[str, Any]:
        """Record the group that the item goes to, as recovery looks for it there, and the place in a file."""
        goes = row.update_operation not in CHANGES or row.update_operation == Operation.MOVE
        return {"stg_group_id": self.group_id(row) if goes else None, "stg_import_row": place}

    def mutation(self, row: StagedOrder) -> str:
        """Name the mutation by the row's operation."""
        return _MUTATIONS.get(str(row.update_operation), "create_item")

    def mutations(self, row: StagedOrder) -> int:
        """Count two for an item that is changed and moved."""
        return 2 if row.update_operation == Operation.MOVE and fields_sent(row) != [GROUP] else 1

    def group_id(self, row: StagedOrder) -> str:
        """Tell the id of a row's group on the board."""
        return self.group_id_of(row.group or "")

    def group_id_of(self, title: str) -> str:
        """Tell the id of a group on the board."""
        return self._groups[title]

    def new_item(self, row: StagedOrder, payload: Payload) -> NewItem:
        """Make the item of a row."""
        return NewItem(payload.name, self.group_id(row), payload.column_values)

    def asked(
        self, rows: Sequence[tuple[StagedOrder, Payload]], *, again: bool = False
    ) -> list[list[Mutation]]:
        """Tell the mutations of orders; the group they left for may be known to the intent alone."""
        return [
            order_mutations(
                self._mapping,
                self._key_column,
                row,
                payload,
                partial(str, row.stg_group_id) if again else partial(self.group_id, row),
            )
            for row, payload in rows
        ]

    async def send(self, client: MondayClient, request: Request[StagedOrder]) -> list[Outcome]:
        """Create, change or archive items. One whose group people have deleted meanwhile is to be sent again."""
        rows = request.rows
        answered = await client.carry_out(request.mutations, idempotency_key=request.key)
        outcomes = [outcome_of(row, found) for (row, _), found in zip(rows, answered, strict=True)]
        missing = [any(map(means_missing_group, found)) for found in answered]
        self._gone |= {row.group or "" for (row, _), gone in zip(rows, missing, strict=True) if gone}
        return [
            NotExecuted("its group is gone from the board") if gone else outcome
            for outcome, gone in zip(outcomes, missing, strict=True)
        ]

    async def prepare(self, client: MondayClient) -> None:
        """Create groups again that people have deleted."""
        if self._gone:
            titles = sorted(self._gone)
            self._gone.clear()
            client.groups.forget()
            self._groups |= await client.ensure_groups(titles)

    def arrived(self, created: int) -> dict[str, Any]:
        """Record the item's id."""
        return {"stg_monday_item_id": created}

    def counters(self, arrived: int, refused: int) -> dict[str, int]:
        """Count orders; a batch's records are its orders."""
        return {"orders_processed": arrived, "failed_records": refused}


class Subitems(Cargo[StagedSubitem]):
    """Sizes, which become subitems of items that are on the board."""

    name = "subitems"

    def __init__(self, mapping: BoardMapping, board_id: int | None, customer: str) -> None:
        """Take the mapping, the board of the subitems where it is known, and the customer of the batch."""
        self._mapping = mapping
        self._board_id = board_id
        self.letterbox = SubitemLetters(mapping, customer)

    def rows(self, uow: UnitOfWork) -> StagedRows[StagedSubitem]:
        """Give the repository of staged subitems."""
        return uow.staging.subitems

    def payload(self, row: StagedSubitem) -> Payload:
        """Make the payload of a subitem."""
        return subitem_payload(self._mapping, row)

    def intent(self, row: StagedSubitem, place: int | None) -> dict[str, Any]:  # noqa: ARG002 - the other cargo's
        """Record the board that the subitem goes to."""
        return {"stg_monday_subitem_board_id": self._board_id, "board_id": self._board_id}

    def mutation(self, row: StagedSubitem) -> str:
        """Name the mutation by the row's operation."""
        return _MUTATIONS.get(str(row.update_operation), "create_subitem")

    def mutations(self, row: StagedSubitem) -> int:  # noqa: ARG002 - the other cargo's
        """Count one: a subitem is in no group."""
        return 1

    async def prepare(self, client: MondayClient) -> None:
        """Do nothing: an item that people have deleted is not made again for its sizes."""

    def asked(
        self,
        rows: Sequence[tuple[StagedSubitem, Payload]],
        *,
        again: bool = False,  # noqa: ARG002 - the other cargo's
    ) -> list[list[Mutation]]:
        """Tell the mutations of sizes."""
        return [subitem_mutations(self._mapping, self._board_id, row, payload) for row, payload in rows]

    async def send(self, client: MondayClient, request: Request[StagedSubitem]) -> list[Outcome]:
        """Create, change or delete subitems."""
        answered = await client.carry_out(request.mutations, idempotency_key=request.key)
        return [outcome_of(row, outcomes) for (row, _), outcomes in zip(request.rows, answered, strict=True)]

    def arrived(self, created: int) -> dict[str, Any]:
        """Record the subitem's id."""
        return {"stg_monday_subitem_id": created}

    def counters(self, arrived: int, refused: int) -> dict[str, int]:  # noqa: ARG002 - a batch's records are its orders
        """Count subitems."""
        return {"subitems_processed": arrived}
