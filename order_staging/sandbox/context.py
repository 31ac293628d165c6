"""What resolvers have at hand during one request."""

from collections.abc import Callable, Mapping, MutableSequence
from dataclasses import dataclass, field
from datetime import datetime

from graphql import GraphQLResolveInfo

from order_staging.sandbox.board_mutations import BoardMutations
from order_staging.sandbox.budget import Complexity
from order_staging.sandbox.faults import Fault, FaultKind
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.pages import Pages
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Account, Column, Group, Item
from order_staging.sandbox.views import ExecutedMutation


@dataclass(slots=True)
class Context:
    """The account and its services, the request's number, version, complexity and the faults of its aliases."""

    account: Account
    items: ItemMutations
    boards: BoardMutations
    pages: Pages
    executed: MutableSequence[ExecutedMutation]
    clock: Callable[[], datetime]
    request: int
    version: str
    complexity: Complexity
    faults: Mapping[int, Fault]
    failed_after: dict[str, Fault] = field(default_factory=dict)
    _reached: int = 0

    def perform(self, alias: str, operation: str, arguments: Mapping[str, object]) -> Item | Group | Column:
        """Run one mutation and put it in the log; raises the Refusal it, or a fault on order, ends with."""
        fault = self.faults.get(self._reached)
        self._reached += 1
        if fault is not None and fault.kind is FaultKind.FAIL_ALIAS:
            raise Refusal.injected(fault.message, fault.extensions)
        try:
            result = self._method(operation)(**arguments)
        except Refusal as refusal:
            self._log(alias, operation, arguments, error=refusal.code)
            raise
        self._log(alias, operation, arguments, result_id=result.id)
        if fault is not None:
            self.failed_after[alias] = fault
        return result

    def _method(self, operation: str) -> Callable[..., Item | Group | Column]:
        service = self.items if hasattr(self.items, operation) else self.boards
        method: Callable[..., Item | Group | Column] = getattr(service, operation)
        return method

    def _log(
        self,
        alias: str,
        operation: str,
        arguments: Mapping[str, object],
        *,
        result_id: str | None = None,
        error: str | None = None,
    ) -> None:
        number = len(self.executed) + 1
        entry = ExecutedMutation(
            number, self.request, alias, operation, dict(arguments), result_id, error, self.clock()
        )
        self.executed.append(entry)


Info = GraphQLResolveInfo[Context]
"What a resolver is told of its field, with the context of the request."
