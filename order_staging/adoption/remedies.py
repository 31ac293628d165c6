"""What puts a difference right: the statement, in the engine's own words, wherever one will do."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.schema import CreateTable

from order_staging.adoption.comparing import DifferenceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Column, Dialect, Index, Table

    from order_staging.adoption.comparing import Difference

_KIND = DifferenceKind


def remedy(difference: Difference, tables: Mapping[str, Table], dialect: Dialect) -> str:
    """Write what to do about a difference from `tables`: SQL that ends with a semicolon, or a sentence."""
    table = tables.get(difference.table)
    column = None if table is None else table.c.get(difference.name)
    indexes = () if table is None else table.indexes
    if difference.kind is _KIND.OBSTACLE:
        return "let it take NULL, or give it a default: this library does not know it, and leaves it out"
    if table is not None and difference.kind is _KIND.MISSING_TABLE:
        return _sql(dialect, lambda op: _create(op, table))
    if column is not None:
        return _COLUMN_REMEDIES[difference.kind](column, dialect)
    for index in indexes:
        if index.name == difference.name:
            create = _sql(dialect, lambda op: _create_index(op, index))  # noqa: B023 - called at once
            return create if difference.kind is _KIND.MISSING_INDEX else f"drop it, and then:\n{create}"
    return "drop it, as a later revision does"


def _add(column: Column[Any], dialect: Dialect) -> str:
    if column.primary_key:
        return _make_anew(column, dialect)
    return _sql(dialect, lambda op: op.add_column(column.table.name, column._copy()))  # noqa: SLF001 - as Alembic


def _alter(column: Column[Any], dialect: Dialect) -> str:
    if dialect.name == "sqlite":
        return _make_anew(column, dialect)
    same: dict[str, Any] = {"type_": column.type, "existing_type": column.type, "nullable": column.nullable}
    return _sql(dialect, lambda op: op.alter_column(column.table.name, column.name, **same))


def _set_default(column: Column[Any], dialect: Dialect) -> str:
    if dialect.name == "sqlite" or column is column.table.autoincrement_column:
        return _make_anew(column, dialect)
    default = getattr(column.server_default, "arg", None)
    return _sql(dialect, lambda op: op.alter_column(column.table.name, column.name, server_default=default))


def _make_anew(column: Column[Any], dialect: Dialect) -> str:
    """No statement does it: SQLite alters no column, and no engine makes one a counted key afterwards."""
    wanted = dialect.ddl_compiler(dialect, CreateTable(column.table)).get_column_specification(column)
    return f"make the table anew with the column as {wanted}, and copy the rows"


_COLUMN_REMEDIES: dict[DifferenceKind, Callable[[Column[Any], Dialect], str]] = {
    _KIND.MISSING_COLUMN: _add,
    _KIND.TYPE: _alter,
    _KIND.NULLABILITY: _alter,
    _KIND.DEFAULT: _set_default,
}


def _create(op: Operations, table: Table) -> None:
    op.create_table(table.name, *(column._copy() for column in table.columns))  # noqa: SLF001 - as Alembic does
    for index in sorted(table.indexes, key=lambda each: str(each.name)):
        _create_index(op, index)


def _create_index(op: Operations, index: Index) -> None:
    op.create_index(
        str(index.name),
        index.table.name if index.table is not None else "",
        [column.name for column in index.columns],
        unique=bool(index.unique),
        **index.dialect_kwargs,
    )


def _sql(dialect: Dialect, work: Callable[[Operations], None]) -> str:
    written = StringIO()
    context = MigrationContext.configure(
        dialect_name=dialect.name,
        # A style that writes a percent sign in a name as it is.
        dialect_opts={"paramstyle": "named"},
        opts={"as_sql": True, "output_buffer": written, "mssql_batch_separator": "", "literal_binds": True},
    )
    work(Operations(context))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines() if line.strip())
