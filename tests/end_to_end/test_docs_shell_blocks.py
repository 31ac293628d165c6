"""Every shell block of the pages is run, in the order of its page, or is marked as one that cannot be."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from order_staging import database
from order_staging.settings import Settings
from tests.end_to_end.shell_blocks import NEEDS, Block, Command, blocks, blocks_of, mistakes
from tests.end_to_end.shell_worlds import FIRST, WORLDS, World
from tests.processes_warm import sharing

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    {*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *REPOSITORY.glob("*/README.md")}
    - {REPOSITORY / "CHANGELOG.md"}
)
BLOCKS = blocks_of(PAGES, REPOSITORY)
RUN = list(dict.fromkeys(block.page for block in BLOCKS if block.is_run))
BY_HAND = {"make test", "python benchmarks/changes.py", "python benchmarks/memory.py"}
"""What may take minutes: no more than this."""
BATCH, ERROR = "1f0c2a9e", "order:12"
"""What pages write for a batch and an error; a test has the newest ones."""
PLAIN = re.compile(r"[^|&;<>()$`]*")
"""A line without anything that only a shell understands."""


@pytest.fixture(scope="module")
def templates(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")
    shutil.copy(sqlite_template, folder / "empty.db")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _one_compiler() -> Iterator[None]:
    """Let all commands share what SQLAlchemy has compiled: a third of what a small batch costs is that."""
    patch = pytest.MonkeyPatch()
    patch.setattr(database, "_create_engine", sharing())
    yield
    patch.undo()


@pytest.mark.parametrize("page", RUN)
def test_its_commands_do_what_the_page_says(
    page: str, tmp_path: Path, templates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    shown = [block for block in BLOCKS if block.page == page and block.is_run]
    worlds = [block.given or (FIRST if block is shown[0] else None) for block in shown]
    starts = [place for place, world in enumerate(worlds) if world]
    for start, end in zip(starts, [*starts[1:], len(shown)], strict=True):
        with World(tmp_path / f"world{start}", templates) as world:
            WORLDS[str(worlds[start])](world)
            for block in shown[start:end]:
                for command in block.commands():
                    _run(command, world, block)


def _run(command: Command, world: World, block: Block) -> None:
    text = command.text
    if BATCH in text:
        text = text.replace(BATCH, world.newest_batch()[:8])
    if ERROR in text:
        text = text.replace(ERROR, world.newest_error())
    words = shlex.split(text, comments=True)
    plain = PLAIN.fullmatch(" ".join(words)) is not None and PLAIN.fullmatch(text.split("#")[0]) is not None
    if plain and words[:2] == ["order-staging", "sandbox"]:
        world.serve(*words[2:])
        return
    if plain and words[0] == "export":
        world.variables |= dict(word.split("=", 1) for word in words[1:])
        return
    if plain and words[0] == "order-staging":
        done = world(*words[1:])
        code, said = done.code, f"{done.out}{done.err}"
    else:
        code, said = _in_a_shell(text, words, world)
    assert code == command.code, f"{block}: {text} ended with {code}: {said}"
    missing = [line for line in command.prints if not _is_said(line, said)]
    assert not missing, f"{block}: {text} did not print {missing}, but: {said}"


def _in_a_shell(text: str, words: list[str], world: World) -> tuple[int, str]:
    """Run a line by a real shell, in which `order-staging` is this one, and `make` takes what is installed."""
    programs = world.folder.with_name("programs")
    programs.mkdir(exist_ok=True)
    for name, what in {"order-staging": REPOSITORY / "runner.py", "alembic": "-m alembic"}.items():
        (program := programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {what} "$@"\n')
        program.chmod(0o755)
    folder = REPOSITORY if words[0] == "alembic" else world.folder
    if words[0] == "make":
        # No environment of its own is made: the one of the tests is up to date, whatever the clock says.
        (ready := programs / "ready").touch()
        text, folder = (
            f"{text.split('#', maxsplit=1)[0]} BIN={Path(sys.executable).parent} READY={ready}",
            REPOSITORY,
        )
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_STAGING_")}
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],  # noqa: S607 - the bash of whoever reads the page
        cwd=folder,
        env=clean | world.variables | {"PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def _is_said(line: str, said: str) -> bool:
    """Find a line of a page in what was printed, on one line or on several; three points stand for anything."""
    pattern = r"\s+".join(re.escape(word).replace(r"\.\.\.", ".*?") for word in line.split())
    return re.search(pattern, said) is not None


def test_every_block_is_run_or_says_why_not() -> None:
    assert [mistake for block in BLOCKS for mistake in mistakes(block, set(WORLDS))] == []
    assert {
        command.text.split("  ")[0] for each in BLOCKS if each.takes_minutes for command in each.commands()
    } == BY_HAND


def test_no_reason_and_no_world_is_there_for_nothing() -> None:
    assert {block.needs for block in BLOCKS if block.needs} == NEEDS
    assert {block.given for block in BLOCKS if block.given} | {FIRST} == set(WORLDS)


def test_the_pages_have_blocks_of_every_sort() -> None:
    """A pattern that finds nothing any more would let everything pass."""
    assert {"README.md", "docs/changes.md", "docs/kestra.md", "docs/sandbox.md"} <= set(RUN)
    assert any(block.needs for block in BLOCKS)
    assert any(command.prints for block in BLOCKS if block.is_run for command in block.commands())


PAGE = """
Text.

<!-- given: delivered orders -->
```sh
order-staging check   # a comment
# only a comment

order-staging run \\
    --all             # exits with 4
```

<!-- needs: SQL Server -->

```console
$ order-staging db adopt
2 differences
$ order-staging check
```

<!-- takes minutes -->
More text, so that nothing is said of the next block.

````text
```sh
not a block of its own
```
````

<!-- takes minutes -->
```sh
make test
```
"""


def test_blocks_are_found_and_taken_to_pieces() -> None:
    first, second, third, fourth = blocks("page.md", PAGE)
    assert str(first) == "page.md:5"
    assert (first.given, first.is_run) == ("delivered orders", True)
    assert [(each.text, each.code) for each in first.commands()] == [
        ("order-staging check   # a comment", 0),
        ("order-staging run      --all             # exits with 4", 4),
    ]
    assert (second.needs, second.is_run, second.given) == ("SQL Server", False, None)
    assert [each.prints for each in second.commands()] == [("2 differences",), ()]
    assert (third.is_shell, third.takes_minutes) == (False, False)
    assert (fourth.is_run, fourth.takes_minutes) == (False, True)


@pytest.mark.parametrize(
    ("page", "mistake"),
    [
        (
            "```\n$ order-staging check\n```",
            "p:1: commands in a block without a language; label it sh or console",
        ),
        ("```\nmake test\n```", "p:1: commands in a block without a language; label it sh or console"),
        ("<!-- needs: luck -->\n```sh\nmake\n```", "p:2: needs 'luck', which is none of "),
        ("<!-- given: luck -->\n```sh\nmake\n```", "p:2: given 'luck', which is none of "),
        ("```powershell\nls\n```", "p:1: powershell is not run by any test; write sh or console, or mark it"),
        ("```console\nls\n```", "p:1: no command is in it"),
    ],
)
def test_what_is_labelled_or_marked_wrongly_is_found(page: str, mistake: str) -> None:
    (block,) = blocks("p", page)
    (found,) = mistakes(block, set(WORLDS))
    assert found.startswith(mistake)


def test_three_points_in_what_is_printed_stand_for_anything() -> None:
    assert _is_said("batch ... is done", "the batch 4711 is\ndone now")
    assert not _is_said("batch ... is done", "the batch 4711 was done")


def test_a_command_that_does_otherwise_than_its_page_says_is_found(tmp_path: Path, templates: Path) -> None:
    (block,) = blocks("page.md", "```sh\norder-staging run\n```")
    with World(tmp_path / "world", templates) as world:
        with pytest.raises(AssertionError, match=r"page\.md:1: order-staging run ended with 2"):
            _run(block.commands()[0], world, block)
        _run(Command("order-staging run", code=2, prints=("nothing was chosen; ...",)), world, block)
        with pytest.raises(AssertionError, match=r"did not print \['all was chosen'\]"):
            _run(Command("order-staging run", code=2, prints=("all was chosen",)), world, block)
        with pytest.raises(AssertionError, match=r"echo lost \| false ended with 1"):
            _run(Command("echo lost | false"), world, block)
        _run(Command("export ORDER_STAGING_CHANNEL=fast"), world, block)
        _run(
            Command("order-staging db current", code=2, prints=("ORDER_STAGING_CHANNEL: ...",)), world, block
        )
