from __future__ import annotations

from typing import TYPE_CHECKING

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from tests.conftest import Database


def test_sample_orders_can_be_put_into_the_source(database: Database) -> None:
    database.add(greyson_4755())
    assert database.count("ORDERS_UNIFIED") == 69
