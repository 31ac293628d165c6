"""What customers are called: by people, in the source, and by their batches and leases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from order_staging.batch.options import filter_by
from order_staging.batch.rows import clipped
from order_staging.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from order_staging.batch.context import RunContext
    from order_staging.batch.options import Filters

NO_CUSTOMER = "(NO CUSTOMER NAME)"
"""Rows without a customer's name are a batch of their own, in which all of them are invalid."""


class CustomerNames:
    """The names of a run's customers; those of the source are read once."""

    def __init__(self, context: RunContext) -> None:
        """Take the context."""
        self._context = context
        self._names: list[str | None] | None = None

    async def resolve(self, name: str, others: Iterable[str] = ()) -> str:
        """Find the customer that somebody means, as its batches name it. Raises `UnknownCustomerError`.

        `others` are names that are known beside those of the source. What batches call a customer names it, too:
        the rows without a customer's name, and a name that is too long for them.
        """
        known = await self._in_source()
        key = self._context.customers.key
        labels = {key(label): label for label in map(self.label, known)}
        if key(name) in labels:
            return labels[key(name)]
        names = [*(each for each in known if each is not None), *others]
        return self.label(self._context.customers.resolve(name, names))

    async def resolve_all(self, names: Sequence[str]) -> list[str]:
        """Find customers, each once. Raises `UnknownCustomerError`, and `ConfigurationError` for a text alone."""
        if isinstance(names, str):
            # A text is a sequence, too, of names of one letter.
            raise ConfigurationError(f"customer_names={names!r} is no list of names; give [{names!r}]")
        return list(dict.fromkeys([await self.resolve(name) for name in names]))

    async def with_something_to_do(
        self, filters: Filters, *, delivered: bool = False
    ) -> list[tuple[str, int]]:
        """List the customers that have something to do, with the number of their new rows.

        With `delivered` those come, too, that have anything which may have changed.
        """
        wanted = filter_by(None, filters)
        run = self._context.database.run
        totals: Counter[str] = Counter()
        for name, count in await run(lambda uow: uow.source.new_by_customer_name(wanted)):
            totals[self.label(name)] += count
        for label in await run(lambda uow: uow.staging.orders.customers_with_open(wanted)):
            totals[label] += 0
        if delivered:
            landed = await run(lambda uow: uow.deliveries.customers())
            for name in (*landed, *await self._in_source()):
                totals[self.label(name)] += 0
        return sorted(totals.items())

    async def of(self, customer: str) -> list[str | None]:
        """List the names that a customer has in the source, None among them for rows without one."""
        return [name for name in await self._in_source() if self.label(name) == customer]

    async def _in_source(self) -> list[str | None]:
        if self._names is None:
            self._names = await self._context.database.run(lambda uow: uow.source.customer_names())
        return self._names

    def label(self, name: str | None) -> str:
        """Name a customer as its batches and leases do, in the characters that these columns have."""
        if self._context.customers.canonical(name) is None:
            return NO_CUSTOMER
        label = self._context.customers.label(str(name))
        return clipped(label, 100) or label
