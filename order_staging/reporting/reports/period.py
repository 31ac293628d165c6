"""What the report of some time says: volume, success, duration, and failures by customer. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from order_staging.models import BatchStatus
from order_staging.reporting.reports.batch import Fact, type_word
from order_staging.reporting.reports.scales import Scale, scale
from order_staging.reporting.status import elapsed
from order_staging.reporting.words import HOUR, NOTHING, duration, share
from order_staging.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from order_staging.repositories import FailureCount, PastBatch

CUSTOMERS_SHOWN = 50
BATCHES_SHOWN = 100
WITH_FAILURES = frozenset({BatchStatus.COMPLETED_WITH_ERRORS, BatchStatus.FAILED})
NOBODY = "no customer"
"""Whose dead letters are that name none."""


@dataclass
class CustomerSum:
    """What became of one customer's batches; `longest` and `seconds` (of all together) are seconds."""

    name: str
    batches: int = 0
    clean: int = 0
    """Batches without any failed row, so far."""
    orders: int = 0
    subitems: int = 0
    failed: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    timed: int = 0
    """Batches that have a duration."""

    @property
    def success(self) -> str:
        """Say which share of the order lines that were settled landed."""
        return share(self.orders, self.orders + self.failed)

    @property
    def mean(self) -> str:
        """Say how long a batch took on average."""
        return duration(self.seconds / self.timed) if self.timed else NOTHING

    def add(self, batch: PastBatch) -> None:
        """Count a batch."""
        self.batches += 1
        self.clean += not batch.failed and batch.status not in WITH_FAILURES
        self.orders += batch.orders
        self.subitems += batch.subitems
        self.failed += batch.failed
        if (seconds := elapsed(batch.started, batch.ended)) is not None:
            self.timed += 1
            self.seconds += seconds
            self.longest = max(self.longest, seconds)


@dataclass
class Volume:
    """Order lines that landed and failed, sizes that landed, and the longest batch (seconds), by step of time."""

    scale: Scale
    orders: list[int] = field(default_factory=list)
    subitems: list[int] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)
    longest: list[float] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        for counts in (self.orders, self.subitems, self.failed, self.batches):
            counts.extend([0] * self.scale.steps)
        self.longest.extend([0.0] * self.scale.steps)

    def add(self, batch: PastBatch) -> None:
        """Count a batch in the step in which it began."""
        place = self.scale.place(batch.started)
        if place is None:
            return
        self.batches[place] += 1
        self.orders[place] += batch.orders
        self.subitems[place] += batch.subitems
        self.failed[place] += batch.failed
        self.longest[place] = max(self.longest[place], elapsed(batch.started, batch.ended) or 0)


@dataclass(frozen=True)
class CustomerFailures:
    """A customer's dead letters: how many, how many of them wait to be mended, and how many of each kind."""

    name: str
    rows: int
    waiting: int
    kinds: dict[str, int]


@dataclass(frozen=True)
class PeriodReport:
    """Everything that the page of some time shows; times are UTC."""

    since: datetime
    made: datetime
    tone: str
    sentence: str
    counters: list[Fact]
    facts: list[Fact]
    volume: Volume
    customers: list[CustomerSum]
    customers_more: int
    kinds: list[str]
    """The kinds of failures that there are, the most frequent first."""
    failures: list[CustomerFailures]
    failures_more: int
    batches: list[PastBatch]
    batches_more: int


def period_report(
    batches: Iterable[PastBatch], failures: Iterable[FailureCount], *, since: datetime, now: datetime
) -> PeriodReport:
    """Sum batches up, which are gone through once: what is kept does not grow with their number.

    All of them began at `since` or later; times are UTC.
    """
    volume = Volume(scale(since, now, least=HOUR))
    everybody, by_customer = CustomerSum(""), dict[str, CustomerSum]()
    seconds: Counter[int] = Counter()
    statuses: Counter[str] = Counter()
    shown: list[PastBatch] = []
    for batch in batches:
        everybody.add(batch)
        by_customer.setdefault(batch.customer, CustomerSum(batch.customer)).add(batch)
        volume.add(batch)
        statuses[str(batch.status)] += 1
        if (took := elapsed(batch.started, batch.ended)) is not None:
            seconds[round(took)] += 1
        if len(shown) < BATCHES_SHOWN:
            shown.append(batch)
    customers = sorted(by_customer.values(), key=lambda each: (-each.orders, -each.failed, each.name))
    letters, kinds = _failures(failures)
    return PeriodReport(
        since=since,
        made=now,
        tone=_tone(everybody, statuses),
        sentence=_sentence(everybody, len(by_customer), statuses),
        counters=[
            Fact("Batches", f"{everybody.batches:,}"),
            Fact("Order lines on the board", f"{everybody.orders:,}", "good" if everybody.orders else ""),
            Fact("Sizes on the board", f"{everybody.subitems:,}", "good" if everybody.subitems else ""),
            Fact("Order lines failed", f"{everybody.failed:,}", "bad" if everybody.failed else ""),
        ],
        facts=[
            Fact("Success", everybody.success),
            Fact("Batches without a failed row", share(everybody.clean, everybody.batches)),
            Fact("Duration, median", duration(median(seconds.elements())) if seconds else NOTHING),
            Fact("Duration, longest", duration(everybody.longest) if seconds else NOTHING),
        ],
        volume=volume,
        customers=customers[:CUSTOMERS_SHOWN],
        customers_more=max(0, len(customers) - CUSTOMERS_SHOWN),
        kinds=kinds,
        failures=letters[:CUSTOMERS_SHOWN],
        failures_more=max(0, len(letters) - CUSTOMERS_SHOWN),
        batches=shown,
        batches_more=everybody.batches - len(shown),
    )


def _sentence(everybody: CustomerSum, customers: int, statuses: Counter[str]) -> str:
    if not everybody.batches:
        return "No batch began in this time."
    arrived = f"{counted(everybody.orders, 'order line')} and {counted(everybody.subitems, 'size')}"
    begun = f"{counted(everybody.batches, 'batch', 'batches')} of {counted(customers, 'customer')}"
    ends = [
        f"{statuses[status]:,} {words}"
        for status, words in (
            (BatchStatus.FAILED, "failed"),
            (BatchStatus.PAUSED, "paused"),
            (BatchStatus.COMPLETED_WITH_ERRORS, "completed with errors"),
        )
        if statuses[status]
    ]
    how = f" Of the batches, {', '.join(ends)}." if ends else " No batch ended with an error."
    return f"{begun} brought {arrived} to the board; {counted(everybody.failed, 'order line')} failed.{how}"


def _tone(everybody: CustomerSum, statuses: Counter[str]) -> str:
    if not everybody.batches:
        return "neutral"
    if statuses[BatchStatus.FAILED]:
        return "bad"
    is_good = everybody.clean == everybody.batches and not statuses[BatchStatus.PAUSED]
    return "good" if is_good else "warning"


def _failures(counts: Iterable[FailureCount]) -> tuple[list[CustomerFailures], list[str]]:
    """Sum dead letters up by customer, the one with the most first, and list the kinds."""
    kinds: Counter[str] = Counter()
    by_customer: dict[str, Counter[str]] = {}
    waiting: Counter[str] = Counter()
    for count in counts:
        customer, kind = count.customer or NOBODY, type_word(count.error_type)
        kinds[kind] += count.rows
        by_customer.setdefault(customer, Counter())[kind] += count.rows
        waiting[customer] += 0 if count.resolved else count.rows
    found = [
        CustomerFailures(customer, each.total(), waiting[customer], dict(each))
        for customer, each in by_customer.items()
    ]
    return sorted(found, key=lambda each: (-each.rows, each.name)), [kind for kind, _ in kinds.most_common()]
