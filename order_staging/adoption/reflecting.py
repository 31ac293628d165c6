"""The tables that a database has, described as the migrations' are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, text
from sqlalchemy.exc import CompileError, SAWarning

from order_staging.adoption.facts import ColumnFacts, IndexFacts, TableFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.types import TypeEngine

DECLARED = text("""
    SELECT found.name, info.name, info.type, info.pk
    FROM sqlite_master AS found, pragma_table_info(found.name) AS info WHERE found.type = 'table'""")
"""SQLAlchemy knows a few dozen words for types; SQLite takes any, and decides by what they contain."""


def reflect(connection: Connection, names: Iterable[str]) -> list[TableFacts]:
    """Describe the tables whose names are alike but for the case of their letters, in the user's own schema."""
    alike = {name.casefold() for name in names}
    inspector = inspect(connection)
    with warnings.catch_warnings():
        # A type that SQLAlchemy does not know stands in a column that is not ours, or is told as a difference.
        warnings.simplefilter("ignore", SAWarning)
        found = [name for name in inspector.get_table_names() if name.casefold() in alike]
        # One query for all tables: SQL Server takes its time over each.
        columns = inspector.get_multi_columns(filter_names=found) if found else {}
        indexes = inspector.get_multi_indexes(filter_names=found) if found else {}
    declared = _declared(connection)
    return [
        TableFacts(
            name,
            tuple(
                column_facts(connection.dialect, column, declared.get((name, column["name"])))
                for column in columns[None, name]
            ),
            tuple(_index(connection, index) for index in indexes[None, name] if index["name"]),
        )
        for name in found
    ]


def has_table(connection: Connection, name: str) -> bool:
    """Tell whether there is a table or a view."""
    return inspect(connection).has_table(name)


def default_schema(connection: Connection) -> str:
    """Name the schema in which tables are looked for; "" where the engine has no schemas."""
    return inspect(connection).default_schema_name or ""


def column_facts(
    dialect: Dialect,
    column: Any,  # noqa: ANN401 - the inspector's dict
    declared: tuple[str, bool] | None = None,
) -> ColumnFacts:
    """Describe a column of the inspector's; on SQLite with the declared type, and whether SQLite counts it."""
    words, counted = declared or (_words(dialect, column["type"]), False)
    filled = column["default"] is not None or "identity" in column or "computed" in column
    # SQLite fills a key that is declared INTEGER, and takes no NULL there even where nothing says so.
    return ColumnFacts(
        column["name"], words, bool(column["nullable"]) and not counted, filled=filled or counted
    )


def _words(dialect: Dialect, type_: TypeEngine[Any]) -> str:
    try:
        return type_.compile(dialect=dialect).split(" COLLATE ")[0]
    except CompileError:
        return "a type of its own"


def _index(connection: Connection, index: Any) -> IndexFacts:  # noqa: ANN401 - the inspector's dict
    return IndexFacts(
        index["name"],
        # (None stands for an expression.)
        tuple(name or "an expression" for name in index["column_names"]),
        bool(index["unique"]),
        filtered=index.get("dialect_options", {}).get(f"{connection.dialect.name}_where") is not None,
    )


def _declared(connection: Connection) -> dict[tuple[str, str], tuple[str, bool]]:
    """Read SQLite's columns: the declared type, and whether it is the key that SQLite counts."""
    if connection.dialect.name != "sqlite":
        return {}
    rows = connection.execute(DECLARED).all()
    keys = [table for table, _, _, place in rows if place]
    return {
        (table, column): (type_, bool(place) and type_.upper() == "INTEGER" and keys.count(table) == 1)
        for table, column, type_, place in rows
    }
