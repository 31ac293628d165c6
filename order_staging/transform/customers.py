"""Customers have one canonical name each, and the source spells them in several ways."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from order_staging.errors import UnknownCustomerError
from order_staging.transform import documents
from order_staging.transform.documents import Document, problem_at
from order_staging.transform.mapping import Name  # noqa: TC001 - pydantic reads it at run time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NEAREST = 3


class Customer(Document):
    """A customer's canonical name, and the other names under which the source knows it."""

    name: Name
    aliases: tuple[Name, ...] = ()


class Customers(Document):
    """All customers whose names we were told.

    Names are compared by `key`. A customer that is not here goes by the name it has in the source:
    spellings that differ in case or blanks are one customer (one `key`), though each row keeps its own.
    """

    customers: tuple[Customer, ...]

    @staticmethod
    def key(name: str) -> str:
        """Reduce a name to what identifies it: case folded, trimmed, single blanks inside."""
        return " ".join(name.split()).casefold()

    def canonical(self, name: object) -> str | None:
        """Give the canonical name for a name in the source.

        An unknown name is its own canonical name, trimmed; NULL and blank have none.
        """
        text = "" if name is None else str(name).strip()
        return self._canonical_by_key.get(self.key(text), text) or None

    def label(self, name: str) -> str:
        """Give the name that a customer's batches go by: the canonical one, or an unknown one in capitals.

        It is the same for all spellings of a customer, whichever of them the source has today.
        """
        return self._canonical_by_key.get(self.key(name)) or self.key(name).upper()

    def resolve(self, name: str, known_source_names: Iterable[str]) -> str:
        """Find the customer somebody means: by canonical name, alias or name in the source, in any case.

        Where the source spells an unknown customer in several ways, the first of them in alphabetical order
        is the answer. Raises `UnknownCustomerError` with the nearest names.
        """
        by_key: dict[str, str] = {}
        for source_name in sorted(known_source_names):
            if found := self.canonical(source_name):
                by_key.setdefault(self.key(source_name), found)
        by_key |= self._canonical_by_key
        try:
            return by_key[self.key(name)]
        except KeyError:
            raise UnknownCustomerError(name, _nearest(name, by_key)) from None

    @model_validator(mode="after")
    def _one_customer_a_name(self) -> Self:
        owners: dict[str, int] = {}
        for index, customer in enumerate(self.customers):
            if self.key(customer.name) in owners:
                raise problem_at(f"{customer.name!r} names two customers", "customers", index, "name")
            owners[self.key(customer.name)] = index
        for index, customer in enumerate(self.customers):
            for position, alias in enumerate(customer.aliases):
                if owners.setdefault(self.key(alias), index) != index:
                    raise problem_at(
                        f"the alias {alias!r} belongs to two customers",
                        "customers",
                        index,
                        "aliases",
                        position,
                    )
        return self

    @cached_property
    def _canonical_by_key(self) -> dict[str, str]:
        return {
            self.key(name): customer.name
            for customer in self.customers
            for name in (customer.name, *customer.aliases)
        }


def load_customers(path: Path | None = None) -> Customers:
    """Read the customers from a file, or ours. Raises `DataFileError` with the line of what is wrong."""
    text, name = documents.read(path, "customers.yaml")
    return documents.parse(text, name, Customers)


def _nearest(name: str, known: Mapping[str, str]) -> list[str]:
    """Give the canonical names that come nearest to a name, through all the names of each, each once."""
    keys = get_close_matches(Customers.key(name), known, n=NEAREST, cutoff=0.5)
    return list(dict.fromkeys(known[key] for key in keys))
