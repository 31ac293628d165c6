"""What goes to monday.com, and what can become of each piece of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from order_staging.errors import DestinationError


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to create: its name, its group's id, and its column values as JSON text by column id."""

    name: str
    group_id: str
    column_values: str


@dataclass(frozen=True, slots=True)
class NewSubitem:
    """A subitem to create: its name, and its column values as JSON text by column id."""

    name: str
    column_values: str


@dataclass(frozen=True, slots=True)
class Created:
    """monday.com did it, to what has this id: digits for an item or subitem, a word for a group.

    A mutation that changed, moved, archived or deleted something has this outcome, too.
    """

    id: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """monday.com refused this one, and would refuse it again; it was not executed."""

    message: str
    code: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class NotExecuted:
    """monday.com did not get to this one; it may be sent again after `wait` seconds (None: not said).

    `ends_run` is the error for which nothing more is worth sending today, if that is why.
    """

    message: str
    wait: float | None = None
    ends_run: DestinationError | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell whether this one was executed: the board must be asked. `sent`: when it left (naive UTC)."""

    message: str
    status: int | None = None
    sent: datetime | None = field(default=None, compare=False)


Outcome = Created | Rejected | NotExecuted | Unknown


@dataclass(slots=True)
class Usage:
    """What a client has used so far: requests, those repeated, requests and rows that failed, complexity points.

    `refusals` are answers by which a limit of so much a time refused something, `waited` the seconds spent in
    waiting for such limits, before they refuse or after.
    """

    calls: int = 0
    retries: int = 0
    failures: int = 0
    complexity: int = 0
    refusals: int = 0
    waited: float = 0.0
