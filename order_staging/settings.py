"""Settings: read from the environment or a `.env` file, checked at the start, never printed with their secrets."""

from __future__ import annotations

import ipaddress
import re
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, InitSettingsSource, SettingsConfigDict

from order_staging.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_settings import PydanticBaseSettingsSource

PREFIX = "ORDER_STAGING_"
MISSPELT = 0.8
"""How much a variable's name resembles that of a setting if it is a misspelt one, of 1; others are not ours."""


class Channel(StrEnum):
    """How items travel to the board."""

    AUTO = "auto"
    """Bulk imports where they are open to us and save calls, requests for everything else."""
    ITEMS = "items"
    """Aliased create mutations, several a request."""
    BULK = "bulk"
    """Bulk imports wherever they are open to us, for however few rows."""


class Settings(BaseSettings):
    """What the library needs to know; each field is a variable with the prefix `ORDER_STAGING_`.

    Raises `SettingError`, in one line that names the variable, for the first value that cannot be used, and for a
    variable whose name is nearly that of a setting: it would do nothing. Raises `TypeError` for a keyword that is
    no setting.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: SecretStr = SecretStr("sqlite:///order_staging.db")
    """Any SQLAlchemy URL of SQLite, SQL Server (`mssql+pyodbc://`) or PostgreSQL (`postgresql+psycopg://`)."""
    monday_token: SecretStr | None = None
    """The API token; required to deliver."""
    monday_url: str = "https://api.monday.com/v2"
    """Where the API is; `http://` only on this machine."""
    monday_api_version: str = Field("2026-10", pattern=r"^\d{4}-\d{2}$")
    """Bulk imports need 2026-07 or later."""
    board_id: int | None = Field(None, gt=0)
    """The board; from the mapping unless set."""
    board_url: str | None = None
    """Where the board is in a browser, for links in reports; `http://` only on this machine."""
    key_column: str | None = Field(None, min_length=1)
    """Id of the board's text column that holds `source_uuid`."""
    subitem_board_id: int | None = Field(None, gt=0)
    """The board of the subitems; found from the board unless set."""
    mapping: Path | None = None
    """A mapping file; the packaged one unless set."""
    customers: Path | None = None
    """A customers file; the packaged one unless set."""
    channel: Channel = Channel.AUTO
    """How items travel to the board."""
    aliases: int = Field(20, ge=1, le=100)
    """Items or subitems a request."""
    lanes: int = Field(1, ge=1, le=40)
    """Requests with mutations in flight; monday.com asks for one a board."""
    request_timeout: float = Field(65, gt=0, allow_inf_nan=False)
    """Seconds; the server's own limit is 60."""
    max_attempts: int = Field(6, ge=1)
    """Attempts at a request that is answered with something transient."""
    recovery_delay: float = Field(5, ge=0, allow_inf_nan=False)
    """Seconds before "not on the board" is believed, and looked at again."""
    lease_seconds: float = Field(120, gt=0, allow_inf_nan=False)
    """How long a runner holds a customer without a sign of life; it gives one at a third of it."""
    chunk_rows: int = Field(1000, ge=1)
    """Rows a database round."""

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - values of any field
        """Take values that go before those of the environment, by the names of the fields."""
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            field, problem = ".".join(str(part) for part in first["loc"]), _problem(first["msg"])
            place = (
                f"correct the argument {field}"
                if field in values
                else "change it in the environment or in .env"
            )
            raise SettingError(f"{PREFIX}{field}".upper(), f"{problem}; {place}") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look for misspelt names in the environment and in `.env`; the order of the sources stays."""
        if isinstance(init_settings, InitSettingsSource):
            for name in init_settings.init_kwargs.keys() - settings_cls.model_fields.keys():
                raise TypeError(f"{name!r} is no setting; there are {', '.join(settings_cls.model_fields)}")
        for source in (env_settings, dotenv_settings):
            if isinstance(source, EnvSettingsSource):
                _require_known(source.env_vars, settings_cls.model_fields)
        return init_settings, env_settings, dotenv_settings, file_secret_settings

    @field_validator("monday_url", "board_url")
    @classmethod
    def _is_safe_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an https:// address")
        if parts.username or parts.password:
            raise ValueError("must not hold a user or password")
        if parts.query or parts.fragment:
            raise ValueError("must be an address without ? and #")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise ValueError(
                "must be https:// unless it is on this machine: the token, or a login, would travel unencrypted"
            )
        return url

    @field_validator("monday_token")
    @classmethod
    def _token_is_plain(cls, token: SecretStr | None) -> SecretStr | None:
        text = token.get_secret_value().strip() if token else ""
        if not text.isprintable() or " " in text:
            raise ValueError("must be one word, as monday.com shows it")
        return SecretStr(text) if text else None

    @classmethod
    def load(cls, **overrides: Any) -> Settings:  # noqa: ANN401 - values of any field
        """Read the settings, these before those of the environment. Raises as the class does."""
        return cls(**overrides)

    def token(self) -> str:
        """Give the token, or raise `SettingError` where there is none."""
        if self.monday_token is None:
            raise SettingError(
                f"{PREFIX}MONDAY_TOKEN", "is required to reach monday.com; set it to an API token"
            )
        return self.monday_token.get_secret_value()

    def secrets(self) -> list[str]:
        """List what must never be printed: the token and the database's password."""
        token = [self.monday_token.get_secret_value()] if self.monday_token else []
        return token + _passwords(self.database_url.get_secret_value())

    def snapshot(self) -> dict[str, Any]:
        """Give the settings as JSON values without the secrets, for the batch's record."""
        return self.model_dump(mode="json", exclude={"database_url", "monday_token"}, exclude_none=True)


def _require_known(variables: Iterable[str], fields: Iterable[str]) -> None:
    """Raise `SettingError` for a variable that is no setting, and has nearly the name of one."""
    known = {f"{PREFIX}{field}".lower(): field for field in fields}
    for variable in variables:
        name = variable.lower()
        if not name.startswith(PREFIX.lower()) or name in known:
            continue
        if near := get_close_matches(name.removeprefix(PREFIX.lower()), known.values(), 1, MISSPELT):
            raise SettingError(
                name.upper(), f"is no setting; rename it to {PREFIX}{near[0].upper()}, or unset it"
            )


def _passwords(database_url: str) -> list[str]:
    """Find the passwords of a database URL, as written there and as the driver gets them.

    The user before one may be a `name@server`, as on Azure. In an ODBC string a password in braces may hold
    anything, each closing brace twice.
    """
    written = [
        *re.findall(r"://[^:/]*:([^@]*)@", database_url),
        *re.findall(r"(?i)[?&](?:password|pwd|passwd)=([^&]*)", database_url),
    ]
    odbc = re.findall(r"(?i)\b(?:pwd|password)=(?:\{((?:[^}]|\}\})*)\}|([^;&]*))", unquote_plus(database_url))
    found = [form for password in written for form in (password, unquote(password), unquote_plus(password))]
    found += [form for braced, plain in odbc for form in (braced, braced.replace("}}", "}"), plain)]
    return list(dict.fromkeys(filter(None, found)))


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problem(message: str) -> str:
    return message.removeprefix("Value error, ")[:1].lower() + message.removeprefix("Value error, ")[1:]
