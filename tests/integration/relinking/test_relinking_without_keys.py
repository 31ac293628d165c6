"""What has no key to rely on: UUIDs, items and subitems that stand twice never stop relinking."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from sqlalchemy import ClauseElement, event
from sqlalchemy.orm import sessionmaker
from sqlglot import exp

from order_staging import UnitOfWork
from tests.integration.batch.batch_world import CUSTOMER, MON, MON_SUB, as_uuid, order_line, order_lines
from tests.integration.relinking.relinking_world import KEY, rebuild, uuids
from tests.unit.models.sqlserver_parsing import for_sqlserver, parsed

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.integration.batch.batch_world import World


def forget_uuids(world: World) -> None:
    """Make production what it was before this library."""
    world.database.execute(f'UPDATE "{MON}" SET source_uuid = NULL')
    world.database.execute(f'UPDATE "{MON_SUB}" SET source_uuid = NULL, size_key = NULL')


def test_rows_with_one_uuid_take_nothing_over(world: World) -> None:
    rows = [order_line(1), order_line(1), order_line(2)]
    world.add(*rows)
    world.run()
    forget_uuids(world)
    same = uuid4()
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*(row | {"record_uuid": same} for row in rows[:2]), rows[2])
    result = world.run()
    assert (result.orders.relinked, result.orders.invalid, result.orders.created) == (1, 2, 0)
    linked = [row["source_uuid"] for row in world.database.rows(MON) if row["source_uuid"]]
    assert [as_uuid(uuid) for uuid in linked] == [rows[2]["record_uuid"]]


def test_an_item_that_stands_twice_is_passed_over(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.run()
    forget_uuids(world)
    doubled = world.database.rows(MON)[0]["Item ID"]
    columns = '"Item ID", "Title", "AAG ORDER NUMBER", "STYLE", "COLOR", "PO NUMBER"'
    world.database.execute(
        f'INSERT INTO "{MON}" ({columns}) SELECT {columns} FROM "{MON}" WHERE "Item ID" = :id', id=doubled
    )
    result = world.run()
    assert (result.orders.relinked, result.run_status) == (1, "completed")
    assert [row["source_uuid"] for row in world.database.rows(MON) if row["Item ID"] == doubled] == [None] * 2


def test_a_subitem_that_stands_twice_is_passed_over(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.run()
    forget_uuids(world)
    doubled = world.database.rows(MON_SUB)[0]["subitem_id"]
    columns = 'parent_item_id, subitem_id, "Size"'
    world.database.execute(
        f'INSERT INTO "{MON_SUB}" ({columns}) SELECT {columns} FROM "{MON_SUB}" WHERE subitem_id = :id',
        id=doubled,
    )
    result = world.run()
    assert (result.orders.relinked, result.orders.created) == (2, 0)
    subitems = world.database.rows(MON_SUB)
    assert [row["source_uuid"] for row in subitems if row["subitem_id"] == doubled] == [None] * 2
    assert uuids([row for row in subitems if row["subitem_id"] != doubled]) == uuids(rows)


def test_a_size_stays_with_the_subitem_that_has_the_uuid(world: World) -> None:
    row = order_line(1)
    world.add(row)
    world.run()
    # Production was filled anew, its subitems were not; and a script had made one of them twice.
    world.database.execute(f'UPDATE "{MON}" SET source_uuid = NULL')
    parent, size = (world.database.rows(MON_SUB)[0][name] for name in ("parent_item_id", "Size"))
    world.database.execute(
        f'INSERT INTO "{MON_SUB}" (parent_item_id, subitem_id, "Size") VALUES (:parent, :id, :size)',
        parent=parent,
        id="1",
        size=size,
    )
    assert world.run().orders.relinked == 1
    linked = [sub["subitem_id"] for sub in world.database.rows(MON_SUB) if sub["source_uuid"]]
    assert (len(linked), "1" in linked) == (2, False)


def test_sql_server_understands_all_of_it(world: World, database: Database) -> None:
    staged, landed = order_lines(2)
    world.add(staged, landed)
    world.run(subitems=False)
    with UnitOfWork(sessionmaker(database.engine)) as uow:
        for letters in (uow.failures.orders, uow.failures.subitems):
            letters.insert([{"source_uuid": staged["record_uuid"], "error_type": "REJECTED"}])
        uow.commit()
    rebuild(world, [staged, landed])
    # One has lost its staging rows, and is found in production.
    database.execute('DELETE FROM "STG_MON_CustMasterSchedule" WHERE "AAG ORDER NUMBER" = \'JOO-00002\'')
    database.execute(f'UPDATE "{MON}" SET source_uuid = NULL')
    found: list[ClauseElement] = []

    def listen(_: object, statement: object, *__: object) -> None:
        if isinstance(statement, ClauseElement):
            found.append(statement)

    event.listen(database.engine, "before_execute", listen)
    with UnitOfWork(sessionmaker(database.engine)) as uow:
        assert uow.relinking.relink(KEY, [CUSTOMER], 10, doubled=True) == (2, False)
    event.remove(database.engine, "before_execute", listen)
    kinds = [type(tree) for statement in found for tree in parsed(for_sqlserver(statement))]
    assert {exp.Select, exp.Update} == set(kinds)
    assert kinds.count(exp.Update) >= 8
