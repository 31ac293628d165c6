"""SQL Server's side without a server: statements compiled for it, read by a parser of its language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot
from sqlalchemy.dialects import mssql
from sqlglot import exp

if TYPE_CHECKING:
    from sqlalchemy import ClauseElement, Dialect

SQLSERVER: Dialect = mssql.dialect(paramstyle="qmark")  # type: ignore[no-untyped-call] # SQLAlchemy's


def for_sqlserver(statement: ClauseElement) -> str:
    """Compile a statement for SQL Server, IN lists written out."""
    return str(statement.compile(dialect=SQLSERVER, compile_kwargs={"render_postcompile": True}))


def parsed(sql: str) -> list[exp.Expr]:
    """Parse Transact-SQL; a statement that the parser only takes as opaque words is an error."""
    statements = [each for each in sqlglot.parse(sql, dialect="tsql") if each is not None]
    for statement in statements:
        unread = statement.find(exp.Command)
        assert unread is None, f"not understood: {unread}"
    return statements


def batches(script: str) -> list[str]:
    """Cut a script where `GO` stands on a line of its own."""
    return [batch for batch in re.split(r"(?m)^GO$", script) if batch.strip()]
