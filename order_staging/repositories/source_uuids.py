"""What source rows are known by: UUIDs, read whatever the column holds, and the rows that none identifies."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Boolean, Uuid, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import aliased
from sqlalchemy.sql.functions import FunctionElement

from order_staging.models import OrdersUnified

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Dialect, Select
    from sqlalchemy.sql.compiler import SQLCompiler

_SPELLED = re.compile("[0-9a-f]{32}")
"""UUIDs as SQLite's text: as SQLAlchemy spells them, for two spellings of a UUID are two texts to SQLite."""
_GLOB = "[0-9a-f]" * 32
"""The same to SQLite."""


class TolerantUuid(Uuid[UUID]):
    """A UUID that comes back as it is where SQLite holds something else: the rules will say that it is none."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """Read what is spelled as a UUID on SQLite, whose columns take any text."""
        if dialect.name != "sqlite":
            reader: Callable[[Any], Any] | None = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call] # SQLAlchemy's
            return reader
        return _read

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:
        """Write what is no UUID as it is, where the column takes it."""
        write = super().bind_processor(dialect)
        if dialect.name != "sqlite" or write is None:
            return write
        return lambda value: write(value) if isinstance(value, UUID) else value


def _read(value: object) -> object:
    return UUID(value) if isinstance(value, str) and _SPELLED.fullmatch(value) else value


class identifies(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function it is
    """Whether a column holds a UUID: it is not NULL and, on SQLite, whose columns take any text, spelled as one.

    Elsewhere the column's type says so, and statements say no more than that it is not NULL.
    """

    inherit_cache = True
    type = Boolean()


@compiles(identifies)
def _is_there(element: identifies, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"{compiler.process(element.clauses, **options)} IS NOT NULL"


@compiles(identifies, "sqlite")
def _is_spelled(element: identifies, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    # As a subquery it has its turn after those that stand before it, and not for every row of the table.
    return f"(SELECT {_spelled(compiler.process(element.clauses, **options))})"


def _spelled(column: str) -> str:
    return f"{column} GLOB '{_GLOB}' AND typeof({column}) = 'text'"


class identifies_nothing(FunctionElement[bool]):  # noqa: N801 - reads as the SQL function it is
    """Whether a column is NULL or, on SQLite, holds something else than a UUID."""

    inherit_cache = True
    type = Boolean()


@compiles(identifies_nothing)
def _is_not_there(element: identifies_nothing, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"{compiler.process(element.clauses, **options)} IS NULL"


@compiles(identifies_nothing, "sqlite")
def _is_not_spelled(element: identifies_nothing, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    # Of NULL it is not unknown whether it is a UUID: its type is not that of text.
    return f"(NOT ({_spelled(compiler.process(element.clauses, **options))}))"


@cache
def doubled_uuids() -> Select[UUID | None]:
    """Select the UUIDs that stand on several rows."""
    uuid = aliased(OrdersUnified).record_uuid
    return select(uuid).where(uuid.is_not(None)).group_by(uuid).having(func.count() > 1)


def identified() -> ColumnElement[bool]:
    """Tell which rows of ORDERS_UNIFIED have a UUID, be it on several rows; to stand behind what leaves few."""
    return identifies(OrdersUnified.record_uuid)


def unidentified(*, doubled: bool) -> ColumnElement[bool]:
    """Tell which rows no UUID identifies: they have none or, if `doubled`, one that stands on several rows."""
    uuid = OrdersUnified.record_uuid
    nothing = identifies_nothing(uuid)
    return or_(nothing, uuid.in_(doubled_uuids())) if doubled else nothing
