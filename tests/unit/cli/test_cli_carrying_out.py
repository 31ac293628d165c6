"""What a signal makes of a long command, with a result and without one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import typer

from order_staging.cli.carrying_out import carry_out
from order_staging.cli.options import Output
from order_staging.cli.program import Program
from order_staging.cli.progress import Shown
from order_staging.errors import StoppedError
from order_staging.settings import Settings

if TYPE_CHECKING:
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


def test_a_signal_that_leaves_no_result_ends_the_command_with_its_exit_code() -> None:
    async def work(_: BatchService) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        raise StoppedError("the run was asked to end")

    with pytest.raises(typer.Exit) as ended:
        carry_out(HERE, Shown.OFF, None, work)
    assert ended.value.exit_code == 143


def test_a_stop_that_no_signal_asked_for_is_raised() -> None:
    async def work(_: BatchService) -> None:
        raise StoppedError("the run was asked to end")

    with pytest.raises(StoppedError):
        carry_out(HERE, Shown.OFF, None, work)
