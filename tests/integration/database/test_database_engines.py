"""Engines: which driver, and errors in one line that names no password."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url, text

from order_staging.database import choose_driver, create_engine, database_errors, odbc_driver
from order_staging.errors import (
    DatabaseUnavailableError,
    MissingDependencyError,
    OrderStagingError,
    PersistenceError,
    SettingError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

PASSWORD = "hunter2-of-the-database"


def connected(url: str) -> None:
    engine = create_engine(url)
    try:
        with database_errors(), engine.connect():
            pass
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql+psycopg://loader:{PASSWORD}@127.0.0.1:1/orders",
        f"postgresql+psycopg://loader:{PASSWORD}@localhost:1/orders",
    ],
)
def test_a_server_that_does_not_answer_is_one_line_without_password(url: str) -> None:
    with pytest.raises(DatabaseUnavailableError) as caught:
        connected(url)
    assert_one_line(caught.value)
    assert "ORDER_STAGING_DATABASE_URL" in str(caught.value)


def test_a_database_that_the_server_does_not_have_is_named_without_the_password(postgres_server: str) -> None:
    url = make_url(postgres_server).set(database="no_such_database", password=PASSWORD)
    with pytest.raises(DatabaseUnavailableError) as caught:
        connected(url.render_as_string(hide_password=False))
    assert_one_line(caught.value)
    assert "no_such_database" in str(caught.value)


def assert_one_line(error: OrderStagingError) -> None:
    assert "\n" not in str(error)
    assert PASSWORD not in str(error)


def test_a_missing_folder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="unable to open database file") as caught:
        connected(f"sqlite:///{tmp_path / 'missing' / 'orders.db'}")
    assert_one_line(caught.value)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("", "is not a database URL"),
        (f"loader:{PASSWORD}", "is not a database URL"),
        (f"postgresql+psycopg://loader:{PASSWORD}@db:port/orders", "is not a database URL"),
        (f"mysql://loader:{PASSWORD}@db/orders", "mysql is not supported; use sqlite"),
        (f"oracle://loader:{PASSWORD}@db/orders", "oracle is not supported"),
        (f"postgresql+pigeon://loader:{PASSWORD}@db/orders", "no driver 'pigeon' for postgresql"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_setting_to_correct(url: str, problem: str) -> None:
    with pytest.raises(SettingError, match=problem) as caught:
        create_engine(url)
    assert caught.value.name == "ORDER_STAGING_DATABASE_URL"
    assert_one_line(caught.value)


@given(st.text(max_size=40))
def test_whatever_stands_for_a_url_the_error_is_ours(url: str) -> None:
    refused = ""
    try:
        create_engine(url).dispose()
    except OrderStagingError as error:
        refused = str(error)
    assert len(refused.splitlines()) <= 1


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [
        ("postgresql+psycopg://db/orders", "psycopg", "postgres"),
        ("mssql+pyodbc://db/orders", "pyodbc", "mssql"),
    ],
)
def test_a_driver_that_is_not_installed_is_named_with_its_extra(
    url: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # None in sys.modules makes `import` raise ModuleNotFoundError.
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError) as caught:
        create_engine(url)
    assert str(caught.value) == f"{package} is not installed; run: pip install 'order-staging[{extra}]'"


def test_microsofts_driver_that_is_not_installed_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mssql_python_odbc", None)
    with pytest.raises(MissingDependencyError, match=r"mssql-python-odbc .* 'order-staging\[mssql\]'"):
        odbc_driver()


def test_a_url_with_its_own_driver_needs_no_package_of_microsofts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mssql_python_odbc", None)
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    for query in ("driver=FreeTDS", "odbc_connect=DRIVER%3DFreeTDS"):
        with pytest.raises(MissingDependencyError, match="pyodbc is not installed"):
            create_engine(f"mssql+pyodbc://db/orders?{query}")


def test_the_installed_package_has_a_driver_for_this_machine() -> None:
    pytest.importorskip("mssql_python_odbc")
    driver = odbc_driver()
    assert driver.is_file()
    assert "msodbcsql" in driver.name


LINUX = [
    Path("linux", distribution, machine, *rest)
    for distribution in ("alpine", "debian_ubuntu", "rhel", "suse")
    for machine in ("arm64", "x86_64")
    for rest in (("lib", "libmsodbcsql-18.6.so.2.1"), ("share", "resources", "en_US", "msodbcsqlr18.rll"))
]
MACOS = [Path("macos", machine, "lib", "libmsodbcsql.18.dylib") for machine in ("arm64", "x86_64")]
WINDOWS = [
    Path("windows", machine, *rest)
    for machine in ("arm64", "x64", "x86")
    for rest in (("1033", "msodbcsqlr18.rll"), ("msodbcsql18.dll",))
]


@pytest.mark.parametrize(
    ("candidates", "machine", "distribution", "chosen"),
    [
        (LINUX, "x86_64", {"debian"}, "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        (LINUX, "x86_64", {"ubuntu", "debian"}, "linux/debian_ubuntu/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        (LINUX, "aarch64", {"ubuntu", "debian"}, "linux/debian_ubuntu/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        (LINUX, "x86_64", {"rocky", "rhel", "centos"}, "linux/rhel/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        (LINUX, "aarch64", {"opensuse-leap", "suse"}, "linux/suse/arm64/lib/libmsodbcsql-18.6.so.2.1"),
        (LINUX, "x86_64", {"alpine"}, "linux/alpine/x86_64/lib/libmsodbcsql-18.6.so.2.1"),
        (MACOS, "arm64", {"darwin"}, "macos/arm64/lib/libmsodbcsql.18.dylib"),
        (MACOS, "x86_64", {"darwin"}, "macos/x86_64/lib/libmsodbcsql.18.dylib"),
        (WINDOWS, "AMD64", {"windows"}, "windows/x64/msodbcsql18.dll"),
        (WINDOWS, "ARM64", {"windows"}, "windows/arm64/msodbcsql18.dll"),
    ],
)
def test_the_driver_is_that_of_the_system_and_the_machine(
    candidates: list[Path], machine: str, distribution: set[str], chosen: str
) -> None:
    found = choose_driver(candidates, machine, distribution)
    assert found is not None
    assert found.as_posix() == chosen


def test_a_distribution_without_a_folder_of_its_own_gets_one_for_its_machine() -> None:
    found = choose_driver([path for path in LINUX if "alpine" not in path.parts], "x86_64", {"gentoo"})
    assert found is not None
    assert "x86_64" in found.parts
    assert found.suffix != ".rll"


@pytest.mark.parametrize("candidates", [[], LINUX, WINDOWS])
def test_a_machine_without_a_folder_gets_no_driver(candidates: list[Path]) -> None:
    assert choose_driver(candidates, "riscv64", {"debian"}) is None


def test_no_driver_for_this_machine_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("mssql_python_odbc")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(SettingError, match=r"no driver for .* on riscv64; name an installed one"):
        odbc_driver()


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("SELECT * FROM no_such_table", PersistenceError),
        ('INSERT INTO "MON_CustMasterSchedule" ("Title") VALUES (\'no item id\')', PersistenceError),
        ("SELECT 'unbalanced", PersistenceError),
    ],
)
def test_a_statement_that_is_refused_is_one_line(
    engine: Engine, statement: str, error: type[PersistenceError]
) -> None:
    with pytest.raises(error) as caught, database_errors(), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert_one_line(caught.value)


def test_parameters_are_not_repeated_in_errors(engine: Engine) -> None:
    with pytest.raises(PersistenceError) as caught, database_errors(), engine.begin() as connection:
        connection.execute(text("SELECT * FROM no_such_table WHERE x = :password"), {"password": PASSWORD})
    assert_one_line(caught.value)
    assert PASSWORD not in str(caught.value.__cause__)


def test_errors_that_are_not_the_databases_pass_as_they_are() -> None:
    with pytest.raises(KeyError), database_errors():
        raise KeyError


def test_sqlite_waits_for_other_writers_and_keeps_foreign_keys(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'orders.db'}")
    with engine.connect() as connection:

        def pragma(name: str) -> object:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar()

        answers: Callable[[str], object] = pragma
        assert answers("foreign_keys") == 1
        assert answers("busy_timeout") == 30_000
        assert answers("journal_mode") == "wal"
    engine.dispose()
