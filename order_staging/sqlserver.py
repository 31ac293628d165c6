"""SQL Server through pyodbc: rows in bulk with typed parameters, and tokens of Entra ID in place of a password."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Uuid,
    event,
)
from sqlalchemy.engine.interfaces import ExecuteStyle
from sqlalchemy.types import TypeDecorator

from order_staging.errors import DatabaseUnavailableError, MissingDependencyError, SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import URL, Connection, Dialect, Engine
    from sqlalchemy.engine import ExecutionContext
    from sqlalchemy.engine.interfaces import DBAPICursor
    from sqlalchemy.types import TypeEngine

InputSize = tuple[int, int, int]
"""What `cursor.setinputsizes` takes for a parameter: ODBC's number of the type, column size, decimal digits."""

# ODBC's numbers of types (sqlext.h, sqlucode.h): pyodbc has the same, but need not be installed to decide.
SQL_WVARCHAR, SQL_DECIMAL, SQL_INTEGER, SQL_SMALLINT, SQL_BIGINT, SQL_BIT = -9, 3, 4, 5, -5, -7
SQL_DOUBLE, SQL_TYPE_DATE, SQL_TYPE_TIMESTAMP, SQL_GUID = 8, 91, 93, -11

FIXED: dict[type[TypeEngine[Any]], InputSize] = {
    Boolean: (SQL_BIT, 1, 0),
    BigInteger: (SQL_BIGINT, 19, 0),
    SmallInteger: (SQL_SMALLINT, 5, 0),
    Integer: (SQL_INTEGER, 10, 0),
    Float: (SQL_DOUBLE, 53, 0),
    DateTime: (SQL_TYPE_TIMESTAMP, 27, 7),
    Date: (SQL_TYPE_DATE, 10, 0),
    Uuid: (SQL_GUID, 36, 0),
}
"""How values of one size are sent; of types that are kinds of each other the narrower one first."""

PARAMETER_TYPES = "order_staging_parameter_types"
"""The execution option with the types of a statement's parameters, in their order, if it is the driver's SQL."""

FREETDS = "tdsodbc"
"""What the name of FreeTDS's library contains."""
SQL_DRIVER_NAME = 6
"""What `getinfo` is asked for the name of the driver's library (sql.h)."""

LONGEST_NVARCHAR = 4000
"""Characters (of UTF-16) of the longest NVARCHAR(n); what is longer travels as NVARCHAR(MAX)."""
MAX = 0
"""The column size that says NVARCHAR(MAX)."""

AUTHENTICATION, BY_DEFAULT_CREDENTIAL = "authentication", "activedirectorydefault"
"""What Microsoft's own Python driver calls it: the ODBC driver knows the other values, but not this one."""
WANTED = "Authentication=ActiveDirectoryDefault"
SCOPE = "https://database.windows.net/.default"
SQL_COPT_SS_ACCESS_TOKEN = 1256
"""Microsoft's connection attribute for a token (msodbcsql.h)."""
EXTRA = "entra"


class Token(Protocol):
    """A token of Entra ID."""

    @property
    def token(self) -> str:
        """The token itself."""


class Credential(Protocol):
    """What gives tokens, and renews those that run out: any credential of `azure-identity`."""

    def get_token(self, *scopes: str) -> Token:
        """Give a token that is valid now."""


def input_size(type_: TypeEngine[Any], dialect: Dialect, values: Iterable[object]) -> InputSize | None:
    """Tell how a parameter is sent whose values, one a row, are these; None: as the server describes it.

    Text gets the length of its longest value in UTF-16 units: pyodbc reserves the column's whole length for every
    row otherwise, two gigabytes for NVARCHAR(MAX). Everything else gets a type whatever stands in the first row,
    a NULL for instance. Sizes are those of the ODBC reference, appendix D, "Column Size".
    """
    plain = _plain(type_, dialect)
    if isinstance(plain, String):
        longest = max((_units(str(value)) for value in values if value is not None), default=1)
        return SQL_WVARCHAR, max(longest, 1) if longest <= LONGEST_NVARCHAR else MAX, 0
    if isinstance(plain, Numeric) and not isinstance(plain, Float):
        return None if plain.precision is None else (SQL_DECIMAL, plain.precision, plain.scale or 0)
    return next((size for kind, size in FIXED.items() if isinstance(plain, kind)), None)


def _plain(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    found = type_.dialect_impl(dialect)
    while isinstance(found, TypeDecorator):
        found = found.impl_instance
    return found


def _units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def send_in_bulk(engine: Engine) -> None:
    """Have an engine's `executemany` send many rows a round, each parameter typed by `input_size`.

    Nothing changes for FreeTDS, with which that ends the whole process (measured with pyodbc 5.5).
    """
    event.listen(engine, "before_cursor_execute", _size)
    event.listen(engine, "connect", partial(_spare_freetds, engine.dialect))


def _spare_freetds(dialect: Any, connection: Any, _: object) -> None:  # noqa: ANN401 - pyodbc's dialect and connection
    """Send rows one by one where a DSN, or a name of somebody's own, turns out to be FreeTDS."""
    if FREETDS in str(connection.getinfo(SQL_DRIVER_NAME)).lower():
        dialect.fast_executemany = False


def _size(
    connection: Connection,
    cursor: DBAPICursor,
    _: str,
    parameters: Sequence[Sequence[object]],
    context: ExecutionContext | None,
    many: bool,
) -> None:
    # An INSERT that gives ids back is one statement with the values of many rows, though it says `many`, too.
    is_round = many and context is not None and context.execute_style is ExecuteStyle.EXECUTEMANY
    if not is_round or not getattr(connection.dialect, "fast_executemany", False):
        return
    if types := _types(context):
        columns = zip(types, zip(*parameters, strict=True), strict=True)
        cursor.setinputsizes([input_size(type_, connection.dialect, values) for type_, values in columns])


def _types(context: Any) -> Sequence[TypeEngine[Any]]:  # noqa: ANN401 - the dialect's own kind of context
    compiled = context.compiled
    if compiled is None:
        types: Sequence[TypeEngine[Any]] = context.execution_options.get(PARAMETER_TYPES, ())
        return types
    return [compiled.binds[name].type for name in compiled.positiontup or ()]


def is_freetds(url: URL) -> bool:
    """Tell whether a URL names FreeTDS for its driver."""
    named = " ".join(str(url.query.get(key, "")) for key in ("driver", "odbc_connect")).lower()
    return "freetds" in named or FREETDS in named


def spelled(url: URL) -> URL:
    """Spell a URL's `Authentication` as SQLAlchemy does, which would ask for a trusted connection beside it."""
    for key in url.query:
        if key.lower() == AUTHENTICATION != key:
            return url.difference_update_query([key]).update_query_dict({AUTHENTICATION: url.query[key]})
    return url


def wants_token(url: URL) -> bool:
    """Tell whether a `spelled` URL asks for tokens of Entra ID: with `?Authentication=ActiveDirectoryDefault`.

    Raises `SettingError` where it has a user or a password beside that.
    """
    if BY_DEFAULT_CREDENTIAL in str(url.query.get("odbc_connect", "")).lower():
        raise _wrong(
            f"{WANTED} is not for odbc_connect; write it into the URL itself, as docs/database.md says"
        )
    asked = str(url.query.get(AUTHENTICATION, "")).lower() == BY_DEFAULT_CREDENTIAL
    others = {key.lower() for key in url.query} & {"uid", "pwd", "user", "password", "trusted_connection"}
    if asked and (url.username or url.password or others):
        raise _wrong(f"{WANTED} takes no user, no password and no trusted connection; leave them out")
    return asked


def _wrong(problem: str) -> SettingError:
    return SettingError("ORDER_STAGING_DATABASE_URL", problem)


def without_authentication(url: URL) -> URL:
    """Leave out of a `spelled` URL what we do ourselves, and the driver does not know."""
    return url.difference_update_query([AUTHENTICATION])


def default_credential() -> Credential:
    """Make the credential that looks everywhere: environment, workload and managed identity, Azure's tools.

    Raises `MissingDependencyError` without the extra.
    """
    try:
        from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - it comes with an extra
    except ModuleNotFoundError as error:
        raise MissingDependencyError("azure-identity", EXTRA) from error
    credential: Credential = DefaultAzureCredential()
    return credential


def log_in_by_token(engine: Engine, credential: Credential) -> None:
    """Have every connection that an engine opens log in with a token; the credential renews what has run out.

    Raises (when it connects) `DatabaseUnavailableError` where there is no token to be had.
    """

    def connect(_: Dialect, __: object, arguments: list[Any], options: dict[str, Any]) -> None:
        try:
            token = credential.get_token(SCOPE).token
        except Exception as error:
            why = str(error).strip().splitlines() or [type(error).__name__]
            raise DatabaseUnavailableError(
                f"Entra ID gave no token for the database: {why[0]}; log in with Azure's tools, or give this "
                "machine an identity"
            ) from error
        # SQLAlchemy adds it where a URL has no user; with a token the driver refuses it.
        arguments[0] = arguments[0].replace(";Trusted_Connection=Yes", "")
        options["attrs_before"] = {SQL_COPT_SS_ACCESS_TOKEN: packed(token)}

    event.listen(engine, "do_connect", connect)


def packed(token: str) -> bytes:
    """Write a token as the driver takes it: its length in bytes (4, little-endian), then UTF-16."""
    text = token.encode("utf-16-le")
    return struct.pack(f"<I{len(text)}s", len(text), text)
