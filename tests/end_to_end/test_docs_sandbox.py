"""The page about the sandbox is true: its example works, and it knows every option and fault."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from order_staging.cli.commands import command
from order_staging.sandbox import IDEMPOTENCY, PLANS, RefusalStyle, WindowKind
from order_staging.sandbox.bulk_storage import REPORT_FAULTS, UPLOAD_FAULTS
from order_staging.sandbox.fault_specs import NAMES, TIMED

if TYPE_CHECKING:
    from tests.end_to_end.conftest import CommandLine

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text()


def test_its_example_runs(alone: CommandLine) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=Path(__file__).parents[2],
        env=alone.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    crash, item, refusal, last = done.stdout.splitlines()
    assert crash.startswith('500 {"status_code": 500')
    assert item.startswith('200 {"data": {"create_item": {"id": "')
    assert "query cost 400000 budget remaining 200000 out of 1000000" in refusal
    assert last.startswith("2 DailyCalls(used=2.1, limit=1000) 09:30:01")


def test_it_knows_every_option_with_its_words_and_every_fault() -> None:
    parameters: Any = command("sandbox").params
    options = {(parameter.secondary_opts or parameter.opts)[0] for parameter in parameters}
    elsewhere = {
        "--output",
        "--log-level",
        "--log-format",
        "--port",
        "--no-key-column",
        "--sample-orders",
        "--help",
    }
    words = (*PLANS, *IDEMPOTENCY, *WindowKind, *RefusalStyle, *UPLOAD_FAULTS, *REPORT_FAULTS, *NAMES)
    for name in (*(options - elsewhere), *words):
        assert f"`{name}`" in PAGE or f"`{name} " in PAGE, name
    (table,) = re.findall(r"\n(.*minute-limit.*)\(`seconds=`\)", PAGE)
    timed = {*re.findall(r"`([a-z0-9-]+)`", table), "delay", "stale-search"}
    assert timed == set(TIMED)
