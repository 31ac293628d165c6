"""Tells how far a run is, warns of what is refused for the first time, and ends a run in which too much is.

What it hears it prints; a message to an orchestrator or a chat would go the same way. A hook is called in the
middle of the run, so it had better be quick: of a step it says something every few seconds.

Usage: python examples/progress.py MOST_REFUSED CUSTOMER
"""

from __future__ import annotations

import sys
import time

from order_staging import (
    BatchEnded,
    BatchService,
    Event,
    Progress,
    RowRefused,
    Settings,
    Step,
    StepEnded,
    Waiting,
)

EVERY = 5.0
"""Seconds between two lines about the same step, at least."""


class Reporter:
    """Hears what a run does, and ends it where it goes wrong."""

    def __init__(self, settings: Settings, most_refused: int) -> None:
        """Take how many order lines may be refused that were not known to be wrong."""
        self.service = BatchService(settings, on_event=self.hear)
        self._most_refused = most_refused
        self._refused = 0
        self._said: dict[Step, float] = {}

    def hear(self, event: Event) -> None:
        """Pass on what somebody may want to know."""
        match event:
            case Progress(_, step, done, total) if time.monotonic() - self._said.get(step, -EVERY) >= EVERY:
                self._said[step] = time.monotonic()
                print(f"{step}: {done} of {'?' if total is None else total}")
            case StepEnded(_, step, done, _) if done:
                print(f"{step}: done with {done}")
            case RowRefused(known=False):
                self._refused += 1
                print(f"order {event.order_number} is {event.kind}: {event.reason}")
                if self._refused > self._most_refused:
                    # What is in flight is recorded, and the next run goes on.
                    self.service.request_stop()
            case Waiting(seconds, reason):
                print(f"waiting {seconds:.0f} seconds: {reason}")
            case BatchEnded(result):
                print(f"{result.customer}: {result.status}")
            case _:
                pass


def main(most_refused: int, customer: str) -> None:
    """Bring a customer's new orders."""
    Reporter(Settings.load(), most_refused).service.process_customer_batch(customer)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
