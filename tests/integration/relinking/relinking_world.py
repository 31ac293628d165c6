"""What tests of relinking do to the source, and what they ask of board and production afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from order_staging.batch.keys import business_key
from order_staging.transform import load_mapping
from tests.integration.batch.batch_world import STG, STG_SUB, as_uuid, expected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.integration.batch.batch_world import Row, World

KEY = business_key(load_mapping())


def rebuild(world: World, rows: Sequence[Row]) -> list[Row]:
    """Fill ORDERS_UNIFIED anew under fresh UUIDs, as its job does."""
    fresh = [row | {"record_uuid": uuid4()} for row in rows]
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*fresh)
    return fresh


def lands_once(world: World, rows: Sequence[Row], **settings: object) -> None:
    """Check that each row landed once, under its UUID of today, and that nothing is left to do.

    The board's items bear the UUIDs that they were created with.
    """
    assert world.landed() == expected(rows)
    assert len(world.sandbox.items()) == len(rows)
    assert len(world.sandbox.subitems()) == 2 * len(rows)
    assert (world.database.count(STG), world.database.count(STG_SUB)) == (0, 0)
    before = world.mutations()
    assert world.run(settings=settings).run_status == "nothing_to_do"
    assert world.mutations() == before


def uuids(rows: Sequence[Row]) -> set[UUID]:
    """List the UUIDs of rows, those of the source or those that bear them."""
    return {as_uuid(row["record_uuid"] if "record_uuid" in row else row["source_uuid"]) for row in rows}
