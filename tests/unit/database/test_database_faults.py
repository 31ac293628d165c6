"""What a database's error means, over the messages of each driver."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import errors as postgresql
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError, PendingRollbackError

from order_staging.database_faults import DatabaseFault, fault_of, is_duplicate_key
from order_staging.errors import DatabaseUnavailableError, LeaseLostError, PersistenceError

TRANSIENT, LOST = DatabaseFault.TRANSIENT, DatabaseFault.LOST
DUPLICATE, FULL, READ_ONLY, OTHER = (
    DatabaseFault.DUPLICATE,
    DatabaseFault.FULL,
    DatabaseFault.READ_ONLY,
    DatabaseFault.OTHER,
)

MICROSOFT = "[Microsoft][ODBC Driver 18 for SQL Server]"
SERVER = f"{MICROSOFT}[SQL Server]"
FREETDS = "[FreeTDS][SQL Server]"
MANAGER = "[unixODBC][Driver Manager]"


class PyodbcError(Exception):
    """What pyodbc raises; pyodbc itself cannot be imported where unixODBC is missing."""

    __module__ = "pyodbc"


def odbc(state: str, first: str, *further: str, function: str = "SQLExecDirectW") -> Exception:
    """Make what pyodbc raises: each message ends with its native number in parentheses."""
    records = [f"[{state}] {first} ({function})", *(f"[{state}] {message}" for message in further)]
    return PyodbcError(state, "; ".join(records))


def wrapped(orig: BaseException, *, invalidated: bool = False) -> DBAPIError:
    return DBAPIError("UPDATE orders", None, orig, connection_invalidated=invalidated)


def sqlite(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("wait (1205) for it")
    error.sqlite_errorcode = code
    return error


DEADLOCK = (
    f"{SERVER}Transaction (Process ID 51) was deadlocked on lock resources with another process. (1205)"
)
DUPLICATE_KEY = (
    f"{SERVER}Violation of PRIMARY KEY constraint 'pk'. The duplicate key value is (1205). (2627)",
    f"{SERVER}The statement has been terminated. (3621)",
)
TRUNCATED = f"{SERVER}String or binary data would be truncated. Truncated value: 'deadlocked (1205)'. (2628)"
KILLED = f"{SERVER}Cannot continue the execution because the session is in the kill state. (596)"
READ_ONLY_DATABASE = f'{SERVER}Failed to update database "Orders" because the database is read-only. (3906)'
EMERGENCY = f"{SERVER}Could not run BEGIN TRANSACTION in database 'Orders' because it is damaged. (3908)"
LOG_FULL = f"{SERVER}The transaction log for database 'Orders' is full due to 'LOG_BACKUP'. (9002)"
QUOTA = f"{SERVER}The database 'orders' has reached its size quota. Partition or delete data. (40544)"
MOVED = f"{SERVER}Database 'orders' on server 'x' is not currently available. Please retry later. (40613)"
FAILOVER = f"{SERVER}The service has encountered an error processing your request. Error code 40143. (40197)"
TOO_LONG = f"{SERVER}Session is terminated because you have a long-running transaction. (40549)"
LOGIN_FAILED = f"{SERVER}Login failed for user 'loader'. (18456)"
NO_DATABASE = (
    f'{SERVER}Cannot open database "x" requested by the login. The login failed. (4060)',
    LOGIN_FAILED,
)
BROKEN = (
    f"{MICROSOFT}TCP Provider: An existing connection was forcibly closed by the remote host.\r\n (10054)"
)
NOT_RECOVERED = f"{MICROSOFT}The connection is broken and recovery is not possible. (0)"

SQL_SERVER = {
    "deadlock": (odbc("40001", DEADLOCK), TRANSIENT),
    "deadlock, FreeTDS": (odbc("40001", f"{FREETDS}Transaction (Process ID 5) (1205)"), TRANSIENT),
    "deadlock by its number": (odbc("HY000", DEADLOCK, function="SQLExecute"), TRANSIENT),
    "deadlock in a second message": (odbc("HY000", f"{SERVER}A severe error. (0)", DEADLOCK), TRANSIENT),
    "deadlock by its state": (PyodbcError("40001", "La transaction est victime."), TRANSIENT),
    "lock timeout": (odbc("HYT00", f"{SERVER}Lock request time out period exceeded. (1222)"), TRANSIENT),
    "snapshot conflict": (odbc("42000", f"{SERVER}Snapshot isolation aborted. (3960)"), TRANSIENT),
    "moved database": (odbc("42000", MOVED, function="SQLDriverConnect"), TRANSIENT),
    "moved database, and login": (odbc("HY000", MOVED, LOGIN_FAILED), TRANSIENT),
    "failover within a request": (odbc("HY000", FAILOVER), LOST),
    "session killed": (odbc("HY000", KILLED, f"{SERVER}A severe error occurred. (0)"), LOST),
    "server shutting down": (odbc("42000", f"{SERVER}SHUTDOWN is in progress. (6005)"), LOST),
    "connection broken": (odbc("08S01", BROKEN, f"{MICROSOFT}Communication link failure (10054)"), LOST),
    "connection broken, Linux": (odbc("08S01", f"{MICROSOFT}TCP Provider: Error code 0x68 (104)"), LOST),
    "not connected": (odbc("08001", f"{MICROSOFT}TCP Provider: Error code 0x2749 (10057)"), LOST),
    "login timeout": (odbc("HYT00", f"{MICROSOFT}Login timeout expired (0)"), LOST),
    "not recovered": (odbc("IMC06", NOT_RECOVERED), LOST),
    "read failed, FreeTDS": (odbc("08S01", f"{FREETDS}Read from the server failed (20004)"), LOST),
    "end of data, FreeTDS": (odbc("01000", f"{FREETDS}Unexpected EOF from the server (20017)"), LOST),
    "unreachable, FreeTDS": (odbc("08001", f"{FREETDS}Unable to connect to data source (0)"), LOST),
    "duplicate key": (odbc("23000", *DUPLICATE_KEY), DUPLICATE),
    "duplicate in an index": (odbc("23000", f"{FREETDS}Cannot insert duplicate key row. (2601)"), DUPLICATE),
    "log full": (odbc("42000", LOG_FULL), FULL),
    "filegroup full": (odbc("42000", f"{SERVER}Could not allocate space; 'PRIMARY' is full. (1105)"), FULL),
    "Azure's quota": (odbc("42000", QUOTA), FULL),
    "read-only database": (odbc("25000", READ_ONLY_DATABASE), READ_ONLY),
    "damaged database": (odbc("42000", EMERGENCY), READ_ONLY),
    "login failed": (odbc("28000", LOGIN_FAILED, LOGIN_FAILED, function="SQLDriverConnect"), OTHER),
    "login failed, FreeTDS": (
        odbc("08001", f"{FREETDS}Unable to connect to data source (0)", f"{FREETDS}Login failed. (18456)"),
        OTHER,
    ),
    "login failed after all, FreeTDS": (
        odbc("08001", f"{FREETDS}Unable to connect (20009)", f"{FREETDS}Login failed. (18456)"),
        OTHER,
    ),
    "no such database": (odbc("42000", *NO_DATABASE, function="SQLDriverConnect"), OTHER),
    "too long a transaction": (odbc("42000", TOO_LONG), OTHER),
    "foreign key": (odbc("23000", f"{SERVER}The INSERT statement conflicted. (547)"), OTHER),
    "truncated, quoting a number": (odbc("22001", TRUNCATED), OTHER),
    "no such table": (odbc("42S02", f"{SERVER}Invalid object name 'x1205'. (208)"), OTHER),
    "own number": (odbc("42000", f"{SERVER}Raised by a trigger: 1205, 40197. (50000)"), OTHER),
    "no native place": (PyodbcError("HY000", "The driver did not supply an error! (1205)"), OTHER),
    "reversed arguments": (PyodbcError("Attempt to use a closed connection.", "HY000"), OTHER),
    "nothing at all": (PyodbcError(), OTHER),
}
"""Error of pyodbc, and what it means."""


@pytest.mark.parametrize(("error", "fault"), SQL_SERVER.values(), ids=SQL_SERVER)
def test_errors_of_sql_server_go_by_their_native_number(error: Exception, fault: DatabaseFault) -> None:
    assert fault_of(error) is fault
    assert fault_of(wrapped(error)) is fault


@pytest.mark.parametrize(
    "number",
    [615, 926, 1204, 1205, 1222, 4221, 10928, 10929, 40501, 40613, 49918, 49919, 49920, 41302, 41325],
)
@pytest.mark.parametrize("driver", [SERVER, FREETDS])
def test_transient_numbers_of_sql_server_and_azure_are_worth_another_attempt(
    number: int, driver: str
) -> None:
    assert fault_of(wrapped(odbc("HY000", f"{driver}Please retry. ({number})"))) is TRANSIENT


CONNECT = "connection failed: connection to server at"
REFUSED = "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?"


def connecting(message: str) -> psycopg.OperationalError:
    """Make what psycopg raises where it cannot connect: no SQLSTATE, but what is left of the connection."""
    left = psycopg.pq.PGconn()  # psycopg keeps a copy of one that is closed
    return psycopg.OperationalError(f'{CONNECT} "10.0.0.1", port 5432 failed: {message}', pgconn=left)


POSTGRESQL = {
    "serialization": (postgresql.SerializationFailure("x"), TRANSIENT),
    "deadlock": (postgresql.DeadlockDetected("x"), TRANSIENT),
    "rolled back": (postgresql.TransactionRollback("x"), TRANSIENT),
    "lock timeout": (postgresql.LockNotAvailable("x"), TRANSIENT),
    "too many connections": (postgresql.TooManyConnections("x"), TRANSIENT),
    "completion unknown": (postgresql.StatementCompletionUnknown("x"), LOST),
    "connection failure": (postgresql.ConnectionFailure("x"), LOST),
    "resolution unknown": (postgresql.TransactionResolutionUnknown("x"), LOST),
    "terminated": (postgresql.AdminShutdown("x"), LOST),
    "crashed": (postgresql.CrashShutdown("x"), LOST),
    "starting": (postgresql.CannotConnectNow("x"), LOST),
    "idle too long": (postgresql.IdleInTransactionSessionTimeout("x"), LOST),
    "closed": (psycopg.OperationalError("consuming input failed: server closed the connection"), LOST),
    "terminated between statements": (psycopg.OperationalError("FATAL:  terminating connection"), LOST),
    "closed here": (psycopg.OperationalError("the connection is closed"), LOST),
    "timed out": (postgresql.ConnectionTimeout("connection timeout expired"), LOST),
    "unknown host": (psycopg.OperationalError("failed to resolve host 'x': [Errno -3]"), LOST),
    "not listening": (connecting(REFUSED), LOST),
    "starting, when connecting": (connecting("FATAL:  the database system is starting up"), LOST),
    "recovering, when connecting": (connecting("FATAL:  the database system is in recovery mode"), LOST),
    "too many, when connecting": (connecting("FATAL:  sorry, too many clients already"), LOST),
    "reserved slots": (connecting("FATAL:  remaining connection slots are reserved for roles"), LOST),
    "wrong password": (connecting('FATAL:  password authentication failed for user "x"'), OTHER),
    "wrong database": (connecting('FATAL:  database "x" does not exist'), OTHER),
    "not in pg_hba": (connecting('FATAL:  no pg_hba.conf entry for host "10.0.0.1"'), OTHER),
    "wrong password by its state": (postgresql.InvalidPassword("x"), OTHER),
    "wrong database by its state": (postgresql.InvalidCatalogName("x"), OTHER),
    "dropped database": (postgresql.DatabaseDropped("x"), OTHER),
    "deferred constraint": (postgresql.TransactionIntegrityConstraintViolation("x"), OTHER),
    "duplicate": (postgresql.UniqueViolation("40001"), DUPLICATE),
    "disk full": (postgresql.DiskFull("x"), FULL),
    "read-only": (postgresql.ReadOnlySqlTransaction("x"), READ_ONLY),
    "foreign key": (postgresql.ForeignKeyViolation("x"), OTHER),
    "statement timeout": (postgresql.QueryCanceled("x"), OTHER),
    "syntax": (postgresql.SyntaxError("40P01"), OTHER),
    "misuse": (psycopg.ProgrammingError("the last operation didn't produce records"), OTHER),
    "closed cursor": (psycopg.InterfaceError("the cursor is closed"), OTHER),
}
"""Error of psycopg, and what it means."""


@pytest.mark.parametrize(("error", "fault"), POSTGRESQL.values(), ids=POSTGRESQL)
def test_errors_of_postgresql_go_by_their_sqlstate(error: Exception, fault: DatabaseFault) -> None:
    assert fault_of(error) is fault
    assert fault_of(wrapped(error)) is fault


def test_a_password_that_postgresql_asked_for_in_vain_is_not_asked_for_again() -> None:
    class Asked:
        needs_password = True

    error = connecting("fe_sendauth: no password supplied")
    error._pgconn = Asked()  # type: ignore[assignment] # psycopg reads it off a real connection
    assert fault_of(error) is OTHER


SQLITE = {
    "SQLITE_BUSY": TRANSIENT,
    "SQLITE_BUSY_SNAPSHOT": TRANSIENT,
    "SQLITE_BUSY_RECOVERY": TRANSIENT,
    "SQLITE_LOCKED": TRANSIENT,
    "SQLITE_LOCKED_SHAREDCACHE": TRANSIENT,
    "SQLITE_PROTOCOL": TRANSIENT,
    "SQLITE_FULL": FULL,
    "SQLITE_IOERR_SHMSIZE": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_READONLY_DIRECTORY": READ_ONLY,
    "SQLITE_READONLY_DBMOVED": READ_ONLY,
    "SQLITE_CONSTRAINT_UNIQUE": DUPLICATE,
    "SQLITE_CONSTRAINT_PRIMARYKEY": DUPLICATE,
    "SQLITE_CONSTRAINT_ROWID": DUPLICATE,
    "SQLITE_CONSTRAINT": OTHER,
    "SQLITE_CONSTRAINT_NOTNULL": OTHER,
    "SQLITE_CONSTRAINT_FOREIGNKEY": OTHER,
    "SQLITE_IOERR": OTHER,
    "SQLITE_IOERR_WRITE": OTHER,
    "SQLITE_CANTOPEN": OTHER,
    "SQLITE_CORRUPT": OTHER,
    "SQLITE_ERROR": OTHER,
}


@pytest.mark.parametrize(("name", "fault"), SQLITE.items())
def test_errors_of_sqlite_go_by_their_code(name: str, fault: DatabaseFault) -> None:
    error = sqlite(getattr(sqlite3, name))
    assert fault_of(error) is fault
    assert fault_of(wrapped(error)) is fault


def test_an_error_of_sqlite_without_a_code_is_another_one() -> None:
    assert fault_of(sqlite3.ProgrammingError("Cannot operate on a closed database.")) is OTHER


def test_a_connection_that_sqlalchemy_gave_up_is_lost() -> None:
    closed = PyodbcError("The cursor's connection has been closed.", "HY000")
    assert fault_of(wrapped(closed, invalidated=True)) is LOST
    assert fault_of(wrapped(postgresql.InternalError_("x"), invalidated=True)) is LOST


@pytest.mark.parametrize(
    ("error", "fault"),
    [(SQL_SERVER["lock timeout"][0], TRANSIENT), (SQL_SERVER["login failed, FreeTDS"][0], OTHER)],
)
def test_a_native_number_says_more_than_a_connection_given_up(error: Exception, fault: DatabaseFault) -> None:
    assert fault_of(wrapped(error, invalidated=True)) is fault


def test_a_driver_that_cannot_be_loaded_is_no_lost_connection() -> None:
    missing = odbc("01000", f"{MANAGER}Can't open lib 'ODBC Driver 18 for SQL Server' : file not found (0)")
    assert fault_of(wrapped(missing, invalidated=True)) is OTHER


def test_a_session_whose_lost_connection_was_passed_over_is_lost() -> None:
    assert fault_of(PendingRollbackError("Can't reconnect", code="8s2b")) is LOST
    assert fault_of(PendingRollbackError("rolled back during flush", code="7s2a")) is OTHER


NO_TRANSACTION = odbc("25000", f"{SERVER}The ROLLBACK TRANSACTION request has no BEGIN TRANSACTION. (3903)")


@pytest.mark.parametrize("aftermath", [NO_TRANSACTION, postgresql.InFailedSqlTransaction("x")])
def test_an_aftermath_means_what_the_error_before_it_meant(aftermath: Exception) -> None:
    aftermath.__context__ = None
    assert fault_of(wrapped(aftermath)) is OTHER
    aftermath.__context__ = wrapped(odbc("40001", DEADLOCK))
    assert fault_of(wrapped(aftermath)) is TRANSIENT


def test_another_error_is_not_taken_for_the_one_before_it() -> None:
    error = odbc("42S02", f"{SERVER}Invalid object name 'x'. (208)")
    error.__context__ = odbc("40001", DEADLOCK)
    assert fault_of(error) is OTHER


def test_our_own_error_means_what_its_cause_meant() -> None:
    outer, inner = PersistenceError("twice"), DatabaseUnavailableError("once")
    inner.__cause__, outer.__cause__ = wrapped(odbc("40001", DEADLOCK)), inner
    assert fault_of(outer) is TRANSIENT
    assert fault_of(LeaseLostError("GREYSON", 3)) is OTHER


@pytest.mark.parametrize(
    "error",
    [
        ValueError("(1205) (SQLExecDirectW)"),
        ValueError("40001", "[40001] x (1205) (SQLExecDirectW)"),
        InvalidRequestError("40001"),
        KeyboardInterrupt(),
        TimeoutError(),
    ],
)
def test_what_is_no_error_of_a_database_is_another_one(error: BaseException) -> None:
    assert fault_of(error) is OTHER
    assert not is_duplicate_key(error)


def test_duplicate_keys_are_those_of_unique_constraints_alone() -> None:
    assert is_duplicate_key(IntegrityError("INSERT", None, odbc("23000", *DUPLICATE_KEY)))
    assert is_duplicate_key(IntegrityError("INSERT", None, sqlite(sqlite3.SQLITE_CONSTRAINT_UNIQUE)))
    assert not is_duplicate_key(IntegrityError("INSERT", None, SQL_SERVER["foreign key"][0]))
    assert not is_duplicate_key(IntegrityError("INSERT", None, postgresql.NotNullViolation("x")))


TRAPS = [
    "(1205)",
    "(1205) (SQLExecDirectW)",
    "; [40001] ",
    f"; [40001] {SERVER}",
    "40197",
    "08S01",
    "\n",
    "; [",
]
texts = st.lists(st.one_of(st.text(max_size=8), st.sampled_from(TRAPS)), max_size=8).map("".join)
"""What a message may quote: values of rows, of whatever kind."""
harmless = st.sampled_from([547, 515, 2628, 8152, 208, 50000])
prefixes = st.sampled_from([SERVER, FREETDS])


@given(texts, harmless, prefixes)
def test_what_a_message_quotes_never_makes_it_transient(text: str, number: int, prefix: str) -> None:
    assert fault_of(odbc("22001", f"{prefix}{text} ({number})")) is OTHER
    ended = f"{SERVER}The statement has been terminated. (3621)"
    assert fault_of(odbc("22001", f"{prefix}{text} ({number})", ended)) is OTHER


@given(texts, prefixes)
def test_what_a_message_quotes_never_hides_its_number(text: str, prefix: str) -> None:
    assert fault_of(odbc("HY000", f"{prefix}{text} (1205)")) is TRANSIENT


@given(texts)
def test_words_alone_never_decide_where_there_is_a_number(text: str) -> None:
    assert fault_of(postgresql.SyntaxError(text)) is OTHER
    error = sqlite3.IntegrityError(text)
    error.sqlite_errorcode = sqlite3.SQLITE_CONSTRAINT_NOTNULL
    assert fault_of(error) is OTHER
