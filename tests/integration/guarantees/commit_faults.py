"""Faults of a database at its commits, as its driver tells them: before, after, and the death of the process."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import psycopg

from tests.integration.batch.batch_world import Killed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine


class CommitFault(StrEnum):
    """What becomes of a commit."""

    REFUSED = "refused"
    """A fault that passes; the transaction is undone."""
    LOST_BEFORE = "lost before it took place"
    LOST_AFTER = "lost after it took place"
    NO_ROOM = "no room"
    """A fault that does not pass."""
    KILLED_BEFORE = "killed before it took place"
    KILLED_AFTER = "killed after it took place"


DEADLY = (CommitFault.KILLED_BEFORE, CommitFault.KILLED_AFTER)
_AFTER = {CommitFault.LOST_AFTER, CommitFault.KILLED_AFTER}
_LOST = {CommitFault.LOST_BEFORE, CommitFault.LOST_AFTER}


@dataclass
class Commits:
    """The commits of an engine while it is watched: how many there were, and the faults that they met."""

    choose: Callable[[int], CommitFault | None]
    """Takes a commit's number, from 1."""
    count: int = 0
    met: list[CommitFault] = field(default_factory=list)
    dead: bool = False
    """Whether the process has ended: nothing is committed after that."""

    def commit(self, really: Callable[[Any], None], connection: Any) -> None:
        """Commit as the driver would, or not."""
        if self.dead:
            raise Killed
        self.count += 1
        fault = self.choose(self.count)
        if fault is None:
            really(connection)
            return
        self.met.append(fault)
        if fault in _AFTER:
            really(connection)
        if fault in DEADLY:
            self.dead = True
            raise Killed
        raise _error_of(fault, connection)


def _error_of(fault: CommitFault, connection: Any) -> Exception:
    if isinstance(connection.dbapi_connection, sqlite3.Connection):
        error = sqlite3.OperationalError(f"a test's: {fault}")
        # A file's connection is hardly lost: what SQLite knows is that the outcome of a busy commit is open.
        error.sqlite_errorcode = sqlite3.SQLITE_FULL if fault is CommitFault.NO_ROOM else sqlite3.SQLITE_BUSY
        return error
    if fault in _LOST:
        connection.dbapi_connection.close()
        return psycopg.OperationalError(f"a test's: {fault}")
    return (psycopg.errors.DiskFull if fault is CommitFault.NO_ROOM else psycopg.errors.DeadlockDetected)(
        f"a test's: {fault}"
    )


@contextmanager
def commits_of(engine: Engine, choose: Callable[[int], CommitFault | None]) -> Iterator[Commits]:
    """Have the engine's commits meet what is chosen for each, while the block runs."""
    commits, really = Commits(choose), engine.dialect.do_commit
    engine.dialect.do_commit = lambda connection: commits.commit(really, connection)  # type: ignore[method-assign,assignment]
    try:
        yield commits
    finally:
        engine.dialect.do_commit = really  # type: ignore[method-assign]


def at(number: int, fault: CommitFault) -> Callable[[int], CommitFault | None]:
    """Choose one commit."""
    return lambda found: fault if found == number else None


def each(step: int, first: int, fault: CommitFault) -> Callable[[int], CommitFault | None]:
    """Choose a commit, and every `step`-th after it."""
    return lambda found: fault if found >= first and (found - first) % step == 0 else None
