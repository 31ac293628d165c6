"""How the sandbox behaves where nobody knows how monday.com does, or where it varies: the choices of a test."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from order_staging.sandbox.costs import Costs, MutationCosts
from order_staging.sandbox.idempotency import IdempotencyRules
from order_staging.sandbox.refused_by_limits import RefusalStyle
from order_staging.sandbox.windows import WindowKind

RECORDED_SECONDS = {
    "create_item": 0.829,
    "create_subitem": 0.829,
    "create_group": 0.731,
    "create_board": 1.48,
    "delete_item": 1.032,
}


@dataclass(frozen=True, slots=True)
class Latency:
    """How long requests take, in seconds: each, and in addition for every root field in it, one after another.

    A root field that is not in `fields` takes `other`; asking for the complexity takes nothing. `scale`
    multiplies all of it, 0 makes every answer immediate.
    """

    request: float = 0.0
    fields: Mapping[str, float] = field(default_factory=lambda: dict(RECORDED_SECONDS))
    other: float = 0.5
    scale: float = 1.0

    def of(self, operations: Iterable[str]) -> float:
        """Seconds that a request with these root fields takes."""
        worked = (self.fields.get(name, self.other) for name in operations if name != "complexity")
        return self.scale * (self.request + sum(worked))


NO_LATENCY = Latency(scale=0.0)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The choices of a test; as they stand, the sandbox is as helpful as the documentation says.

    `estimate_factor` times the cost of a request is charged before it runs, and a mutation that fails costs
    `failed_share` of its points. `rate_limit_headers` are what older servers do not send. A request takes its
    `latency` before it has any effect. Searches and pages of items answer from the board as it was
    `search_lag` seconds ago, what is asked for by its id does not.
    """

    window: WindowKind = WindowKind.FIXED
    refusals: RefusalStyle = RefusalStyle.CURRENT
    rate_limit_headers: bool = True
    estimate_factor: float = 1.0
    failed_share: float = 0.1
    latency: Latency = NO_LATENCY
    idempotency: IdempotencyRules = field(default_factory=IdempotencyRules)
    search_lag: float = 0.0

    def costs(self, mutation_cost: int | MutationCosts) -> Costs:
        """What requests cost; takes the points of every mutation, or of mutations by operation."""
        if isinstance(mutation_cost, int):
            mutation_cost = MutationCosts(mutation_cost)
        return Costs(mutation_cost, self.estimate_factor, self.failed_share)
