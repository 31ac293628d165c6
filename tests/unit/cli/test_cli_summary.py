"""What `run` says to people at its end."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from order_staging.batch import ApiCounts, BatchResult, RunResult
from order_staging.cli import program
from order_staging.cli.run import summary


@pytest.mark.parametrize(
    ("refusals", "words"),
    [(0, None), (1, "A: monday.com asked us to wait once"), (3, "A: monday.com asked us to wait 3 times")],
)
def test_refusals_by_limits_are_mentioned_where_there_were_any(refusals: int, words: str | None) -> None:
    out = StringIO()
    batch = BatchResult("A", status="COMPLETED", api=ApiCounts(calls=5, refusals=refusals))
    Console(file=out, width=200).print(summary(RunResult((batch,))))
    assert ("asked us to wait" in out.getvalue()) is (words is not None)
    assert (words or "") in out.getvalue()


def test_a_command_that_is_advised_is_never_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    batch = BatchResult("GREYSON CLOTHIERS OF LONDON AND PARIS", status="COMPLETED_WITH_ERRORS")
    batch.orders.rejected = 1
    program._print(summary(RunResult((batch,))))
    assert (
        "order-staging errors --customer 'GREYSON CLOTHIERS OF LONDON AND PARIS'" in capsys.readouterr().out
    )
