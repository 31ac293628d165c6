"""What an account may use: monday.com's plans, by name."""

from dataclasses import dataclass

IP_REQUESTS = 5_000
"""Requests from one address in ten seconds, whatever the plan."""
REQUEST_COMPLEXITY = 5_000_000
"""Points that one request may cost, whatever the plan."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The limits of an account.

    `complexity` are points a minute, for reads and writes together, as a personal token has them; `requests`
    are those a minute, `concurrency` those in flight, `calls` those a day; `items_per_account` is None where
    only the boards have a limit. A plan that does not `refuse` tells its quotas and never holds to them, but
    for the limits of items.
    """

    name: str
    complexity: int
    requests: int
    concurrency: int
    calls: int
    items_per_board: int = 10_000
    items_per_account: int | None = None
    refuses: bool = True


FREE = Plan("free", 1_000_000, 1_000, 40, 1_000, items_per_account=200)
STANDARD = Plan("standard", 10_000_000, 1_000, 40, 1_000)
PRO = Plan("pro", 10_000_000, 2_500, 100, 10_000)
ENTERPRISE = Plan("enterprise", 10_000_000, 5_000, 250, 25_000)
UNLIMITED = Plan("unlimited", 2_000_000_000, 1_000_000, 100_000, 1_000_000_000, refuses=False)

PLANS = {plan.name: plan for plan in (FREE, STANDARD, PRO, ENTERPRISE, UNLIMITED)}


def plan_named(name: str) -> Plan:
    """The plan of that name; raises ValueError that names all of them."""
    if name not in PLANS:
        raise ValueError(f"no plan is called {name!r}; there are {', '.join(PLANS)}")
    return PLANS[name]
