"""What a database's error means, on errors that real engines raise."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, PendingRollbackError, SQLAlchemyError
from sqlalchemy.orm import Session

from order_staging.database import create_engine, database_errors
from order_staging.database_faults import DatabaseFault, fault_of, is_duplicate_key
from order_staging.errors import PersistenceError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

TABLE = "CREATE TABLE faults (id INTEGER PRIMARY KEY, word VARCHAR(9) UNIQUE, amount INTEGER NOT NULL)"
ROWS = "INSERT INTO faults VALUES (1, 'one', 1), (2, 'two', 2)"
CHANGE = "UPDATE faults SET amount = amount + 1 WHERE id = {}"
SUM = "SELECT sum(amount) FROM faults"


@contextmanager
def table_on(url: str) -> Iterator[Engine]:
    """Give an engine whose database has a table of two rows, and drop that table afterwards."""
    engine = create_engine(url)
    run(engine, "DROP TABLE IF EXISTS faults", TABLE, ROWS)
    try:
        yield engine
        engine.dispose()
        run(engine, "DROP TABLE faults")
    finally:
        engine.dispose()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "faults.db"


@pytest.fixture
def sqlite(file: Path) -> Iterator[Engine]:
    with table_on(f"sqlite:///{file}") as engine:
        yield engine


@pytest.fixture
def postgresql(postgres_server: str) -> Iterator[Engine]:
    with table_on(postgres_server) as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def table(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue(request.param)
    return engine


def run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        execute(connection, *statements)


def execute(connection: Connection, *statements: str) -> None:
    for statement in statements:
        connection.execute(text(statement))


def error_of(engine: Engine, *statements: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as caught:
        run(engine, *statements)
    return caught.value


def fault_at(engine: Engine, *statements: str) -> DatabaseFault:
    """Run statements in one transaction and judge how that ends."""
    return fault_of(error_of(engine, *statements))


@pytest.mark.parametrize("row", ["(1, 'new', 0)", "(3, 'two', 0)"])
def test_a_key_that_is_there_already_is_a_duplicate(table: Engine, row: str) -> None:
    assert is_duplicate_key(error_of(table, f"INSERT INTO faults VALUES {row}"))


@pytest.mark.parametrize("statement", ["INSERT INTO faults VALUES (3, 'x', NULL)", "SELECT * FROM nowhere"])
def test_what_would_fail_again_is_another_fault(table: Engine, statement: str) -> None:
    assert fault_at(table, statement) is DatabaseFault.OTHER


def test_a_duplicate_is_still_known_by_our_own_error(table: Engine) -> None:
    with pytest.raises(PersistenceError) as caught, database_errors():
        run(table, ROWS)
    assert is_duplicate_key(caught.value)


def test_a_file_that_another_connection_writes_is_busy(sqlite: Engine, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other, sqlite.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection.rollback()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text(SUM))
        other.execute("ROLLBACK")
        assert fault_of(caught.value) is DatabaseFault.TRANSIENT
        assert connection.execute(text(SUM)).scalar_one() == 3


def test_a_file_that_may_not_grow_is_full(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(DBAPIError) as caught:
            connection.execute(text("INSERT INTO faults VALUES (3, zeroblob(100000), 0)"))
    assert fault_of(caught.value) is DatabaseFault.FULL


def test_a_connection_that_only_reads_is_read_only(sqlite: Engine) -> None:
    try:
        assert fault_at(sqlite, "PRAGMA query_only = 1", CHANGE.format(1)) is DatabaseFault.READ_ONLY
    finally:
        sqlite.dispose()


def test_a_file_that_is_opened_for_reading_is_read_only(sqlite: Engine, file: Path) -> None:
    reader = create_engine(f"sqlite:///file:{file}?mode=ro&uri=true")
    try:
        assert fault_at(reader, CHANGE.format(1)) is DatabaseFault.READ_ONLY
    finally:
        reader.dispose()
    run(sqlite, CHANGE.format(1))


def test_a_folder_that_is_missing_is_another_fault(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'missing' / 'orders.db'}")
    assert fault_at(engine, "SELECT 1") is DatabaseFault.OTHER


def test_one_of_two_that_wait_for_each_other_may_do_its_work_again(postgresql: Engine) -> None:
    meeting = Barrier(2, timeout=20)

    def change(first: int, second: int) -> DatabaseFault | None:
        try:
            with postgresql.begin() as connection:
                execute(connection, "SET LOCAL deadlock_timeout = '10ms'", CHANGE.format(first))
                meeting.wait()
                execute(connection, CHANGE.format(second))
        except DBAPIError as error:
            return fault_of(error)
        return None

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(change, (1, 2), (2, 1)))
    assert sorted(outcomes, key=str) == [None, DatabaseFault.TRANSIENT]
    with postgresql.connect() as connection:
        assert connection.execute(text(SUM)).scalar_one() == 5


def test_transactions_that_no_order_explains_may_be_done_again(postgresql: Engine) -> None:
    serial = postgresql.execution_options(isolation_level="SERIALIZABLE")
    with serial.connect() as connection:
        connection.execute(text(SUM))
        run(serial, CHANGE.format(1))
        with pytest.raises(DBAPIError) as caught:
            execute(connection, CHANGE.format(1))
    assert fault_of(caught.value) is DatabaseFault.TRANSIENT


def test_a_lock_that_is_not_to_be_had_in_time_may_be_had_later(postgresql: Engine) -> None:
    with postgresql.begin() as connection:
        execute(connection, CHANGE.format(1))
        late = fault_at(postgresql, "SET LOCAL lock_timeout = '10ms'", CHANGE.format(1))
    assert late is DatabaseFault.TRANSIENT


def test_a_connection_that_the_server_ended_is_lost(postgresql: Engine) -> None:
    with postgresql.connect() as connection:
        execute(connection, CHANGE.format(1))
        end(postgresql, connection)
        with pytest.raises(DBAPIError) as caught:
            execute(connection, CHANGE.format(2))
        assert fault_of(caught.value) is DatabaseFault.LOST
        with pytest.raises(PendingRollbackError) as passed_over:
            execute(connection, CHANGE.format(2))
        assert fault_of(passed_over.value) is DatabaseFault.LOST


def test_a_commit_that_the_server_did_not_live_to_answer_is_lost(postgresql: Engine) -> None:
    with Session(postgresql) as session:
        execute(session.connection(), CHANGE.format(1))
        end(postgresql, session.connection())
        with pytest.raises(DBAPIError) as caught:
            session.commit()
    assert fault_of(caught.value) is DatabaseFault.LOST


def end(engine: Engine, victim: Connection) -> None:
    """End a connection as an administrator does, and wait until it has ended."""
    pid = victim.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    with engine.connect() as administrator:
        ended = administrator.execute(text("SELECT pg_terminate_backend(:pid, 20000)"), {"pid": pid})
        assert ended.scalar_one()


def test_a_transaction_that_only_reads_is_read_only(postgresql: Engine) -> None:
    statements = ("SET TRANSACTION READ ONLY", CHANGE.format(1))
    assert fault_at(postgresql, *statements) is DatabaseFault.READ_ONLY


def test_what_follows_a_failed_statement_means_what_that_one_meant(postgresql: Engine) -> None:
    with postgresql.connect() as connection:
        try:
            execute(connection, ROWS)
        except DBAPIError:
            with pytest.raises(DBAPIError) as within:
                execute(connection, CHANGE.format(1))
        with pytest.raises(DBAPIError) as afterwards:
            execute(connection, CHANGE.format(1))
    assert fault_of(within.value) is DatabaseFault.DUPLICATE
    assert fault_of(afterwards.value) is DatabaseFault.OTHER


def connecting(url: str) -> DatabaseFault:
    """Judge how connecting fails."""
    engine = create_engine(url)
    with pytest.raises(SQLAlchemyError) as caught:
        run(engine, "SELECT 1")
    return fault_of(caught.value)


def test_a_database_that_does_not_exist_is_not_asked_for_again(postgres_server: str) -> None:
    wrong = make_url(postgres_server).set(database="no_such_database")
    assert connecting(wrong.render_as_string(hide_password=False)) is DatabaseFault.OTHER


def test_a_user_who_does_not_exist_is_not_tried_again(postgres_server: str) -> None:
    wrong = make_url(postgres_server).set(username="nobody_knows", password="wrong")
    assert connecting(wrong.render_as_string(hide_password=False)) is DatabaseFault.OTHER


def test_a_server_that_takes_no_more_connections_may_take_one_later(postgresql: Engine) -> None:
    role = "CREATE ROLE a_single_one LOGIN CONNECTION LIMIT 0"
    url = postgresql.url.set(username="a_single_one").render_as_string(hide_password=False)
    run(postgresql, role)
    try:
        assert connecting(url) is DatabaseFault.LOST
    finally:
        run(postgresql, "DROP ROLE a_single_one")


def test_a_server_that_does_not_listen_may_listen_later() -> None:
    assert connecting("postgresql+psycopg://loader@127.0.0.1:1/orders") is DatabaseFault.LOST
