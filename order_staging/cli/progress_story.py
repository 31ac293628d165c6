"""What is going on, as the events tell it, and how it is said. Pure: the time of each event is passed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from order_staging.batch import (
    BatchBegan,
    BatchEnded,
    Event,
    Progress,
    RowRefused,
    RunBegan,
    Step,
    StepBegan,
    StepEnded,
    Waiting,
)
from order_staging.cli.progress_pace import Pace

WORDS = {
    Step.RELINK: "recognising rows",
    Step.RETRY: "retrying",
    Step.LOAD: "staging",
    Step.CHANGES: "comparing",
    Step.ITEMS: "items",
    Step.SURVEY: "surveying",
    Step.FILE: "writing a file",
    Step.IMPORT: "bulk import",
    Step.RECOVER: "settling unknown",
    Step.SUBITEMS: "subitems",
    Step.PROMOTE: "promoting",
    Step.CLEAN_UP: "cleaning up",
    Step.PREVIEW: "reading",
    Step.COMPARE: "comparing",
    Step.SEARCH: "searching groups",
    Step.CHECK: "reading orders",
}
"""What the steps are called."""


@dataclass
class Under:
    """A step under way."""

    customer: str | None
    step: Step
    total: int | None
    began: float
    pace: Pace
    ended: float | None = None

    @property
    def done(self) -> int:
        """How many rows are done."""
        return self.pace.done


@dataclass
class Story:
    """What has been told so far."""

    customers: tuple[str, ...] = ()
    customer: str | None = None
    steps: list[Under] = field(default_factory=list)
    """The steps under way, one within the other."""
    waits_until: float = 0.0
    waits_for: str = ""
    refused: int = 0

    def take(self, event: Event, now: float) -> Under | None:
        """Take an event in; give the step that it is about, if it is about one."""
        match event:
            case RunBegan(customers):
                self.customers = customers
            case StepBegan(customer, step, total):
                self.customer = customer
                self.steps.append(Under(customer, step, total, now, Pace(now)))
                return self.steps[-1]
            case Progress(_, step, done, total) | StepEnded(_, step, done, total):
                return self._goes_on(step, done, total, now, ended=isinstance(event, StepEnded))
            case Waiting(seconds, reason):
                self.waits_until, self.waits_for = now + seconds, one_line(reason)
                for under in self.steps:
                    under.pace.wait(now, seconds)
            case RowRefused():
                self.refused += 1
            case BatchBegan() | BatchEnded():
                pass
        return None

    def _goes_on(self, step: Step, done: int, total: int | None, now: float, *, ended: bool) -> Under | None:
        self.waits_until = min(self.waits_until, now)
        under = next((each for each in reversed(self.steps) if each.step is step), None)
        if under is None:
            return None
        under.total = total
        under.pace.reach(now, done)
        if ended:
            under.ended = now
            self.steps.remove(under)
        return under

    def heading(self) -> str:
        """Name the customer that is worked on, and which of how many it is."""
        if self.customer is None:
            return ""
        name = one_line(self.customer)
        if len(self.customers) < 2 or self.customer not in self.customers:  # noqa: PLR2004 - several
            return name
        return f"{name} ({self.customers.index(self.customer) + 1} of {len(self.customers)})"


def told(under: Under, now: float) -> str:
    """Say how far a step is: counts, rate and time left, as far as they are known."""
    rate, left = under.pace.rate(now), under.pace.seconds_left(now, under.total)
    parts = [f"{WORDS[under.step]}: {counts(under)}"]
    if under.total:
        parts[0] += f" ({100 * under.done // under.total}%)"
    if rate is not None:
        parts.append(speed(rate))
    if left is not None:
        parts.append(f"about {duration(left)} left")
    return ", ".join(parts)


def told_at_end(under: Under, now: float) -> str:
    """Say how a step has ended: counts, time and rate."""
    took = now - under.began
    if under.total is not None and under.done < under.total:
        return f"{WORDS[under.step]}: left at {counts(under)} after {duration(took)}"
    rate = "" if took <= 0 else f", {speed(under.done / took)}"
    return f"{WORDS[under.step]}: {under.done:,} done in {duration(took)}{rate}"


def counts(under: Under) -> str:
    """Say how many rows are done, of how many."""
    return f"{under.done:,}" if under.total is None else f"{under.done:,} of {under.total:,}"


def speed(rate: float) -> str:
    """Say rows a second, or a minute where that is below one."""
    if rate < 1:
        return f"{rate * 60:.1f} a minute" if rate * 60 < 10 else f"{rate * 60:.0f} a minute"  # noqa: PLR2004
    return f"{rate:.1f} a second" if rate < 10 else f"{rate:,.0f} a second"  # noqa: PLR2004 - two digits


def duration(seconds: float) -> str:
    """Say seconds as `1:05`, and from an hour on as `1:00:05`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def one_line(text: str) -> str:
    """Keep what comes from elsewhere in its line: no breaks, and nothing that a terminal would obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
