"""SQL Server through pyodbc: what is decided without a server, and what a driver is asked that only listens."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    Unicode,
    Uuid,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.dialects import mssql
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session

from order_staging import sqlserver
from order_staging.database import create_engine
from order_staging.errors import DatabaseUnavailableError, MissingDependencyError, SettingError
from order_staging.models import Base, StagedOrder, StagedSubitem, StagingStatus
from order_staging.models.types import CALENDAR_DATE, TIMESTAMP, UNICODE_MAX, ExactDecimal, UuidText
from order_staging.repositories.bulk import insert_rows
from order_staging.sqlserver import input_size

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

DIALECT = mssql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy's
URL = "mssql+pyodbc://db/ORDERS?driver=any"
SENT = datetime(2026, 11, 23, tzinfo=UTC)
BY_TOKEN = f"{URL}&Authentication=ActiveDirectoryDefault"


@pytest.mark.parametrize(
    ("type_", "size"),
    [
        (Integer(), (4, 10, 0)),
        (BigInteger(), (-5, 19, 0)),
        (SmallInteger(), (5, 5, 0)),
        (Boolean(), (-7, 1, 0)),
        (Float(), (8, 53, 0)),
        (ExactDecimal(18, 4), (3, 18, 4)),
        (Numeric(10), (3, 10, 0)),
        (TIMESTAMP, (93, 27, 7)),
        (CALENDAR_DATE, (91, 10, 0)),
        (Uuid(), (-11, 36, 0)),
        (Numeric(), None),
        (JSON(), None),
    ],
)
def test_whatever_stands_in_the_first_row_a_parameter_has_its_columns_type(
    type_: TypeEngine[Any], size: sqlserver.InputSize | None
) -> None:
    assert input_size(type_, DIALECT, [None, None]) == size


@given(st.lists(st.none() | st.text(max_size=30), min_size=1))
def test_text_has_room_for_its_longest_value_as_the_server_counts_characters(
    values: list[str | None],
) -> None:
    longest = max(len(value.encode("utf-16-le", "surrogatepass")) // 2 if value else 0 for value in values)
    assert input_size(UNICODE_MAX, DIALECT, values) == (-9, max(longest, 1), 0)


@pytest.mark.parametrize(
    ("value", "size"), [("x" * 4000, 4000), ("x" * 4001, 0), ("👕" * 2000, 4000), ("👕" * 2001, 0), ("", 1)]
)
def test_text_beyond_4000_units_of_utf_16_travels_as_nvarchar_max(value: str, size: int) -> None:
    assert input_size(Unicode(20), DIALECT, [None, value]) == (-9, size, 0)


def test_a_uuid_that_is_kept_as_text_travels_as_text() -> None:
    assert input_size(UuidText(), DIALECT, [str(UUID(int=1))]) == (-9, 36, 0)


@pytest.mark.parametrize("table", Base.metadata.sorted_tables, ids=lambda table: table.name)
def test_every_column_of_ours_is_sent_with_a_type(table: Any) -> None:
    unknown = [column.name for column in table.c if input_size(column.type, DIALECT, [None]) is None]
    assert unknown == []


@pytest.mark.parametrize(
    ("query", "freetds"),
    [
        ("driver=FreeTDS", True),
        ("driver=%2Fusr%2Flib%2Flibtdsodbc.so", True),
        ("odbc_connect=DRIVER%3DFreeTDS%3BSERVER%3Ddb", True),
        ("driver=ODBC+Driver+18+for+SQL+Server", False),
        ("", False),
    ],
)
def test_freetds_is_told_from_microsofts_driver(query: str, freetds: bool) -> None:
    assert sqlserver.is_freetds(make_url(f"mssql+pyodbc://db/ORDERS?{query}")) is freetds


def test_a_token_is_written_as_the_driver_takes_it() -> None:
    written = sqlserver.packed("tökén")
    (length,) = struct.unpack_from("<I", written)
    assert (length, written[4:].decode("utf-16-le")) == (10, "tökén")


@dataclass
class Listening:
    """A driver that does nothing but listen."""

    connections: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    executed: list[tuple[str, list[Any]]] = field(default_factory=list)
    sizes: list[Any] = field(default_factory=list)
    fast: bool = False
    library: str = "libmsodbcsql-18.6.so"

    def module(self) -> ModuleType:
        module = ModuleType("pyodbc")
        for name in ("Error", "DatabaseError", "OperationalError", "InterfaceError", "ProgrammingError"):
            setattr(module, name, type(name, (Exception,), {}))
        numbers = ("SQL_VARCHAR", "SQL_WVARCHAR", "SQL_DECIMAL", "SQL_WLONGVARCHAR", "DATETIME", "NUMBER")
        for number, name in enumerate(numbers):
            setattr(module, name, number)
        given = {
            "version": "5.5.0",
            "paramstyle": "qmark",
            "connect": self.connect,
            "Cursor": _Cursor,
            "Binary": bytes,
        }
        for name, value in given.items():
            setattr(module, name, value)
        return module

    def connect(self, text: str, **options: Any) -> _Connection:
        self.connections.append((text, options))
        return _Connection(self)


@dataclass
class _Connection:
    driver: Listening
    autocommit: bool = False

    def cursor(self) -> _Cursor:
        return _Cursor(self.driver)

    def commit(self) -> None:
        """Agree."""

    rollback = close = commit

    def add_output_converter(self, *_: object) -> None:
        """Agree."""

    def getinfo(self, _: int) -> str:
        return self.driver.library


@dataclass
class _Cursor:
    driver: Listening
    fast_executemany: bool = False
    rowcount: int = 1
    description: Any = (("", str, None, None, None, None, None),)

    def execute(self, statement: str, *parameters: Any) -> None:
        self.driver.executed.append((statement, list(parameters)))

    def executemany(self, statement: str, rows: Any) -> None:
        self.driver.fast = self.fast_executemany
        self.driver.executed.append((statement, list(rows)))

    def setinputsizes(self, sizes: Any) -> None:
        self.driver.sizes.append(sizes)

    def fetchone(self) -> tuple[str]:
        return ("16.0.1000.6",)

    def fetchall(self) -> list[tuple[str]]:
        return []

    def nextset(self) -> bool:
        return False

    def close(self) -> None:
        """Agree."""


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Listening:
    listening = Listening()
    monkeypatch.setitem(sys.modules, "pyodbc", listening.module())
    return listening


def test_many_rows_travel_in_one_round_each_parameter_with_its_size(driver: Listening) -> None:
    engine = create_engine(URL)
    table = Base.metadata.tables[StagedOrder.__tablename__]
    statement = update(table).where(table.c.stg_id == 0)
    with engine.begin() as connection:
        connection.execute(
            statement, [{"Title": None, "stg_sent_date": None}, {"Title": "Ärmel 👕", "stg_sent_date": SENT}]
        )
    assert driver.fast
    (sizes,) = driver.sizes
    assert sorted(size for size in sizes if size) == sorted([(-9, 8, 0), (93, 27, 7), (-5, 19, 0)])


def test_rows_that_are_inserted_by_thousands_travel_in_one_round_in_the_drivers_own_terms(
    driver: Listening,
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "source_uuid": UUID(int=1),
            "title": None,
            "customer_price": None,
            "stg_status": StagingStatus.PENDING,
        },
        {
            "source_uuid": UUID(int=2),
            "title": "Ärmel 👕",
            "customer_price": Decimal("1.5"),
            "stg_status": StagingStatus.PENDING,
        },
    ]
    with Session(create_engine(URL)) as session:
        insert_rows(session, StagedOrder, rows)
    ((statement, sent),) = [found for found in driver.executed if found[0].startswith("INSERT")]
    assert driver.fast
    assert "OUTPUT" not in statement
    assert statement.count("?") == 4
    assert sent == [
        (None, None, "PENDING", UUID(int=1)),
        ("Ärmel 👕", Decimal("1.5"), "PENDING", UUID(int=2)),
    ]
    assert driver.sizes == [[(-9, 8, 0), (3, 18, 4), (-9, 7, 0), (-11, 36, 0)]]


def test_rows_whose_ids_come_back_travel_as_sqlalchemy_sends_them(driver: Listening) -> None:
    engine = create_engine(URL)
    rows = [{"source_uuid": UUID(int=number), "title": f"row {number}"} for number in range(3)]
    statement = insert(StagedOrder).returning(StagedOrder.stg_id, sort_by_parameter_order=True)
    with Session(engine) as session, pytest.raises(InvalidRequestError, match="Could not locate"):
        # It listens, and has no ids to give.
        session.scalars(statement, rows)
    ((sent,),) = [parameters for sql, parameters in driver.executed if sql.startswith("INSERT")]
    assert sum(isinstance(value, UUID) for value in sent) == 3


@pytest.mark.parametrize("query", ["odbc_connect=DSN%3Dmytds", "driver=TDS"])
def test_a_driver_that_turns_out_to_be_freetds_gets_rows_one_by_one(driver: Listening, query: str) -> None:
    driver.library = "libtdsodbc.so"
    engine = create_engine(
        f"mssql+pyodbc://?{query}" if "odbc" in query else f"mssql+pyodbc://db/ORDERS?{query}"
    )
    table = Base.metadata.tables[StagedOrder.__tablename__]
    with engine.begin() as connection:
        connection.execute(update(table).where(table.c.stg_id == 0), [{"Title": "x"}, {"Title": "y"}])
    assert not driver.fast


@pytest.mark.parametrize(
    "url",
    [
        "mssql+pyodbc://?odbc_connect=DRIVER%3Dany%3BAuthentication%3DActiveDirectoryDefault",
        f"{BY_TOKEN}&UID=me&PWD=secret",
        f"{BY_TOKEN}&Trusted_Connection=yes",
    ],
)
def test_what_cannot_go_along_with_a_token_is_refused(url: str) -> None:
    with pytest.raises(SettingError, match="Authentication=ActiveDirectoryDefault") as caught:
        create_engine(url)
    assert "secret" not in str(caught.value)


def test_single_rows_are_left_to_sqlalchemy(driver: Listening) -> None:
    engine = create_engine(URL)
    with engine.begin() as connection:
        connection.execute(select(StagedSubitem.stg_id))
    assert driver.sizes == []


def test_with_freetds_rows_travel_one_by_one(driver: Listening) -> None:
    engine = create_engine("mssql+pyodbc://db/ORDERS?driver=FreeTDS")
    table = Base.metadata.tables[StagedOrder.__tablename__]
    with engine.begin() as connection:
        connection.execute(insert(table), [{"Title": "x"}, {"Title": "y"}])
    assert not driver.fast


class _Tokens:
    """Gives a new token every time, as a credential does whose tokens run out."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str) -> Any:
        self.scopes += scopes
        return SimpleNamespace(token=f"token {len(self.scopes)}")


def test_every_connection_logs_in_with_a_token_that_is_valid_then(driver: Listening) -> None:
    tokens = _Tokens()
    engine = create_engine(BY_TOKEN, credential=tokens)
    for _ in range(2):
        with engine.connect():
            pass
        engine.dispose()
    given = [options["attrs_before"][1256] for _, options in driver.connections]
    assert given == [sqlserver.packed("token 1"), sqlserver.packed("token 2")]
    assert set(tokens.scopes) == {"https://database.windows.net/.default"}
    assert not any("Trusted_Connection" in text or "Authentication" in text for text, _ in driver.connections)


def test_where_there_is_no_token_one_line_says_what_to_do(driver: Listening) -> None:
    class Nobody:
        def get_token(self, *_: str) -> Any:
            raise RuntimeError("DefaultAzureCredential failed\nto retrieve a token")

    engine = create_engine(BY_TOKEN, credential=Nobody())
    with pytest.raises(
        DatabaseUnavailableError, match="DefaultAzureCredential failed; log in with"
    ) as caught:
        engine.connect()
    assert "\n" not in str(caught.value)
    assert driver.connections == []


@pytest.mark.usefixtures("driver")
def test_a_token_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.identity", None)
    with pytest.raises(MissingDependencyError, match=r"azure-identity .* 'order-staging\[entra\]'"):
        create_engine(BY_TOKEN)


def test_a_token_and_a_password_exclude_each_other() -> None:
    with pytest.raises(SettingError, match="takes no user, no password") as caught:
        create_engine("mssql+pyodbc://me:secret@db/ORDERS?driver=any&authentication=activedirectorydefault")
    assert "secret" not in str(caught.value)


def test_other_kinds_of_authentication_are_the_drivers_own(driver: Listening) -> None:
    # In whatever case: SQLAlchemy would add its Trusted_Connection, which the driver refuses beside it.
    engine = create_engine(f"{URL}&Authentication=ActiveDirectoryMsi")
    with engine.connect():
        pass
    ((text, options),) = driver.connections
    assert "Authentication=ActiveDirectoryMsi" in text
    assert "Trusted_Connection" not in text
    assert "attrs_before" not in options
