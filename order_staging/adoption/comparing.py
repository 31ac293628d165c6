"""What differs between the tables that are expected and those that are there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from order_staging.adoption.facts import by_name, folded, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from order_staging.adoption.facts import ColumnFacts, IndexFacts, TableFacts

NOTHING = "nothing"


class DifferenceKind(StrEnum):
    """In what a database differs."""

    MISSING_TABLE = "missing_table"
    MISSING_COLUMN = "missing_column"
    TYPE = "type"
    NULLABILITY = "nullability"
    DEFAULT = "default"
    """The database puts nothing in where an INSERT leaves the column out."""
    OBSTACLE = "obstacle"
    """A column that is not ours takes no NULL and has no default: every INSERT would fail."""
    MISSING_INDEX = "missing_index"
    INDEX = "index"
    LEFT_OVER = "left_over"
    """Something that a later revision took away."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: where, what is expected, and what is there.

    `grave` says that rows could be lost, refused or changed, or an upgrade stopped. `name` is that of the column or
    the index, "" for a table.
    """

    kind: DifferenceKind
    table: str
    name: str
    expected: str
    found: str
    grave: bool = True


def compare(engine: str, expected: Iterable[TableFacts], found: Iterable[TableFacts]) -> list[Difference]:
    """List what differs, in the order of the expected tables and columns; other tables are left aside."""
    there = by_name(engine, found)
    return [
        difference
        for table in expected
        for difference in _compare_table(engine, table, there.get(folded(engine, table.name)), there)
    ]


def _compare_table(
    engine: str, expected: TableFacts, found: TableFacts | None, others: Iterable[str]
) -> Iterator[Difference]:
    if found is None:
        words = _other_case(expected.name, others)
        yield Difference(DifferenceKind.MISSING_TABLE, expected.name, "", "a table", words)
        return
    columns = by_name(engine, found.columns)
    wanted = by_name(engine, expected.columns)
    for key, column in wanted.items():
        yield from _compare_column(engine, expected.name, column, columns.get(key), columns)
    for key, column in columns.items():
        if key not in wanted and not column.nullable and not column.filled:
            yield Difference(
                DifferenceKind.OBSTACLE, expected.name, column.name, "NULL or a default", column.words
            )
    indexes = by_name(engine, found.indexes)
    for key, index in by_name(engine, expected.indexes).items():
        yield from _compare_index(engine, expected.name, index, indexes.get(key))


def _compare_column(
    engine: str, table: str, expected: ColumnFacts, found: ColumnFacts | None, others: Iterable[str]
) -> Iterator[Difference]:
    if found is None:
        words = _other_case(expected.name, others)
        yield Difference(DifferenceKind.MISSING_COLUMN, table, expected.name, expected.words, words)
        return
    kind = None
    if meaning(engine, expected.type) != meaning(engine, found.type):
        kind = DifferenceKind.TYPE
    elif expected.nullable is not found.nullable:
        kind = DifferenceKind.NULLABILITY
    if kind:
        yield Difference(kind, table, expected.name, expected.words, found.words)
    if expected.filled and not found.filled:
        # Where NULL is taken, this library's rows have the value anyhow, and only other programs miss it.
        grave = not expected.nullable
        yield Difference(DifferenceKind.DEFAULT, table, expected.name, "a default", NOTHING, grave)


def _compare_index(
    engine: str, table: str, expected: IndexFacts, found: IndexFacts | None
) -> Iterator[Difference]:
    # Without a plain index queries are slow; without a unique one rows can be doubled.
    if found is None:
        yield Difference(
            DifferenceKind.MISSING_INDEX, table, expected.name, expected.words, NOTHING, expected.unique
        )
    elif _index_key(engine, expected) != _index_key(engine, found):
        grave = expected.unique or found.unique
        yield Difference(DifferenceKind.INDEX, table, expected.name, expected.words, found.words, grave)


def _index_key(engine: str, index: IndexFacts) -> tuple[Sequence[str], bool, bool]:
    return [folded(engine, name) for name in index.columns], index.unique, index.filtered


def _other_case(name: str, others: Iterable[str]) -> str:
    """Say what is there instead: on PostgreSQL often the name in small letters, written without quotes."""
    alike = next((other for other in others if other.casefold() == name.casefold()), None)
    return f"{NOTHING} of this name, but {alike}: letters count" if alike else NOTHING
