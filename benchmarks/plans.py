"""How often is a run of 2,000 orders refused by the limits of monday's plans, and what does it wait for them?

The same orders, with one size each, through our items and bulk channels, on every plan and at both costs of a
mutation that are told of. Requests take no time of the server's, so that nothing but the limits holds the
client back: the worst case for its pacing. The free plan has room for the items here, as its points are what is
looked at. Exits with 1 where a row is lost or doubled, or a run is refused more than a handful of times.

Usage: python benchmarks/plans.py [ORDERS]
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.delivery_ground import Ground, only_errors_are_logged
from benchmarks.delivery_measures import table
from benchmarks.delivery_orders import board_lines, order_rows
from order_staging.sandbox import COST_10K, COST_30K, ENTERPRISE, FREE, NO_LATENCY, PRO, STANDARD
from order_staging.sandbox.sample_values import ALPHA_SIZES
from order_staging.settings import Channel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.delivery_orders import Row

ORDERS = 2000
HANDFUL = 5
PLANS = (replace(FREE, items_per_account=None), STANDARD, PRO, ENTERPRISE)


def with_one_size(row: Row) -> Row:
    """Keep the first size of an order line."""
    first, *others = [size for size in ALPHA_SIZES if row.get(size)]
    return row | dict.fromkeys(others) | {"TOTAL QTY": row[first]}


def main(arguments: Sequence[str]) -> int:
    """Measure every plan, cost and channel, and print a table with the ratios to the last plan's items."""
    orders = int(arguments[0]) if arguments else ORDERS
    only_errors_are_logged()
    rows = [with_one_size(row) for row in order_rows(orders)]
    lines = board_lines(rows)
    measures = []
    for plan in PLANS:
        for cost in (COST_10K, COST_30K):
            ground = Ground(plan, rows, lines, latency=NO_LATENCY, mutation_cost=cost)
            channels = (Channel.ITEMS, Channel.BULK)
            measures += [ground.ours(f"{plan.name}, {cost:,} points, {name}", name) for name in channels]
    print(f"{orders:,} orders, {orders:,} subitems")
    print("\n".join(table(measures, measures[-2])))
    bad = [one.name for one in measures if not one.is_complete or one.refusals > HANDFUL]
    for name in bad:
        print(f"INCOMPLETE OR REFUSED TOO OFTEN {name}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
