"""`sandbox` and `demo` as processes: what a new user tries first."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import urllib.error
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.cli.sandbox import Choices, choices
from order_staging.sandbox import RefusalStyle, WindowKind

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


def test_a_sandbox_prints_the_settings_that_point_the_library_at_it(alone: CommandLine) -> None:
    assert alone("db", "upgrade").code == 0
    board = alone.start(
        "sandbox", "--port", "0", "--sample-orders", "--file", "board.json", "--output", "json"
    )
    try:
        said = json.loads(board.line())
        printed = said["settings"]
        with urllib.request.urlopen(said["page"], timeout=10) as page:  # noqa: S310 - a loopback URL
            assert page.headers["Content-Type"].startswith("text/html")
        names = {name.removeprefix("ORDER_STAGING_").lower(): value for name, value in printed.items()}

        done = alone("run", "--customer", "title 9", "--output", "json", **names)

        assert done.code == 0, done.err
        assert done.document["batches"][0]["customer"] == "TITLE NINE"
        assert done.document["batches"][0]["orders"]["created"] > 0
    finally:
        board.send_signal(signal.SIGTERM)
        ended = board.wait(timeout=30)
    assert (ended.code, ended.out.count("\n"), ended.err) == (0, 1, "")
    assert json.loads((alone.folder / "board.json").read_text())


def test_a_sandbox_fills_no_table_that_has_orders(alone: CommandLine) -> None:
    alone("db", "upgrade")
    port = ("--port", "0")
    board = alone.start("sandbox", *port, "--sample-orders", "--output", "json")
    board.line()
    again = alone("sandbox", *port, "--sample-orders")
    board.send_signal(signal.SIGINT)
    assert board.wait(timeout=30).code == 0
    assert again.code == 2
    assert "has rows" in again.err


def test_a_sandbox_that_cannot_have_its_port_fills_no_table(alone: CommandLine) -> None:
    alone("db", "upgrade")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = alone("sandbox", "--port", port, "--sample-orders")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"error: --port {port} cannot be used (")
    assert json.loads(alone("customers", "--output", "json").out) == {"customers": []}


def test_a_sandbox_whose_file_cannot_be_written_in_the_end_says_so_of_the_file(alone: CommandLine) -> None:
    folder = alone.folder / "boards"
    folder.mkdir()
    board = alone.start("sandbox", "--port", "0", "--file", "boards/board.json", "--output", "json")
    settings = json.loads(board.line())["settings"]
    for _ in range(2):
        ask(settings, CREATE)
    shutil.rmtree(folder)
    board.send_signal(signal.SIGTERM)
    ended = board.wait(timeout=30)
    assert ended.code == 2
    assert ended.err == (
        "error: --file boards/board.json cannot be used (No such file or directory); name another\n"
    )


def test_a_sandbox_limits_and_fails_as_it_is_asked(alone: CommandLine) -> None:
    board = alone.start(
        *("sandbox", "--port", "0", "--output", "json", "--seed", "7", "--latency", "0.001"),
        *("--plan", "free", "--mutation-cost", "400000", "--search-lag", "3600"),
        *("--fault", "execute-then-500:create_item:skip=1", "--fault", "delay:me:p=1:seconds=0"),
    )
    settings = json.loads(board.line())["settings"]
    answers = [ask(settings, CREATE) for _ in range(3)]
    found = ask(settings, "{ boards { items_count items_page { items { id } } } }")
    board.send_signal(signal.SIGTERM)
    ended = board.wait(timeout=30)
    assert (ended.code, ended.out.count("\n"), ended.err) == (0, 1, "")
    assert [status for status, _ in answers] == [200, 500, 429]
    assert answers[2][1]["errors"][0]["extensions"]["code"] == "COMPLEXITY_BUDGET_EXHAUSTED"
    assert found[1]["data"]["boards"][0] == {"items_count": 2, "items_page": {"items": []}}


def test_a_sandbox_ignores_keys_slides_its_window_and_refuses_as_it_is_asked(alone: CommandLine) -> None:
    board = alone.start(
        *("sandbox", "--port", "0", "--output", "json", "--no-bulk", "--idempotency", "ignored"),
        *("--plan", "free", "--mutation-cost", "400000", "--window", "sliding", "--refusals", "legacy"),
    )
    settings = json.loads(board.line())["settings"]
    answers = [ask(settings, CREATE, key="k") for _ in range(3)]
    missing = ask(settings, '{ fetch_job_status(job_id: "1") { __typename } }')
    board.send_signal(signal.SIGTERM)
    assert board.wait(timeout=30).code == 0
    assert answers[0][1]["data"] != answers[1][1]["data"]
    assert answers[2][0] == 200
    assert "query cost 400000 budget remaining 200000" in str(answers[2][1])
    assert "fetch_job_status" in missing[1]["errors"][0]["message"]


def test_what_a_sandbox_prints_can_be_sourced(alone: CommandLine) -> None:
    alone("db", "upgrade")
    narrow = replace(alone, variables={"COLUMNS": "20"})
    board = narrow.start("sandbox", "--port", "0", "--sample-orders")
    lines = board.lines(5)
    board.send_signal(signal.SIGTERM)
    assert board.wait(timeout=30).out.splitlines() == lines
    assert lines[0].startswith("# 400 sample orders")
    assert [re.sub(r"127\.0\.0\.1:\d+", "here", line) for line in lines[1:]] == [
        "export ORDER_STAGING_MONDAY_URL=http://here/v2",
        "export ORDER_STAGING_MONDAY_TOKEN=sandbox-token",
        "export ORDER_STAGING_KEY_COLUMN=text_source_uuid",
        "# the board as a page: http://here/",
    ]


@pytest.mark.parametrize("scale", [0.0, 1.0, 0.1])
def test_the_scale_of_latency_is_that_of_imports_too(scale: float) -> None:
    chosen = chosen_with(latency=scale)
    assert chosen.behaviour.latency.scale == scale
    assert (chosen.bulk.seconds_per_job, chosen.bulk.seconds_per_row) == (5 * scale, 0.02 * scale)


@pytest.mark.parametrize("bulk", [True, False])
def test_imports_are_served_unless_they_are_not_wanted(bulk: bool) -> None:
    assert chosen_with(bulk=bulk).bulk.served is bulk


def chosen_with(**chosen: Any) -> Choices:
    """Choose as somebody does who gives these options alone."""
    usual: dict[str, Any] = {
        "plan": "unlimited",
        "mutation_cost": 10_000,
        "latency": 0.0,
        "search_lag": 0.0,
        "window": WindowKind.FIXED,
        "refusals": RefusalStyle.CURRENT,
        "idempotency": "honoured",
        "bulk": True,
        "fault": None,
    }
    return choices(**usual | chosen)


CREATE = 'mutation { it: create_item(board_id: 9200517329, item_name: "A") { id } }'


def ask(settings: dict[str, str], query: str, key: str | None = None) -> tuple[int, Any]:
    """Post a query to a sandbox, with an idempotency key or without; give the status and what the body says."""
    request = urllib.request.Request(  # noqa: S310 - a loopback URL
        settings["ORDER_STAGING_MONDAY_URL"],
        json.dumps({"query": query}).encode(),
        {"Authorization": settings["ORDER_STAGING_MONDAY_TOKEN"], "Content-Type": "application/json"},
    )
    if key is not None:
        request.add_header("Idempotency-Key", key)
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
        ("--fault", "fail-alias:bulk_upload", "--fault: fail-alias does not happen to bulk_upload"),
        ("--idempotency", "maybe", "--idempotency: no rules are called 'maybe'; there are honoured, ignored"),
        ("--mutation-cost", "-1", "--mutation-cost -1 is not a number from 0 on"),
        ("--latency", "nan", "--latency nan is not a number from 0 on"),
        ("--search-lag", "inf", "--search-lag inf is not a number from 0 on"),
        ("--file", "gone/board.json", "--file gone/board.json cannot be used (No such file or directory)"),
        ("--file", ".", "--file . cannot be used ("),
        ("--file", "text.txt", "--file: text.txt holds no board of the sandbox's; name another"),
    ],
)
def test_a_sandbox_says_in_one_line_what_is_wrong_with_an_option(
    quick_alone: CommandLine, option: str, value: str, says: str
) -> None:
    (quick_alone.folder / "text.txt").write_text("{}")
    done = quick_alone("sandbox", option, value)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {says}")
    assert done.err.count("\n") == 1
