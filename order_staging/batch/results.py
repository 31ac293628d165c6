"""What a run tells its caller, and the JSON of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from order_staging.models import BatchStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID


class RunStatus(StrEnum):
    """How a run went as a whole."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    """Rows are invalid, rejected, in conflict or unknown, or the run was asked to stop before its end."""
    FAILED = "failed"
    PAUSED = "paused"
    """A limit of monday.com: run again later."""
    NOTHING_TO_DO = "nothing_to_do"
    """Nothing was new, and nothing under way."""
    BUSY = "busy"
    """Another runner has the customer."""


@dataclass
class Counts:
    """What became of rows; `selected` ones are those that were looked at in the source by this run.

    A retry counts a row that it stages anew as `selected` and `retried`; `loaded` are rows that were not staged
    before: new ones, and invalid ones that are mended.
    """

    selected: int = 0
    loaded: int = 0
    invalid: int = 0
    relinked: int = 0
    """Recognised under a new UUID, and not created again."""
    created: int = 0
    """New on the board."""
    adopted: int = 0
    """Found on the board after an answer that told nothing."""
    rejected: int = 0
    """Refused by monday.com."""
    unknown: int = 0
    """Nobody can tell yet whether monday.com has them; the next run asks."""
    conflict: int = 0
    """Several items on the board could be the row; a person must decide."""
    promoted: int = 0
    """Written to production."""
    warnings: int = 0
    """Loaded, with a value left out or changed."""
    updated: int = 0
    """Values or names changed on the board."""
    moved: int = 0
    """Moved to another group."""
    unchanged: int = 0
    """Delivered before, looked at, and as it was acknowledged."""
    conflicts: int = 0
    """Changed in the source and by people on the board, to different values."""
    removed: int = 0
    """Delivered before, and gone from the source."""
    deleted: int = 0
    """Gone from the board: people deleted or archived it. Most runs look at what changed in the source alone."""
    archived: int = 0
    """Archived on the board, as they are gone from the source."""
    retried: int = 0
    """Dead letters whose rows were looked at again, whatever came of it."""

    def add(self, other: Counts) -> None:
        """Add what another part of the work has counted."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    @property
    def on_board(self) -> int:
        """Rows that this run brought to the board, or found there."""
        return self.created + self.adopted

    @property
    def changed(self) -> int:
        """Count what this run changed, moved and archived on the board; a row may be changed and moved."""
        return self.updated + self.moved + self.archived

    @property
    def failed(self) -> int:
        """Rows that somebody should look at."""
        return self.invalid + self.rejected + self.unknown + self.conflict


SUBITEM_KEYS = ("loaded", "created", "adopted", "rejected", "unknown", "conflict", "promoted", "warnings")
"""The counts that apply to subitems."""


ORDER_KEYS = ("selected", SUBITEM_KEYS[0], "invalid", "relinked", *SUBITEM_KEYS[1:])
CHANGE_KEYS = ("updated", "moved", "unchanged", "conflicts", "removed", "deleted", "archived")
"""The counts that a run with changes has beside them."""


@dataclass
class GroupCounts:
    """Groups of the board: created by this run, and used by it."""

    created: int = 0
    used: int = 0


@dataclass
class ApiCounts:
    """Calls of the API, retries among them, refusals by its limits, complexity points spent, and bulk jobs."""

    calls: int = 0
    retries: int = 0
    refusals: int = 0
    complexity: int = 0
    bulk_jobs: int = 0


@dataclass
class BatchResult:
    """One customer's batch; `batch_id` is None where there was nothing to record. `seconds` is its duration."""

    customer: str
    batch_id: UUID | None = None
    status: str = RunStatus.NOTHING_TO_DO.upper()
    orders: Counts = field(default_factory=Counts)
    subitems: Counts = field(default_factory=Counts)
    groups: GroupCounts = field(default_factory=GroupCounts)
    api: ApiCounts = field(default_factory=ApiCounts)
    """What it took of monday.com."""
    seconds: float = 0.0
    error: str | None = None
    """Why the batch failed or paused, or who holds the customer."""
    with_changes: bool = False
    """Whether the run was to bring changes, too."""
    announcements: list[str] = field(default_factory=list)
    """What people should know of the run as a whole."""
    is_retry: bool = False
    """Whether the run was to retry what failed."""
    passed_over: int = 0
    """Dead letters that a retry left out, as they were retried as often as they may be unless they are named."""
    stops_the_run: bool = False
    """Whether what ended the batch would meet every other customer, too."""

    @property
    def run_status(self) -> RunStatus:
        """Say in a run's words how the batch went.

        A retry that was of no avail is partial even where no batch began; to a run, what waits for somebody is
        nothing to do.
        """
        found = _RUN_STATUSES.get(self.status, RunStatus.PARTIAL)
        in_vain = found is RunStatus.NOTHING_TO_DO and self.is_retry and self.failed_rows
        return RunStatus.PARTIAL if in_vain else found

    @property
    def failed_rows(self) -> int:
        """Rows, sizes included, that are invalid, rejected, in conflict or unknown."""
        return self.orders.failed + self.subitems.failed

    def end(self, *, stopped: bool) -> None:
        """Say how it ended; a run that was asked to stop before a batch began has not seen if there is work."""
        if stopped and self.status == RunStatus.NOTHING_TO_DO.upper():
            self.status = STOPPED

    def facts(self) -> dict[str, object]:
        """Flatten it for the one line that sums a batch up."""
        facts: dict[str, object] = {"status": str(self.status), "seconds": round(self.seconds, 3)}
        for group in ("orders", "subitems", "groups", "api"):
            counts = asdict(getattr(self, group))
            facts |= {f"{group}_{key}": value for key, value in counts.items() if value}
        return facts | ({"error": self.error} if self.error else {})

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        more = (*(CHANGE_KEYS if self.with_changes else ()), *(("retried",) if self.is_retry else ()))
        orders, subitems = asdict(self.orders), asdict(self.subitems)
        facts: dict[str, Any] = {
            "batch_id": str(self.batch_id) if self.batch_id else None,
            "customer": self.customer,
            "status": str(self.status),
            "orders": {key: orders[key] for key in (*ORDER_KEYS, *more)},
            "subitems": {key: subitems[key] for key in (*SUBITEM_KEYS, *more)},
            "groups": asdict(self.groups),
            "api": asdict(self.api),
            "seconds": round(self.seconds, 3),
        }
        if self.is_retry:
            facts["passed_over"] = self.passed_over
        if self.announcements:
            facts["announcements"] = list(self.announcements)
        return facts | ({"error": self.error} if self.error else {})


BUSY = RunStatus.BUSY.upper()
"""The status of a batch that was not begun, as another runner has the customer."""

STOPPED = "STOPPED"
"""The status of a batch that was not begun, as the run was asked to end."""

_RUN_STATUSES = {
    BatchStatus.COMPLETED: RunStatus.COMPLETED,
    BatchStatus.COMPLETED_WITH_ERRORS: RunStatus.PARTIAL,
    BatchStatus.PAUSED: RunStatus.PAUSED,
    BatchStatus.FAILED: RunStatus.FAILED,
    BUSY: RunStatus.BUSY,
    STOPPED: RunStatus.PARTIAL,
    RunStatus.NOTHING_TO_DO.upper(): RunStatus.NOTHING_TO_DO,
}


@dataclass(frozen=True)
class RunResult:
    """All batches of a run."""

    batches: tuple[BatchResult, ...] = ()
    stopped: bool = False
    """Whether it was asked to end while customers were left."""

    @property
    def status(self) -> RunStatus:
        """Sum the batches up: the worst of them, or partial where some did their work and some did not."""
        left = [RunStatus.PARTIAL] if self.stopped else []
        return overall([*(batch.run_status for batch in self.batches), *left])

    def to_dict(self) -> dict[str, Any]:
        """Give JSON values, under the keys that other programs rely on."""
        return {"status": str(self.status), "batches": [batch.to_dict() for batch in self.batches]}


def overall(statuses: Sequence[RunStatus]) -> RunStatus:
    """Sum statuses up: what stops a run comes first, then what failed, then what is partly done."""
    by_weight = (
        RunStatus.FAILED,
        RunStatus.PAUSED,
        RunStatus.PARTIAL,
        RunStatus.BUSY,
        RunStatus.COMPLETED,
    )
    worst = next((status for status in by_weight if status in statuses), RunStatus.NOTHING_TO_DO)
    return RunStatus.PARTIAL if worst is RunStatus.BUSY and RunStatus.COMPLETED in statuses else worst


@dataclass(frozen=True)
class StepResult:
    """One step of a batch done by itself: the batch, and how many rows it was about."""

    batch_id: UUID
    orders: int = 0
    subitems: int = 0


@dataclass(frozen=True)
class LoadResult:
    """What loading staged: the batch, None where nothing was new, and the counts of orders and subitems."""

    batch_id: UUID | None
    orders: Counts
    subitems: Counts
