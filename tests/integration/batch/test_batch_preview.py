"""The preview: what a run would do is told, as the run then does it, and nothing is written anywhere."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event

from order_staging.batch import ChangedBy
from order_staging.errors import StoppedError, UnknownCustomerError
from tests.integration.batch.batch_changes import change, item_of, mapping_with
from tests.integration.batch.batch_world import (
    BATCHES,
    CUSTOMER,
    ERR,
    ERR_SUB,
    LEASES,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from order_staging import PreviewResult
    from tests.integration.batch.batch_world import Row, World

PRICE = "numeric_mkr5cact"
TABLES = (STG, STG_SUB, MON, MON_SUB, ERR, ERR_SUB, BATCHES, LEASES, "ORDERS_UNIFIED")

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def preview(world: World, *customers: str, settings: Row | None = None, **options: Any) -> PreviewResult:
    return world.service(**(settings or {})).preview(customers or (CUSTOMER,), **options)


def everywhere(world: World) -> dict[str, list[Row]]:
    return {table: world.database.rows(table) for table in TABLES}


@pytest.fixture
def untouched(world: World) -> Iterator[Callable[[], None]]:
    """Give what remembers the world as it is; in the end it has to be the same."""
    remembered: list[Any] = []
    statements: list[str] = []

    def remember() -> None:
        remembered[:] = [everywhere(world), len(world.sandbox.executed)]
        statements.clear()

    def listen(_: Any, __: Any, statement: str, *_others: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    yield remember
    event.remove(Engine, "before_cursor_execute", listen)
    said = {statement.split(maxsplit=1)[0] for statement in statements if statement.strip()}
    assert said <= {"SELECT", "BEGIN", "PRAGMA", "WITH"}
    assert remembered == [everywhere(world), len(world.sandbox.executed)]


def test_new_orders_are_told_as_the_run_then_makes_them(world: World, untouched: Callable[[], None]) -> None:
    world.add(*order_lines(3), order_line(4, **{"AAG SEASON": "2026 FALL"}), order_line(5, S=-1))
    untouched()
    found = preview(world)
    assert (found.total("items"), found.total("subitems"), found.invalid.total) == (4, 8, 1)
    assert [(group.title, group.exists, group.items) for group in found.groups.rows] == [
        (f"{CUSTOMER} 2025 FALL", False, 3),
        (f"{CUSTOMER} 2026 FALL", False, 1),
    ]
    assert found.items.rows[0].name == "JWHD100120WHITEJOO-00001"
    assert found.items.rows[0].sizes == {"S": 3, "M": 5}
    (refused,) = found.invalid.rows
    assert (refused.order_number, "S: '-1' " in refused.remarks[0]) == ("JOO-00005", True)
    assert found.status == "pending"


@on_sqlite
def test_numbers_groups_and_labels_come_true(world: World) -> None:
    world.add(*order_lines(3), order_line(4, **{"ORDER TYPE": "RARE"}))
    found = preview(world)
    labels = {label for column in found.labels for label in column.labels}
    assert {"RARE", "S", "M"} <= labels
    result = world.run()
    assert result.orders.created == found.total("items")
    assert result.subitems.created == found.total("subitems")
    assert result.groups.created == found.new_groups == 1
    again = preview(world)
    assert (again.status, again.labels, again.groups.total) == ("nothing_to_do", (), 0)
    world.add(order_line(5))
    assert [(group.exists, group.items) for group in preview(world).groups.rows] == [(True, 1)]


@on_sqlite
def test_a_payload_is_what_the_run_sends(world: World) -> None:
    world.add(*order_lines(2))
    found = preview(world, payloads=1)
    (shown,) = found.payloads
    world.run()
    created = next(one for one in world.sandbox.executed if one.operation == "create_item")
    assert created.arguments["item_name"] == shown.item["item_name"]
    assert created.arguments["column_values"] == shown.item["column_values"]
    below = [one for one in world.sandbox.executed if one.operation == "create_subitem"][:2]
    assert [one.arguments["column_values"] for one in below] == [
        size["column_values"] for size in shown.subitems
    ]


@on_sqlite
def test_rows_are_kept_up_to_the_bound_and_counted_beyond_it(world: World) -> None:
    world.add(*order_lines(5))
    found = preview(world, rows=2)
    assert (found.items.total, len(found.items.rows), found.items.more) == (5, 2, 3)
    assert found.payloads == ()


@on_sqlite
def test_groups_are_kept_up_to_the_bound_those_of_the_items_that_are_kept_first(world: World) -> None:
    world.add(*(order_line(number, **{"AAG SEASON": f"20{99 - number} FALL"}) for number in range(1, 5)))
    found = preview(world, rows=2)
    kept = [group.title for group in found.groups.rows]
    assert set(kept) >= {item.group for item in found.items.rows}
    assert (kept, found.groups.more) == (sorted(kept), 2)
    document = found.to_dict()["groups"]
    assert (document["total"], document["new"], len(document["rows"])) == (4, 4, 2)


@on_sqlite
def test_filters_and_the_limit_are_the_runs(world: World) -> None:
    world.add(
        *order_lines(3), order_line(4, **{"PO NUMBER": "9999"}), order_line(5, **{"CUSTOMER NAME": "PELOTON"})
    )
    assert preview(world, po="9999").total("items") == 1
    assert preview(world, limit=2).total("items") == 2
    assert preview(world, aag_season="2030").status == "nothing_to_do"
    everyone = world.service().preview()
    assert {each.customer: each.items for each in everyone.customers} == {CUSTOMER: 4, "PELOTON": 1}
    with pytest.raises(UnknownCustomerError):
        preview(world, "nobody")


def test_changes_are_told_value_by_value_with_who_changed_the_board(
    world: World, delivered: Callable[..., list[Row]], untouched: Callable[[], None]
) -> None:
    rows = delivered(4, **{"CUSTOMER PRICE": "10"})
    change(world, rows[0], **{"CUSTOMER PRICE": "12", "S": 9})
    change(world, rows[1], **{"CUSTOMER PRICE": "12", "AAG SEASON": "2026 FALL"})
    world.sandbox.person.change_values(item_of(world, rows[1]), {PRICE: "11"})
    change(world, rows[2], L=4, M=-1)
    untouched()
    found = preview(world, changes=True)
    told = {(each.uuid, each.field, each.size): each for each in found.changes.rows}
    price = told[rows[0]["record_uuid"], "CUSTOMER PRICE", None]
    assert (price.delivered, price.source, price.outcome) == ("10", "12", "sent")
    assert price.changed_by is ChangedBy.SOURCE
    fought = told[rows[1]["record_uuid"], "CUSTOMER PRICE", None]
    assert (fought.delivered, fought.board, fought.source) == ("10", "11", "12")
    assert (fought.changed_by, "people" in fought.outcome) == (ChangedBy.BOTH, True)
    assert (fought.editor, price.editor) == ("Pat Planner", None)
    size = told[rows[0]["record_uuid"], "Order Qty", "S"]
    assert (size.delivered, size.source) == ("3", "9")
    (customer,) = found.customers
    assert (customer.updated, customer.moved, customer.sizes_changed, customer.conflicts) == (2, 1, 1, 1)
    assert (customer.unchanged, customer.invalid) == (1, 1)
    assert [group.title for group in found.groups.rows if not group.exists] == [f"{CUSTOMER} 2026 FALL"]


@on_sqlite
def test_changes_come_true_and_those_nobody_asked_for_are_not_looked_at(
    world: World, delivered: Callable[..., list[Row]], tmp_path: Path
) -> None:
    rows = delivered(4)
    change(world, rows[0], **{"CUSTOMER PRICE": "12", "S": 9, "L": 2})
    # An order line of which sizes alone differ is unchanged itself.
    change(world, rows[3], S=4)
    world.sandbox.person.delete_item(item_of(world, rows[1]))
    change(world, rows[1], **{"CUSTOMER PRICE": "12"})
    world.remove(rows[2])
    assert preview(world).status == "nothing_to_do"
    (customer,) = preview(world, changes=True).customers
    result = world.run(changes=True)
    assert customer.updated == result.orders.updated == 1
    assert customer.unchanged == result.orders.unchanged == 1
    assert customer.deleted == result.orders.deleted == 1
    assert customer.removed == result.orders.removed == 1
    assert customer.sizes_changed == result.subitems.updated + result.subitems.created == 3
    mapping = mapping_with(tmp_path, "report")
    world.sandbox.person.change_values(item_of(world, rows[0]), {PRICE: "11"})
    change(world, rows[0], **{"CUSTOMER PRICE": "13"})
    found = preview(world, changes=True, settings={"mapping": mapping})
    assert any("a person must decide" in each.outcome for each in found.changes.rows)


@on_sqlite
def test_removed_sizes_and_deleted_subitems_are_told(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2)
    change(world, rows[0], M=None)
    item = item_of(world, rows[1])
    world.sandbox.person.delete_item(world.sandbox.subitems(item)[0].id)
    change(world, rows[1], S=4)
    told = {each.outcome for each in preview(world, changes=True).changes.rows}
    assert any(outcome.startswith("left: people deleted it") for outcome in told)
    assert "sent" in told


def test_a_rebuilt_source_is_recognised_and_not_taken_for_new(
    world: World, delivered: Callable[..., list[Row]], untouched: Callable[[], None]
) -> None:
    *rows, row_gone = delivered(4)
    for place, row in enumerate(rows):
        change(world, row, record_uuid=UUID(int=10**9 + place).hex)
    world.add(order_line(9))
    world.remove(row_gone)
    untouched()
    (customer,) = preview(world, changes=True).customers
    assert (customer.relinked, customer.items, customer.removed) == (3, 1, 1)


@on_sqlite
def test_a_rebuilt_source_is_recognised_in_staging_and_production_as_the_run_does(world: World) -> None:
    first = order_line(1)
    world.add(first)
    world.run(keep_staging=True)
    second = order_line(1)
    world.add(second)
    world.run(subitems=False)
    world.database.execute('DELETE FROM "ORDERS_UNIFIED"')
    world.add(*(order_line(1) for _ in range(4)))
    (customer,) = preview(world).customers
    result = world.run()
    assert (customer.relinked, customer.items) == (result.orders.relinked, result.orders.created) == (2, 2)


def test_a_business_key_that_is_there_twice_is_suspected(
    world: World, delivered: Callable[..., list[Row]], untouched: Callable[[], None]
) -> None:
    delivered(1)
    world.add(*(order_line(number) for number in (1, 1, 2, 2, 3)), order_line(3, S=-1), order_line(4))
    untouched()
    found = preview(world)
    told = {(each.order_number, each.rows, each.known) for each in found.duplicates.rows}
    # A key is one entry, and rows that are invalid have it, too.
    assert told == {("JOO-00001", 2, "delivered"), ("JOO-00002", 2, None), ("JOO-00003", 2, None)}
    assert found.duplicates.total == len(found.duplicates.rows) == 3
    assert preview(world, limit=1).duplicates.total == 3
    assert {each.item_id is not None for each in found.duplicates.rows if each.known} == {True}
    assert preview(world, po="1").duplicates.total == 0


def test_what_waits_from_an_earlier_run_is_told(world: World, untouched: Callable[[], None]) -> None:
    world.add(*order_lines(2))
    world.run(subitems=False)
    world.add(order_line(3))
    world.service().load_new_orders_to_staging(CUSTOMER)
    untouched()
    (customer,) = preview(world).customers
    assert (customer.items, customer.waiting_orders, customer.waiting_subitems) == (0, 1, 6)


@on_sqlite
def test_values_that_are_left_out_are_warned_of_and_rows_without_uuid_are_invalid(world: World) -> None:
    world.add(order_line(1, **{"CUSTOMER PRICE": "n/a"}), order_line(2, record_uuid=None))
    found = preview(world)
    (warned,) = found.warnings.rows
    assert (warned.order_number, "not a number" in warned.remarks[0]) == ("JOO-00001", True)
    (refused,) = found.invalid.rows
    assert refused.uuid is None


@on_sqlite
def test_invalid_rows_are_something_to_do_until_they_have_their_dead_letters(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    (row,) = delivered(1)
    world.add(order_line(2, S=-1), order_line(3, record_uuid=None))
    assert preview(world).status == "pending"
    world.run()
    again = preview(world)
    assert (again.status, again.invalid.total) == (world.run().run_status, 2) == ("nothing_to_do", 2)
    change(world, row, S=-1)
    assert (preview(world).status, preview(world, changes=True).status) == ("nothing_to_do", "pending")
    world.run(changes=True)
    assert preview(world, changes=True).status == world.run(changes=True).run_status == "nothing_to_do"


@on_sqlite
def test_a_customer_that_another_runner_has_is_previewed_all_the_same(world: World) -> None:
    world.add(order_line(1))
    world.run()
    world.database.execute(
        f"UPDATE \"{LEASES}\" SET holder = 'somebody', expires_date = '2099-01-01 00:00:00.000000'"
    )
    world.add(order_line(2))
    assert preview(world).total("items") == 1


@on_sqlite
def test_the_estimate_knows_the_accounts_limits(world: World) -> None:
    world.add(*order_lines(41))
    estimate = preview(world).estimate
    # The board, its groups before and after one is made, three requests with items, five with subitems, and a look
    # for the board of the subitems.
    assert (estimate.calls, estimate.mutations) == (13, 124)
    assert estimate.minutes_least <= estimate.minutes_most
    assert estimate.calls_left is not None


@on_sqlite
def test_labels_that_changes_bring_are_told_and_those_of_rows_that_wait(
    world: World, delivered: Callable[..., list[Row]]
) -> None:
    rows = delivered(2)
    change(world, rows[0], **{"ORDER TYPE": "BRANDNEW", "L": 4})
    change(world, rows[1], **{"ORDER TYPE": "ACTIVE", "S": 9})
    (customer,) = world.service().preview(changes=True).customers
    assert customer.updated == 1
    assert _labels(world, changes=True) == {"ORDER TYPE": ("BRANDNEW",), "Size": ("L",)}
    world.add(order_line(3, **{"ORDER TYPE": "RARE", "XXL": 1}))
    world.service().load_new_orders_to_staging(CUSTOMER)
    assert _labels(world) == {"ORDER TYPE": ("RARE",), "Size": ("XXL",)}
    world.run(changes=True)
    assert _labels(world, changes=True) == {}


def _labels(world: World, **options: Any) -> dict[str, tuple[str, ...]]:
    return {each.title: each.labels for each in preview(world, **options).labels}


@on_sqlite
async def test_its_document_is_json(world: World) -> None:
    world.add(*order_lines(2))
    found = await world.service().preview_async((CUSTOMER,), payloads=1)
    document = json.loads(json.dumps(found.to_dict()))
    assert set(document) == {
        "status",
        "board",
        "customers",
        "groups",
        "items",
        "changes",
        "warnings",
        "invalid",
        "duplicates",
        "labels",
        "payloads",
        "estimate",
    }
    assert document["items"]["total"] == 2


@on_sqlite
async def test_a_service_that_was_asked_to_stop_foresees_nothing(world: World) -> None:
    world.add(order_line(1))
    service = world.service()
    assert (await service.preview_async((CUSTOMER,))).total("items") == 1
    service.request_stop()
    with pytest.raises(StoppedError):
        await service.preview_async((CUSTOMER,))
