"""How do orders reach the board best? This project against row-by-row scripts and two clients from PyPI.

All deliver the same orders to sandboxes with monday's recorded latencies and the limits of a plan. Seconds are
those of monday.com and of the programs' own work together, on a clock that leaps over waits (`leaping_clock.py`).
`docs/benchmarks.md` says how to read the tables. Exits with 1 where a target is missed, and says which.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.delivery_ground import Ground, latency, only_errors_are_logged
from benchmarks.delivery_measures import Load, Measure, missed_targets, table
from benchmarks.delivery_orders import SIZES, board_lines, order_rows
from benchmarks.delivery_peers import Cartagon, Monday, MondayTogether
from benchmarks.delivery_scripts import RowByRowScript
from order_staging.sandbox import PRO, STANDARD
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDERS = 1000


@dataclass(frozen=True)
class Results:
    """The measures on one kind of ground."""

    peers: Sequence[Measure]
    """Each used as its own documentation says."""
    undocumented: Measure
    items: Measure
    bulk: Measure

    def lines(self) -> list[str]:
        """Lay them out."""
        return table([*self.peers, self.undocumented, self.items, self.bulk], self.items)


def measure(ground: Ground) -> Results:
    """Measure every way of delivering on one kind of ground."""
    lines = ground.lines
    return Results(
        peers=[
            ground.script(
                "a script, one row a call",
                lambda url, token, clock: RowByRowScript(url, token, clock.pause).deliver(lines),
            ),
            ground.script("monday", lambda url, token, _: Monday(url, token).deliver(lines)),
            ground.script(
                "cartagon-monday-client",
                lambda url, token, clock: Cartagon(url, token, clock.pause).deliver(lines),
            ),
        ],
        undocumented=ground.script(
            "monday, an undocumented way",
            lambda url, token, _: MondayTogether(url, token).deliver(lines),
        ),
        items=ground.ours("order-staging, items channel", Channel.ITEMS),
        bulk=ground.ours("order-staging, bulk channel", Channel.BULK),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure on the standard plan, and on the pro plan, whose calls a day are enough for everybody."""
    parser = ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=ORDERS)
    parser.add_argument(
        "--share", type=float, default=0.0, help="seconds of the recorded latency that come once a request"
    )
    parser.add_argument("--true-time", action="store_true", help="do not leap: takes as long as it says")
    options = parser.parse_args(arguments)
    only_errors_are_logged()
    rows = order_rows(options.orders)
    lines = board_lines(rows)
    load = Load(options.orders, options.orders * SIZES)
    missed: list[str] = []
    for plan in (STANDARD, PRO):
        results = measure(Ground(plan, rows, lines, latency(options.share), true_time=options.true_time))
        print(
            f"{load.items:,} orders, {load.subitems:,} subitems; {plan.name} plan, {plan.calls:,} calls a day"
        )
        print("\n".join([*results.lines(), ""]))
        missed += [
            f"{plan.name} plan: {target}"
            for target in missed_targets(load, results.items, results.bulk, results.peers)
        ]
    print("\n".join(f"MISSED {target}" for target in missed) if missed else "Every target is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
