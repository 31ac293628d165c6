"""What resolvers have at hand during one request."""

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graphql import GraphQLResolveInfo

from order_staging.sandbox.activity import ActivityLog
from order_staging.sandbox.board_mutations import BoardMutations
from order_staging.sandbox.budget import Complexity
from order_staging.sandbox.bulk import BulkMutations
from order_staging.sandbox.bulk_jobs import UploadJobInit
from order_staging.sandbox.faults import Fault, FaultKind
from order_staging.sandbox.limits import DailyCalls
from order_staging.sandbox.mutations import ItemMutations
from order_staging.sandbox.pages import Pages
from order_staging.sandbox.refusals import Refusal
from order_staging.sandbox.state import Account, Column, Group, Item
from order_staging.sandbox.views import ExecutedMutation


@dataclass(slots=True)
class Context:
    """The account and its services, the request's number and version, and the faults of its aliases.

    `bill` settles what the request costs, given the mutations that failed; `daily` tells the calls of the day.
    """

    account: Account
    activity: ActivityLog
    items: ItemMutations
    boards: BoardMutations
    bulk: BulkMutations
    pages: Pages
    executed: MutableSequence[ExecutedMutation]
    clock: Callable[[], datetime]
    request: int
    version: str
    bill: Callable[[Sequence[str]], Complexity]
    daily: Callable[[], DailyCalls]
    faults: Mapping[int, Fault]
    failed: list[str] = field(default_factory=list)
    failed_after: dict[str, Fault] = field(default_factory=dict)
    _reached: int = 0

    def perform(
        self, alias: str, operation: str, arguments: Mapping[str, object]
    ) -> Item | Group | Column | UploadJobInit:
        """Run one mutation and put it in the log; raises the Refusal it, or a fault on order, ends with."""
        fault = self.faults.get(self._reached)
        self._reached += 1
        if fault is not None and fault.kind is FaultKind.FAIL_ALIAS:
            self.failed.append(operation)
            raise Refusal.injected(fault.message, fault.extensions)
        try:
            result = self._method(operation)(**arguments)
        except Refusal as refusal:
            self.failed.append(operation)
            self._log(alias, operation, arguments, error=refusal.code)
            raise
        self._log(alias, operation, arguments, result_id=result.id)
        if fault is not None:
            self.failed_after[alias] = fault
        return result

    def complexity(self) -> Complexity:
        """What the request has cost so far, and what is left."""
        return self.bill(self.failed)

    def _method(self, operation: str) -> Callable[..., Item | Group | Column | UploadJobInit]:
        services = (self.items, self.boards, self.bulk)
        service = next(service for service in services if hasattr(service, operation))
        method: Callable[..., Item | Group | Column | UploadJobInit] = getattr(service, operation)
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
