"""What goes wrong in a soak: faults of monday.com by chance, and how runners die. Pure, by a seeded randomness."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from order_staging.failpoints import Failpoint
from order_staging.sandbox import fault_presets

if TYPE_CHECKING:
    from random import Random

    from order_staging.sandbox import Fault

MUTATIONS = ("create_item", "create_subitem", "change_multiple_column_values")
SOON = 1
"""Seconds that the server asks us to wait."""
SLOW = 0.7
"""Seconds that a slow request takes."""
LAG = 0.4
"""Seconds by which a search lags behind; less than recovery waits."""

ANYWHERE: dict[str, Fault] = {
    "dropped before": fault_presets.drop_before(),
    "executed, then dropped": fault_presets.execute_then_drop(),
    "executed, then 500": fault_presets.execute_then_500(),
    "executed, then a page with 502": fault_presets.execute_then_html_502(),
    "executed, then an empty 502": fault_presets.execute_then_empty_502(),
    "executed, then data: null": fault_presets.execute_then_data_null(),
    "executed, then 503": fault_presets.execute_then_timeout_503(),
    "502 instead": fault_presets.html_502(),
    "503 instead": fault_presets.timeout_503(),
    "data: null instead": fault_presets.data_null(),
    "locked (423)": fault_presets.locked_423(),
    "minute limit": fault_presets.minute_limit(SOON),
    "concurrency limit": fault_presets.concurrency_limit(SOON),
    "complexity limit": fault_presets.complexity_limit(SOON),
    "address limit": fault_presets.ip_limit(SOON),
    "a page with 429": fault_presets.html_429(SOON),
    "daily limit": fault_presets.daily_limit(SOON),
    "slow": fault_presets.delay(SLOW),
}
"""Any request meets them."""
IN_PLACES: dict[str, tuple[Fault, tuple[str, ...]]] = {
    "a mutation refused": (fault_presets.fail_alias(), MUTATIONS),
    "a mutation executed and refused": (fault_presets.execute_alias_then_fail(), MUTATIONS),
    "stale search": (fault_presets.stale_search(LAG), ("items_page_by_column_values", "boards")),
}
"""Those that only some root fields can meet."""


def faults(share: float) -> list[tuple[str, Fault]]:
    """Make every kind of fault, with its name; together they meet about this share of all requests."""
    each = share / (len(ANYWHERE) + 2)
    found = [(name, replace(fault, times=None, probability=each)) for name, fault in ANYWHERE.items()]
    for name, (fault, operations) in IN_PLACES.items():
        one = replace(fault, times=None, probability=each)
        found += [(name, replace(one, operation=operation)) for operation in operations]
    return found


@dataclass(frozen=True)
class Death:
    """How a runner is to die: when it passes a place for the `at`-th time, or after so many seconds."""

    failpoint: Failpoint | None = None
    at: int = 1
    seconds: float | None = None


OFTEN_PASSED = (
    Failpoint.COMMIT_COMING,
    Failpoint.COMMIT_DONE,
    Failpoint.INTENT_RECORDED,
    Failpoint.ANSWER_READ,
    Failpoint.OUTCOMES_RECORDED,
)
"""Places that each request passes."""


def death(random: Random, share: float, longest: float) -> Death:
    """Choose how a runner dies; it lives with a probability of 1 - `share`. `longest` is in seconds."""
    if random.random() >= share:
        return Death()
    if random.random() < 0.4:
        return Death(seconds=random.uniform(0.1, longest))
    if random.random() < 0.5:
        return Death(random.choice(OFTEN_PASSED), at=random.randint(1, 60))
    return Death(random.choice([*Failpoint]), at=random.choice((1, 1, 2, 3)))
