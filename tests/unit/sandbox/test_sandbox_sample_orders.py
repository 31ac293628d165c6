from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from order_staging.sandbox import greyson_4755, sample_orders
from order_staging.sandbox.sample_sizes import SIZES

TABLES = Path(__file__).parents[4] / "shared" / "reference" / "tables.yaml"


def _quantities(row: Mapping[str, object]) -> list[int]:
    return [value for size in SIZES if isinstance(value := row.get(size), int)]


def test_greyson_4755_has_69_lines_and_264_quantities_above_0() -> None:
    rows = greyson_4755()
    assert len(rows) == 69
    assert sum(quantity > 0 for row in rows for quantity in _quantities(row)) == 264


def test_greyson_4755_is_one_purchase_order_of_one_season_under_two_spellings() -> None:
    rows = greyson_4755()
    assert {row["CUSTOMER NAME"] for row in rows} == {"GREYSON", "GREYSON CLOTHIERS"}
    assert {row["PO NUMBER"] for row in rows} == {"4755"}
    assert {row["AAG SEASON"] for row in rows} == {"2025 FALL"}
    assert not any(row.get("CUSTOMER SEASON") or row.get("RANGE / COLLECTION") for row in rows)


def test_greyson_4755_holds_nothing_invalid() -> None:
    for row in greyson_4755():
        assert all(
            row[name] for name in ("AAG ORDER NUMBER", "CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION")
        )
        assert isinstance(row["record_uuid"], UUID)
        assert min(_quantities(row)) > 0


def test_greyson_4755_repeats_order_style_and_colour_with_other_quantities() -> None:
    key = ("AAG ORDER NUMBER", "CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION")
    seen: dict[tuple[object, ...], list[int]] = {}
    repeated = 0
    for row in greyson_4755():
        values = tuple(row[name] for name in key)
        repeated += values in seen
        assert seen.get(values) != _quantities(row)
        seen[values] = _quantities(row)
    assert repeated == 3


def test_the_total_of_a_line_is_the_sum_of_its_sizes() -> None:
    assert all(row["TOTAL QTY"] == sum(_quantities(row)) for row in sample_orders())


def test_the_same_seed_gives_the_same_orders_and_another_seed_others() -> None:
    assert sample_orders(seed=1) == sample_orders(seed=1)
    assert sample_orders(seed=1) != sample_orders(seed=2)


def test_sample_orders_begin_with_greyson_4755_and_have_the_lines_asked_for() -> None:
    rows = sample_orders(customers=150, lines=500)
    assert rows[:69] == greyson_4755()
    assert len(rows) == 500
    assert len({row["CUSTOMER NAME"] for row in rows}) >= 150


def test_every_line_has_a_uuid_of_its_own() -> None:
    counts = Counter(row["record_uuid"] for row in sample_orders(lines=2_000))
    assert max(counts.values()) == 1


def test_sample_orders_hold_what_is_odd_in_real_ones() -> None:
    rows = sample_orders()
    quantities = [quantity for row in rows for quantity in _quantities(row)]
    texts = [value for row in rows for value in row.values() if isinstance(value, str)]
    assert {0, -6} < set(quantities)
    assert {"n/a", "TRUE", "", "   "} < set(texts)
    assert max(map(len, texts)) > 2_000
    assert any("\n" in text for text in texts)
    assert any("\N{T-SHIRT}" in text for text in texts)


def test_fewer_lines_than_greyson_has_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 69 lines"):
        sample_orders(lines=68)


def test_columns_are_those_of_orders_unified() -> None:
    if not TABLES.exists():
        pytest.skip(
            f"the columns of ORDERS_UNIFIED are not at {TABLES}, so ours cannot be compared with them"
        )
    columns = yaml.safe_load(TABLES.read_text(encoding="utf-8"))["ORDERS_UNIFIED"]["columns"]
    names = [column["name"] for column in columns]
    between = columns[names.index("UNIT OF MEASURE") + 1 : names.index("TOTAL QTY")]
    assert [column["name"] for column in between if column["type"] == "INT"] == list(SIZES)
    assert {name for row in sample_orders() for name in row} <= set(names)
