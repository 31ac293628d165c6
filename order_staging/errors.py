"""The family of errors.

Each error is built from facts, and its message ends with what to do next. The families say whose turn it is:

* `ConfigurationError`: somebody has to change a setting, a file or the command;
* `PersistenceError`: the database could not do it;
* `DestinationError`: monday.com could not do it, refused it, or left us without an answer;
* `LeaseHeldError` and `LeaseLostError`: another runner has the customer.

Rows that we refuse (invalid) or that monday.com refuses (rejected) are no exceptions: they are recorded in the
ERR tables and the run goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path


class OrderStagingError(Exception):
    """Everything that this library raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        """Let a pool of processes pass it on: what most of them are made of is not what they say."""
        return _again, (type(self), self.args, vars(self))


def _again(
    kind: type[OrderStagingError], said: tuple[object, ...], facts: dict[str, Any]
) -> OrderStagingError:
    error = kind.__new__(kind)
    error.args = said
    vars(error).update(facts)
    return error


class ConfigurationError(OrderStagingError):
    """A setting, a file or a command is wrong; nothing was done."""


class SettingError(ConfigurationError):
    """A setting is missing or has a value that cannot be used."""

    def __init__(self, name: str, problem: str) -> None:
        """Name the setting as the user writes it, and say what is wrong with it."""
        self.name = name
        super().__init__(f"{name}: {problem}")


class DataFileError(ConfigurationError):
    """A YAML file (mapping or customers) does not say what it must."""

    def __init__(self, path: Path | str, line: int | None, problem: str) -> None:
        """Place the problem: `line` counts from 1, or is None where the file as a whole is meant."""
        self.path = path
        self.line = line
        self.problem = problem
        place = f"{path}:{line}" if line else str(path)
        super().__init__(f"{place}: {problem}{'' if '; ' in problem else '; correct it there'}")


class UnknownCustomerError(ConfigurationError):
    """A customer's name is neither in the customers file nor in the source."""

    def __init__(self, name: str, nearest: Sequence[str]) -> None:
        """Say what was asked for, and which known names come nearest."""
        self.name = name
        self.nearest = tuple(nearest)
        hint = f"; did you mean {' or '.join(self.nearest)}?" if nearest else ";"
        super().__init__(
            f"unknown customer {name!r}{hint} `order-staging customers` lists those with new orders"
        )


class UnknownBatchError(ConfigurationError):
    """No batch has this id."""

    def __init__(self, batch: object) -> None:
        """Say what was asked for: the batch's id, as somebody wrote it."""
        self.batch = batch
        super().__init__(f"there is no batch {batch}; `order-staging status` lists the newest")


class TransformationError(ConfigurationError):
    """A job's own transformation failed at a row, or gave what is no mapping of columns."""

    def __init__(self, version: str, row: object, words: str) -> None:
        """Name the transformation by its version, and the row by its UUID."""
        super().__init__(
            f"the transformation {version!r} failed at the row {row}: {words}; raise ValueError for a row that is "
            "invalid, and return the columns that are to have another value"
        )
        self.version = version


class MissingDependencyError(ConfigurationError):
    """A package that an extra brings is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        """Name the package, and the extra of this library that brings it."""
        super().__init__(f"{package} is not installed; run: pip install 'order-staging[{extra}]'")


class RunningLoopError(ConfigurationError):
    """A synchronous method was called where an event loop runs already."""

    def __init__(self, method: str) -> None:
        """Name the method; its coroutine twin ends in `_async`."""
        super().__init__(
            f"{method}() cannot be called while an event loop runs; await {method}_async() instead"
        )


class PersistenceError(OrderStagingError):
    """The database could not do what was asked of it."""


class DatabaseUnavailableError(PersistenceError):
    """The database cannot be reached, or refused the connection."""


class TransientDatabaseError(DatabaseUnavailableError):
    """What passes by itself: a deadlock, a lost connection, a busy server. The unit of work may be done again."""


class CommitInDoubtError(TransientDatabaseError):
    """The answer to a commit was lost: the unit of work may have been committed, or not."""


class DatabaseNotMigratedError(ConfigurationError):
    """The database's schema is not the one this version works with."""

    def __init__(self, found: str | None, wanted: str, absent: str | None = None) -> None:
        """Compare the revision found (None: none at all) with the one wanted; `absent` names a file that lacks."""
        self.found = found
        self.wanted = wanted
        if absent is not None:
            super().__init__(
                f"there is no database {absent} here; check ORDER_STAGING_DATABASE_URL, "
                "or have it made: order-staging db upgrade"
            )
            return
        super().__init__(
            f"the database is at revision {found or 'none'}, this version needs {wanted}; "
            "run: order-staging db upgrade"
        )


class RevisionError(ConfigurationError):
    """A revision of the schema is asked for, or found in the database, that this version does not have."""


class NotAdoptedError(ConfigurationError):
    """The database has the tables already, and is not under Alembic."""

    def __init__(self, tables: int) -> None:
        """Count the tables that are there."""
        self.tables = tables
        super().__init__(
            f"{tables} of the tables are there already, and no revision says how far they are; "
            "run: order-staging db adopt"
        )


class NothingToAdoptError(ConfigurationError):
    """None of the tables is there."""

    def __init__(self, schema: str) -> None:
        """Name the schema that was looked at; "" where the engine has none."""
        self.schema = schema
        where = f" (in the schema {schema}, which is this login's own)" if schema else ""
        super().__init__(
            f"the database has none of the tables to adopt{where}; run: order-staging db upgrade"
        )


class LeaseHeldError(OrderStagingError):
    """Another runner works on this customer."""

    def __init__(self, customer: str, holder: str, until: datetime) -> None:
        """Name the holder (host and process) and when its lease ends unless renewed (UTC)."""
        self.customer = customer
        self.holder = holder
        self.until = until
        super().__init__(
            f"{customer} is held by {holder} until {until:%Y-%m-%d %H:%M:%S} UTC unless renewed; "
            "wait for it, or run another customer"
        )


class LeaseLostError(PersistenceError):
    """This runner's lease was taken over by another; what it wanted to write was not written."""

    def __init__(self, customer: str, fence: int) -> None:
        """Name the customer, and the fencing number that is no longer the newest."""
        self.customer = customer
        self.fence = fence
        super().__init__(
            f"the lease of {customer} (fencing number {fence}) was taken over; nothing was written, "
            "the runner that has it now goes on"
        )


class DestinationError(OrderStagingError):
    """monday.com could not do it, refused it, or left us without an answer."""

    def __init__(self, message: str, *, status: int | None = None, code: str | None = None) -> None:
        """Keep monday's words, the HTTP status and monday's error code, where there are any."""
        self.status = status
        self.code = code
        super().__init__(message)


class TransientError(DestinationError):
    """monday.com did not execute the request and may do so later.

    `wait` is how many seconds the server asked for, or None where it named none.
    """

    def __init__(
        self,
        message: str,
        *,
        wait: float | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        """Keep the server's own waiting time in seconds."""
        self.wait = wait
        super().__init__(message, status=status, code=code)

    @property
    def answered(self) -> bool:
        """Whether monday.com said so itself: by a status or, where HTTP says 200, by a code."""
        return self.status is not None or self.code is not None


class RateLimitError(TransientError):
    """A limit that passes by itself refused the request: so many a minute, at once, or points of complexity."""

    def __init__(
        self,
        message: str,
        *,
        limit: str,
        wait: float | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        """Name the limit, and keep the server's own waiting time in seconds."""
        self.limit = limit
        super().__init__(message, wait=wait, status=status, code=code)


class ImportUnfinishedError(TransientError):
    """A bulk import is still at work, or cannot be looked at: a later run goes on with it."""


class DailyLimitError(TransientError):
    """The account's calls of this day are used up; the batch pauses until `until` (naive UTC)."""

    def __init__(
        self,
        words: str,
        until: datetime,
        *,
        wait: float | None = None,
        status: int | None = None,
        code: str | None = None,
    ) -> None:
        """Keep monday's words, and when the calls of the next day begin."""
        self.until = until
        super().__init__(
            f"monday.com's limit of calls for today is reached ({words}); "
            f"it ends at {until:%Y-%m-%d %H:%M} UTC; run again then",
            wait=wait,
            status=status,
            code=code,
        )


class StoppedError(TransientError):
    """The request was not sent again, as the run was asked to end."""


class TerminalError(DestinationError):
    """monday.com refused, and would refuse again: nothing was executed."""


class EndpointError(TerminalError):
    """The address, the board or the API version is not what it is taken for: no row is at fault."""


class RequestTooLargeError(TerminalError):
    """The request costs more than one may ever cost; nothing of it was executed, and fewer rows may pass."""


class AuthenticationError(TerminalError):
    """monday.com does not accept the token."""


class OutcomeUnknownError(DestinationError):
    """No answer, or one that tells nothing: the request may or may not have been executed."""

    sent: datetime | None = None
    """When it left (naive UTC), where that is known."""
