"""`status --watch`: shown again when it has changed, through a lost connection, until nothing more will change."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console, Group
from rich.live import Live

from order_staging.cli.options import Output
from order_staging.cli.program import Program
from order_staging.cli.watching import Appended, Redrawn, Seen, watch
from order_staging.errors import DatabaseNotMigratedError, DatabaseUnavailableError
from order_staging.reporting.tables import Listing
from order_staging.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 11, 23, 12)  # noqa: DTZ001 - naive UTC, as everywhere
BATCH = "Batch 0f6a1c9e-3d1f-4c7b-9d53-2f1d2b1c3a4e"


def seen(status: str, *, ended: bool = False) -> Seen:
    return Seen({"status": status}, f"status {status}", ended)


class Told:
    """A screen that remembers."""

    def __init__(self) -> None:
        self.told: list[tuple[str, bool] | str] = []

    def show(self, seen: Seen, *, changed: bool) -> None:
        self.told.append((seen.document["status"], changed))

    def lost(self, problem: str) -> None:
        self.told.append(problem)


def looking(*found: Seen | Exception) -> Callable[[], Seen]:
    rest = iter(found)

    def look() -> Seen:
        one = next(rest)
        if isinstance(one, Exception):
            raise one
        return one

    return look


def test_it_looks_until_the_batch_has_ended_and_pauses_between_looks() -> None:
    screen, pauses = Told(), itertools.count()
    watch(looking(seen("STARTED"), seen("STARTED"), seen("COMPLETED", ended=True)), screen, pauses.__next__)
    assert screen.told == [("STARTED", True), ("STARTED", False), ("COMPLETED", True)]
    assert next(pauses) == 2


def test_a_connection_that_is_lost_for_a_moment_is_said_and_looked_through() -> None:
    screen = Told()
    lost = DatabaseUnavailableError("the database did not answer")
    watch(looking(seen("STARTED"), lost, lost, seen("STARTED"), seen("FAILED", ended=True)), screen, int)
    told = "the database did not answer"
    assert screen.told == [("STARTED", True), told, told, ("STARTED", False), ("FAILED", True)]


@pytest.mark.parametrize(
    "looks",
    [
        [DatabaseUnavailableError("there is none")],
        [seen("STARTED"), DatabaseNotMigratedError("0001", "0007")],
    ],
    ids=["at first", "for good"],
)
def test_what_will_not_pass_by_itself_ends_it(looks: list[Seen | Exception]) -> None:
    with pytest.raises((DatabaseUnavailableError, DatabaseNotMigratedError)):
        watch(looking(*looks), Told(), int)


@pytest.mark.parametrize("output", [Output.TEXT, Output.JSON])
def test_without_a_terminal_only_what_changed_is_written(
    capsys: pytest.CaptureFixture[str], output: Output
) -> None:
    screen = Appended(Program(Settings(), output), lambda: NOON)
    watch(looking(seen("STARTED"), seen("STARTED"), seen("COMPLETED", ended=True)), screen, int)
    screen.lost("the database did not answer")
    screen.lost("the database did not answer")  # once is enough
    out, err = capsys.readouterr()
    at = "2026-11-23 12:00:00 UTC"
    if output is Output.JSON:
        assert [json.loads(line) for line in out.splitlines()] == [
            {"status": "STARTED"},
            {"status": "COMPLETED"},
        ]
    else:
        assert out == f"{at}\nstatus STARTED\n\n{at}\nstatus COMPLETED\n\n"
    assert err == f"{at}: the database did not answer; trying again\n"


def test_on_a_terminal_the_time_is_on_top_where_no_low_terminal_cuts_it() -> None:
    stream = StringIO()
    console = Console(file=stream, width=60, height=4, force_terminal=True, color_system=None)
    table = Listing("Status")
    for number in range(20):
        table.add_row(f"row {number}")
    with Live(console=console, auto_refresh=False, vertical_overflow="ellipsis") as live:
        screen = Redrawn(live, lambda: NOON, 2)
        screen.show(Seen({}, Group(BATCH, table)), changed=True)
        screen.lost("the database did not answer")
        drawn = stream.getvalue()
    assert "Seen at 12:00:00 UTC; again every 2 s, Ctrl-C ends it." in drawn
    assert "12:00:00 UTC: the database did not answer. Trying again." in drawn
    assert drawn.count(BATCH) == 2
    assert "row 19" not in drawn
    with Live(console=console, auto_refresh=False) as live:
        Redrawn(live, lambda: NOON, 2).show(seen("FAILED", ended=True), changed=True)
    assert "it has ended" in stream.getvalue()
