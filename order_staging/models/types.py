"""Column types and server defaults that mean the same on SQL Server, PostgreSQL and SQLite."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

from sqlalchemy import DATE, BigInteger, Date, DateTime, Integer, Numeric, String, Text, Unicode
from sqlalchemy.dialects import mssql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

UNICODE_MAX = Text().with_variant(mssql.NVARCHAR(), "mssql")
"""NVARCHAR(MAX): text of any length."""

BIGINT_IDENTITY = BigInteger().with_variant(Integer(), "sqlite")
"""A counted BIGINT key; SQLite counts only columns that are declared INTEGER."""

CALENDAR_DATE = Date().with_variant(DATE(), "mssql")
"""DATE. Without a connection SQLAlchemy takes SQL Server for an old one and would write DATETIME."""

TIMESTAMP = DateTime().with_variant(mssql.DATETIME2(), "mssql")  # type: ignore[no-untyped-call] # SQLAlchemy's
"""DATETIME2. What this library writes is UTC without a time zone."""


class ExactDecimal(TypeDecorator[Decimal]):
    """DECIMAL(precision, scale) that stays exact where the engine has only floating point.

    SQLite would turn a decimal into a double, which holds 15 to 17 digits and not 18; it stores text there.
    """

    impl = Numeric
    cache_ok = True

    @property
    def python_type(self) -> type[Decimal]:
        """Values are decimals."""
        return Decimal

    def __init__(self, precision: int, scale: int) -> None:
        """Take the digits in all, and those behind the point."""
        self.precision = precision
        self.scale = scale
        super().__init__(precision, scale)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text of sign, digits and point on SQLite, DECIMAL elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(self.precision + 2))
        return dialect.type_descriptor(Numeric(self.precision, self.scale))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:  # noqa: ANN401 - driver's
        """Bring a value to the column's scale before SQLite keeps it as text."""
        if value is None or dialect.name != "sqlite":
            return value
        return format(round_half_up(value, self.scale), "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401, ARG002 - driver's
        """Read text back as a decimal."""
        return None if value is None else Decimal(value)


def round_half_up(value: Decimal, scale: int) -> Decimal:
    """Round to `scale` digits, halves away from zero: as SQL Server and PostgreSQL do on conversion."""
    rounded = value.quantize(_step_of(scale), rounding=ROUND_HALF_UP)
    return rounded.copy_abs() if rounded.is_zero() else rounded  # databases have no negative zero


@cache
def _step_of(scale: int) -> Decimal:
    return Decimal(1).scaleb(-scale)


class UuidText(TypeDecorator[UUID]):
    """A UUID kept as 36 characters of text, as a column of the subitems has it."""

    impl = Unicode(36)
    cache_ok = True

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Write lower case with dashes."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> UUID | None:  # noqa: ARG002 - SQLAlchemy's
        """Read any spelling of a UUID."""
        return None if value is None else UUID(value)


class EnumText(TypeDecorator[str]):
    """An enum kept by value in a text column.

    A value that is not of the enum comes back as the text it is: older scripts had words of their own.
    """

    impl = Unicode
    cache_ok = True

    @property
    def python_type(self) -> type[str]:
        """Values are text, members of the enum or not."""
        return str

    def __init__(self, enum: type[StrEnum], length: int, *, unicode: bool = True) -> None:
        """Take the enum, the column's length in characters, and whether it is NVARCHAR or VARCHAR."""
        self.enum = enum
        self.length = length
        self.unicode = unicode
        super().__init__(length)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NVARCHAR or VARCHAR of the length."""
        return dialect.type_descriptor(Unicode(self.length) if self.unicode else String(self.length))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Store the value, not the member's name."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        """Give the member back where there is one."""
        return next((member for member in self.enum if member == value), value)


class new_uuid(FunctionElement[Any]):  # noqa: N801 - reads as the SQL function it is
    """A fresh UUID made by the server: `newid()` on SQL Server."""

    name = "new_uuid"
    inherit_cache = True


class now(FunctionElement[datetime]):  # noqa: N801 - reads as the SQL function it is
    """The server's time: `getdate()` on SQL Server, as the production tables have it; UTC elsewhere."""

    name = "now"
    inherit_cache = True


class login_name(FunctionElement[str]):  # noqa: N801 - reads as the SQL function it is
    """The database login: `suser_sname()` on SQL Server; SQLite knows no logins."""

    name = "login_name"
    inherit_cache = True


_DEFAULTS: dict[type[FunctionElement[Any]], dict[str, str]] = {
    new_uuid: {
        "mssql": "newid()",
        "postgresql": "gen_random_uuid()",
        "sqlite": "(lower(hex(randomblob(16))))",
    },
    now: {
        "mssql": "getdate()",
        "postgresql": "(now() AT TIME ZONE 'utc')",
        "sqlite": "CURRENT_TIMESTAMP",
    },
    login_name: {"mssql": "suser_sname()", "postgresql": "CURRENT_USER", "sqlite": "'sqlite'"},
}


def _render(element: FunctionElement[Any], compiler: SQLCompiler, **_: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return _DEFAULTS[type(element)][compiler.dialect.name]


for _element in _DEFAULTS:
    compiles(_element)(_render)

TextMax = Annotated[str, "NVARCHAR(MAX)"]
Text20 = Annotated[str, 20]
Text50 = Annotated[str, 50]
Text100 = Annotated[str, 100]
Text200 = Annotated[str, 200]
Text255 = Annotated[str, 255]
Text500 = Annotated[str, 500]
Ascii20 = Annotated[str, "VARCHAR", 20]
Ascii50 = Annotated[str, "VARCHAR", 50]
Ascii64 = Annotated[str, "VARCHAR", 64]
Ascii100 = Annotated[str, "VARCHAR", 100]
BigInt = Annotated[int, "BIGINT"]
Decimal4 = Annotated[Decimal, 18, 4]
Decimal2 = Annotated[Decimal, 18, 2]

ANNOTATIONS: dict[Any, TypeEngine[Any]] = {
    TextMax: UNICODE_MAX,
    Text20: Unicode(20),
    Text50: Unicode(50),
    Text100: Unicode(100),
    Text200: Unicode(200),
    Text255: Unicode(255),
    Text500: Unicode(500),
    Ascii20: String(20),
    Ascii50: String(50),
    Ascii64: String(64),
    Ascii100: String(100),
    BigInt: BigInteger(),
    Decimal4: ExactDecimal(18, 4),
    Decimal2: ExactDecimal(18, 2),
    date: CALENDAR_DATE,
    datetime: TIMESTAMP,
}
"""What each annotation of a model's attribute is in the database."""
