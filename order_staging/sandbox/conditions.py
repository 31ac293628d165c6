"""What an account may use and how its service behaves; each of it may be replaced while the sandbox serves."""

from collections.abc import Callable
from datetime import datetime

from order_staging.sandbox.behaviour import Behaviour
from order_staging.sandbox.costs import Costs, MutationCosts
from order_staging.sandbox.idempotency import IdempotencyKeys
from order_staging.sandbox.limits import Limits
from order_staging.sandbox.plans import Plan


class Conditions:
    """The plan of an account, how the service behaves, and the points of mutations, with what was used so far.

    Takes all three, and the clock. What is replaced counts for the next request; what was used stays used, and
    answers that are kept for idempotency keys stay kept.
    """

    def __init__(
        self,
        plan: Plan,
        behaviour: Behaviour,
        mutation_cost: int | MutationCosts,
        clock: Callable[[], datetime],
    ) -> None:
        self.limits = Limits(plan, clock, behaviour.window)
        self.keys = IdempotencyKeys(clock, behaviour.idempotency)
        self._behaviour = behaviour
        self._costs = behaviour.costs(mutation_cost)

    @property
    def plan(self) -> Plan:
        """The plan of the account."""
        return self.limits.plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self.limits.change(plan, self._behaviour.window)

    @property
    def behaviour(self) -> Behaviour:
        """How the service behaves."""
        return self._behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._costs = behaviour.costs(self._costs.mutations)
        self.limits.change(self.plan, behaviour.window)
        self.keys.rules = behaviour.idempotency

    @property
    def costs(self) -> Costs:
        """How requests are charged."""
        return self._costs

    @property
    def mutation_cost(self) -> MutationCosts:
        """The points of mutations."""
        return self._costs.mutations

    @mutation_cost.setter
    def mutation_cost(self, cost: int | MutationCosts) -> None:
        self._costs = self._behaviour.costs(cost)
