"""From a staging table's columns to those of production: by name, and in the target's type, on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Integer, Numeric, Unicode, cast
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from order_staging.models.types import ExactDecimal

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.compiler import SQLCompiler


class Rescaled(FunctionElement[Any]):
    """A decimal brought to another scale, halves away from zero, on every engine."""

    inherit_cache = False  # the scale is no part of the key under which statements are cached

    def __init__(self, column: ColumnElement[Any], before: ExactDecimal, type_: ExactDecimal) -> None:
        """Take the decimal column, its type, and the one to bring it to."""
        self.type = type_
        self.precision, self.scale, self.before = type_.precision, type_.scale, before.scale
        super().__init__(column)


@compiles(Rescaled)
def _cast(element: Rescaled, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    (column,) = element.clauses
    return compiler.process(cast(column, Numeric(element.precision, element.scale)), **options)


@compiles(Rescaled, "sqlite")
def _round_text(element: Rescaled, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    """Cut zeros off the text; only what has to be rounded costs a call of Python, ten times as much."""
    column, scale = compiler.process(element.clauses, **options), element.scale
    zeros = element.before - scale
    even = f"*[0-9].{'[0-9]' * scale}{'0' * zeros}"
    without = f"substr({column}, 1, length({column}) - {zeros if scale else zeros + 1})"
    rounded = f"decimal_round({column}, {scale})"
    return (
        f"CASE WHEN {column} IS NULL THEN NULL WHEN {column} GLOB '{even}' THEN {without} ELSE {rounded} END"
    )


def by_name(source: Table, target: Table) -> dict[str, ColumnElement[Any]]:
    """Match the columns that both tables have, brought to the target's type."""
    return {
        column.name: _converted(source.c[column.name], column)
        for column in target.c
        if column.name in source.c
    }


def _converted(column: ColumnElement[Any], target: ColumnElement[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, ExactDecimal) and isinstance(target.type, ExactDecimal):
        return (
            column if column.type.scale == target.type.scale else Rescaled(column, column.type, target.type)
        )
    if isinstance(column.type, ExactDecimal) and isinstance(target.type, Integer):
        # On its own the cast would cut the fraction off on SQL Server and SQLite, and round on PostgreSQL.
        column = Rescaled(column, column.type, ExactDecimal(column.type.precision, 0))
    return column if column.type.python_type is target.type.python_type else cast(column, target.type)


def text_of(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Write an id of monday.com as text, as the production table of subitems has it."""
    return cast(column, Unicode(20))
