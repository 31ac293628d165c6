"""A rebuilt source: rows come back under fresh UUIDs, and nothing is created for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from order_staging import BatchService
from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from order_staging import Settings
    from order_staging.sandbox import Sandbox
    from tests.conftest import Database

ORDERS, SUBITEMS = "MON_CustMasterSchedule", "MON_CustMasterSchedule_Subitems"


def rebuild(database: Database, rows: list[dict[str, Any]]) -> None:
    """Fill ORDERS_UNIFIED anew, as its job does."""
    database.execute('DELETE FROM "ORDERS_UNIFIED"')
    database.add([row | {"record_uuid": uuid4()} for row in rows])


def test_rows_that_come_back_under_fresh_uuids_are_not_created_again(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    rows = greyson_4755()
    database.add(rows)
    BatchService(settings).process_customer_batch("GREYSON")
    sent = len(sandbox.executed)
    rebuild(database, rows)

    result = BatchService(settings).process_customer_batch("GREYSON")

    assert (result.orders.relinked, result.orders.loaded, result.orders.created) == (69, 0, 0)
    assert len(sandbox.executed) == sent
    source = {str(row["record_uuid"]) for row in database.rows("ORDERS_UNIFIED")}
    assert {str(row["source_uuid"]) for row in database.rows(ORDERS)} == source
    parents = {str(row["Item ID"]): str(row["source_uuid"]) for row in database.rows(ORDERS)}
    assert all(str(row["source_uuid"]) == parents[row["parent_item_id"]] for row in database.rows(SUBITEMS))


def test_rows_from_before_this_library_are_taken_over(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    database.add(greyson_4755()[:5])
    BatchService(settings).process_customer_batch("GREYSON")
    database.execute(f'UPDATE "{ORDERS}" SET source_uuid = NULL')
    database.execute(f'UPDATE "{SUBITEMS}" SET source_uuid = NULL, size_key = NULL')

    result = BatchService(settings).process_customer_batch("GREYSON")

    assert (result.orders.relinked, result.orders.created) == (5, 0)
    assert len(sandbox.items()) == 5
    assert all(row["size_key"] == row["Size"] for row in database.rows(SUBITEMS))


def test_of_more_source_rows_than_production_rows_the_rest_is_created(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    one = greyson_4755()[0]
    database.add([one])
    BatchService(settings).process_customer_batch("GREYSON")
    rebuild(database, [one, one, one])

    result = BatchService(settings).process_customer_batch("GREYSON")

    assert (result.orders.relinked, result.orders.created) == (1, 2)
    assert len(sandbox.items()) == 3


def test_of_more_production_rows_than_source_rows_the_rest_stays_as_it_is(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    one = greyson_4755()[0]
    database.add([one | {"record_uuid": uuid4()} for _ in range(3)])
    BatchService(settings).process_customer_batch("GREYSON")
    rebuild(database, [one])

    result = BatchService(settings).process_customer_batch("GREYSON")

    assert (result.orders.relinked, result.orders.created) == (1, 0)
    assert len(sandbox.items()) == 3


def test_a_cleaned_style_and_a_blank_key_are_recognised(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    odd = greyson_4755()[0] | {"CUSTOMER STYLE": "\tJWHD 1\n", "CUSTOMER ALT PO": "  "}
    database.add([odd])
    BatchService(settings).process_customer_batch("GREYSON")
    rebuild(database, [odd])

    assert BatchService(settings).process_customer_batch("GREYSON").orders.relinked == 1
    assert len(sandbox.items()) == 1


def test_a_row_whose_uuid_is_still_in_the_source_keeps_its_item(
    database: Database, settings: Settings, sandbox: Sandbox
) -> None:
    one = greyson_4755()[0]
    database.add([one])
    BatchService(settings).process_customer_batch("GREYSON")
    database.add([one | {"record_uuid": uuid4()}])

    result = BatchService(settings).process_customer_batch("GREYSON")

    assert (result.orders.relinked, result.orders.created) == (0, 1)
    assert len(sandbox.items()) == 2


def test_doubled_subitems_of_earlier_scripts_do_not_stop_relinking(
    database: Database, settings: Settings
) -> None:
    database.add(greyson_4755()[:1])
    BatchService(settings).process_customer_batch("GREYSON")
    database.execute(f'UPDATE "{ORDERS}" SET source_uuid = NULL')
    database.execute(f'UPDATE "{SUBITEMS}" SET source_uuid = NULL, size_key = NULL')
    first = database.rows(SUBITEMS)[0]
    database.execute(
        f'INSERT INTO "{SUBITEMS}" (parent_item_id, subitem_id, "Size") VALUES (:parent, :id, :size)',
        parent=first["parent_item_id"],
        id="99999999999",
        size=first["Size"],
    )

    assert BatchService(settings).process_customer_batch("GREYSON").orders.relinked == 1
    linked = [row for row in database.rows(SUBITEMS) if row["Size"] == first["Size"] and row["source_uuid"]]
    assert [row["subitem_id"] for row in linked] == [first["subitem_id"]]
