"""What the page lets people change while the sandbox serves: the choices of the command line's options."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from order_staging.sandbox.bulk_rules import ASSUMED_SECONDS_PER_JOB, ASSUMED_SECONDS_PER_ROW
from order_staging.sandbox.idempotency import IDEMPOTENCY, IdempotencyRules, idempotency_named
from order_staging.sandbox.plans import plan_named
from order_staging.sandbox.refused_by_limits import RefusalStyle
from order_staging.sandbox.sandbox import Sandbox
from order_staging.sandbox.windows import WindowKind

OTHER = "other"
"""Rules of idempotency keys that have no name, because a program made them."""
HOUR = 3_600

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Choices(BaseModel):
    """How the sandbox behaves, in the words of the command line's options."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    plan: str
    mutation_cost: Annotated[int, Field(ge=0)]
    window: Annotated[WindowKind, Field(strict=False)]
    refusals: Annotated[RefusalStyle, Field(strict=False)]
    latency: Amount
    search_lag: Annotated[Amount, Field(le=HOUR)]
    idempotency: str
    bulk: bool

    @classmethod
    def of(cls, sandbox: Sandbox) -> Self:
        """The choices as they stand."""
        behaviour = sandbox.conditions.behaviour
        return cls(
            plan=sandbox.conditions.plan.name,
            mutation_cost=sandbox.conditions.mutation_cost.default,
            window=behaviour.window,
            refusals=behaviour.refusals,
            latency=behaviour.latency.scale,
            # More is as much, to the sandbox too.
            search_lag=min(behaviour.search_lag, HOUR),
            idempotency=_name_of(behaviour.idempotency),
            bulk=sandbox.bulk_rules.served,
        )


def change(sandbox: Sandbox, changes: Mapping[str, Any]) -> None:
    """Change some choices, by their names; raises ValueError that says what is wrong, and then nothing has changed.

    What is not named stays as it is, also where a program chose more finely than the options can.
    """
    before = Choices.of(sandbox)
    try:
        after = Choices.model_validate({**before.model_dump(), **changes})
    except ValidationError as error:
        raise ValueError(_words(error)) from error
    conditions = sandbox.conditions
    plan = conditions.plan if after.plan == before.plan else plan_named(after.plan)
    keys = conditions.behaviour.idempotency
    if after.idempotency != before.idempotency:
        keys = idempotency_named(after.idempotency)
    if after.latency != before.latency:
        sandbox.bulk_rules = replace(
            sandbox.bulk_rules,
            seconds_per_job=after.latency * ASSUMED_SECONDS_PER_JOB,
            seconds_per_row=after.latency * ASSUMED_SECONDS_PER_ROW,
        )
    sandbox.bulk_rules = replace(sandbox.bulk_rules, served=after.bulk)
    conditions.mutation_cost = replace(conditions.mutation_cost, default=after.mutation_cost)
    conditions.plan = plan
    conditions.behaviour = replace(
        conditions.behaviour,
        window=after.window,
        refusals=after.refusals,
        latency=replace(conditions.behaviour.latency, scale=after.latency),
        search_lag=after.search_lag,
        idempotency=keys,
    )


def _name_of(rules: IdempotencyRules) -> str:
    return next((name for name, known in IDEMPOTENCY.items() if known == rules), OTHER)


def _words(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
