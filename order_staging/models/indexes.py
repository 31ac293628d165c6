"""Indexes that every engine understands alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Index, and_, column

if TYPE_CHECKING:
    from collections.abc import Sequence


def unique_where_present(name: str, *columns: str) -> Index:
    """A unique index over the rows that have a value in the first of `columns`.

    SQL Server's plain UNIQUE lets a single NULL in; a filtered index means on every engine what the others
    mean by UNIQUE.
    """
    return _where_present(name, columns, columns[0], unique=True)


def where_present(name: str, *columns: str) -> Index:
    """An index over the rows that have a value in the last of `columns`, where few have one for long."""
    return _where_present(name, columns, columns[-1], unique=False)


def _where_present(name: str, columns: Sequence[str], required: str, *, unique: bool) -> Index:
    present = and_(column(required).is_not(None))
    return Index(
        name, *columns, unique=unique, mssql_where=present, postgresql_where=present, sqlite_where=present
    )
