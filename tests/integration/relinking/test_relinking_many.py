"""A rebuilt source of many rows: some of them a transaction, and no search of one table for each row of another."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import sessionmaker

from order_staging import UnitOfWork
from order_staging.failpoints import Failpoint, armed
from tests.guarantees.evidence import check
from tests.integration.batch.batch_world import CUSTOMER, MON, MON_SUB, Killed, kill, order_line, order_lines
from tests.integration.relinking.relinking_world import KEY, lands_once, rebuild, uuids

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.integration.batch.batch_world import Row, World

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ONE_BY_ONE = {"chunk_rows": 1}


@pytest.fixture
def many() -> list[Row]:
    """More rows than a transaction takes, three of them with one business key."""
    return [*order_lines(9), *(order_line(1) for _ in range(2))]


def test_rows_are_relinked_some_a_transaction_until_all_are(world: World, many: list[Row]) -> None:
    world.add(*many)
    world.run()
    fresh = rebuild(world, many)
    with armed(Failpoint.ROWS_RELINKED, lambda: None) as reached:
        result = world.run(settings=ONE_BY_ONE)
    assert (result.orders.relinked, result.orders.created, reached) == (11, 0, [2])
    assert uuids(world.database.rows(MON)) == uuids(fresh)
    lands_once(world, fresh)


@on_sqlite
def test_a_death_between_two_transactions_of_relinking_leaves_the_rest_to_the_next_run(
    world: World, many: list[Row]
) -> None:
    world.add(*many)
    world.run()
    fresh = rebuild(world, many)
    with armed(Failpoint.ROWS_RELINKED, kill), pytest.raises(Killed):
        world.run(settings=ONE_BY_ONE)
    assert len(uuids(world.database.rows(MON)) & uuids(fresh)) == 10
    world.forget_leases()
    assert world.run().orders.relinked == 1
    lands_once(world, fresh)
    check(world)


@on_sqlite
def test_no_table_is_gone_through_again_for_each_row_of_another(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
        tables = ("ORDERS_UNIFIED", MON, "STG_MON_CustMasterSchedule")
        for table in tables:
            connection.execute(
                text("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES (:table, NULL, '100000')"),
                {"table": table},
            )
    database.engine.dispose()
    read: list[tuple[str, Any]] = []

    def listen(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        read.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", listen)
    with UnitOfWork(sessionmaker(database.engine)) as uow:
        assert uow.relinking.relink(KEY, [CUSTOMER], 10, doubled=False) == (0, False)
        event.remove(database.engine, "before_cursor_execute", listen)
        connection = uow.source.session.connection()
        plans = [
            connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            for statement, parameters in read
            if statement.startswith("SELECT")
        ]
    assert len(plans) == 2
    for plan in plans:
        correlated = {row[0] for row in plan if row[3].startswith("CORRELATED")}
        assert correlated
        within = [row[3] for row in plan if row[1] in correlated]
        # A condition on the row itself is a subquery without a table.
        assert not [step for step in within if step.startswith("SCAN") and step != "SCAN CONSTANT ROW"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresql_pairs_without_nested_loops_and_has_its_setting_back(database: Database) -> None:
    seen: dict[bool, set[str]] = {True: set(), False: set()}

    def look(connection: Any, _: object, statement: str, *__: object) -> None:
        if "set_config" not in statement:
            with connection.connection.cursor() as own:
                setting = own.execute("SHOW enable_nestloop").fetchone()[0]
            seen["new_rows" in statement].add(setting)

    event.listen(database.engine, "before_cursor_execute", look)
    with UnitOfWork(sessionmaker(database.engine)) as uow:
        uow.relinking.relink(KEY, [CUSTOMER], 10, doubled=False)
        uow.source.customer_names()
    event.remove(database.engine, "before_cursor_execute", look)
    assert seen == {True: {"off"}, False: {"on"}}


def test_production_is_gone_through_once_for_many_rows(world: World, many: list[Row]) -> None:
    world.add(*many)
    world.run()
    fresh = rebuild(world, many)
    updates: Counter[str] = Counter()

    def look(_: object, __: object, statement: str, parameters: Any, ___: object, many_at_once: bool) -> None:
        if statement.startswith(f'UPDATE "{MON}'):
            updates[statement.split()[1]] += len(parameters) if many_at_once else 1

    event.listen(world.database.engine, "before_cursor_execute", look)
    with UnitOfWork(sessionmaker(world.database.engine)) as uow:
        assert uow.relinking.relink(KEY, [CUSTOMER], 100, doubled=False) == (11, False)
        uow.commit()
    event.remove(world.database.engine, "before_cursor_execute", look)
    assert updates == {f'"{MON}"': 1, f'"{MON_SUB}"': 1}
    lands_once(world, fresh)
