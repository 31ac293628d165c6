"""Settings: read from the environment, checked at the start, never printed with their secrets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from order_staging import Settings
from order_staging.errors import SettingError
from order_staging.settings import PREFIX, Channel

TOKEN = "eyJhbGciOiJIUzI1NiJ9.secret-of-monday"
PASSWORD = "hunter2-of-the-database"
DATABASE = f"mssql+pyodbc://loader:{PASSWORD}@db.example.com/ORDERS"

EVERY_SETTING: dict[str, tuple[str, Any, Any]] = {
    "MONDAY_URL": ("https://eu.example.com/v2", "https://eu.example.com/v2", "https://api.monday.com/v2"),
    "MONDAY_API_VERSION": ("2026-07", "2026-07", "2026-10"),
    "BOARD_ID": ("123", 123, None),
    "BOARD_URL": ("https://a.example.com/boards/1", "https://a.example.com/boards/1", None),
    "KEY_COLUMN": ("text_1", "text_1", None),
    "SUBITEM_BOARD_ID": ("456", 456, None),
    "MAPPING": ("mapping.yaml", Path("mapping.yaml"), None),
    "CUSTOMERS": ("customers.yaml", Path("customers.yaml"), None),
    "CHANNEL": ("items", Channel.ITEMS, Channel.AUTO),
    "ALIASES": ("50", 50, 20),
    "LANES": ("3", 3, 1),
    "REQUEST_TIMEOUT": ("12.5", 12.5, 65),
    "MAX_ATTEMPTS": ("2", 2, 6),
    "RECOVERY_DELAY": ("0", 0, 5),
    "LEASE_SECONDS": ("30", 30, 120),
    "CHUNK_ROWS": ("10", 10, 1000),
}
SECRETS = {"DATABASE_URL": (DATABASE, "sqlite:///order_staging.db"), "MONDAY_TOKEN": (TOKEN, None)}

UNUSABLE = [
    ("MONDAY_URL", "api.monday.com/v2"),
    ("MONDAY_URL", "ftp://api.monday.com/v2"),
    ("MONDAY_URL", "https://"),
    ("MONDAY_URL", "https://[broken/v2"),
    ("MONDAY_URL", f"https://user:{PASSWORD}@api.monday.com/v2"),
    ("MONDAY_API_VERSION", "latest"),
    ("BOARD_ID", "0"),
    ("BOARD_ID", "the board"),
    ("BOARD_URL", "javascript:alert(1)"),
    ("BOARD_URL", "http://a.example.com/boards/1"),
    ("BOARD_URL", f"https://user:{PASSWORD}@a.example.com/boards/1"),
    ("KEY_COLUMN", ""),
    ("SUBITEM_BOARD_ID", "-1"),
    ("CHANNEL", "pigeon"),
    ("ALIASES", "0"),
    ("ALIASES", "101"),
    ("LANES", "0"),
    ("LANES", "41"),
    ("REQUEST_TIMEOUT", "0"),
    ("REQUEST_TIMEOUT", "inf"),
    ("REQUEST_TIMEOUT", "nan"),
    ("MAX_ATTEMPTS", "0"),
    ("RECOVERY_DELAY", "-1"),
    ("LEASE_SECONDS", "0"),
    ("LEASE_SECONDS", "inf"),
    ("CHUNK_ROWS", "0"),
]


def test_the_settings_are_those_of_the_tables_below() -> None:
    assert {name.upper() for name in Settings.model_fields} == {*EVERY_SETTING, *SECRETS}


@pytest.mark.parametrize("name", EVERY_SETTING)
def test_a_setting_is_read_from_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written, read, default = EVERY_SETTING[name]
    assert getattr(Settings.load(), name.lower()) == default
    monkeypatch.setenv(PREFIX + name, written)
    assert getattr(Settings.load(), name.lower()) == read


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_is_read_from_its_variable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written, default = SECRETS[name]
    before = getattr(Settings.load(), name.lower())
    assert (before and before.get_secret_value()) == default
    monkeypatch.setenv(PREFIX + name, written)
    assert getattr(Settings.load(), name.lower()).get_secret_value() == written


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_a_value_that_cannot_be_used_is_one_line_that_names_the_variable(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingError) as caught:
        Settings.load()
    assert caught.value.name == PREFIX + name
    assert str(caught.value).startswith(f"{PREFIX}{name}: ")
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(("name", "value"), UNUSABLE)
def test_constructed_they_raise_the_same_and_do_not_repeat_the_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(SettingError, match=f"^{PREFIX}{name}: ") as caught:
        Settings()
    assert "input_value" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_a_keyword_that_cannot_be_used_is_named_as_it_was_given() -> None:
    with pytest.raises(SettingError, match=r"^ORDER_STAGING_LANES: .*; correct the argument lanes$"):
        Settings(lanes=0)


def test_a_keyword_that_is_no_setting_is_refused_as_python_does() -> None:
    for make in (Settings, Settings.load):
        with pytest.raises(
            TypeError, match="'databse_url' is no setting; there are database_url, monday_token, "
        ):
            make(databse_url="sqlite:////elsewhere.db")
    assert Settings(_env_file=None).aliases == 20


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "LOCALHOST"])
def test_http_is_for_this_machine(host: str) -> None:
    assert Settings.load(monday_url=f"http://{host}:8080/v2").monday_url == f"http://{host}:8080/v2"


@pytest.mark.parametrize(
    "host",
    [
        "api.monday.com",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "10.0.0.1",
        "0.0.0.0",  # noqa: S104 - nothing is bound
        "[::]",
        "2130706433",
        "localhost@example.com",
        "localhost:x@example.com",
    ],
)
def test_http_is_for_no_other_machine_whatever_it_calls_itself(host: str) -> None:
    with pytest.raises(SettingError, match="ORDER_STAGING_MONDAY_URL"):
        Settings.load(monday_url=f"http://{host}/v2")


@given(st.ip_addresses())
def test_http_is_for_loopback_addresses_alone(address: Any) -> None:
    host = f"[{address}]" if address.version == 6 else str(address)
    if address.is_loopback:
        Settings.load(monday_url=f"http://{host}/v2")
    else:
        with pytest.raises(SettingError, match="must be https://"):
            Settings.load(monday_url=f"http://{host}/v2")


def test_blanks_around_the_token_are_not_part_of_it() -> None:
    assert Settings.load(monday_token=f" {TOKEN}\n").token() == TOKEN


@pytest.mark.parametrize("token", [None, "", "  \n"])
def test_a_run_without_token_says_which_variable_to_set(token: str | None) -> None:
    with pytest.raises(SettingError, match="ORDER_STAGING_MONDAY_TOKEN: is required"):
        Settings.load(monday_token=token).token()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings.load().board_id = 1  # type: ignore[misc]


def test_a_dotenv_file_is_read_and_the_environment_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("ORDER_STAGING_BOARD_ID=1\nORDER_STAGING_LANES=2\nSOMETHING_ELSE=3\n", encoding="utf-8")
    monkeypatch.setitem(Settings.model_config, "env_file", file)
    monkeypatch.setenv("ORDER_STAGING_LANES", "4")
    settings = Settings.load()
    assert (settings.board_id, settings.lanes) == (1, 4)


@pytest.fixture
def secretive() -> Settings:
    return Settings.load(database_url=DATABASE, monday_token=TOKEN, board_id=1)


def test_neither_repr_nor_snapshot_nor_dump_has_a_secret(secretive: Settings) -> None:
    shown = [repr(secretive), str(secretive), json.dumps(secretive.snapshot()), secretive.model_dump_json()]
    assert all(secret not in text for text in shown for secret in (TOKEN, PASSWORD))


def test_the_snapshot_has_everything_else_that_is_set(secretive: Settings) -> None:
    unset = {name.lower() for name, (_, _, default) in EVERY_SETTING.items() if default is None} - {
        "board_id"
    }
    everything = {name.lower() for name in EVERY_SETTING} - unset
    assert set(secretive.snapshot()) == everything


def test_secrets_are_the_token_and_the_databases_password(secretive: Settings) -> None:
    assert secretive.secrets() == [TOKEN, PASSWORD]


def test_settings_without_secrets_have_none() -> None:
    assert Settings.load().secrets() == []


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://loader:{}@db/orders",
        "postgresql+psycopg://:{}@db/orders",
        "postgresql+psycopg://db/orders?user=loader&password={}",
        "mssql+pyodbc://loader:{}@db/orders?TrustServerCertificate=yes",
        "mssql+pyodbc://loader@server:{}@server.database.windows.net/orders",
    ],
)
@given(st.text("abcxyz019@/:?#&%+ =;éß", min_size=4))
def test_the_password_is_known_as_written_and_as_the_driver_gets_it(url: str, password: str) -> None:
    for written in (quote(password, safe=""), quote_plus(password)):
        secrets = Settings.load(database_url=url.format(written)).secrets()
        assert {written, password} <= set(secrets)


@given(st.text("abcxyz019/:?#+ =éß", min_size=4))
def test_a_password_that_nobody_quoted_is_known_too(password: str) -> None:
    assert password in Settings.load(database_url=f"mssql+pyodbc://loader:{password}@db/orders").secrets()


@given(st.text("abcxyz019@/:?#&%+={};", min_size=4))
@example("a}b9")
def test_the_password_inside_an_odbc_connection_string_is_known(password: str) -> None:
    escaped = password.replace("}", "}}")
    odbc = quote_plus(f"DRIVER=/lib/x.so;SERVER=db;UID=loader;PWD={{{escaped}}};Encrypt=yes")
    secrets = Settings.load(database_url=f"mssql+pyodbc:///?odbc_connect={odbc}").secrets()
    assert {password, escaped} <= set(secrets)


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_misspelt_variable_is_refused_and_others_of_the_prefix_are_not_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    file = tmp_path / ".env"
    monkeypatch.setitem(Settings.model_config, "env_file", file)
    monkeypatch.setenv("ORDER_STAGING_IMAGE", "orders:7")
    file.write_text("ORDER_STAGING_HOME=/srv\nBOARDID=1\n")
    assert Settings.load().board_id is None
    if place == "environment":
        monkeypatch.setenv("ORDER_STAGING_BOARDID", "1234567")
    else:
        file.write_text("ORDER_STAGING_BOARDID=1234567\n")
    refused = r"^ORDER_STAGING_BOARDID: is no setting; rename it to ORDER_STAGING_BOARD_ID, or unset it$"
    for make in (Settings, Settings.load):
        with pytest.raises(SettingError, match=refused):
            make()
