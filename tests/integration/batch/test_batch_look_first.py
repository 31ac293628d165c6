"""A database that has gone back in time: what it does not know of is looked for on the board, and adopted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from order_staging import ConfigurationError
from order_staging.batch.options import wanted_by
from order_staging.failpoints import Failpoint, armed
from tests.integration.batch.batch_retries import refuse
from tests.integration.batch.batch_world import (
    CUSTOMER,
    KEY_COLUMN,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    Killed,
    World,
    kill,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from tests.integration.batch.batch_world import Row

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEVER_SENT = (
    "stg_status = 'PENDING', stg_sent_date = NULL, stg_key_date = NULL, stg_idempotency_key = NULL, "
    "stg_api_payload = NULL, stg_payload_hash = NULL"
)


def restore_an_older_backup(world: World) -> None:
    """Forget everything that was delivered."""
    for table in (STG, STG_SUB, MON, MON_SUB):
        world.database.execute(f'DELETE FROM "{table}"')


@pytest.mark.parametrize(
    "settings", [{}, {"channel": "bulk"}, {"key_column": None}], ids=["", "bulk", "by name"]
)
def test_what_was_delivered_after_the_backup_is_adopted_and_the_rest_created(
    world: World, settings: Row
) -> None:
    before = order_lines(5)
    world.add(*before)
    world.run(settings=settings)
    restore_an_older_backup(world)
    later = [order_line(number) for number in (6, 7)]
    world.add(*later)
    result = world.run(settings=settings, look_first=True)
    assert (result.status, result.orders.adopted, result.orders.created) == ("COMPLETED", 5, 2)
    assert (result.subitems.adopted, result.subitems.created) == (10, 4)
    assert (len(world.sandbox.items()), len(world.sandbox.subitems())) == (7, 14)
    if settings.get("key_column", KEY_COLUMN):
        world.lands([*before, *later], **settings)


@on_sqlite
def test_what_the_backup_had_staged_and_never_sent_is_looked_for_too(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.run(keep_staging=True)
    world.database.execute(f'UPDATE "{STG}" SET {NEVER_SENT}, stg_group_id = NULL, stg_monday_item_id = NULL')
    world.database.execute(
        f'UPDATE "{STG_SUB}" SET {NEVER_SENT}, stg_monday_subitem_id = NULL, stg_monday_parent_item_id = NULL'
    )
    world.database.execute(f'DELETE FROM "{MON}"')
    world.database.execute(f'DELETE FROM "{MON_SUB}"')
    result = world.run(look_first=True)
    assert (result.orders.adopted, result.subitems.adopted) == (3, 6)
    world.lands(rows)


@on_sqlite
@pytest.mark.parametrize(
    "point", [Failpoint.PAGE_LOADED, Failpoint.BOARD_SEARCHED, Failpoint.FINDINGS_RECORDED]
)
def test_a_run_that_dies_meanwhile_leaves_what_it_was_told_to_the_next(
    world: World, point: Failpoint
) -> None:
    rows = order_lines(4)
    world.add(*rows)
    world.run()
    restore_an_older_backup(world)
    with armed(point, kill), pytest.raises(Killed):
        world.run(look_first=True)
    world.forget_leases()
    world.run()
    world.lands(rows)


@on_sqlite
def test_two_items_of_one_key_are_a_conflict_and_none_is_created(world: World) -> None:
    (row,) = order_lines(1)
    world.add(row)
    world.run()
    restore_an_older_backup(world)
    world.run()
    restore_an_older_backup(world)
    result = world.run(look_first=True)
    assert (result.status, result.orders.conflict) == ("COMPLETED_WITH_ERRORS", 1)
    assert len(world.sandbox.items()) == 2


@on_sqlite
def test_what_people_have_written_stays_and_what_the_source_changes_later_is_sent(world: World) -> None:
    (row,) = order_lines(1)
    world.add(row)
    world.run()
    world.sandbox.person.rename_item(world.item().id, "A name of theirs")
    restore_an_older_backup(world)
    world.run(look_first=True)
    world.run(changes=True)
    assert world.item().name == "A name of theirs"
    world.database.execute('UPDATE "ORDERS_UNIFIED" SET "M" = 6')
    result = world.run(CUSTOMER, changes=True)
    assert (result.subitems.updated, world.item().name) == (1, "A name of theirs")


@on_sqlite
def test_what_is_not_on_the_board_is_created_though_it_was_refused_once(world: World) -> None:
    (row,) = order_lines(1)
    world.add(row)
    refuse(world)
    assert world.run().orders.rejected == 1
    for table in (STG, STG_SUB):
        world.database.execute(f'DELETE FROM "{table}"')
    result = world.run(look_first=True)
    assert (result.orders.created, len(world.sandbox.items())) == (1, 1)
    world.lands([row])


@on_sqlite
def test_sizes_that_are_left_for_later_are_no_errors(world: World) -> None:
    (row,) = order_lines(1)
    world.add(row)
    assert world.run(look_first=True, subitems=False).status == "COMPLETED"
    world.run()
    world.lands([row])


@on_sqlite
def test_nobody_waits_for_answers_to_what_was_never_sent(world: World) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    world.outside = replace(world.outside, sleep=sleep)
    world.add(*order_lines(2))
    world.run(look_first=True, settings={"request_timeout": 65, "recovery_delay": 5})
    assert max(waits) <= 5


def test_looking_and_creating_again_exclude_each_other() -> None:
    with pytest.raises(ConfigurationError, match="look_first and recreate_deleted exclude each other"):
        wanted_by({"look_first": True, "changes": True, "recreate_deleted": True})
