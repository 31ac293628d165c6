"""A world for batches: a database, a board, a service between them, and one check of it all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import UUID

from order_staging import BatchService, MondayClient
from order_staging.batch.context import Outside
from order_staging.monday import NewSubitemOf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pytest

    from order_staging import BatchResult, Settings
    from order_staging.monday import Mutation, Outcome
    from order_staging.sandbox import ItemView, Sandbox
    from tests.conftest import Database

KEY_COLUMN = "text_source_uuid"
CUSTOMER = "GREYSON CLOTHIERS"
STG, STG_SUB = "STG_MON_CustMasterSchedule", "STG_MON_CustMasterSchedule_Subitems"
MON, MON_SUB = "MON_CustMasterSchedule", "MON_CustMasterSchedule_Subitems"
ERR, ERR_SUB = "ERR_MON_CustMasterSchedule", "ERR_MON_CustMasterSchedule_Subitems"
BATCHES, LEASES = "MON_BatchProcessing", "MON_BatchLease"

Row = dict[str, Any]

WRITES = ("create_", "change_", "move_", "archive_", "delete_")
"""How the names of mutations begin."""

NUMBERS = count(1)
"""What UUIDs are made of: they grow, and rows are loaded in the order in which they were made."""


def order_line(number: int = 1, /, **values: Any) -> Row:
    """Make a row of ORDERS_UNIFIED: an order line of GREYSON with sizes S and M."""
    return {
        "AAG ORDER NUMBER": f"JOO-{number:05}",
        "CUSTOMER NAME": CUSTOMER,
        "CUSTOMER STYLE": "JWHD100120",
        "CUSTOMER COLOUR DESCRIPTION": "WHITE",
        "AAG SEASON": "2025 FALL",
        "PO NUMBER": "4755",
        "UNIT OF MEASURE": "PIECE",
        "ORDER TYPE": "ACTIVE",
        "S": 3,
        "M": 5,
        "record_uuid": UUID(int=next(NUMBERS)),
    } | values


def order_lines(how_many: int, **values: Any) -> list[Row]:
    return [order_line(number, **values) for number in range(1, how_many + 1)]


async def no_sleep(_: float) -> None:
    """Sleep without sleeping."""


@dataclass
class World:
    """What a test of batches looks at."""

    database: Database
    sandbox: Sandbox
    settings_for: Callable[..., Settings]
    outside: Outside = field(default_factory=lambda: Outside(sleep=no_sleep))

    def service(self, **settings: Any) -> BatchService:
        chosen = self.settings_for(**settings)
        return BatchService(chosen, engine=self.database.engine, outside=self.outside)

    def run(self, customer: str = CUSTOMER, *, settings: Row | None = None, **options: Any) -> BatchResult:
        return self.service(**(settings or {})).process_customer_batch(customer, **options)

    def add(self, *rows: Row) -> None:
        self.database.add(rows)

    def remove(self, *rows: Row) -> None:
        """Take rows out of the source."""
        for row in rows:
            self.database.execute(
                'DELETE FROM "ORDERS_UNIFIED" WHERE "AAG ORDER NUMBER" = :number',
                number=row["AAG ORDER NUMBER"],
            )

    def forget_leases(self) -> None:
        """End the leases of whoever died, as time would."""
        self.database.execute(f'UPDATE "{LEASES}" SET holder = NULL')

    def only(self, table: str) -> Row:
        (row,) = self.database.rows(table)
        return row

    def batch(self, result: BatchResult) -> Row:
        """Read a result's row of MON_BatchProcessing."""
        found = [row for row in self.database.rows(BATCHES) if as_uuid(row["batch_id"]) == result.batch_id]
        (row,) = found
        return row

    def states(self, table: str = STG) -> Counter[str]:
        return Counter(row["stg_status"] for row in self.database.rows(table))

    def item(self) -> ItemView:
        (item,) = self.sandbox.items()
        return item

    def requests(self, operation: str) -> int:
        """Count the requests with a root field."""
        return sum(operation in request.operations for request in self.sandbox.requests)

    def mutations(self) -> int:
        """Count the requests that were to change the board."""
        return sum(
            any(name.startswith(WRITES) for name in request.operations) for request in self.sandbox.requests
        )

    def lands(self, rows: Sequence[Row], **settings: Any) -> None:
        """Check that board and production hold exactly these rows and their sizes, once each, and rest so."""
        assert self.landed() == self.on_board() == expected(rows)
        assert self.database.count(STG_SUB) == 0
        before, batches = self.mutations(), self.database.count(BATCHES)
        for customer in dict.fromkeys(row["CUSTOMER NAME"] for row in rows):
            self.run(customer, settings=settings)
        assert (self.mutations(), self.database.count(BATCHES)) == (before, batches)

    def on_board(self) -> dict[UUID, tuple[str, dict[str, str]]]:
        """Read from the board, by key: an item's name and the quantities by size. Nothing may be there twice."""
        items = [(UUID(item.text(KEY_COLUMN)), item) for item in self.sandbox.items()]
        return unique(
            (
                key,
                (
                    item.name,
                    unique(
                        (str(sub.text("dropdown_mkrak7qp")), str(sub.text("numeric_mkra7j8e")))
                        for sub in self.sandbox.subitems(item.id)
                    ),
                ),
            )
            for key, item in items
        )

    def landed(self) -> dict[UUID, tuple[str, dict[str, str]]]:
        """Read from production, by UUID: the title and the quantities by size, with ids that the board knows."""
        subitems = self.database.rows(MON_SUB)
        board = {item.id: item for item in (*self.sandbox.items(), *self.sandbox.subitems())}
        found = []
        for row in self.database.rows(MON):
            key, item_id = as_uuid(row["source_uuid"]), str(row["Item ID"])
            assert board[item_id].name == row["Title"]
            sizes = []
            for sub in subitems:
                if as_uuid(sub["source_uuid"]) == key:
                    assert sub["parent_item_id"] == board[sub["subitem_id"]].parent_id == item_id
                    assert sub["subitem_board_id"] == self.sandbox.subitem_board_id
                    sizes.append((sub["Size"], sub["Order Qty"]))
            found.append((key, (row["Title"], unique(sizes))))
        assert len(subitems) == sum(len(sizes) for _, (_, sizes) in found)
        return unique(found)


def expected(rows: Iterable[Row]) -> dict[UUID, tuple[str, dict[str, str]]]:
    """Tell what rows of `order_line` become: names, and quantities by size."""
    return {
        row["record_uuid"]: (
            f"{row['CUSTOMER STYLE']}{row['CUSTOMER COLOUR DESCRIPTION']}{row['AAG ORDER NUMBER']}",
            {size: str(row[size]) for size in ("S", "M") if row.get(size)},
        )
        for row in rows
    }


def unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """Make a dict of pairs whose keys must differ."""
    listed = list(pairs)
    found = dict(listed)
    assert len(found) == len(listed), f"twice: {Counter(key for key, _ in listed)}"
    return found


def as_uuid(value: Any) -> UUID:
    """Read a UUID as any driver gives it."""
    return value if isinstance(value, UUID) else UUID(str(value))


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Wiretap:
    """Does something before or after a request for items, or one that creates subitems; counts them from 1."""

    before: Callable[[int], object] = lambda _: None
    after: Callable[[int], object] = lambda _: None
    count: int = 0

    @classmethod
    def killing(cls, moment: str, number: int) -> Wiretap:
        """End the process before or after one request."""
        act = on(number, kill)
        return cls(before=act) if moment == "before" else cls(after=act)

    def on(self, patch: pytest.MonkeyPatch, kind: str = "items") -> Wiretap:
        """Listen to one kind of creates, items or subitems."""
        of_subitems = kind == "subitems"
        send = MondayClient.carry_out

        async def listening(
            client: MondayClient, rows: Sequence[Sequence[Mutation]], **options: Any
        ) -> list[list[Outcome]]:
            news = (isinstance(mutation, NewSubitemOf) for row in rows for mutation in row)
            if any(news) is not of_subitems:
                return await send(client, rows, **options)
            self.count += 1
            number = self.count
            self.before(number)
            outcomes = await send(client, rows, **options)
            self.after(number)
            return outcomes

        patch.setattr(MondayClient, "carry_out", listening)
        return self


def on(number: int, act: Callable[[], object]) -> Callable[[int], object]:
    """Act at one request, and at none of the others."""
    return lambda found: act() if found == number else None


def kill() -> None:
    raise Killed
