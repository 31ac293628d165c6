"""What a service tells of its work while it is at it: one small fact after another, for hooks of other programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from uuid import UUID

    from order_staging.batch.results import BatchResult
    from order_staging.models import ErrorType


class Step(StrEnum):
    """What a service is at, and of what it counts rows.

    The steps of a batch come one after another: RELINK, RETRY, LOAD, CHANGES, ITEMS, SUBITEMS, PROMOTE, CLEAN_UP;
    those that are not wanted are left out. SURVEY, FILE, IMPORT and RECOVER come within ITEMS or SUBITEMS, PROMOTE
    also within CHANGES.
    """

    RELINK = "relink"
    """Finding rows again whose source row has another UUID now; counts those found."""
    RETRY = "retry"
    """Staging what failed once more; counts dead letters."""
    LOAD = "load"
    """Reading what is new; counts order lines staged or refused."""
    CHANGES = "changes"
    """Comparing what was delivered before with the source, and with the board where they differ."""
    ITEMS = "items"
    """Bringing orders to the board; counts those settled: there, or refused."""
    SURVEY = "survey"
    """Looking through orders for bulk imports."""
    FILE = "file"
    """Writing the file of a bulk import, and that its rows are about to be sent."""
    IMPORT = "import"
    """One bulk import; counts what monday.com says it has read. What becomes of the rows is counted in ITEMS."""
    RECOVER = "recover"
    """Asking the board about rows of which no answer tells; counts those settled."""
    SUBITEMS = "subitems"
    """Bringing sizes to the board; counts those settled."""
    PROMOTE = "promote"
    """Writing to production what landed; counts orders and sizes."""
    CLEAN_UP = "clean_up"
    """Deleting from staging what is in production; counts orders and sizes."""
    PREVIEW = "preview"
    """Reading what is new, for a preview."""
    COMPARE = "compare"
    """Comparing what was delivered with the source and the board, for drift."""
    SEARCH = "search"
    """Looking through groups of the board for items that nobody knows, for drift; counts groups."""
    CHECK = "check"
    """Reading what is new, for a check."""


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A call is about to go through these customers, one after another."""

    customers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchBegan:
    """A batch is recorded: a new one, or one that an earlier run left (`resumed`). An idle run records none."""

    batch_id: UUID
    customer: str
    resumed: bool


@dataclass(frozen=True, slots=True)
class StepBegan:
    """A step begins, of a customer, or of all (None); `total` is how many rows it has to do, None if unknown."""

    customer: str | None
    step: Step
    total: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """A step has come so far: `done` never falls; `total` may become known, or grow, on the way."""

    customer: str | None
    step: Step
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step has ended: with all it had to do, which `total` says, or before: asked to stop, paused, failed.

    `done` is how far it has come.
    """

    customer: str | None
    step: Step
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class RowRefused:
    """An order line, or one size of it, was refused, or waits for a person; its ERR row is committed.

    `kind` says by whom and `reason` why, in the ERR row's words without secrets. `row` is its `record_uuid`, and
    `columns` are what is to be mended, as the reason names it, where we know it. `known` says that it had an ERR
    row before: somebody has been told.
    """

    customer: str
    kind: ErrorType
    row: UUID | None
    order_number: str | None
    name: str | None
    size: str | None
    columns: tuple[str, ...]
    reason: str
    known: bool


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run waits for `seconds`, longer than a moment; `reason`: a limit, a failure, doubt that has to end."""

    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class BatchEnded:
    """A customer is done with, whatever came of it: `result` is a copy of what the call returns.

    `wait` is after how many seconds a paused one may go on, where monday.com says so.
    """

    result: BatchResult
    wait: float | None = None


Event: TypeAlias = (
    RunBegan | BatchBegan | StepBegan | Progress | StepEnded | RowRefused | Waiting | BatchEnded
)
"""Whatever a hook is told."""

EventHook: TypeAlias = Callable[[Event], None]
"""What is called with each event, in the thread that runs the service."""
