"""What adoption compares: plain descriptions of tables, whether a database or the migrations have them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

IGNORE_CASE = {"sqlite", "mssql"}
"""Engines on which names that differ in the case of their letters are one name."""

_SAME_WORDS = {"NUMERIC": "DECIMAL", "INTEGER": "INT", "CHARACTER VARYING": "VARCHAR"}
_UNSAID = {
    ("mssql", "DATETIME2"): "7",
    ("mssql", "DECIMAL"): "18,0",
    ("postgresql", "TIMESTAMP WITHOUT TIME ZONE"): "6",
}
"""What a type means that says nothing in parentheses."""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column: its type in the engine's words, and what becomes of an INSERT that does not name it.

    `filled` says that the database puts something in: a default, a counted id, a computed value.
    """

    name: str
    type: str
    nullable: bool
    filled: bool

    @property
    def words(self) -> str:
        """Write the type and whether NULL is taken, as a definition has them."""
        return f"{self.type} {'NULL' if self.nullable else 'NOT NULL'}"


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """An index: its columns, whether it is unique, and whether it leaves rows out (a WHERE of its own)."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    filtered: bool

    @property
    def words(self) -> str:
        """Write it in short."""
        kind = "unique index" if self.unique else "index"
        return f"{kind} on {', '.join(self.columns)}{', filtered' if self.filtered else ''}"


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table, its columns in their order."""

    name: str
    columns: tuple[ColumnFacts, ...]
    indexes: tuple[IndexFacts, ...] = ()


def folded(engine: str, name: str) -> str:
    """Bring a name to the form in which the engine tells names apart."""
    return name.casefold() if engine in IGNORE_CASE else name


Facts = TypeVar("Facts", ColumnFacts, IndexFacts, TableFacts)


def by_name(engine: str, facts: Iterable[Facts]) -> Mapping[str, Facts]:
    """Look things up as the engine does."""
    return {folded(engine, each.name): each for each in facts}


def meaning(engine: str, words: str) -> str:
    """Bring a type to one spelling, so that types which hold the same values on this engine are equal.

    SQLite knows affinities alone: lengths and digits mean nothing to it. NVARCHAR and VARCHAR differ on SQL Server,
    and TEXT is VARCHAR without a length on PostgreSQL. Collations are left aside.
    """
    plain = re.split(r"\bCOLLATE\b", words.upper())[0]
    if engine == "sqlite":
        return _affinity(plain)
    inside = re.search(r"\(([^)]*)\)", plain)
    arguments = inside[1].replace(" ", "") if inside else ""
    base = " ".join(re.sub(r"\([^)]*\)", " ", plain).split())
    base = _SAME_WORDS.get(base, base)
    if engine == "postgresql" and base == "VARCHAR" and not arguments:
        return "TEXT"
    arguments = arguments or _UNSAID.get((engine, base), "")
    return f"{base}({arguments})" if arguments else base


def _affinity(declared: str) -> str:
    """Follow the rules of SQLite's documentation, "Datatypes In SQLite", section 3.1, in their order."""
    rules = (
        ("INTEGER", ("INT",)),
        ("TEXT", ("CHAR", "CLOB", "TEXT")),
        ("BLOB", ("BLOB",)),
        ("REAL", ("REAL", "FLOA", "DOUB")),
    )
    if not declared.strip():
        return "BLOB"
    return next((kind for kind, words in rules if any(word in declared for word in words)), "NUMERIC")
