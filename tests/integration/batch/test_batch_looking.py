"""Whoever only looks waits for nobody who writes: a SQLite file has one writer at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from order_staging.cli.looking import reading
from order_staging.reporting import unresolved
from tests.integration.batch.batch_world import CUSTOMER, order_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.batch.batch_world import Row, World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def _no_patience(_: float) -> None:
    pytest.fail("it waits for the writer")


@pytest.fixture
def written_to(
    world: World, delivered: Callable[..., list[Row]], monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Have two order lines on the board, a new and an invalid one, and somebody who writes all the time."""
    delivered(2)
    world.add(order_line(3, S=-1))
    world.run()
    world.add(order_line(4))
    monkeypatch.setattr("order_staging.database.SQLITE_BUSY_TIMEOUT", 1)
    world.outside = replace(world.outside, sleep=_no_patience)
    world.database.engine.dispose()
    path = str(world.database.engine.url.database)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield world


def test_customers(written_to: World) -> None:
    assert written_to.service().customers_with_new_orders() == [(CUSTOMER, 2)]


def test_preview(written_to: World) -> None:
    assert written_to.service().preview().total("items") == 1


def test_drift(written_to: World) -> None:
    assert written_to.service().drift([CUSTOMER]).findings == ()


def test_check(written_to: World) -> None:
    said = [each.message for each in written_to.service().check().findings]
    assert "1 order line and 2 sizes are new or staged" in said


def test_errors(written_to: World) -> None:
    with reading(written_to.settings_for()) as uow:
        assert unresolved(uow).total == 1
