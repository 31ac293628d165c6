"""What the benchmark of staging says of its figures, and what its order lines are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.delivery_orders import SIZES
from benchmarks.staging_drivers import POSTGRES, SQLITE
from benchmarks.staging_measures import COPY, FLOOR, OURS, ROWS, Measure, differences, missed_targets, table
from benchmarks.staging_orders import ORDER_COLUMNS, SOURCES, SUBITEM_COLUMNS, Copying, filled_rows
from order_staging.sandbox import sample_values as values
from order_staging.transform import Order, OrderRules, load_customers, load_mapping

ONE = Measure(seconds=1.0, cpu=0.5, grown=10.0)
MEASURES = {
    OURS: [replace(ONE, seconds=2.0), ONE, replace(ONE, seconds=90.0)],
    FLOOR: [ONE, ONE, replace(ONE, seconds=0.1)],
    COPY: [replace(ONE, seconds=0.25)] * 3,
    "pandas": [replace(ONE, seconds=4.0)] * 3,
}


def test_every_column_of_the_mapping_has_a_value_that_the_rules_let_pass() -> None:
    rules = OrderRules(load_mapping(None), load_customers(None), {})
    for row in filled_rows(40):
        full = dict.fromkeys(values.ALPHA_SIZES) | row
        order = rules.apply(full, values.ALPHA_SIZES)
        assert isinstance(order, Order)
        assert None not in order.values.values()
        assert (order.notes, len(order.sizes)) == ((), SIZES)


def test_copying_makes_the_title_the_group_and_the_sizes_that_the_rules_make() -> None:
    rules = OrderRules(load_mapping(None), load_customers(None), {})
    for row in filled_rows(8):
        order = rules.apply(dict.fromkeys(values.ALPHA_SIZES) | row, values.ALPHA_SIZES)
        assert isinstance(order, Order)
        record = tuple(row.get(name) for name in (*SOURCES, "record_uuid", *values.ALPHA_SIZES))
        (parent,), children = Copying(values.ALPHA_SIZES).portion([record], [7])
        staged = dict(zip(ORDER_COLUMNS, parent, strict=True))
        assert (staged["Title"], staged["Group"], staged["stg_id"]) == (order.title, order.group, 7)
        assert staged["source_uuid"] == order.source_uuid
        sizes = [dict(zip(SUBITEM_COLUMNS, child, strict=True)) for child in children]
        assert [(size["Size"], size["ORDER_QTY"]) for size in sizes] == [
            (size.label, size.quantity) for size in order.sizes
        ]
        assert {size["stg_parent_stg_id"] for size in sizes} == {7}


def test_a_percent_sign_is_doubled_where_the_driver_formats_its_statements() -> None:
    assert '"USA ONLY LSTP 75%% EX WORKS"' in POSTGRES.insert_order()
    assert '"USA ONLY LSTP 75% EX WORKS"' in SQLITE.insert_order()


def test_ways_are_laid_out_by_their_median_and_compared_with_the_floor() -> None:
    heads, *lines = table(MEASURES, 100, 400)
    assert [line[: len(FLOOR)].strip() for line in lines] == [COPY, FLOOR, OURS, "pandas"]
    assert lines[2].split()[1:] == ["2.00", "2.00", "1.00", "90.00", "50", "250", "0.50", "0.50", "10"]
    assert {len(heads)} == {len(line) for line in lines}


def test_half_of_the_floor_and_ahead_of_all_but_copy_meets_the_targets() -> None:
    assert missed_targets(MEASURES) == []


@pytest.mark.parametrize(
    ("name", "seconds", "words"),
    [
        (FLOOR, 0.98, f"{OURS}: 0.49 of the floor, the target is 0.50"),
        ("pandas", 2.0, f"{OURS}: 1.00 of pandas, the target is more than 1"),
    ],
)
def test_a_missed_target_is_said_with_its_share(name: str, seconds: float, words: str) -> None:
    assert missed_targets(MEASURES | {name: [replace(ONE, seconds=seconds)]}) == [words]


def test_a_row_a_call_is_a_floor_only_where_no_server_has_to_be_asked() -> None:
    measures = MEASURES | {ROWS: [replace(ONE, seconds=1.5)]}
    assert missed_targets(measures, has_server=False) == []
    assert missed_targets(measures) == [f"{OURS}: 0.75 of {ROWS}, the target is more than 1"]


def test_what_a_way_leaves_otherwise_is_said() -> None:
    wanted = {"orders": 10.0, "quantity": 400.0}
    assert differences("pandas", wanted, wanted) == []
    assert differences("pandas", wanted | {"quantity": 399.0}, wanted) == [
        f"pandas: quantity: 399.00, with {OURS} 400.00"
    ]
