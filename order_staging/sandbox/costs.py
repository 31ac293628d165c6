"""What requests cost in complexity points. The service publishes no table, so mutations cost what a test says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
)

COST_10K = 10_000
"""Points a mutation costs by the documentation."""
COST_30K = 30_000
"""Points a mutation costs by what some accounts saw."""
OBJECT_COST = 10
SCALAR_COST = 1


@dataclass(frozen=True, slots=True)
class MutationCosts:
    """Points of one mutation: by operation, and of every operation that is not named."""

    default: int = COST_10K
    by_operation: Mapping[str, int] = field(default_factory=dict)

    def of(self, operations: Iterable[str]) -> int:
        """Points of these mutations together; asking for the complexity is free."""
        counted = (operation for operation in operations if operation != "complexity")
        return sum(self.by_operation.get(operation, self.default) for operation in counted)


@dataclass(frozen=True, slots=True)
class Costs:
    """How requests are charged: the costs of mutations, and two factors of them.

    `estimate_factor` times the cost is charged before a request runs; a mutation that fails costs
    `failed_share` of one that succeeds.
    """

    mutations: MutationCosts = field(default_factory=MutationCosts)
    estimate_factor: float = 1.0
    failed_share: float = 0.1

    def estimate(self, cost: int) -> int:
        """Points that are charged first for a request that will cost so much."""
        return ceil(cost * self.estimate_factor)

    def after(self, operations: Iterable[str], failed: Iterable[str]) -> int:
        """Points that these mutations cost in truth, of which the failed ones are named once more."""
        failures = self.mutations.of(failed)
        return self.mutations.of(operations) - failures + ceil(failures * self.failed_share)


@dataclass(frozen=True, slots=True)
class SelectionCost:
    """What a selection costs; takes the fragments and the variables it may use."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def of(self, selections: SelectionSetNode) -> int:
        """Points of these selections, lists counted as long as their `limit` says."""
        return sum(self._selection(selection) for selection in selections.selections)

    def _selection(self, node: object) -> int:
        if isinstance(node, FragmentSpreadNode):
            fragment = self.fragments.get(node.name.value)
            return self.of(fragment.selection_set) if fragment else 0
        if isinstance(node, InlineFragmentNode):
            return self.of(node.selection_set)
        if not isinstance(node, FieldNode) or node.name.value == "complexity":
            return 0
        if node.selection_set is None:
            return SCALAR_COST
        return self._times(node) * (OBJECT_COST + self.of(node.selection_set))

    def _times(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "limit":
                value = argument.value
                if isinstance(value, IntValueNode):
                    return max(1, int(value.value))
                if isinstance(value, VariableNode):
                    return max(1, int(self.variables.get(value.name.value) or 1))
        return 1
