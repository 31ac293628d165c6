"""What a database's error means for the work at hand, by the engines' own numbers and not by their words.

Where the tables come from: Microsoft's "Troubleshoot transient connection errors in SQL Database" (list of
transient fault error codes), "Transaction locking and row versioning guide" and "Transactions with memory-optimized
tables"; PostgreSQL's appendix "Error Codes"; SQLite's "Result and Error Codes".
"""

from __future__ import annotations

import re
import sqlite3
from enum import StrEnum

from order_staging.errors import PersistenceError


class DatabaseFault(StrEnum):
    """What an error of the database means."""

    TRANSIENT = "transient"
    """The database is there and undid the transaction: the whole unit of work may be done again."""
    LOST = "lost"
    """There is no connection (any more). To be done again, too; after a commit nobody knows what became of it."""
    DUPLICATE = "duplicate"
    """A unique constraint has the key already."""
    FULL = "full"
    """No space is left, on a disk, in a file or in a quota."""
    READ_ONLY = "read_only"
    """The database, or this connection to it, takes no changes."""
    OTHER = "other"
    """Doing it again would end in the same way: a wrong statement, value, password or name."""


_TRANSIENT, _LOST, _DUPLICATE, _FULL, _READ_ONLY, _OTHER = DatabaseFault

_SQLITE_EXTENDED = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE: _DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY: _DUPLICATE,
    sqlite3.SQLITE_CONSTRAINT_ROWID: _DUPLICATE,
    sqlite3.SQLITE_IOERR_SHMSIZE: _FULL,  # the file that shares the WAL's index could not grow
}
_SQLITE_PRIMARY = {
    sqlite3.SQLITE_BUSY: _TRANSIENT,
    sqlite3.SQLITE_LOCKED: _TRANSIENT,
    sqlite3.SQLITE_PROTOCOL: _TRANSIENT,  # too many others took WAL's locks at the same time
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
}
_PRIMARY_CODE = 0xFF
"""The lowest byte of an extended code is the primary one."""

_SQLSTATES = {
    "23505": _DUPLICATE,
    "53100": _FULL,
    "25006": _READ_ONLY,
    "40002": _OTHER,  # a deferred constraint
    "40003": _LOST,  # whether the statement was completed is unknown
    "53300": _TRANSIENT,  # too many connections
    "55P03": _TRANSIENT,  # a lock was not to be had within lock_timeout
    "25P03": _LOST,  # idle_in_transaction_session_timeout
    "57P01": _LOST,  # the server is shut down, or somebody ended the connection
    "57P02": _LOST,  # the server crashed
    "57P03": _LOST,  # the server is starting up, shutting down or recovering
    "57P04": _OTHER,  # the database was dropped
    "57P05": _LOST,  # idle_session_timeout
}
_SQLSTATE_CLASSES = {"08": _LOST, "40": _TRANSIENT}
_AFTERMATH_SQLSTATE = "25P02"
"""An earlier statement of the transaction failed, and that one has the reason."""

_PASSING_REFUSALS = ("the database system is ", "too many ", "connection slots are reserved")
"""How PostgreSQL says 57P03 and 53300 to a client that connects: libpq keeps its words, but no SQLSTATE."""
_REFUSAL = "FATAL:"
"""Stands in libpq's text where the server itself refused the connection, in most of its languages."""

_NATIVE = {
    **dict.fromkeys((2601, 2627), _DUPLICATE),
    # filegroup full (twice), log full, the quota of an Azure database
    **dict.fromkeys((1101, 1105, 9002, 40544), _FULL),
    # database read-only, in emergency mode, index and table in a read-only filegroup
    **dict.fromkeys((3906, 3908, 652, 1924), _READ_ONLY),
    # deadlock, out of locks, lock timeout, snapshot conflicts (twice), no memory granted in time (twice)
    **dict.fromkeys((1205, 1204, 1222, 3960, 3966, 8645, 8651), _TRANSIENT),
    # recovering (twice), in transition, replica between two roles
    **dict.fromkeys((921, 922, 952, 983), _TRANSIENT),
    # conflicts of memory-optimized tables
    **dict.fromkeys((41301, 41302, 41305, 41325, 41839), _TRANSIENT),
    # Azure: moved, resources used up, too busy, too many operations; 615, 926, 4221 while a replica changes
    **dict.fromkeys((615, 926, 4221, 10928, 10929, 10936, 40501, 40613, 49918, 49919, 49920), _TRANSIENT),
    # Azure fails over in the midst of a request; session killed, server shutting down
    **dict.fromkeys((40143, 40166, 40197, 40540, 596, 6005), _LOST),
    # FreeTDS itself: timed out, read or write failed, unavailable, unexpected end, connection dead
    **dict.fromkeys((20003, 20004, 20006, 20009, 20017, 20047), _LOST),
    # login failed, password expired (twice), no such database, firewall of Azure
    **dict.fromkeys((18456, 18487, 18488, 4060, 40615), _OTHER),
}
"""SQL Server's own numbers. Windows' network errors (64, 121, 233, 10053, 10054, 10060) need none of it: unlike
.NET's client, ODBC gives them a SQLSTATE of class 08. Sessions that Azure ends as they take too much (40549 to
40553) are not transient: the same work would take as much again."""
_MOST_TELLING = (_DUPLICATE, _FULL, _READ_ONLY, _TRANSIENT, _OTHER, _LOST)
"""Of several messages. A refused login counts more than the connection that was not made because of it."""
_AFTERMATH_NUMBER = 3903
"""ROLLBACK without a transaction: the error before it ended the transaction already."""

_ODBC_STATES = {"40001": _TRANSIENT, "40003": _LOST, "HYT00": _LOST, "HYT01": _LOST}
_ODBC_CLASSES = ("08", "IMC")
"""Connections that failed; Microsoft's driver says IMC01 to IMC06 where it could not restore an idle one."""
_DRIVER_MANAGER = "[Driver Manager]"
"""With SQLSTATE 01000: it cannot load the driver, which SQLAlchemy takes for a lost connection."""

_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_RECORDS = re.compile(r".*\((-?\d+)\) \(\w+\)(?P<more>(?:; \[.*)?)", re.DOTALL)
"""pyodbc writes `[state] text (number) (function)`, and for each further message `; [state] text (number)`.

A text may quote what was to be stored, with numbers in parentheses: only the last place of this form is pyodbc's.
"""
_FURTHER = re.compile(r"\((-?\d+)\)(?=\Z|; \[[0-9A-Z]{5}\] \[)")


def fault_of(error: BaseException) -> DatabaseFault:
    """Tell what an error means: one of SQLAlchemy, of a driver, or our own `PersistenceError` made from one.

    What is no error of a database is OTHER.
    """
    while isinstance(error, PersistenceError) and error.__cause__ is not None:
        error = error.__cause__
    found = _native_fault(getattr(error, "orig", None) or error)
    if found is not None:
        return found
    if getattr(error, "connection_invalidated", False) or getattr(error, "code", None) == "8s2b":
        return (
            _LOST  # the latter: SQLAlchemy's "can't reconnect until the invalid transaction is rolled back"
        )
    return _OTHER


def is_duplicate_key(error: BaseException) -> bool:
    """Tell whether a unique constraint refused a row."""
    return fault_of(error) is _DUPLICATE


def _native_fault(error: BaseException) -> DatabaseFault | None:
    """Decide by what the driver says; None where that tells nothing."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _SQLITE_EXTENDED.get(code) or _SQLITE_PRIMARY.get(code & _PRIMARY_CODE)
    drivers = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    if "psycopg" in drivers:
        return _postgresql_fault(error)
    if "pyodbc" in drivers:
        return _odbc_fault(error)
    return None


def _postgresql_fault(error: BaseException) -> DatabaseFault | None:
    state = getattr(error, "sqlstate", None)
    if state == _AFTERMATH_SQLSTATE:
        return _fault_before(error)
    if state is not None:
        return _SQLSTATES.get(state) or _SQLSTATE_CLASSES.get(state[:2])
    if "OperationalError" not in {kind.__name__ for kind in type(error).__mro__}:
        return None
    # psycopg gives a `pgconn` to errors of connecting alone.
    connecting = getattr(error, "pgconn", None)
    if connecting is None or any(words in str(error) for words in _PASSING_REFUSALS):
        return _LOST
    refused = _REFUSAL in str(error) or getattr(connecting, "needs_password", False)
    return _OTHER if refused else _LOST


def _odbc_fault(error: BaseException) -> DatabaseFault | None:
    words = [word for word in error.args if isinstance(word, str)]
    state = next((word for word in words if _SQLSTATE.fullmatch(word)), "")
    text = max(words, key=len, default="")
    numbers = _native_numbers(text)
    faults = {_NATIVE[number] for number in numbers if number in _NATIVE}
    if faults:
        return min(faults, key=_MOST_TELLING.index)
    if _AFTERMATH_NUMBER in numbers:
        return _fault_before(error)
    if state in _ODBC_STATES or state.startswith(_ODBC_CLASSES):
        return _ODBC_STATES.get(state, _LOST)
    return _OTHER if state == "01000" and _DRIVER_MANAGER in text else None


def _native_numbers(text: str) -> set[int]:
    """Find the native number of every message that pyodbc put into its text."""
    found = _RECORDS.fullmatch(text)
    if found is None:
        return set()
    return {int(number) for number in (found[1], *_FURTHER.findall(found["more"]))}


def _fault_before(error: BaseException) -> DatabaseFault | None:
    """Decide by the error during whose handling this one came up, if any."""
    return None if error.__context__ is None else fault_of(error.__context__)
