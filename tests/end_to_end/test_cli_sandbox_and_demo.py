"""`sandbox` and `demo` as processes: what a new user tries first."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

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


def test_a_sandbox_limits_and_fails_as_it_is_asked(alone: CommandLine) -> None:
    board = alone.start(
        *("sandbox", "--port", "0", "--output", "json", "--seed", "7", "--latency", "0.001"),
        *("--plan", "free", "--mutation-cost", "400000", "--search-lag", "3600"),
        *("--fault", "execute-then-500:create_item:skip=1", "--fault", "delay:me:p=1:seconds=0"),
    )
    assert board.stdout is not None
    settings = json.loads(board.stdout.readline())["settings"]
    answers = [ask(settings, CREATE) for _ in range(3)]
    found = ask(settings, "{ boards { items_count items_page { items { id } } } }")
    board.send_signal(signal.SIGTERM)
    out, err = board.communicate(timeout=30)
    assert (board.returncode, out, err) == (0, "", "")
    assert [status for status, _ in answers] == [200, 500, 429]
    assert answers[2][1]["errors"][0]["extensions"]["code"] == "COMPLEXITY_BUDGET_EXHAUSTED"
    assert found[1]["data"]["boards"][0] == {"items_count": 2, "items_page": {"items": []}}


CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'


def ask(settings: dict[str, str], query: str) -> tuple[int, Any]:
    """Post a query to a sandbox; give the status and what the body says."""
    request = urllib.request.Request(  # noqa: S310 - a loopback URL
        settings["ORDER_STAGING_MONDAY_URL"],
        json.dumps({"query": query}).encode(),
        {"Authorization": settings["ORDER_STAGING_MONDAY_TOKEN"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - a loopback URL
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--plan", "gold", "--plan: no plan is called 'gold'; there are free, standard, pro"),
        ("--fault", "explode", "--fault: no fault is called 'explode'; there are complexity-limit"),
        ("--fault", "delay:p=2", "--fault: p=2 is not a probability above 0 and up to 1"),
        ("--mutation-cost", "-1", "--mutation-cost -1 is not a number from 0 on"),
        ("--latency", "nan", "--latency nan is not a number from 0 on"),
        ("--search-lag", "inf", "--search-lag inf is not a number from 0 on"),
    ],
)
def test_a_sandbox_says_in_one_line_what_is_wrong_with_an_option(
    quick_alone: CommandLine, option: str, value: str, says: str
) -> None:
    done = quick_alone("sandbox", option, value)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {says}")
    assert done.err.count("\n") == 1
