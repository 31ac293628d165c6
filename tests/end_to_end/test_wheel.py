"""The wheel has everything and works where it is installed, with nothing of the repository in reach."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from order_staging.transform import load_mapping
from order_staging.version import VERSION

REPOSITORY = Path(__file__).parents[2]

JOB = """
import contextlib, json, runpy, sys

sys.argv = [PROGRAM, "db", "upgrade", "--output", "json"]
with contextlib.suppress(SystemExit):
    runpy.run_path(PROGRAM, run_name="__main__")

import order_staging
from order_staging import BatchService, Settings
from order_staging.transform import load_customers, load_mapping

print(json.dumps({
    "installed": order_staging.__file__,
    "customers": BatchService(Settings()).customers_with_new_orders(),
    "fields": len(load_mapping().fields),
    "name": load_customers().label("greyson"),
}))
"""
"""The installed program, then one that imports the library: one process, as each takes a second to import."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=REPOSITORY, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a folder of its own; what it depends on is the tests' own."""
    folder = tmp_path_factory.mktemp("installed")
    install = (sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-deps")
    subprocess.run(
        [*install, "--python", sys.executable, "--target", str(folder), str(wheel)],
        check=True,
        capture_output=True,
    )
    return folder


def test_it_has_the_package_the_migrations_the_documents_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        facts = archive.read(metadata).decode()
    ours = {
        f"{target}/{path.relative_to(REPOSITORY / source).as_posix()}"
        for source, target in (("order_staging", "order_staging"), ("migrations", "order_staging/migrations"))
        for path in (REPOSITORY / source).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert names == ours
    assert {"order_staging/py.typed", "order_staging/config/mapping.yaml"} < names
    assert "order_staging/migrations/versions/0001_baseline.py" in names
    assert f"Version: {VERSION}\n" in facts
    assert "License-Expression: MIT\n" in facts


def test_installed_it_migrates_a_database_and_serves_other_programs(installed: Path, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_STAGING_")}
    program = installed / "bin" / "order-staging"
    done = subprocess.run(
        [sys.executable, "-c", f"PROGRAM = {str(program)!r}\n{JOB}"],
        cwd=tmp_path,
        env=clean | {"PYTHONPATH": str(installed), "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done
    migrated, found = (json.loads(line) for line in done.stdout.splitlines())
    assert migrated["before"] is None
    assert migrated["current"] == migrated["head"]
    assert (tmp_path / "order_staging.db").exists()
    assert Path(found["installed"]).is_relative_to(installed)
    assert (found["customers"], found["name"]) == ([], "GREYSON CLOTHIERS")
    assert found["fields"] == len(load_mapping().fields)
