"""Indexes that every engine understands alike."""

from __future__ import annotations

from sqlalchemy import Index, and_, column


def unique_where_present(name: str, *columns: str) -> Index:
    """A unique index over the rows that have a value in the first of `columns`.

    SQL Server's plain UNIQUE lets a single NULL in; a filtered index means on every engine what the others
    mean by UNIQUE.
    """
    present = and_(column(columns[0]).is_not(None))
    return Index(
        name, *columns, unique=True, mssql_where=present, postgresql_where=present, sqlite_where=present
    )
