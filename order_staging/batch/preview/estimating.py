"""How many calls a run would make, and how many minutes it would take. Pure.

What a mutation costs is told by no document that agrees with the others: 10,000 points by most, 30,000 by what some
accounts saw. So an estimate has two ends. Neither knows what other programs use of the same account meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from order_staging.batch.channels import CALLS_A_JOB, least_to_import
from order_staging.batch.preview.findings import Estimate
from order_staging.monday.groups import GROUPS_A_REQUEST
from order_staging.monday.import_file import ROWS_A_JOB

if TYPE_CHECKING:
    from collections.abc import Iterable

    from order_staging.monday.account import DailyCalls
    from order_staging.monday.limits import Quotas
    from order_staging.settings import Settings

POINTS_LEAST, POINTS_MOST = 10_000, 30_000
"""What one mutation costs, by monday's documentation and by what accounts saw."""
SECONDS_A_MUTATION = 0.829
"""What monday.com takes to create an item: the recorded median."""
SECONDS_A_JOB = 20.0
READS_OF_GROUPS = 2
"""Before groups are created, and after it."""


@dataclass
class Work:
    """What a run would send for one customer: new items by group, those below them, and changes (mutations).

    `new_groups` are those that are not on the board and that no customer before needs; `reads` are the queries for
    items that are compared.
    """

    items: dict[str, int] = field(default_factory=dict)
    subitems: int = 0
    changes: int = 0
    size_changes: int = 0
    new_groups: int = 0
    reads: int = 0


def estimate(
    works: Iterable[Work],
    settings: Settings,
    quotas: Quotas,
    daily: DailyCalls | None,
    *,
    with_subitem_board: bool = True,
) -> Estimate:
    """Estimate what a run takes that does all this under the account's limits.

    Until a first subitem there may be no board of subitems (`with_subitem_board`): then a run looks for it after
    the subitems of each customer, and not before the first one.
    """
    calls, mutations, imports = 1 + with_subitem_board, 0, 0
    least = least_to_import(settings)
    for work in works:
        jobs, rows = _jobs(work, least)
        one_by_one = sum(work.items.values()) - rows + work.changes
        below = work.subitems + work.size_changes
        calls += ceil(one_by_one / settings.aliases) + ceil(below / settings.aliases)
        calls += jobs * CALLS_A_JOB + work.reads
        if work.new_groups:
            calls += READS_OF_GROUPS + ceil(work.new_groups / GROUPS_A_REQUEST)
        calls += bool(below) and not with_subitem_board
        mutations += one_by_one + below + jobs + work.new_groups
        imports += jobs
    serving = mutations * SECONDS_A_MUTATION / settings.lanes + imports * SECONDS_A_JOB
    waits = {"monday.com's own time": serving / 60}
    if quotas.requests:
        waits["requests a minute"] = calls / quotas.requests
    fast = dict(waits)
    if quotas.points:
        fast["complexity a minute"] = mutations * POINTS_LEAST / quotas.points
        waits["complexity a minute"] = mutations * POINTS_MOST / quotas.points
    slowest = max(waits, key=lambda name: waits[name])
    return Estimate(
        calls,
        mutations,
        imports,
        minutes_least=round(max(fast.values()), 1),
        minutes_most=round(waits[slowest], 1),
        limited_by=slowest,
        calls_left=None if daily is None else daily.left,
    )


def _jobs(work: Work, least: int | None) -> tuple[int, int]:
    """Count the imports, and the rows that travel by them."""
    large = [rows for rows in work.items.values() if least is not None and rows >= least]
    return sum(ceil(rows / ROWS_A_JOB) for rows in large), sum(large)
