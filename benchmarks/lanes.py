"""Do more requests in flight bring orders to the board sooner? Our items channel with 1, 2, 4 and 8 lanes.

Every run delivers the same orders to a sandbox with monday's recorded latencies, on a clock that leaps over waits
(`leaping_clock.py`): on the standard plan, where a mutation costs 10,000 points by the documentation and 30,000 by
what some accounts saw, and without limits, to show what the points of a minute hide. `docs/benchmarks.md` says how
to read it, and why the default is 1 all the same. Exits with 1 where a row is lost or doubled.

Usage: python benchmarks/lanes.py [ORDERS]
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.delivery_ground import Ground, only_errors_are_logged
from benchmarks.delivery_measures import table
from benchmarks.delivery_orders import SIZES, board_lines, order_rows
from order_staging.sandbox import COST_10K, COST_30K, STANDARD, UNLIMITED
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

ORDERS = 1000
LANES = (1, 2, 4, 8)


def main(arguments: Sequence[str]) -> int:
    """Measure each number of lanes under both plans, and print the ratios to one lane."""
    orders = int(arguments[0]) if arguments else ORDERS
    only_errors_are_logged()
    rows = order_rows(orders)
    lines = board_lines(rows)
    incomplete = []
    for plan, cost in ((STANDARD, COST_10K), (STANDARD, COST_30K), (UNLIMITED, COST_10K)):
        ground = Ground(plan, rows, lines, mutation_cost=cost)
        measures = [ground.ours(f"lanes: {lanes}", Channel.ITEMS, lanes) for lanes in LANES]
        ground_name = f"{plan.name} plan, {cost:,} points a mutation"
        print(f"{orders:,} orders, {orders * SIZES:,} subitems; {ground_name}")
        print("\n".join([*table(measures, measures[0]), ""]))
        incomplete += [f"{ground_name}: {measure.name}" for measure in measures if not measure.is_complete]
    for name in incomplete:
        print(f"INCOMPLETE {name}")
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
