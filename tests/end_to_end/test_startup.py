"""A start costs what it needs: neither `import order_staging` nor `--help` imports the machinery of a run."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.processes import REPOSITORY, environment

HEAVY = {
    "aiohttp",
    "alembic",
    "asyncio",
    "gql",
    "graphql",
    "jinja2",
    "pydantic",
    "pydantic_settings",
    "pygal",
    "rich",
    "sqlalchemy",
    "structlog",
    "tenacity",
    "yaml",
    "yarl",
}
OURS = {"order_staging", "order_staging.errors", "order_staging.version"}
OURS_FOR_HELP = OURS | {
    "order_staging.cli",
    "order_staging.cli.app",
    "order_staging.cli.commands",
    "order_staging.terminal",
}
OURS_FOR_COMPLETION = OURS_FOR_HELP | {
    "order_staging.cli.completion",
    "order_staging.cli.outlines",
    "order_staging.cli.shells",
}

START = """
import json, os, runpy, sys
import order_staging
imported = list(sys.modules)
sys.argv = ["runner.py", "--help"]
try:
    runpy.run_path("runner.py", run_name="__main__")
except SystemExit as end:
    helped = list(sys.modules)
    os.environ |= {"_RUNNER.PY_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "runner.py run --"}
    sys.argv = ["runner.py"]
try:
    runpy.run_path("runner.py", run_name="__main__")
except SystemExit as end:
    completed = list(sys.modules)
    print(json.dumps({"imported": imported, "helped": helped, "completed": completed, "code": end.code}))
"""


def test_neither_the_import_nor_help_nor_completion_imports_the_machinery_of_a_run() -> None:
    started = subprocess.run(
        [sys.executable, "-c", START],
        cwd=REPOSITORY,
        env=environment({}) | {"PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=True,
    )
    helped, told = started.stdout.rsplit("\n", 2)[:2]
    assert "Bring new order lines to the board" in helped
    found = json.loads(told)
    assert found["code"] == 0
    assert HEAVY & (set(found["imported"]) | set(found["helped"])) == set()
    assert HEAVY & set(found["completed"]) <= {"pydantic"}  # by which Typer reads values
    assert {name for name in found["imported"] if name.startswith("order_staging")} == OURS
    assert {name for name in found["helped"] if name.startswith("order_staging")} == OURS_FOR_HELP
    assert {name for name in found["completed"] if name.startswith("order_staging")} == OURS_FOR_COMPLETION
    assert "--customer-season" in helped
