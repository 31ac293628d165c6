"""Shells complete commands, options, choices, customers and batches; what is wrong completes nothing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import chdir
from threading import Event
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from order_staging.cli import app, completion
from order_staging.cli.commands import COMMANDS
from order_staging.cli.outlines import FILE
from order_staging.sandbox import greyson_4755
from tests.command_line import outlines, written
from tests.processes import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

CUSTOMERS = """
customers:
  - name: GREYSON CLOTHIERS
    aliases: [GREYSON, THE GREYS]
  - name: "BEN'S: $5 (EU)"
"""


@pytest.fixture
def ask(quick_alone: CommandLine) -> Callable[..., str]:
    """Ask for completions as a shell does: its name and the words, the last of which is being typed."""
    (quick_alone.folder / "customers.yaml").write_text(CUSTOMERS)
    quick_alone.settings["customers"] = "customers.yaml"

    def ask(shell: str, *words: str, **variables: str) -> str:
        line = " ".join(("order-staging", *words))
        asked = {
            "_ORDER_STAGING_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": "\n".join(("order-staging", *words)),
            "COMP_CWORD": str(len(words)),
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        environment = quick_alone.environment() | asked | variables
        with chdir(quick_alone.folder):
            done = CliRunner().invoke(app, [], prog_name="order-staging", env=environment)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout

    return ask


def test_the_words_of_commands_are_those_of_the_commands_themselves() -> None:
    assert written(outlines()) == FILE.read_text(encoding="utf-8"), "run: make reference"


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["" ], list(COMMANDS)),
        (["re"], ["report", "retry", "resume"]),
        (["db", ""], ["upgrade", "adopt", "current"]),
        (["run", "--ch"], ["--channel", "--changes"]),
        (["run", "--channel", ""], ["auto", "items", "bulk"]),
        (["status", "--output", "k"], ["kestra"]),
        (["sandbox", "--window", ""], ["fixed", "sliding"]),
        (["sandbox", "--no-k"], ["--no-key-column"]),
        (["run", "--customer", "GREY"], ["GREYSON\\ CLOTHIERS"]),
        (["run", "--customer", "grey"], ["greyson\\ clothiers"]),
        (["run", "--customer", '"GREYSON CL'], ["GREYSON CLOTHIERS"]),
        (["run", "--customer", "GREYSON\\ CL"], ["GREYSON\\ CLOTHIERS"]),
        (["run", "--customer", "=", "GREY"], ["GREYSON\\ CLOTHIERS"]),
        (["run", "--customer", "B"], ["BEN\\'S:\\ \\$5\\ \\(EU\\)"]),
        (["run", "--customer", "'B"], ["BEN'\\''S: $5 (EU)"]),
        (["run", "--customer", '"B'], ["BEN'S: \\$5 (EU)"]),
        (["errors", "--customer", "THE"], ["THE\\ GREYS"]),
        (["errors", "--customer", "nobody"], []),
        (["nothing", "--cust"], []),
    ],
    ids=" ".join,
)  # fmt: skip
def test_bash_is_given_words_quoted_as_they_were_begun(
    ask: Callable[..., str], words: list[str], completed: list[str]
) -> None:
    assert [word for word in ask("bash", *words).splitlines() if word] == completed


def test_zsh_is_given_an_array_and_fish_a_line_each(ask: Callable[..., str]) -> None:
    said = ask("zsh", "run", "--customer", "")
    assert "found=('GREYSON CLOTHIERS' 'BEN'\\''S\\: $5 (EU)'); _describe -V order-staging found" in said
    assert "'--po:only this PO number'" in ask("zsh", "run", "--po")
    assert ask("zsh", "report", "x", "--out", "") == "_files\n"
    assert "'GREYSON CLOTHIERS'" in ask("zsh", "run", "--customer", "GREYSON\\ ")
    assert ask("fish", "run", "--customer", "BEN") == "BEN'S: $5 (EU)\n"
    assert ask("fish", "run", "--po") == "--po\tonly this PO number\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_batches_are_completed_with_what_is_known_of_them(
    quick: CommandLine, database: Database, ask: Callable[..., str], database_url: str
) -> None:
    rows = greyson_4755()[:2]
    rows[1]["CUSTOMER NAME"] = "RHYTHM"
    database.add(rows)
    found = quick("run", "--all", "--no-subitems", "--output", "json").document["batches"]
    ids = {batch["batch_id"]: batch["customer"] for batch in found}
    use = {"ORDER_STAGING_DATABASE_URL": database_url}
    assert set(ask("bash", "status", "", **use).split()) == set(ids)
    (first, customer), *_ = ids.items()
    assert ask("fish", "report", first[:6], **use) == f"{first}\t{customer}, COMPLETED\n"
    assert first in ask("zsh", "errors", "--batch", first[:6], **use)
    assert ask("bash", "resume", "xyz", **use) == "\n"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"DATABASE_URL": "sqlite:///bare.db"},
        {"DATABASE_URL": "nonsense"},
        {"DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/x"},
        {"ALIASES": "many"},
        {"CUSTOMERS": "bare.db"},
    ],
    ids=str,
)
def test_what_is_wrong_completes_nothing_and_makes_nothing(
    ask: Callable[..., str], quick_alone: CommandLine, settings: dict[str, str]
) -> None:
    (quick_alone.folder / "bare.db").touch()
    before = sorted(path.name for path in quick_alone.folder.iterdir())
    variables = {f"ORDER_STAGING_{name}": value for name, value in settings.items()}
    assert ask("bash", "status", "", **variables) == "\n"
    if "DATABASE_URL" not in settings and settings:
        assert ask("bash", "run", "--customer", "", **variables) == "\n"
    assert sorted(path.name for path in quick_alone.folder.iterdir()) == before


def test_nobody_waits_for_a_database_that_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completion, "DEADLINE", 0.01)
    answered = Event()

    def slow() -> list[completion.Item]:
        answered.wait()
        return [("late", "")]

    assert completion._in_time(slow) == []
    answered.set()


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash_completes_with_the_script_that_it_is_given(tmp_path: Path) -> None:
    program = tmp_path / "order-staging"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(REPOSITORY)!r})\nsys.argv[0] = 'order-staging'\n"
        "from order_staging.cli import main\nmain()\n"
    )
    program.chmod(0o755)
    asked = """
        source <(order-staging --show-completion)
        COMP_WORDS=(order-staging run --customer grey) COMP_CWORD=3
        _order_staging_completion order-staging
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", asked],  # noqa: S607 - the one on this machine
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "greyson\\ clothiers\n"
