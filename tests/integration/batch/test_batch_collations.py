"""A database that takes small letters for capitals, as SQL Server does by its usual collation: nothing changes."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import MON, as_uuid, order_line

if TYPE_CHECKING:
    from tests.integration.batch.batch_world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

TEXT_TYPE = re.compile(r"\b(VARCHAR\(\d+\)|CHAR\(\d+\)|TEXT)")


@pytest.fixture(params=[False, True], ids=["exact", "lax"])
def any_world(request: pytest.FixtureRequest, world: World) -> World:
    """Give a world whose database compares text letter by letter, and one that does so without regard to case."""
    if not request.param:
        return world
    with closing(sqlite3.connect(str(world.database.engine.url.database))) as database:
        database.execute("PRAGMA writable_schema = ON")
        for name, made in database.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
        ).fetchall():
            lax = TEXT_TYPE.sub(r"\1 COLLATE NOCASE", made)
            database.execute(
                "UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (lax, name)
            )
        database.commit()
    with closing(sqlite3.connect(str(world.database.engine.url.database))) as database:
        database.execute("REINDEX")
        database.commit()
        database.execute('INSERT INTO "MON_BatchLease" (customer_name, fence) VALUES (?, 0)', ("Somebody",))
        (found,) = database.execute(
            'SELECT count(*) FROM "MON_BatchLease" WHERE customer_name = ?', ("SOMEBODY",)
        )
        assert found == (1,)
    return world


def test_groups_that_differ_by_case_are_two_groups(any_world: World) -> None:
    rows = [order_line(1, **{"AAG SEASON": "2025 Fall"}), order_line(2, **{"AAG SEASON": "2025 fall"})]
    any_world.add(*rows)
    assert any_world.run().status == "COMPLETED"
    groups = {item.group_title: item.name[-9:] for item in any_world.sandbox.items()}
    assert groups == {
        "GREYSON CLOTHIERS 2025 Fall": "JOO-00001",
        "GREYSON CLOTHIERS 2025 fall": "JOO-00002",
    }
    any_world.lands(rows)
    check(any_world, rows)


def test_rows_that_differ_by_case_come_back_each_as_itself(any_world: World) -> None:
    rows = [order_line(1, **{"CUSTOMER STYLE": "ab"}), order_line(1, **{"CUSTOMER STYLE": "AB"})]
    any_world.add(*rows)
    assert any_world.run().status == "COMPLETED"
    any_world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    # Their order is the other way round: by position alone each would be taken for the other.
    fresh = [row | {"record_uuid": UUID(int=1 << 100 | place)} for place, row in enumerate(reversed(rows))]
    any_world.add(*fresh)
    assert any_world.run().orders.relinked == 2
    landed = {as_uuid(row["source_uuid"]): row["STYLE"] for row in any_world.database.rows(MON)}
    assert landed == {row["record_uuid"]: row["CUSTOMER STYLE"] for row in fresh}
