"""The state of the sandbox in few words: what the page is told whenever it changes, and what can be chosen."""

import inspect
from dataclasses import asdict
from typing import Any

from order_staging.sandbox.fault_specs import NAMES, PLAIN, TIMED, known_operations
from order_staging.sandbox.faults import FaultOrder
from order_staging.sandbox.idempotency import IDEMPOTENCY
from order_staging.sandbox.page.choices import Choices
from order_staging.sandbox.plans import PLANS
from order_staging.sandbox.refused_by_limits import RefusalStyle
from order_staging.sandbox.sandbox import Sandbox
from order_staging.sandbox.windows import WindowKind

Json = dict[str, Any]


def state(sandbox: Sandbox) -> Json:
    """How far the board and the log are, what is left of the limits, the choices, and the faults on order."""
    conditions, limits = sandbox.conditions, sandbox.conditions.limits
    with sandbox.looking():  # what bulk imports have done by now counts
        revision = sandbox.revisions.current
    return {
        "revision": revision,
        "requests": sandbox.log.ended,
        "limits": {
            "refuses": conditions.plan.refuses,
            "complexity": asdict(limits.complexity),
            "requests": asdict(limits.requests),
            "in_flight": asdict(limits.in_flight),
            "calls": asdict(limits.daily()),
            "points": limits.points,
        },
        "choices": Choices.of(sandbox).model_dump(mode="json"),
        "faults": [_order(order) for order in sandbox.faults.orders],
    }


def vocabulary() -> Json:
    """What can be chosen: faults with what they do, the requests that they may wait for, and words."""
    return {
        "faults": [
            {"name": name, "says": _says(name), "seconds": _seconds(name), "waits_for": _waits_for(name)}
            for name in NAMES
        ],
        "operations": known_operations(),
        "plan": list(PLANS),
        "window": [kind.value for kind in WindowKind],
        "refusals": [style.value for style in RefusalStyle],
        "idempotency": list(IDEMPOTENCY),
    }


def _order(order: FaultOrder) -> Json:
    fault = order.fault
    return {
        "number": order.number,
        "name": fault.shown_name,
        "operation": fault.operation,
        "skip": order.skip,
        "times": order.times,
        "probability": fault.probability,
        "happened": order.happened,
    }


def _says(name: str) -> str:
    return (inspect.getdoc(PLAIN.get(name) or TIMED[name]) or "").splitlines()[0]


def _seconds(name: str) -> float | None:
    """What a fault waits, or how old, unless told otherwise; None for those that take no seconds."""
    preset = TIMED.get(name)
    default = None if preset is None else inspect.signature(preset).parameters["seconds"].default
    return None if default is None else float(default)


def _waits_for(name: str) -> str | None:
    return (PLAIN.get(name) or TIMED[name])().operation
