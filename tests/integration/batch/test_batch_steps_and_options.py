"""Steps by themselves, options, lanes, and callers with an event loop of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from order_staging import BatchService, ConfigurationError, UnknownBatchError
from order_staging.errors import RunningLoopError
from tests.integration.batch.batch_world import (
    BATCHES,
    MON,
    MON_SUB,
    STG,
    STG_SUB,
    World,
    as_uuid,
    expected,
    order_line,
    order_lines,
)

if TYPE_CHECKING:
    from typing import Any

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

STEPS = (
    "create_monday_items_from_staging",
    "create_monday_subitems_from_staging",
    "promote_successful_records",
    "cleanup_staging_for_customer",
)

TOLD_BY_EVERY_BATCH = (
    "customer_name",
    "status",
    "total_records",
    "successful_records",
    "failed_records",
    "orders_processed",
    "subitems_processed",
    "api_failures",
    "retries_attempted",
    "error_summary",
)
TIMES = (
    "staging_load_completed",
    "items_creation_completed",
    "subitems_creation_completed",
    "promotion_completed",
    "cleanup_completed",
    "end_time",
)


def test_the_steps_one_by_one_equal_the_whole(world: World) -> None:
    rows = [order_line(number, S=3, M=number % 2) for number in range(1, 4)]
    world.add(*rows)
    service = world.service()
    loaded = service.load_new_orders_to_staging("greyson")
    assert (loaded.orders.loaded, loaded.subitems.loaded) == (3, 5)
    assert loaded.batch_id is not None
    done = [getattr(service, step)(loaded.batch_id) for step in STEPS]
    assert [(step.orders, step.subitems) for step in done] == [(3, 0), (0, 5), (3, 5), (3, 5)]
    by_steps = world.only(BATCHES)
    world.lands(rows)
    more = [order_line(number + 10, S=3, M=number % 2) for number in range(1, 4)]
    world.add(*more)
    whole = world.batch(world.run())
    facts = ({name: batch[name] for name in TOLD_BY_EVERY_BATCH} for batch in (by_steps, whole))
    assert next(facts) == next(facts)
    assert all(batch[name] is not None for batch in (by_steps, whole) for name in TIMES)
    world.lands([*rows, *more])


@on_sqlite
def test_loading_twice_goes_on_with_the_batch_that_is_open(world: World) -> None:
    world.add(order_line(1))
    service = world.service()
    first = service.load_new_orders_to_staging("greyson")
    again = service.load_new_orders_to_staging("greyson")
    world.add(order_line(2))
    second = service.load_new_orders_to_staging("greyson")
    assert first.batch_id == second.batch_id
    assert (again.orders.loaded, second.orders.loaded, world.database.count(STG)) == (0, 1, 2)
    assert world.database.count(BATCHES) == 1


@on_sqlite
def test_loading_nothing_begins_no_batch(world: World) -> None:
    world.add(order_line())
    loaded = world.service().load_new_orders_to_staging("greyson", po="1")
    assert (loaded.batch_id, world.database.count(BATCHES)) == (None, 0)


@on_sqlite
def test_every_step_can_be_done_twice(world: World) -> None:
    rows = order_lines(3)
    world.add(*rows)
    service = world.service()
    batch_id = service.load_new_orders_to_staging("greyson").batch_id
    for step in STEPS:
        first, second = (getattr(service, step)(batch_id) for _ in range(2))
        assert (first.orders + first.subitems > 0, second.orders + second.subitems) == (True, 0)
    world.lands(rows)


@on_sqlite
def test_subitems_before_their_items_wait(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    service = world.service()
    batch_id = service.load_new_orders_to_staging("greyson").batch_id
    assert batch_id is not None
    assert service.create_monday_subitems_from_staging(batch_id).subitems == 0
    assert world.states(STG_SUB) == {"PENDING": 4}
    world.run()
    world.lands(rows)


@pytest.mark.parametrize("step", STEPS)
@on_sqlite
def test_a_step_of_a_batch_that_is_not_there_says_so(world: World, step: str) -> None:
    with pytest.raises(UnknownBatchError, match=r"there is no batch .*`order-staging status`"):
        getattr(world.service(), step)(uuid4())


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("process_customer_batch", ("greyson",)),
        ("process_customers", ()),
        ("customers_with_new_orders", ()),
        ("load_new_orders_to_staging", ("greyson",)),
        *((step, (uuid4(),)) for step in STEPS),
    ],
)
@on_sqlite
async def test_a_synchronous_method_in_a_running_loop_names_its_twin(
    world: World, method: str, arguments: tuple[Any, ...]
) -> None:
    world.add(order_line())
    service = world.service()
    with pytest.raises(RunningLoopError, match=rf"BatchService\.{method}\(\).*{method}_async\(\)"):
        getattr(service, method)(*arguments)
    assert callable(getattr(BatchService, f"{method}_async"))
    assert (world.database.count(BATCHES), world.sandbox.requests) == (0, ())


@on_sqlite
async def test_the_twins_do_the_same_within_a_running_loop(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    service = world.service()
    assert await service.customers_with_new_orders_async() == [("GREYSON CLOTHIERS", 2)]
    batch_id = (await service.load_new_orders_to_staging_async("greyson")).batch_id
    assert batch_id is not None
    for step in STEPS:
        await getattr(service, f"{step}_async")(batch_id)
    assert (await service.process_customer_batch_async("greyson")).run_status == "nothing_to_do"
    assert (await service.process_customers_async()).status == "nothing_to_do"
    assert world.landed() == world.on_board() == expected(rows)


def test_without_subitems_they_wait_for_a_later_run(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    first = world.run(subitems=False)
    assert (first.run_status, first.orders.promoted, first.subitems.promoted) == ("completed", 2, 0)
    assert (world.states(STG), world.states(STG_SUB)) == ({"PROMOTED": 2}, {"PENDING": 4})
    assert world.batch(first)["subitems_creation_completed"] is None
    assert world.service().customers_with_new_orders() == [("GREYSON CLOTHIERS", 0)]
    again = world.run(subitems=False)
    assert (again.run_status, world.requests("create_subitem")) == ("nothing_to_do", 0)
    later = world.run()
    assert (later.batch_id, later.subitems.promoted) == (first.batch_id, 4)
    assert world.database.count(STG) == 0
    world.lands(rows)


@on_sqlite
def test_all_customers_include_those_that_only_have_subitems_waiting(world: World) -> None:
    rows = order_lines(1)
    world.add(*rows)
    world.run(subitems=False)
    assert world.service().process_customers().status == "completed"
    world.lands(rows)


@on_sqlite
def test_staging_is_kept_where_asked_and_nothing_is_sent_again(world: World) -> None:
    rows = order_lines(2)
    world.add(*rows)
    result = world.run(keep_staging=True)
    assert (world.states(STG), world.states(STG_SUB)) == ({"PROMOTED": 2}, {"PROMOTED": 4})
    assert world.batch(result)["cleanup_completed"] is None
    before = world.mutations()
    assert world.run().run_status == "nothing_to_do"
    assert (world.mutations(), world.database.count(STG)) == (before, 2)
    service = world.service()
    assert result.batch_id is not None
    cleaned = service.cleanup_staging_for_customer(result.batch_id)
    assert (cleaned.orders, cleaned.subitems, world.database.count(STG)) == (2, 4, 0)
    world.lands(rows)


@pytest.mark.parametrize(
    "settings",
    [
        {"chunk_rows": 1},
        {"aliases": 1},
        {"chunk_rows": 1, "aliases": 1, "lanes": 3},
        {"chunk_rows": 2, "aliases": 3},
        {"lanes": 4, "aliases": 2},
        {"aliases": 100},
    ],
    ids=str,
)
@on_sqlite
def test_however_rows_are_cut_into_requests_they_land_once(world: World, settings: dict[str, int]) -> None:
    rows = order_lines(7)
    world.add(*rows)
    result = world.run(settings=settings)
    assert (result.orders.created, result.subitems.created, result.run_status) == (7, 14, "completed")
    aliases = min(settings.get("aliases", 20), settings.get("chunk_rows", 1000))
    assert world.requests("create_item") >= -(-7 // aliases)
    world.lands(rows)


def test_several_lanes_and_small_rounds_work_on_every_engine(world: World) -> None:
    rows = order_lines(9)
    world.add(*rows)
    world.run(settings={"lanes": 3, "aliases": 2, "chunk_rows": 6})
    world.lands(rows)


@on_sqlite
def test_several_customers_have_batches_of_their_own(world: World) -> None:
    names = ("GREYSON", "RHYTHM (AU)", "RHYTHM (US)", "somebody", "SOMEBODY", "TITLE 9")
    world.add(*(order_line(number, **{"CUSTOMER NAME": name}) for number, name in enumerate(names)))
    service = world.service()
    found = {name.upper(): count for name, count in service.customers_with_new_orders()}
    assert found == {"GREYSON CLOTHIERS": 1, "RHYTHM": 2, "SOMEBODY": 2, "TITLE NINE": 1}
    result = service.process_customers()
    assert {batch.customer.upper(): batch.orders.created for batch in result.batches} == found
    assert (result.status, world.database.count(BATCHES)) == ("completed", 4)
    assert world.landed() == world.on_board()
    assert len(world.database.rows(MON)) == 6
    assert world.service().process_customers().batches == ()


@on_sqlite
def test_a_customer_that_is_named_twice_is_processed_once(world: World) -> None:
    world.add(order_line())
    result = world.service().process_customers(["greyson", "GREYSON CLOTHIERS"])
    assert [batch.customer for batch in result.batches] == ["GREYSON CLOTHIERS"]


@on_sqlite
def test_a_filter_narrows_all_customers(world: World) -> None:
    world.add(order_line(1), order_line(2, **{"CUSTOMER NAME": "SOMEBODY", "PO NUMBER": "1"}))
    result = world.service().process_customers(po="4755")
    assert [batch.customer for batch in result.batches] == ["GREYSON CLOTHIERS"]


@on_sqlite
def test_a_board_that_drifted_is_found_before_anything_is_written(world: World) -> None:
    world.add(*order_lines(1))
    world.sandbox.person.change_column_type("numeric_mksfr0r2", "text")
    with pytest.raises(ConfigurationError, match="'FREIGHT', is of type text and not numbers"):
        world.run()
    assert (world.database.count(STG), world.database.count(BATCHES), world.mutations()) == (0, 0, 0)


@on_sqlite
def test_a_key_column_that_is_not_there_is_found_before_anything_is_written(world: World) -> None:
    world.add(*order_lines(1))
    with pytest.raises(ConfigurationError, match="ORDER_STAGING_KEY_COLUMN"):
        world.run(settings={"key_column": "text_nowhere"})
    assert world.database.count(STG) == 0


@on_sqlite
def test_an_item_that_people_deleted_after_delivery_is_not_created_again(world: World) -> None:
    world.add(*order_lines(2))
    world.run()
    world.sandbox.person.delete_item(world.sandbox.items()[0].id)
    assert world.run().run_status == "nothing_to_do"
    assert len(world.sandbox.items()) == 1


@on_sqlite
def test_sizes_go_below_their_item_wherever_people_moved_it_meanwhile(world: World) -> None:
    rows = order_lines(1)
    world.add(*rows)
    world.run(subitems=False)
    elsewhere = world.sandbox.person.add_group("Elsewhere")
    world.sandbox.person.move_item(world.item().id, elsewhere)
    world.run()
    world.lands(rows)


@on_sqlite
def test_production_knows_what_was_delivered_and_when(world: World) -> None:
    world.add(order_line())
    world.run()
    row = world.only(MON)
    assert row["delivered_date"] is not None
    assert len(row["delivered_hash"]) == 64
    assert f'"{as_uuid(row["source_uuid"])}"' in row["delivered_values"]
    assert {sub["size_key"] for sub in world.database.rows(MON_SUB)} == {"S", "M"}


@on_sqlite
def test_a_misspelt_filter_or_a_name_for_a_list_is_refused_before_anything_is_done(world: World) -> None:
    world.add(*order_lines(2))
    service = world.service()
    misspelt: dict[str, Any] = {"po_number": "4755"}
    for call in (
        lambda: service.process_customer_batch("GREYSON", **misspelt),
        lambda: service.process_customers(["GREYSON"], **misspelt),
        lambda: service.preview(["GREYSON"], **misspelt),
        lambda: service.drift(["GREYSON"], **misspelt),
        lambda: service.customers_with_new_orders(**misspelt),
        lambda: service.load_new_orders_to_staging("GREYSON", **misspelt),
    ):
        with pytest.raises(TypeError, match="'po_number' is no option here"):
            call()
    for call in (service.process_customers, service.preview, service.drift):
        with pytest.raises(ConfigurationError, match=r"'GREYSON' is no list of names; give \['GREYSON'\]"):
            call("GREYSON")
    assert (world.database.count(STG), world.database.count(BATCHES), world.mutations()) == (0, 0, 0)


@on_sqlite
def test_a_batch_is_named_by_its_id_or_the_text_of_it(world: World) -> None:
    world.add(*order_lines(1))
    service = world.service()
    loaded = service.load_new_orders_to_staging("GREYSON")
    assert service.create_monday_items_from_staging(str(loaded.batch_id)).orders == 1
    assert service.resume(str(loaded.batch_id)).batches[0].status == "COMPLETED"
    assert service.retry_failed(batch_id=str(loaded.batch_id)).batches == ()
    with pytest.raises(ConfigurationError, match=r"^error_ids='12' is no list of ids; give \['12'\]"):
        service.retry_failed(error_ids="12")
    for call in (service.resume, service.promote_successful_records):
        with pytest.raises(ConfigurationError, match=r"^batch_id='4755' is no id of a batch; "):
            call("4755")


@on_sqlite
def test_what_batches_call_a_customer_names_it_as_customers_lists_it(world: World) -> None:
    long = "Somebody & Daughters " * 8
    world.add(order_line(1, **{"CUSTOMER NAME": None}), order_line(2, **{"CUSTOMER NAME": long}))
    service = world.service()
    listed = [name for name, _ in service.customers_with_new_orders()]
    assert len(listed) == 2
    results = {name: service.process_customer_batch(name) for name in listed}
    assert [(name, result.customer, result.orders.invalid) for name, result in results.items()] == [
        (name, name, 1) for name in listed
    ]
