"""What `run` says to people at its end."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from order_staging.batch import ApiCounts, BatchResult, RunResult
from order_staging.cli import program
from order_staging.cli.retry import _page
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


def test_what_was_refused_is_listed_by_errors_and_what_is_unknown_is_left_to_the_next_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    batch = BatchResult("A", status="COMPLETED_WITH_ERRORS")
    batch.orders.rejected, batch.subitems.unknown = 1, 2
    program._print(summary(RunResult((batch,))))
    out = capsys.readouterr().out
    assert "A: 1 failed; see: order-staging errors --customer 'A'" in out
    assert "A: the outcome of 2 is unknown; the next run looks for them on the board" in out
    batch.orders.rejected = 0
    program._print(summary(RunResult((batch,))))
    assert "order-staging errors" not in capsys.readouterr().out


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


def test_what_was_found_on_the_board_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    batch = BatchResult("A", status="COMPLETED")
    batch.orders.adopted, batch.subitems.adopted = 1, 3
    program._print(summary(RunResult((batch,))))
    assert "A: 1 item and 3 subitems found on the board, and not created again" in capsys.readouterr().out


@pytest.mark.parametrize("with_changes", [False, True])
def test_a_retry_is_titled_so_and_counts_what_it_retried(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, with_changes: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    batch = BatchResult("GREYSON", status="COMPLETED", is_retry=True, with_changes=with_changes)
    batch.orders.retried, batch.orders.selected, batch.subitems.retried = 40, 2, 2
    program._print(summary(RunResult((batch,)), title="Retry"))
    out = capsys.readouterr().out
    assert "Retry completed" in out
    assert "Retried" in out
    assert "New" not in out
    (row,) = (line for line in out.splitlines() if "COMPLETED" in line)
    assert row.split()[:3] == ["GREYSON", "COMPLETED", "42"]


@pytest.mark.parametrize(("status", "told"), [("STOPPED", "Resume partial"), ("NOTHING_TO_DO", "Nothing")])
def test_a_resumption_that_was_stopped_is_not_said_to_have_found_nothing(
    capsys: pytest.CaptureFixture[str], status: str, told: str
) -> None:
    program._print(_page(RunResult((BatchResult("A", status=status),)), title="Resume", nothing="Nothing"))
    assert capsys.readouterr().out.startswith(told)
