"""An order line: a row of ORDERS_UNIFIED under all the rules, or the reasons why it is invalid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from order_staging.transform.groups import group_title
from order_staging.transform.limits import NO_LIMIT, Limits
from order_staging.transform.mapping import UUID_COLUMN
from order_staging.transform.notes import Note
from order_staging.transform.rules import apply_rule
from order_staging.transform.sizes import Size, sizes_of, subitem_name
from order_staging.transform.values import (
    NAME_LENGTH,
    Value,
    is_empty,
    plain_text,
    read_value,
    shortest,
    text_problem,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from order_staging.transform.customers import Customers
    from order_staging.transform.mapping import BoardMapping, Field

TITLE_COLUMN, GROUP_COLUMN, SIZE_COLUMN = "Title", "Group", "Size"
"""The columns of STG and MON that the rules make rather than copy, as they stand in `Limits` and in notes."""

_UUID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Order:
    """A valid order line: what becomes an item and its subitems.

    `values` has every field of the mapping by title, None where it is empty or left out; `notes` tells of
    what was left out or rounded.
    """

    source_uuid: UUID
    customer: str
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
    """All the rules of a board, for row after row.

    The first field of the business key is the order's number.
    """

    def __init__(self, mapping: BoardMapping, customers: Customers, limits: Limits) -> None:
        self._mapping = mapping
        self._customers = customers
        self._limits = limits
        self._title_fields = tuple(mapping.field_by_source(source).title for source in mapping.title)
        self._customer_field = mapping.field_by_source(mapping.group.customer).title
        self._number_field = mapping.key_fields[0].title

    def apply(self, row: Mapping[str, object], size_columns: Sequence[str]) -> Order | InvalidOrder:
        """Turn a row into an order line, or into all the reasons why it is invalid.

        The row must have the mapping's `source_columns` and the `size_columns`; raises `KeyError` otherwise.
        """
        findings = _Findings()
        source_uuid = _source_uuid(row[UUID_COLUMN], findings)
        values = {
            mapped.title: self._value(mapped, row[mapped.source], findings) for mapped in self._mapping.fields
        }
        title = self._title(values, findings)
        group = self._group(values, row, findings)
        sizes = self._sizes(row, size_columns, findings)
        customer = _text(values[self._customer_field])
        if findings.problems or source_uuid is None or customer is None or title is None or group is None:
            number = _text(values[self._number_field])
            return InvalidOrder(source_uuid, customer, number, title, group, tuple(findings.problems))
        return Order(source_uuid, customer, title, group, values, tuple(findings.notes), sizes)

    def _value(self, mapped: Field, source: object, findings: _Findings) -> Value | None:
        limit = self._limits.get(mapped.title, NO_LIMIT)
        ruled = apply_rule(mapped.rule, source, self._customers)
        value, problem = read_value(ruled, mapped.type, limit, self._mapping.numbers)
        if value is None and mapped.required and problem is None:
            findings.problems.append(Note(mapped.title, "", "is empty, and is required"))
        elif value is None and problem is not None and mapped.refuses_misfits:
            findings.problems.append(Note(mapped.title, plain_text(source), problem))
        elif problem is not None:
            left_out = "; left out" if value is None else ""
            findings.notes.append(Note(mapped.title, plain_text(source), problem + left_out))
        return value

    def _title(self, values: Mapping[str, Value | None], findings: _Findings) -> str | None:
        parts = [values[title] for title in self._title_fields]
        if None in parts:
            return None
        longest = shortest(NAME_LENGTH, self._limits.get(TITLE_COLUMN, NO_LIMIT).max_length)
        return findings.text(TITLE_COLUMN, "".join(map(plain_text, parts)), longest)

    def _group(
        self, values: Mapping[str, Value | None], row: Mapping[str, object], findings: _Findings
    ) -> str | None:
        customer = _text(values[self._customer_field])
        if customer is None:
            return None
        group = group_title(customer, [row[season] for season in self._mapping.group.seasons])
        longest = shortest(NAME_LENGTH, self._limits.get(GROUP_COLUMN, NO_LIMIT).max_length)
        return findings.text(GROUP_COLUMN, group, longest)

    def _sizes(
        self, row: Mapping[str, object], size_columns: Sequence[str], findings: _Findings
    ) -> tuple[Size, ...]:
        sizes, problems = sizes_of(row, size_columns, self._limits.get(SIZE_COLUMN, NO_LIMIT))
        findings.problems.extend(problems)
        for size in sizes:
            findings.text(size.label, subitem_name(self._mapping, size), NAME_LENGTH)
        return sizes


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
