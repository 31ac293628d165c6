"""`sandbox` and `demo` as processes: what a new user tries first."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.conftest import CommandLine


def test_the_demonstration_ends_as_the_readme_says(alone: CommandLine) -> None:
    done = alone("demo", "--output", "json", board_id="4711", monday_token="not-asked-for")
    assert done.code == 0, done.err
    assert done.document["findings"] == {
        "batch_status": "COMPLETED",
        "group": "GREYSON CLOTHIERS 2025 FALL",
        "items_in_group": 69,
        "subitems_in_group": 264,
        "production_orders": 69,
        "production_subitems": 264,
        "with_range_collection": 0,
        "left_in_staging": 0,
        "mutations_of_second_run": 0,
    }
    assert list(alone.folder.iterdir()) == []


def test_the_demonstration_speaks_to_people(alone: CommandLine) -> None:
    done = alone("demo")
    assert done.code == 0
    assert "264" in done.out
    assert "GREYSON CLOTHIERS 2025 FALL" in done.out


def test_a_sandbox_prints_the_settings_that_point_the_library_at_it(alone: CommandLine) -> None:
    assert alone("db", "upgrade").code == 0
    board = alone.start(
        "sandbox", "--port", "0", "--sample-orders", "--file", "board.json", "--output", "json"
    )
    try:
        assert board.stdout is not None
        printed = json.loads(board.stdout.readline())["settings"]
        names = {name.removeprefix("ORDER_STAGING_").lower(): value for name, value in printed.items()}

        done = alone("run", "--customer", "title 9", "--output", "json", **names)

        assert done.code == 0, done.err
        assert done.document["batches"][0]["customer"] == "TITLE NINE"
        assert done.document["batches"][0]["orders"]["created"] > 0
    finally:
        board.send_signal(signal.SIGTERM)
        out, err = board.communicate(timeout=30)
    assert (board.returncode, out, err) == (0, "", "")
    assert json.loads((alone.folder / "board.json").read_text())


def test_a_sandbox_fills_no_table_that_has_orders(alone: CommandLine) -> None:
    alone("db", "upgrade")
    port = ("--port", "0")
    board = alone.start("sandbox", *port, "--sample-orders", "--output", "json")
    assert board.stdout is not None
    board.stdout.readline()
    again = alone("sandbox", *port, "--sample-orders")
    board.send_signal(signal.SIGINT)
    board.communicate(timeout=30)
    assert board.returncode == 0
    assert again.code == 2
    assert "has rows" in again.err
