"""An order line: a row of ORDERS_UNIFIED under all the rules, or the reasons why it is invalid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from order_staging.transform.fields import REPEATING, FieldReader
from order_staging.transform.groups import group_title
from order_staging.transform.limits import NO_LIMIT, Limits
from order_staging.transform.mapping import UUID_COLUMN
from order_staging.transform.notes import Note
from order_staging.transform.sizes import Size, sizes_of, subitem_name
from order_staging.transform.transformation import fixed_columns
from order_staging.transform.values import (
    NAME_LENGTH,
    Value,
    is_empty,
    plain_text,
    shortest,
    text_problem,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from order_staging.transform.customers import Customers
    from order_staging.transform.mapping import BoardMapping
    from order_staging.transform.transformation import Transformation

TITLE_COLUMN, GROUP_COLUMN, SIZE_COLUMN = "Title", "Group", "Size"
"""The columns of STG and MON that the rules make rather than copy, as they stand in `Limits` and in notes."""

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """A valid order line: what becomes an item and its subitems.

    `order_number` is the first field of the business key. `values` has every field of the mapping by title, None
    where it is empty or left out; `notes` tells of what was left out or rounded.
    """

    source_uuid: UUID
    customer: str
    order_number: str | None
    title: str
    group: str
    values: dict[str, Value | None]
    notes: tuple[Note, ...]
    sizes: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class InvalidOrder:
    """A row that we refuse: every reason, and as much of what identifies it as could be read (and stored)."""

    source_uuid: UUID | None
    customer: str | None
    order_number: str | None
    title: str | None
    group: str | None
    problems: tuple[Note, ...]


@dataclass(slots=True)
class _Findings:
    """What is found while a row is read: `notes` let it pass, `problems` make it invalid."""

    notes: list[Note] = field(default_factory=list)
    problems: list[Note] = field(default_factory=list)

    def text(self, column: str, text: str, max_length: int | None) -> str | None:
        """Let text pass that can be stored and sent."""
        if problem := text_problem(text, max_length):
            self.problems.append(Note(column, text, problem))
            return None
        return text


class OrderRules:
    """All the rules of a board, for row after row; after a job's own transformation, where there is one.

    The first field of the business key is the order's number.
    """

    def __init__(
        self,
        mapping: BoardMapping,
        customers: Customers,
        limits: Limits,
        transformation: Transformation | None = None,
    ) -> None:
        self._mapping = mapping
        self._transformation = transformation
        self._fixed = fixed_columns(mapping)
        self._longest_title = _longest(limits, TITLE_COLUMN)
        self._longest_group = _longest(limits, GROUP_COLUMN)
        self._size_limit = limits.get(SIZE_COLUMN, NO_LIMIT)
        self._readers = [
            (field.title, field.source, FieldReader(field, limits, customers, mapping.numbers))
            for field in mapping.fields
        ]
        self._name_problems: dict[str, str | None] = {}
        """What is wrong with the name of a size's subitem, by label: a table has few of these."""
        self._title_fields = tuple(mapping.field_by_source(source).title for source in mapping.title)
        self._customer_field = mapping.field_by_source(mapping.group.customer).title
        self._number_field = mapping.number_field.title

    def apply(self, row: Mapping[str, object], size_columns: Sequence[str]) -> Order | InvalidOrder:
        """Turn a row into an order line, or into all the reasons why it is invalid.

        The row must have the mapping's `source_columns` and the `size_columns`; raises `KeyError` otherwise.
        """
        findings = _Findings()
        if self._transformation is not None:
            row, findings.problems = self._transformation(row, self._fixed)
        source_uuid = _source_uuid(row[UUID_COLUMN], findings)
        values: dict[str, Value | None] = {}
        for name, source, reader in self._readers:
            found = row[source]
            read = reader.read_again if type(found) in REPEATING else reader.read
            values[name], note, problem = read(found)
            if note is not None:
                findings.notes.append(note)
            if problem is not None:
                findings.problems.append(problem)
        title = self._title(values, findings)
        group = self._group(values, row, findings)
        sizes = self._sizes(row, size_columns, findings)
        customer = _text(values[self._customer_field])
        number = _text(values[self._number_field])
        if findings.problems or source_uuid is None or customer is None or title is None or group is None:
            return InvalidOrder(source_uuid, customer, number, title, group, tuple(findings.problems))
        return Order(source_uuid, customer, number, title, group, values, tuple(findings.notes), sizes)

    def _title(self, values: Mapping[str, Value | None], findings: _Findings) -> str | None:
        parts = [values[title] for title in self._title_fields]
        if None in parts:
            return None
        return findings.text(TITLE_COLUMN, "".join(map(plain_text, parts)), self._longest_title)

    def _group(
        self, values: Mapping[str, Value | None], row: Mapping[str, object], findings: _Findings
    ) -> str | None:
        customer = _text(values[self._customer_field])
        if customer is None:
            return None
        group = group_title(customer, [row[season] for season in self._mapping.group.seasons])
        return findings.text(GROUP_COLUMN, group, self._longest_group)

    def _sizes(
        self, row: Mapping[str, object], size_columns: Sequence[str], findings: _Findings
    ) -> tuple[Size, ...]:
        sizes, problems = sizes_of(row, size_columns, self._size_limit)
        findings.problems.extend(problems)
        for size in sizes:
            if problem := self._name_problem(size):
                findings.problems.append(Note(size.label, subitem_name(self._mapping, size), problem))
        return sizes

    def _name_problem(self, size: Size) -> str | None:
        if size.label not in self._name_problems:
            problem = text_problem(subitem_name(self._mapping, size), NAME_LENGTH)
            self._name_problems[size.label] = problem
        return self._name_problems[size.label]


def _longest(limits: Limits, column: str) -> int | None:
    return shortest(NAME_LENGTH, limits.get(column, NO_LIMIT).max_length)


def _text(value: Value | None) -> str | None:
    return None if value is None else plain_text(value)


def _source_uuid(value: object, findings: _Findings) -> UUID | None:
    if isinstance(value, UUID):
        return value
    if isinstance(value, str) and _UUID.fullmatch(value.strip()):
        return UUID(value.strip())
    problem = "is empty, and is required" if is_empty(value) else "is not a UUID"
    findings.problems.append(Note(UUID_COLUMN, "" if is_empty(value) else plain_text(value), problem))
    return None
