"""The soak itself: runners start, meet faults and die, until everything is done; then the checker has its say."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.guarantees.checker import violations
from tests.guarantees.evidence import evidence_of
from tests.soak import troubles
from tests.soak.figures import Figures, Minima

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.processes import Finished, RunningProcess
    from tests.soak.ground import Ground
    from tests.soak.troubles import Death

LOOK_EVERY = 0.02
"""Seconds between two looks at the runners."""
PATIENCE = 60.0
"""Seconds after which a runner is killed in any case: it waits for a file that was lost."""
BUSY_FOR = 2.0
"""Seconds for which nobody tries a customer again whom another runner had."""
RIVALS_EVERY = 5.0
"""Seconds, on average, until a second runner is set on a customer whom one works on."""
EXPECTED = {0: "done", 4: "busy", 75: "paused", 1: "failed"}
"""How runs may end that nobody kills; a failed one left its rows to the next."""
LAST_RUNS = 40
"""Runs without faults after which everything has to be done."""
CALM = ("run", "--all", "--changes", "--output", "json", "--channel", "items")


@dataclass(frozen=True)
class Wishes:
    """How a soak is to be: runners at a time, shares of faults and of runs that are killed, and when it is over."""

    runners: int = 6
    fault_share: float = 0.05
    kill_share: float = 0.5
    longest_life: float = 12.0
    """Seconds within which a runner dies that dies at a random moment."""
    least: Minima = field(default_factory=Minima)
    minutes: float = 30.0
    aliases: tuple[int, ...] = (1, 1, 2, 3)
    """Rows a request that runs choose from: few, for many requests."""
    edits: int = 20
    """Changes of the source, and edits by people, at most at a time."""


@dataclass
class _Run:
    customer: str
    process: RunningProcess
    death: Death
    since: float
    killed_by_us: bool = False


class Soak:
    """Runs until everything is done and enough has happened."""

    def __init__(self, ground: Ground, figures: Figures, wishes: Wishes, random: Random) -> None:
        """Take where it takes place, what counts, how it is to be, and randomness."""
        self._ground = ground
        self.figures = figures
        self._wishes = wishes
        self._random = random
        self._running: list[_Run] = []
        self._busy: dict[str, float] = {}
        """Until when customers are left alone whom another runner had."""
        self._next_rivals = 0.0
        self._faults = troubles.faults(wishes.fault_share)

    def run(self, progress: Callable[[Figures, int], None]) -> Figures:
        """Do all of it; `progress` is told the figures and how many rows are left, every few seconds."""
        began = told = time.monotonic()
        for _, fault in self._faults:
            self._ground.sandbox.faults.add(fault)
        left = len(self._ground.rows)
        every = 1.0 + left / 1000
        while left or self._happened_too_little():
            if time.monotonic() - began > self._wishes.minutes * 60:
                self.figures.unexpected.append(f"{left} rows are left after {self._wishes.minutes:g} minutes")
                break
            self._look()
            if time.monotonic() - told >= every:
                told, left = time.monotonic(), self._ground.left()
                self._count()
                progress(self.figures, left)
            time.sleep(LOOK_EVERY)
        self._end()
        self._count()
        self.figures.seconds = time.monotonic() - began
        return self.figures

    def _happened_too_little(self) -> bool:
        found, least = self.figures, self._wishes.least
        enough = found.requests >= least.requests and found.faults.total() >= least.faults
        return not enough or found.kills < least.kills

    def _look(self) -> None:
        """Bury who has died, kill whose time has come, and start others in their place."""
        for run in list(self._running):
            finished = run.process.poll()
            if finished is None and self._is_due(run):
                run.killed_by_us = True
                finished = run.process.kill()
            if finished is not None:
                self._running.remove(run)
                self._ended(run, finished)
        if len(self._running) < self._wishes.runners and (customer := self._next_customer()) is not None:
            if self._happened_too_little():
                # Afterwards nothing changes any more: what is left is brought to its end.
                self._meanwhile()
            self._running.append(self._start(customer))

    def _is_due(self, run: _Run) -> bool:
        age = time.monotonic() - run.since
        return age > PATIENCE or (run.death.seconds is not None and age > run.death.seconds)

    def _next_customer(self) -> str | None:
        """Choose a customer whom nobody works on, now and then one whom somebody does; None: wait a little."""
        now = time.monotonic()
        busy = {run.customer for run in self._running} | {c for c, until in self._busy.items() if until > now}
        free = [customer for customer in self._ground.customers if customer not in busy]
        if self._running and now > self._next_rivals:
            self._next_rivals = now + self._random.uniform(0, 2 * RIVALS_EVERY)
            return self._random.choice(self._running).customer
        return self._random.choice(free) if free else None

    def _start(self, customer: str) -> _Run:
        random = self._random
        death = troubles.death(random, self._wishes.kill_share, self._wishes.longest_life)
        arguments = ["run", "--customer", customer, "--output", "json"]
        arguments += ["--channel", random.choice(["items", "items", "items", "bulk"])]
        arguments += ["--changes"] if random.random() < 0.6 else []
        process = self._ground.runner.start(
            *arguments,
            failpoint=death.failpoint,
            at=death.at,
            aliases=str(random.choice(self._wishes.aliases)),
            max_attempts=str(random.choice([2, 3, 6])),
        )
        return _Run(customer, process, death, time.monotonic())

    def _meanwhile(self) -> None:
        """Let the source change and people edit, between two runs."""
        times = self._random.randrange(self._wishes.edits + 1)
        for _ in range(times):
            if len(self._ground.rows) > 1:
                self.figures.source_changes[self._ground.change_source(self._random)] += 1
        self.figures.edits_by_people += self._ground.edit_as_people(self._random, times)

    def _ended(self, run: _Run, finished: Finished) -> None:
        self.figures.read_log(finished.err)
        if finished.code == -9:
            self._died(run)
        elif finished.code in EXPECTED and "Traceback" not in finished.err:
            self.figures.runs[EXPECTED[finished.code]] += 1
            if EXPECTED[finished.code] == "busy":
                self._busy[run.customer] = time.monotonic() + BUSY_FOR
        else:
            self.figures.runs["unexpected"] += 1
            words = f"{run.customer}: exit code {finished.code}: {finished.out[-500:]} {finished.err[-2000:]}"
            self.figures.unexpected.append(words)

    def _died(self, run: _Run) -> None:
        self.figures.runs["killed"] += 1
        if run.killed_by_us or run.death.failpoint is None:
            self.figures.kills_at_random += 1
        else:
            self.figures.kills_at_failpoints[run.death.failpoint] += 1
        if self._random.random() < 0.8:
            self._ground.take_lease_of(run.process.pid)
        if not any(other.customer == run.customer for other in self._running):
            self._ground.let_uploads_be_over(run.customer)

    def _count(self) -> None:
        sandbox = self._ground.sandbox
        happened = sandbox.faults.happened
        self.figures.faults.clear()
        for (name, _), (_, times) in zip(self._faults, happened, strict=True):
            self.figures.faults[name] += times
        self.figures.requests, self.figures.mutations = len(sandbox.requests), len(sandbox.executed)

    def _end(self) -> None:
        """Wait for the last runners, do what is left without faults, look that nothing more is sent, and judge."""
        for run in self._running:
            self._ended(run, run.process.kill())
        self._running.clear()
        sandbox = self._ground.sandbox
        sandbox.faults.clear()
        self._ground.take_lease_of(None)
        self._ground.let_uploads_be_over()
        settled = -1
        for _ in range(LAST_RUNS):
            before = len(sandbox.executed)
            finished = self._ground.runner(*CALM, timeout=600)
            self._ended(_Run("all", self._ground.runner.running[-1], troubles.Death(), 0.0), finished)
            if finished.code == 0 and len(sandbox.executed) == before:
                settled = before
                break
        figures, ground = self.figures, self._ground
        if settled < 0:
            figures.unexpected.append(f"still not done after {LAST_RUNS} runs without faults")
        figures.items, figures.subitems = len(sandbox.items()), len(sandbox.subitems())
        evidence = evidence_of((ground.engine, sandbox), settled_at=max(settled, 0) or None)
        figures.violations = violations(evidence)
