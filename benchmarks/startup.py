"""What does it cost to start? `import order_staging` and `runner.py --help` against an interpreter without work.

The starts take turns, round by round, in one run; medians are compared. Files are in the page cache, and bytecode
is there as an installed wheel has it: in a folder of its own, filled before anything is measured.
What is imported on demand is measured, too, with no target: all that is public, what a command needs beyond, and
the other projects' packages by themselves, which no import of ours can be quicker than. Then Python's own profile
of imports (`-X importtime`) tells which packages all of that is.

Seconds on another machine mean nothing, ratios more; the two targets are differences in seconds all the same, and
both are printed. Exits with 1 where a target is missed.

Usage: python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

REPOSITORY = Path(__file__).parents[1]
ROUNDS = 25
PROFILES = 5
SHOWN = 0.02
"""Share of all imports from which on a package has a line of its own."""
_IMPORTED = re.compile(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Start:
    """One way to start, and the most seconds that it may take beyond an interpreter that does nothing."""

    name: str
    arguments: tuple[str, ...]
    most: float | None = None


NOTHING = Start("python -c pass", ("-c", "pass"))
IMPORT = Start("import order_staging", ("-c", "import order_staging"), most=0.25)
HELP = Start("runner.py --help", ("runner.py", "--help"), most=0.35)
TYPER = Start("import typer", ("-c", "import typer"))
EVERYTHING = Start("from order_staging import *", ("-c", "from order_staging import *"))
COMMAND = Start("runner.py run --help", ("runner.py", "run", "--help"))
OTHERS = (
    "import aiohttp, alembic.command, gql, gql.transport.aiohttp, pydantic_settings, rich.table,"
    " sqlalchemy.dialects.mssql, sqlalchemy.dialects.sqlite, sqlalchemy.orm, structlog, tenacity, typer, yaml"
)
PACKAGES = Start("what a run uses of others", ("-c", OTHERS))
STARTS = (NOTHING, IMPORT, HELP, TYPER, EVERYTHING, COMMAND, PACKAGES)
PROFILED = (IMPORT, HELP, EVERYTHING, COMMAND)


def missed_targets(seconds: Mapping[Start, Sequence[float]]) -> list[str]:
    """Say which starts take more seconds than they may, of the seconds that each took time and again."""
    return [
        f"{start.name}: {more:.3f} s more than {NOTHING.name}, the target is {start.most:.2f} s"
        for start in seconds
        if start.most is not None and (more := beyond_nothing(seconds, start)) > start.most
    ]


def beyond_nothing(seconds: Mapping[Start, Sequence[float]], start: Start) -> float:
    """Tell the difference between two medians: of a start, and of one that does nothing."""
    return median(seconds[start]) - median(seconds[NOTHING])


def by_package(profile: str) -> Counter[str]:
    """Sum what `-X importtime` wrote up by package, in microseconds; the standard library is one of them."""
    found: Counter[str] = Counter()
    for microseconds, module in _IMPORTED.findall(profile):
        package = module.partition(".")[0]
        # A compiled part stands beside its package: `_yaml` beside `yaml`.
        known = package in sys.stdlib_module_names or module.startswith("_frozen")
        found["the standard library" if known else package.lstrip("_")] += int(microseconds)
    return found


def with_bytecode(folder: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Give an environment in which bytecode is written to a folder, and read from it."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPROFILEIMPORTTIME"}
    return {name: value for name, value in environment.items() if name not in unwanted} | {
        "PYTHONPYCACHEPREFIX": folder
    }


def run(arguments: Iterable[str], environment: Mapping[str, str]) -> str:
    """Start an interpreter in the repository, and wait for its end; give what it wrote to standard error."""
    command = [sys.executable, *arguments]
    done = subprocess.run(  # noqa: S603 - this interpreter, with arguments from above
        command,
        cwd=REPOSITORY,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stderr


def measure(rounds: int, environment: Mapping[str, str]) -> dict[Start, list[float]]:
    """Take the seconds of each start, once a round, after one round that does not count."""
    seconds: dict[Start, list[float]] = {start: [] for start in STARTS}
    for number in range(rounds + 1):
        for start, taken in seconds.items():
            began = time.perf_counter()
            run(start.arguments, environment)
            if number:
                taken.append(time.perf_counter() - began)
    return seconds


def profiled(start: Start, environment: Mapping[str, str]) -> dict[str, float]:
    """Take milliseconds of imports a package: medians of a few starts."""
    profiles = [by_package(run(("-X", "importtime", *start.arguments), environment)) for _ in range(PROFILES)]
    return {name: median(one[name] for one in profiles) / 1000 for name in set().union(*profiles)}


def table_of_starts(seconds: Mapping[Start, Sequence[float]]) -> Table:
    """Lay the starts out: median, the middle half, what is beyond doing nothing, the target, the ratio."""
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("start", no_wrap=True)
    for head in ("median s", "middle half", "s more", "target", "ratio"):
        table.add_column(head, justify="right", no_wrap=True)
    for start, taken in seconds.items():
        first, _, third = quantiles(taken, n=4)
        table.add_row(
            start.name,
            f"{median(taken):.3f}",
            f"{first:.3f} - {third:.3f}",
            "" if start is NOTHING else f"{beyond_nothing(seconds, start):.3f}",
            "" if start.most is None else f"{start.most:.2f}",
            f"{median(taken) / median(seconds[NOTHING]):.1f}",
        )
    return table


def table_of_imports(profiles: Mapping[Start, Mapping[str, float]]) -> Table:
    """Lay out which packages the imports are: a column a start, a line a package, the rest in one."""
    *_, longest = profiles.values()
    least = SHOWN * sum(longest.values())
    shown = sorted((name for name in longest if longest[name] >= least), key=lambda name: -longest[name])
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("ms of imports, and their share", no_wrap=True)
    for start in profiles:
        table.add_column(start.name, justify="right")
    sums = [sum(profile.values()) for profile in profiles.values()]
    for name in shown:
        table.add_row(name, *map(_with_share, (one.get(name, 0.0) for one in profiles.values()), sums))
    rest = [
        total - sum(one.get(name, 0.0) for name in shown)
        for one, total in zip(profiles.values(), sums, strict=True)
    ]
    table.add_row("others", *map(_with_share, rest, sums))
    table.add_row("together", *(f"{total:.0f}      " for total in sums))
    return table


def _with_share(milliseconds: float, together: float) -> str:
    return f"{milliseconds:.0f} {milliseconds / together:5.0%}" if milliseconds else ""


def main(arguments: Sequence[str]) -> int:
    """Measure every start and profile those that import ours, and print both tables."""
    rounds = int(arguments[0]) if arguments else ROUNDS
    with tempfile.TemporaryDirectory(prefix="order-staging-bytecode-") as folder:
        environment = with_bytecode(folder, os.environ)
        seconds = measure(rounds, environment)
        profiles = {start: profiled(start, environment) for start in PROFILED}
    console = Console(width=116, highlight=False)
    print(f"{rounds} starts of each, taking turns; Python {sys.version.split()[0]}, with bytecode")
    console.print(table_of_starts(seconds))
    console.print(table_of_imports(profiles))
    missed = missed_targets(seconds)
    print("\n".join(missed) or "Both targets are met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
