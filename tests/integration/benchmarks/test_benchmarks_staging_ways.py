"""The ways of the benchmark of staging on a small scale; of the packages of the extra `bench`, none is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import structlog

from benchmarks import staging
from benchmarks.delivery_orders import SIZES
from benchmarks.staging_ground import run, seen
from benchmarks.staging_measures import COPY, FLOOR, OURS, Measure
from benchmarks.staging_orders import TITLES, filled_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database

ORDERS = 6
OTHERS = ["pandas", "dlt"]
"""What the development environment does not have; `make bench` runs them and compares what they leave."""


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Undo what a benchmark does to the log of its process."""
    yield
    structlog.reset_defaults()


@pytest.mark.parametrize("way", [name for name in staging.WAYS if name not in OTHERS])
def test_every_way_stages_all_orders_and_sizes(
    way: str, database: Database, database_url: str, request: pytest.FixtureRequest
) -> None:
    engine = request.node.callspec.params["database_url"]
    if engine == "given" or (engine == "sqlite" and way in staging.ONLY_POSTGRES):
        pytest.skip(f"{way} does not write to {engine}")
    rows = filled_rows(ORDERS)
    database.add(rows)
    run(staging.WAYS[way], database_url)
    found = seen(database_url)
    assert found["orders"] == found["pending"] == ORDERS
    assert found["values"] == ORDERS * len(TITLES)
    assert found["subitems"] == found["subitems of their orders"] == ORDERS * SIZES
    assert found["quantity"] == sum(row["TOTAL QTY"] for row in rows if isinstance(row["TOTAL QTY"], int))
    assert found["prices"] == pytest.approx(sum(float(str(row["CUSTOMER PRICE"])) for row in rows))


def test_a_way_that_leaves_less_is_told_of_and_so_is_what_was_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(staging, "fill", _three)
    monkeypatch.setattr(staging, "measure", _lazy)
    left_out = [word for name in [*OTHERS, COPY] for word in ("--without", name)]
    assert staging.main(["--orders", "3", "--rounds", "1", "--database", "sqlite", *left_out]) == 1
    said = capsys.readouterr().out
    assert f"MISSED sqlite: {FLOOR}: orders: 2.00, with {OURS} 3.00" in said
    assert f"Left out: {', '.join([*OTHERS, COPY])}" in said


def _three(url: str, count: int) -> None:
    assert url.startswith("sqlite:")
    assert count == 3


def _lazy(name: str, _: object) -> tuple[Measure, dict[str, float]]:
    orders = 2.0 if name == FLOOR else 3.0
    return Measure(1.0, 1.0, 1.0), {"orders": orders, "subitems": 12.0}
