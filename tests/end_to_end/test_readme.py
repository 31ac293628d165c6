"""The README knows every command and setting, and its example runs; its shell blocks run elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from order_staging.cli.commands import COMMANDS, command
from order_staging.sandbox import greyson_4755
from order_staging.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Database
    from tests.end_to_end.conftest import CommandLine

REPOSITORY = Path(__file__).parents[2]
README = (REPOSITORY / "README.md").read_text()


def commands(named: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Walk these commands, and those of the groups among them."""
    for name, found in named.items():
        if hasattr(found, "commands"):
            yield from commands(found.commands, (*path, name))
        else:
            yield " ".join((*path, name)), found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_python_example_works(cli: CommandLine, database: Database) -> None:
    database.add(greyson_4755())
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", example],
        cwd=cli.folder,
        env=cli.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "COMPLETED 69 264"


def test_the_two_commands_of_the_readme_are_targets_of_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    (section,) = re.findall(r"## Two commands\n(.*?)\n## ", README, re.DOTALL)
    called = set(re.findall(r"^(?:\$ )?make (\w+)", section, re.MULTILINE))
    assert called == {"demo", "test"}
    assert called | set(re.findall(r"`make ([a-z]+)`", README)) <= targets


def test_every_command_is_in_the_readme() -> None:
    for name, _ in commands({name: command(name) for name in COMMANDS}):
        assert f"`{name}" in README, name


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    for name, field in Settings.model_fields.items():
        assert f"`{name.upper()}`" in README, name
        if isinstance(field.default, int | float | str):
            row = next(line for line in README.splitlines() if line.startswith(f"| `{name.upper()}`"))
            assert str(field.default) in row, name


def test_links_lead_somewhere() -> None:
    for page in (REPOSITORY / "README.md", *(REPOSITORY / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if not target.startswith("https://"):
                assert (page.parent / target).exists(), f"{page.name}: {target}"
