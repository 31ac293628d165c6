"""The checker on real runs: it finds nothing where all is well, and what was spoilt by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import fault_presets, refusals
from tests.guarantees.checker import violations
from tests.guarantees.evidence import check, evidence_of, watch_hands
from tests.integration.batch.batch_changes import change, item_of
from tests.integration.batch.batch_world import (
    ERR,
    KEY_COLUMN,
    LEASES,
    MON,
    MON_SUB,
    Killed,
    Wiretap,
    World,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def world(database: Database, sandbox: Sandbox, settings_for: Callable[..., Settings]) -> World:
    watch_hands(sandbox)
    return World(database, sandbox, settings_for)


def found(world: World) -> set[tuple[int, str]]:
    return {(one.guarantee, one.what) for one in violations(evidence_of(world))}


@on_sqlite
def test_a_run_with_changes_people_and_a_rejected_row_breaks_nothing(world: World) -> None:
    rows = order_lines(4, **{"CUSTOMER PRICE": "10"})
    world.add(*rows, order_line(5, M=-1), order_line(6, record_uuid=None))
    world.sandbox.faults.add(
        fault_presets.fail_alias(refusals.data_validation("numeric_mkr5cact"), 3, operation="create_item")
    )
    world.run()
    check(world)
    person = world.sandbox.person
    person.rename_item(item_of(world, rows[0]), "Mine")
    person.delete_item(item_of(world, rows[1]))
    change(world, rows[0], S=9, M=0)
    change(world, rows[1], S=9)
    change(world, rows[2], **{"CUSTOMER STYLE": "OTHER", "CUSTOMER SEASON": "2026 SPRING"})
    world.run(changes=True)
    check(world)
    world.run(changes=True, recreate_deleted=True)
    settled = len(world.sandbox.executed)
    world.run(changes=True, recreate_deleted=True)
    check(world, settled_at=settled)
    check((world.database.engine, world.sandbox), settled_at=settled)


@on_sqlite
@pytest.mark.parametrize(("key_column", "kind"), [(KEY_COLUMN, "subitems"), (None, "items")])
def test_a_run_that_lost_an_answer_and_was_killed_breaks_nothing_once_it_is_recovered(
    world: World, monkeypatch: pytest.MonkeyPatch, key_column: str | None, kind: str
) -> None:
    world.add(*order_lines(3))
    settings = {"key_column": key_column, "aliases": 2, "max_attempts": 1}
    world.sandbox.faults.add(fault_presets.execute_then_drop(operation="create_item"))
    with monkeypatch.context() as patch:
        Wiretap.killing("after", 2).on(patch, kind)
        with pytest.raises(Killed):
            world.run(settings=settings)
    world.database.execute(f'UPDATE "{LEASES}" SET holder = NULL')
    check(world, at_rest=False)
    assert {(2, "open-at-rest"), (2, "batch-under-way")} <= found(world)
    world.run(settings=settings)
    settled = len(world.sandbox.executed)
    world.run(settings=settings)
    check(world, settled_at=settled)


@on_sqlite
def test_what_was_spoilt_by_hand_is_found(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows, order_line(3, M=-1))
    world.run()
    check(world)
    key = str(rows[0]["record_uuid"])
    world.sandbox.person._items.create_item(
        board_id=world.sandbox.board_id, item_name="Again", column_values={KEY_COLUMN: key}
    )
    assert found(world) == {(1, "item-doubled")}
    size, *_ = world.sandbox.subitems(item_of(world, rows[0]))
    world.database.execute(f'DELETE FROM "{MON_SUB}" WHERE subitem_id = :subitem', subitem=size.id)
    assert found(world) == {(1, "item-doubled"), (2, "size-lost"), (2, "orphan-subitem")}
    world.database.execute(f'DELETE FROM "{MON}" WHERE "Item ID" = :item', item=item_of(world, rows[1]))
    world.database.execute(f'UPDATE "{ERR}" SET error_message = NULL')
    assert found(world) == {
        (1, "item-doubled"),
        (2, "size-lost"),
        (2, "orphan-subitem"),
        (2, "orphan"),
        (2, "lost"),
        (2, "size-without-order"),
        (2, "no-reason"),
    }
