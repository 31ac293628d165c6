"""The complexity budget of a minute: what a request costs, and what is left."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
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

MINUTE = timedelta(seconds=60)
MINUTE_BUDGET = 10_000_000
OBJECT_COST = 10
SCALAR_COST = 1


@dataclass(frozen=True, slots=True)
class Complexity:
    """What was left before a request, what it cost and what is left after it, in points; seconds to the reset."""

    before: int
    query: int
    after: int
    reset_in_x_seconds: int


class Budget:
    """A budget of points that is filled up a minute after the first request of a window; takes the clock."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._left = MINUTE_BUDGET
        self._reset: datetime | None = None

    def charge(self, cost: int) -> Complexity:
        """Take points for a request, as many as are left at most."""
        now = self._clock()
        if self._reset is None or now >= self._reset:
            self._left, self._reset = MINUTE_BUDGET, now + MINUTE
        before, self._left = self._left, max(0, self._left - cost)
        seconds = int((self._reset - now).total_seconds())
        return Complexity(before, cost, self._left, seconds)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a selection costs before it is run; takes the fragments and the variables it may use."""

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
