"""What a signal makes of a long command, with a result and without one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING

import pytest
import typer

from order_staging.cli.carrying_out import carry_out, look
from order_staging.cli.options import LogLevel, Output
from order_staging.cli.program import Program, program
from order_staging.cli.progress import Shown, Watcher
from order_staging.errors import StoppedError
from order_staging.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from order_staging.batch import BatchService

HERE = Program(Settings(), Output.JSON)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_result_in_spite_of_a_signal_comes_with_the_signals_exit_code(
    number: signal.Signals, code: int
) -> None:
    async def work(_: BatchService) -> str:
        os.kill(os.getpid(), number)
        return "half of it"

    assert carry_out(HERE, Shown.OFF, None, work) == ("half of it", code)


def test_a_result_without_a_signal_comes_without_an_exit_code_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def work(_: BatchService) -> bool:
        return signal.getsignal(signal.SIGTERM) is before

    assert carry_out(HERE, Shown.OFF, None, work) == (False, None)
    assert signal.getsignal(signal.SIGTERM) is before


async def _stopped(_: BatchService) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    raise StoppedError("the run was asked to end")


async def _cancelled() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(60)


@pytest.mark.parametrize(
    "interrupted",
    [
        pytest.param(lambda: carry_out(HERE, Shown.OFF, None, _stopped), id="a service"),
        pytest.param(lambda: look(Watcher(), _cancelled), id="a check"),
    ],
)
@pytest.mark.parametrize("output", Output)
def test_a_signal_that_leaves_no_result_is_told_in_the_commands_document_with_its_exit_code(
    capsys: pytest.CaptureFixture[str], output: Output, interrupted: Callable[[], object]
) -> None:
    with pytest.raises(typer.Exit) as ended, program(output, LogLevel.ERROR, None):
        interrupted()
    assert ended.value.exit_code == 143
    said = capsys.readouterr()
    message = "interrupted by SIGTERM before there was a result; nothing is in doubt, run it again"
    error = {"type": "Interrupted", "message": message}
    match output:
        case Output.JSON:
            assert json.loads(said.out) == {"status": "partial", "error": error, "batches": []}
        case Output.KESTRA:
            line = next(line for line in said.out.splitlines() if line.startswith("::"))
            outputs = json.loads(line.strip(":"))["outputs"]
            assert (outputs["status"], outputs["state"], outputs["error"]) == ("partial", "WARNING", error)
        case Output.TEXT:
            assert said.out == ""
    assert said.err == ("" if output is Output.KESTRA else f"error: {message}\n")


def test_what_looks_gives_its_result_and_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    async def work() -> bool:
        return signal.getsignal(signal.SIGTERM) is before

    assert look(Watcher(), work) is False
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_stop_that_no_signal_asked_for_is_raised() -> None:
    async def work(_: BatchService) -> None:
        raise StoppedError("the run was asked to end")

    with pytest.raises(StoppedError):
        carry_out(HERE, Shown.OFF, None, work)
