"""`status --watch` as a user meets it where there is no terminal."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from order_staging.sandbox import greyson_4755

if TYPE_CHECKING:
    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_newest_batches_are_watched_until_ctrl_c(
    cli: CommandLine, quick: CommandLine, database: Database
) -> None:
    watching = cli.start("status", "--watch", "--interval", "0.1", "--output", "json")
    assert json.loads(watching.line()) == {"recorded": [], "total": 0}
    database.add(greyson_4755()[:1])
    assert quick("run", "--all", "--no-subitems").code == 0
    (batch,) = quick("status", "--output", "json").document["recorded"]
    lines = 2
    while json.loads(watching.lines(lines)[-1]) != {"recorded": [batch], "total": 1}:
        lines += 1
    watching.send_signal(signal.SIGINT)
    ended = watching.wait()
    assert (ended.code, ended.err) == (130, "")
    assert len(set(ended.out.splitlines())) == len(ended.out.splitlines())


def test_a_batch_that_has_ended_is_shown_once_and_watching_it_ends(
    quick: CommandLine, database: Database
) -> None:
    database.add(greyson_4755()[:1])
    batch = quick("run", "--all", "--output", "json").document["batches"][0]["batch_id"]
    shown = quick("status", batch[:8], "--watch")
    assert (shown.code, shown.out.count(batch), shown.out.count(" UTC\n")) == (0, 1, 8)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--interval", "3"], "--interval goes with --watch"),
        (["--watch", "--output", "kestra"], "--watch has no end that Kestra could wait for"),
        (["12345678", "--customer", "greyson"], "give the batch or --customer"),
    ],
)
def test_what_makes_no_sense_together_is_refused(quick: CommandLine, words: list[str], told: str) -> None:
    done = quick("status", *words)
    assert (done.code, told in done.out + done.err) == (2, True)
