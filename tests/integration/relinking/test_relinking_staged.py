"""A source that is rebuilt while rows are staged: they go on under the new UUIDs, and nothing is created twice."""

from __future__ import annotations

from collections import Counter
from uuid import UUID, uuid4

import pytest

from order_staging.sandbox import Fault, FaultKind, bodies
from tests.integration.batch.batch_world import (
    ERR,
    ERR_SUB,
    KEY_COLUMN,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    Killed,
    Wiretap,
    World,
    as_uuid,
    kill,
    order_line,
    order_lines,
)
from tests.integration.relinking.relinking_world import lands_once, rebuild, uuids

KINDS = pytest.mark.parametrize("kind", ["item", "subitem"])


def pause(world: World, operation: str = "create_item", skip: int = 0) -> None:
    """Let the daily limit be reached at a request, and run into it."""
    limit = Fault(
        FaultKind.ANSWER_INSTEAD, operation=operation, skip=skip, status=429, body=bodies.daily_limit()
    )
    world.sandbox.faults.add(limit)
    assert world.run(settings={"aliases": 2}).run_status == "paused"


def refuse(world: World, operation: str) -> None:
    rule = bodies.validation_rule("numeric_mkr5cact")
    fault = Fault(FaultKind.FAIL_ALIAS, operation=operation, alias=0, message="no", extensions=rule)
    world.sandbox.faults.add(fault)
    assert world.run().run_status == "partial"


@KINDS
def test_a_paused_batch_goes_on_under_the_new_uuids(world: World, kind: str) -> None:
    rows = order_lines(5)
    world.add(*rows)
    pause(world, f"create_{kind}", skip=1)
    made = len(world.sandbox.items())
    fresh = rebuild(world, rows)
    result = world.run()
    assert (result.orders.relinked, result.orders.loaded) == (5, 0)
    assert (result.orders.created, result.run_status) == (5 - made, "completed")
    lands_once(world, fresh)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("column", [KEY_COLUMN, None])
@KINDS
def test_rows_whose_answer_is_missing_are_found_by_what_was_sent(
    world: World, monkeypatch: pytest.MonkeyPatch, moment: str, column: str | None, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    settings = {"key_column": column, "aliases": 2}
    with monkeypatch.context() as patch:
        Wiretap.killing(moment, 2).on(patch, f"{kind}s")
        with pytest.raises(Killed):
            world.run(settings=settings)
    fresh = rebuild(world, rows)
    result = world.run(settings=settings)
    assert (result.orders.relinked, result.orders.loaded) == (3, 0)
    lands_once(world, fresh, **settings)


@KINDS
def test_rows_that_wait_for_promotion_are_promoted_under_the_new_uuids(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rows = order_lines(3)
    world.add(*rows)
    with monkeypatch.context() as patch:
        step = "orders" if kind == "item" else "subitems"
        patch.setattr(f"order_staging.batch.promotion._promote_{step}", lambda *_: kill())
        with pytest.raises(Killed):
            world.run()
    fresh = rebuild(world, rows)
    result = world.run()
    assert (result.orders.relinked, result.orders.created, result.subitems.created) == (3, 0, 0)
    lands_once(world, fresh)


def test_subitems_left_for_later_land_under_the_new_uuids(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    world.run(subitems=False)
    assert (world.database.count(MON), world.states(STG_SUB)) == (3, {"PENDING": 6})
    fresh = rebuild(world, rows)
    result = world.run()
    assert (result.orders.relinked, result.orders.created, result.subitems.created) == (3, 0, 6)
    lands_once(world, fresh)


def test_production_that_lost_its_uuid_takes_the_one_of_the_staged_order(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.run(subitems=False)
    world.database.execute(f'UPDATE "{MON}" SET source_uuid = NULL, "PO NUMBER" = \'another\'')
    fresh = rebuild(world, rows)
    assert world.run().orders.relinked == 2
    lands_once(world, fresh)


def test_an_item_that_stands_twice_in_production_keeps_its_order(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    world.run(subitems=False)
    world.database.execute(f'INSERT INTO "{MON}" ("Item ID", "Title") SELECT "Item ID", "Title" FROM "{MON}"')
    fresh = rebuild(world, rows)
    result = world.run()
    assert (result.orders.relinked, result.orders.created, result.run_status) == (2, 0, "completed")
    assert uuids([row for row in world.database.rows(MON) if row["source_uuid"]]) == uuids(fresh)
    assert len(world.sandbox.items()) == 2


@pytest.mark.parametrize("kind", ["order", "subitem"])
def test_a_refused_row_is_not_sent_again_and_its_dead_letter_follows(world: World, kind: str) -> None:
    rows = order_lines(2)
    world.add(*rows)
    refuse(world, "create_item" if kind == "order" else "create_subitem")
    table = ERR if kind == "order" else ERR_SUB
    refused = as_uuid(world.only(table)["source_uuid"])
    (number,) = [row["AAG ORDER NUMBER"] for row in rows if row["record_uuid"] == refused]
    sent = world.mutations()
    fresh = rebuild(world, rows)
    result = world.run()
    assert (result.orders.relinked, world.mutations()) == (2, sent)
    (uuid,) = [row["record_uuid"] for row in fresh if row["AAG ORDER NUMBER"] == number]
    assert as_uuid(world.only(table)["source_uuid"]) == uuid
    assert uuids(world.database.rows(STG)) == {uuid}
    assert uuids(world.database.rows(STG_SUB)) == {uuid}
    assert uuids(world.database.rows(MON)) == uuids(fresh) - ({uuid} if kind == "order" else set())
    assert uuids(world.database.rows(MON_SUB)) <= uuids(fresh)
    again = world.run()
    assert (again.orders.relinked, again.run_status, world.mutations()) == (0, "nothing_to_do", sent)


def test_a_dead_letter_that_was_mended_keeps_what_it_says(world: World) -> None:
    row = order_line()
    world.add(row)
    refuse(world, "create_item")
    world.database.execute(f"UPDATE \"{ERR}\" SET resolved_date = '2026-01-01 00:00:00'")
    rebuild(world, [row])
    assert world.run().orders.relinked == 1
    assert as_uuid(world.only(ERR)["source_uuid"]) == row["record_uuid"]


def test_what_was_sent_stays_recorded_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = order_line()
    world.add(row)
    with monkeypatch.context() as patch:
        Wiretap.killing("after", 1).on(patch)
        with pytest.raises(Killed):
            world.run()
    before = world.only(STG)
    (fresh,) = rebuild(world, [row])
    world.service().load_new_orders_to_staging("greyson")
    after = world.only(STG)
    assert as_uuid(after["source_uuid"]) == fresh["record_uuid"]
    assert str(row["record_uuid"]) in after["stg_api_payload"]
    assert {name for name in before if before[name] != after[name]} == {"source_uuid"}


def test_staged_orders_of_one_business_key_are_paired_one_for_one_in_their_order(world: World) -> None:
    rows = [order_line(1) for _ in range(3)]
    world.add(*rows)
    pause(world)
    before = sorted(world.database.rows(STG), key=lambda row: int(row["stg_id"]))
    fresh = rebuild(world, rows[:2])
    assert world.service().load_new_orders_to_staging("greyson").orders.relinked == 2
    after = sorted(world.database.rows(STG), key=lambda row: int(row["stg_id"]))
    assert [as_uuid(row["source_uuid"]) for row in after[:2]] == sorted(uuids(fresh), key=str)
    assert after[2]["source_uuid"] == before[2]["source_uuid"]
    subitems = Counter(as_uuid(row["source_uuid"]) for row in world.database.rows(STG_SUB))
    assert subitems == {as_uuid(row["source_uuid"]): 2 for row in after}


def test_of_more_source_rows_than_staged_and_landed_ones_the_rest_is_created(world: World) -> None:
    landed, staged = order_line(1), order_line(1)
    world.add(landed)
    world.run()
    world.add(staged)
    pause(world)
    fresh = rebuild(world, [order_line(1) for _ in range(3)])
    result = world.run()
    assert (result.orders.relinked, result.orders.loaded, result.orders.created) == (2, 1, 2)
    lands_once(world, fresh)


def test_a_staged_order_whose_uuid_is_still_in_the_source_keeps_it(world: World) -> None:
    row = order_line(1)
    world.add(row)
    pause(world)
    other = order_line(1)
    world.add(other)
    result = world.run()
    assert (result.orders.relinked, result.orders.loaded) == (0, 1)
    lands_once(world, [row, other])


def test_a_staged_order_whose_item_is_another_rows_by_now_takes_nothing_over(world: World) -> None:
    row = order_line(1)
    world.add(row)
    world.run(subitems=False)
    (owner, other) = rebuild(world, [row, row])
    world.database.execute(
        f'UPDATE "{MON}" SET source_uuid = :uuid', uuid=stored(world, owner["record_uuid"])
    )
    result = world.run()
    assert (result.orders.relinked, result.orders.created) == (0, 1)
    assert uuids(world.database.rows(MON)) == uuids([owner, other])


def test_what_an_earlier_script_staged_as_invalid_makes_room(world: World) -> None:
    row = order_line(1)
    world.add(row)
    pause(world)
    (fresh,) = rebuild(world, [row])
    world.database.execute(
        f'INSERT INTO "{STG}" (stg_batch_id, stg_status, source_uuid) VALUES (:batch, :status, :uuid)',
        batch=stored(world, uuid4()),
        status="VALIDATION_FAILED",
        uuid=stored(world, fresh["record_uuid"]),
    )
    assert world.run().orders.relinked == 1
    lands_once(world, [fresh])


def stored(world: World, uuid: UUID) -> object:
    """Write a UUID as the database keeps it."""
    return uuid.hex if world.database.engine.dialect.name == "sqlite" else uuid
